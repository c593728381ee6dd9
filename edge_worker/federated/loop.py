"""The loop: propose, check, train with paired seeds, score, write down, tell, until it ends.

All state is in the journal: whatever kills this process, the next one goes on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from edge_worker.federated.aggregation import AggregationError
from edge_worker.federated.harness import (
    BudgetExceeded,
    Harness,
    OnProgress,
    Progress,
)
from edge_worker.federated.hooks.training import CodeRunner
from edge_worker.federated.interrupt import raise_if
from edge_worker.federated.journal import Attempt, Journal, JournalError, Limits, Status
from edge_worker.federated.proposal import (
    Action,
    Proposal,
    ProposalError,
    parse,
    proposal_sha,
)
from edge_worker.federated.proposers.proposer import Answer, Proposer
from edge_worker.federated.scores import SeedResult
from edge_worker.federated.standing import standing, stop_reason

REPAIRS = 2


class Listener(Protocol):
    """Who watches."""

    def proposed(self, attempt: Attempt) -> None:
        """An attempt begins or goes on."""

    def progress(self, attempt: Attempt, progress: Progress) -> None:
        """A round of it ended."""

    def finished(self, attempt: Attempt, best: Attempt | None) -> None:
        """It has a result."""

    def retraining(self, attempt: Attempt) -> None:
        """It is trained once more, on everybody but the test side."""


class Silent:
    """Nobody watches."""

    def proposed(self, attempt: Attempt) -> None:
        """Say nothing."""

    def progress(self, attempt: Attempt, progress: Progress) -> None:
        """Say nothing."""

    def finished(self, attempt: Attempt, best: Attempt | None) -> None:
        """Say nothing."""

    def retraining(self, attempt: Attempt) -> None:
        """Say nothing."""


@dataclass(frozen=True, kw_only=True)
class Loop:
    """One run over one task."""

    harness: Harness
    proposer: Proposer
    journal: Journal
    listener: Listener
    stop: threading.Event
    code: CodeRunner | None = None
    """Runs proposals with code; None where code is off."""

    def begin(self, limits: Limits) -> int:
        """Start a run; gives its id."""
        return self.journal.begin(
            self.harness.task.name,
            self.harness.digest(),
            self.proposer.name,
            self.harness.seeds,
            limits,
        )

    def go_on(self, run: int) -> None:
        """Run until it ends, from wherever the journal says it stands.

        Raises Cancelled, ProposerError, SandboxError (all: it can be resumed later), or
        JournalError when the harness, the data or the seeds are not those that the run began
        with, or an attempt with code has to go on where code is off.
        """
        found = self.journal.run(run)
        if found.harness_sha != self.harness.digest() or found.seeds != self.harness.seeds:
            raise JournalError(
                f"run {run} began with other data, seeds or program files: its results can't be"
                " compared with new ones; start a new run"
            )
        while True:
            attempts = self.journal.attempts(run)
            if attempts and attempts[-1].status is Status.RUNNING:
                self._train(attempts[-1])
                continue
            ended = stop_reason(attempts, found.limits)
            if ended is not None:
                self.journal.end(run, *ended)
                return
            self._raise_if_stopped()
            if attempts:
                self._propose(run, attempts)
            else:
                self._add_baseline(run)

    def _add_baseline(self, run: int) -> None:
        proposal = Proposal(rationale="tuned by hand", config=self.harness.task.baseline)
        self.journal.add(run, proposal, Status.RUNNING, parent=None, author="baseline")

    def _propose(self, run: int, attempts: Sequence[Attempt]) -> None:
        best = standing(attempts).best
        answer, proposal, complaints, tokens = self._ask(attempts)
        status, message = Status.RUNNING, ""
        if proposal is None:
            status, message = Status.REJECTED, "; ".join(complaints)
        elif proposal.action is Action.STOP:
            status, message = Status.STOP, proposal.rationale
        elif proposal_sha(proposal) in {attempt.sha for attempt in attempts}:
            status, message = Status.DUPLICATE, "this was tried before"
        self.journal.add(
            run,
            proposal,
            status,
            parent=None if best is None else best.number,
            author=answer.author,
            message=message,
            prompt_sha=answer.prompt_sha,
            tokens=tokens,
        )
        if status is not Status.RUNNING:
            attempts = self.journal.attempts(run)
            self.listener.finished(attempts[-1], best)

    def _ask(
        self, attempts: Sequence[Attempt]
    ) -> tuple[Answer, Proposal | None, Sequence[str], int]:
        """Ask, and let what is wrong be mended twice."""
        task = self.harness.task
        complaints: Sequence[str] = ()
        tokens = 0
        for _ in range(REPAIRS + 1):
            answer = self.proposer.propose(task, attempts, complaints)
            tokens += answer.tokens
            self._raise_if_stopped()
            try:
                proposal = parse(answer.content, task.space)
                # A model that code builds is known only when it has run.
                of_config = proposal.hooks.build_model is None
                if of_config and proposal.config and proposal.action is Action.PROPOSE:
                    self.harness.check(proposal.config)
            except ProposalError as error:
                remark = [answer.remark] if answer.remark else []
                complaints = (*remark, *error.sentences)
            else:
                return answer, proposal, (), tokens
        return answer, None, complaints, tokens

    def _train(self, attempt: Attempt) -> None:
        """Train the seeds that are still missing, and say what became of it."""
        if self.code is None and attempt.proposal and attempt.proposal.hooks.given():
            raise JournalError(
                f"attempt {attempt.number} holds code, and code is off here: go on with "
                "--allow-code, or start a new run"
            )
        self.listener.proposed(attempt)
        done = {result.seed for result in attempt.results}
        missing = [seed for seed in self.harness.seeds if seed not in done]
        status, message = Status.OK, ""
        try:
            train = self._trainer(attempt) if missing else None
            for seed in missing:
                assert train is not None
                self.journal.add_result(attempt.id, train(seed, self._watch(attempt)))
        except JournalError:
            raise  # says nothing about the attempt: it goes on with --resume
        except BudgetExceeded as error:
            status, message = Status.TIMEOUT, str(error)
        except (AggregationError, ProposalError, RuntimeError, ValueError, MemoryError) as error:
            status, message = Status.CRASH, f"{type(error).__name__}: {error}"
        self.journal.finish(attempt.id, status, message)
        attempts = self._siblings(attempt)
        finished = next(found for found in attempts if found.id == attempt.id)
        self.listener.finished(finished, standing(attempts).best)

    def _trainer(self, attempt: Attempt) -> Callable[[int, OnProgress], SeedResult]:
        """What trains this attempt with a seed; code has been through its rehearsal."""
        proposal = attempt.proposal
        assert proposal is not None
        config = proposal.config
        assert config is not None
        if not proposal.hooks.given():
            return lambda seed, watch: self.harness.run(config, seed, watch)
        assert self.code is not None
        return self.code.rehearse(proposal, self._raise_if_stopped).run

    def _siblings(self, attempt: Attempt) -> list[Attempt]:
        return self.journal.attempts(self.journal.run_of(attempt.id))

    def _watch(self, attempt: Attempt) -> OnProgress:
        def watch(progress: Progress) -> None:
            self._raise_if_stopped()
            self.listener.progress(attempt, progress)

        return watch

    def _raise_if_stopped(self) -> None:
        raise_if(self.stop)
