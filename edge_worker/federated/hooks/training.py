"""Trains a proposal with code, and scores it where its code can't reach.

A model of the configuration is rebuilt and scored here from the weights that came out. A
model of the proposal's own answers in a second job, which has no labels and nobody to train
on; its answers are scored here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from edge_worker.catalogue.training_sets import Examples
from edge_worker.federated.aggregation import AggregationError
from edge_worker.federated.harness import (
    BudgetExceeded,
    Harness,
    OnProgress,
    Progress,
)
from edge_worker.federated.hooks import exchange
from edge_worker.federated.hooks.jobs import Jobs
from edge_worker.federated.hooks.rehearsal import CodeFailed, Form, rehearse
from edge_worker.federated.models import Weights
from edge_worker.federated.proposal import Proposal
from edge_worker.federated.sandbox.results import ResultError, read_predictions, read_weights
from edge_worker.federated.sandbox.run import Ending, Outcome
from edge_worker.federated.sandbox.tier import Tier, protection
from edge_worker.federated.scores import SeedResult
from edge_worker.federated.tasks.task import Task

Answers = dict[str, NDArray[np.int64]]
Content = TypeVar("Content")


class CodeRefused(ValueError):
    """Code may not run here; a sentence for people."""


def allow_code(task: Task) -> Task:
    """The same task, whose proposals may hold code.

    Raises CodeRefused unless the sandbox proved itself just now.
    """
    found = protection()
    if found.tier is not Tier.BUBBLEWRAP:
        raise CodeRefused(f"code can't be allowed on this machine: {found.sentence}")
    return replace(task, space=replace(task.space, hooks=True))


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """Code that went through its rehearsal, and the form of the weights that it makes."""

    jobs: Jobs
    form: Form

    def run(self, seed: int, on_progress: OnProgress = lambda progress: None) -> SeedResult:
        """Train with one seed and score on the validation side, as `Harness.run` does.

        The curve is scored from the answers that the job gave round by round; its last point,
        the score, is not the job's word. Raises BudgetExceeded, AggregationError or CodeFailed,
        in words of our own only: the code's text is thrown away, for it has seen examples.
        """
        task, sides = self.jobs.harness.task, self.jobs.harness.task.split(seed)
        wall, cpu = time.monotonic(), time.process_time()
        judged = _inputs(sides.validation)
        outcome = self.jobs.train(sides.train, judged, seed)
        weights = self._weights(outcome)
        form = self.jobs.answers_form(judged, self.jobs.config.rounds)
        by_round = _read(outcome, exchange.ANSWERS, lambda content: read_predictions(content, form))
        answers, more_s = self._answers(weights, {**sides.validation, **sides.train})
        own = {name: answers[name] for name in sides.validation}
        score = task.score(own, sides.validation)
        before = [task.score(_by_name(row, sides.validation), sides.validation) for row in by_round]
        result = SeedResult(
            seed=seed,
            score=score,
            curve=(*before[:-1], score),
            train_score=_share_right(answers, sides.train),
            parameters=sum(value.size for value in weights.values()),
            cpu_s=outcome.cpu_s + more_s + time.process_time() - cpu,
            wall_s=time.monotonic() - wall,
        )
        on_progress(_last(result))
        return result

    def retrain(self) -> list[Weights]:
        """Train on all but the test side, with every seed; nobody is judged."""
        harness = self.jobs.harness
        nobody = [np.empty((0, *harness.task.data.shape), dtype=np.float32)]
        return [
            self._weights(self.jobs.train(harness.task.split(seed).development, nobody, seed))
            for seed in harness.seeds
        ]

    def _weights(self, outcome: Outcome) -> Weights:
        _raise_if_failed(outcome, self.jobs.harness.max_seconds)
        return _read(outcome, exchange.WEIGHTS, lambda content: read_weights(content, self.form))

    def _answers(self, weights: Weights, side: Mapping[str, Examples]) -> tuple[Answers, float]:
        """By trusted code where that can build the model, else by a job without labels.

        Also the CPU time of that job.
        """
        if not self.jobs.own_model:
            return self.jobs.harness.answers(weights, self.jobs.config, side), 0.0
        judged = _inputs(side)
        outcome = self.jobs.predict(weights, judged)
        _raise_if_failed(outcome, self.jobs.harness.max_seconds)
        form = self.jobs.predictions_form(judged)
        logits = _read(
            outcome, exchange.PREDICTIONS, lambda content: read_predictions(content, form)
        )
        return _by_name(logits.argmax(axis=1), side), outcome.cpu_s


@dataclass(frozen=True, kw_only=True)
class CodeRunner:
    """Runs proposals with code for a task that allows it."""

    harness: Harness

    def __post_init__(self) -> None:
        if not self.harness.task.space.hooks or protection().tier is not Tier.BUBBLEWRAP:
            raise CodeRefused("code runs for tasks that `allow_code` let through only")
        if self.harness.aggregation.noise_multiplier is not None:
            raise CodeRefused(
                "code and --noise don't go together: code runs where the noise is added, so no "
                "epsilon could be promised"
            )

    def rehearse(
        self, proposal: Proposal, while_waiting: Callable[[], None] = lambda: None
    ) -> Rehearsed:
        """Try the code on made-up numbers. Raises as `rehearsal.rehearse`."""
        assert proposal.config is not None
        jobs = Jobs(
            harness=self.harness,
            config=proposal.config,
            hooks=proposal.hooks.given(),
            while_waiting=while_waiting,
        )
        return Rehearsed(jobs=jobs, form=rehearse(jobs))


def _raise_if_failed(outcome: Outcome, max_seconds: float) -> None:
    if outcome.ending is Ending.TIME:
        raise BudgetExceeded(f"the code was stopped after {max_seconds:.0f} s")
    if outcome.ending is Ending.MEMORY:
        raise CodeFailed("the code took too much memory in training")
    if outcome.ending is not Ending.OK:
        raise CodeFailed(
            "the code went through its rehearsal but broke in training on real examples; its "
            "error text is not passed on, because it has seen them"
        )
    if exchange.DIVERGED in outcome.results:
        raise AggregationError("too few updates were finite: the training diverged")


def _read(outcome: Outcome, name: str, read: Callable[[bytes], Content]) -> Content:
    """A checked result. The error says nothing that the code chose."""
    try:
        return read(outcome.results[name])
    except (KeyError, ResultError):
        raise CodeFailed(
            f"the training handed out no usable {name.partition('.')[0]}: missing, not finite, "
            "or of another form than in the rehearsal"
        ) from None


def _inputs(side: Mapping[str, Examples]) -> Sequence[NDArray[np.float32]]:
    return [examples.inputs for examples in side.values()]


def _by_name(answers: NDArray[np.int64], side: Mapping[str, Examples]) -> Answers:
    ends = np.cumsum([len(examples) for examples in side.values()])[:-1]
    return dict(zip(side, np.split(answers, ends), strict=True))


def _share_right(answers: Answers, side: Mapping[str, Examples]) -> float:
    right = [answers[name] == examples.labels for name, examples in side.items()]
    return float(np.concatenate(right).mean())


def _last(result: SeedResult) -> Progress:
    return Progress(
        seed=result.seed,
        round=len(result.curve),
        rounds=len(result.curve),
        validation=result.score,
        train=result.train_score,
        loss=None,
    )
