"""From a winner to a candidate: checked, scored once on the test side, stored with its card.

A candidate is not used before somebody says yes (`ModelStore.promote`).
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from edge_worker import __version__
from edge_worker.catalogue.model_store import ModelStore, StoredModel, network_of
from edge_worker.federated.aggregation import AggregationError, epsilon
from edge_worker.federated.harness import BudgetExceeded, Harness, Progress, TestResult
from edge_worker.federated.hooks.rehearsal import CodeFailed
from edge_worker.federated.hooks.training import CodeRunner
from edge_worker.federated.interrupt import raise_if
from edge_worker.federated.journal import Attempt, Journal
from edge_worker.federated.loop import Listener, Silent
from edge_worker.federated.models import Weights
from edge_worker.federated.proposal import Proposal, TrainingConfig
from edge_worker.federated.scores import paired_gain
from edge_worker.federated.standing import standing

# 97.5 % point of the normal distribution, for the interval over people or seeds.
NORMAL_95 = 1.96


class NoCandidate(RuntimeError):
    """There is nothing to promote; a sentence for people."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What the test side says, once."""

    winner: int
    """Number of the attempt."""
    baseline_score: float
    winner_score: float
    gain: float
    gain_error: float
    """Standard error of the gain over people (or over seeds, for pictures)."""
    candidate: StoredModel | None
    """None when the winner is not better on people never seen."""


def open_test_side(
    run: int,
    harness: Harness,
    journal: Journal,
    store: ModelStore,
    code: CodeRunner | None = None,
    *,
    listener: Listener | None = None,
    stop: threading.Event | None = None,
) -> Opened:
    """Score winner and baseline on the test side and store the winner when it is better.

    code: trains a winner that holds code.
    Raises NoCandidate when no attempt beat the baseline, or the winner can't be a tool, and
    Cancelled once `stop` is set before both are trained; the test side stays closed. Raises
    JournalError when it was opened before.
    """
    attempts = journal.attempts(run)
    best = standing(attempts).best
    if best is None or best.number == 0:
        raise NoCandidate("no attempt gained beyond noise: the hand-tuned baseline stands")
    proposal = _proposal(best)
    config = proposal.config
    assert config is not None
    # Trained before anybody looks: what fails here, or is killed, spends no test.
    again = _Retraining(
        harness=harness,
        code=code,
        listener=listener or Silent(),
        stop=stop or threading.Event(),
    )
    trained = again.winner(best, proposal)
    reference = again.baseline(attempts[0])
    # Claimed first: a process killed half-way may not look a second time.
    journal.open_test(run, {"opened": datetime.now(UTC).isoformat(timespec="seconds")})
    baseline = harness.open_test(harness.task.baseline, reference)
    winner = harness.open_test(config, trained)
    gain, error = paired_gain(*_pairs(baseline, winner))
    model = None
    # The very weights that would be used must hold up, not only their kind.
    own = float(np.mean(list(winner.first_scores.values())))
    finite = all(np.isfinite(value).all() for value in winner.weights.values())
    if gain > error and own > baseline.score and finite:
        card = model_card(harness, proposal, run, best.number, baseline, winner)
        model = store.add(network_of(harness.task.name), _safetensors(winner), card)
    opened = Opened(
        winner=best.number,
        baseline_score=baseline.score,
        winner_score=winner.score,
        gain=gain,
        gain_error=error,
        candidate=model,
    )
    journal.set_test(run, _scores(opened))
    return opened


def model_card(
    harness: Harness,
    proposal: Proposal,
    run: int,
    attempt: int,
    baseline: TestResult,
    winner: TestResult,
) -> dict[str, Any]:
    """What the model takes, gives and is worth, and where it comes from."""
    task, config = harness.task, proposal.config
    assert config is not None
    deployed = list(winner.first_scores.values())
    low, high = _interval(deployed)
    return {
        "task": task.name,
        "summary": task.summary,
        "inputs": list(task.data.input_names),
        "input_shape": list(task.data.shape),
        "classes": list(task.data.classes),
        "config": config.model_dump(mode="json"),
        # Functions that trained it and are not part of it; their text is in the journal.
        "code": {
            name: hashlib.sha256(source.encode()).hexdigest()
            for name, source in proposal.hooks.given().items()
        },
        "quality": [
            {
                "metric": str(task.metric),
                "value": round(float(np.mean(deployed)), 4),
                "low": low,
                "high": high,
                "data": f"{task.data.origin}; people or examples never trained on",
                "people": len(deployed),
            }
        ],
        "test": {
            "by_seed": [round(score, 4) for score in winner.by_seed],
            "baseline_by_seed": [round(score, 4) for score in baseline.by_seed],
        },
        "privacy": {
            "epsilon": epsilon(harness.aggregation, config.rounds),
            "delta": harness.aggregation.delta,
            "words": "federated training alone is not anonymity",
        },
        "provenance": {
            "run": run,
            "attempt": attempt,
            "seed": harness.seeds[0],
            "harness_sha": harness.digest(),
            "data_sha": task.data.digest(),
            "worker": __version__,
            "on": datetime.now(UTC).date().isoformat(),
        },
    }


def _interval(scores: list[float]) -> tuple[float | None, float | None]:
    """95 % interval of the mean over people; none where there is one judge."""
    if len(scores) < 2:
        return None, None
    mean, error = float(np.mean(scores)), float(np.std(scores, ddof=1) / np.sqrt(len(scores)))
    return round(mean - NORMAL_95 * error, 4), round(min(1.0, mean + NORMAL_95 * error), 4)


def _pairs(baseline: TestResult, winner: TestResult) -> tuple[list[float], list[float]]:
    """The same people, or with one judge the same seeds."""
    names = sorted(baseline.by_person)
    if len(names) < 2:
        return list(baseline.by_seed), list(winner.by_seed)
    return [baseline.by_person[n] for n in names], [winner.by_person[n] for n in names]


def _proposal(attempt: Attempt) -> Proposal:
    """What may become a tool: a model that the runtime's own code can build."""
    proposal = attempt.proposal
    assert proposal is not None
    if proposal.hooks.build_model is not None:
        raise NoCandidate(
            f"attempt {attempt.number} won with a model that a language model's code builds "
            "(build_model); that code runs in the sandbox alone, so it can't become a tool. "
            "The test side stays closed; a new run without --allow-code finds models that can"
        )
    return proposal


@dataclass(frozen=True, kw_only=True)
class _Retraining:
    """Trains on everybody but the test side, watched, and given up when somebody says so."""

    harness: Harness
    code: CodeRunner | None
    listener: Listener
    stop: threading.Event

    def winner(self, attempt: Attempt, proposal: Proposal) -> list[Weights]:
        """Of the proposal, a model for each seed. Raises NoCandidate when it fails now."""
        assert proposal.config is not None
        self.listener.retraining(attempt)
        if not proposal.hooks.given():
            return self._plain(attempt, proposal.config)
        if self.code is None:
            raise NoCandidate(
                "the winner was trained with code, and code is off here: --resume --allow-code "
                "makes it a candidate"
            )
        try:
            return self.code.rehearse(proposal, lambda: raise_if(self.stop)).retrain()
        except (BudgetExceeded, AggregationError, CodeFailed) as error:
            raise NoCandidate(
                f"the winner's code failed when it trained on everybody but the test side: {error}"
            ) from error

    def baseline(self, attempt: Attempt) -> list[Weights]:
        """Of the hand-tuned baseline. Raises NoCandidate when it fails now."""
        self.listener.retraining(attempt)
        return self._plain(attempt, self.harness.task.baseline)

    def _plain(self, attempt: Attempt, config: TrainingConfig) -> list[Weights]:
        def watch(progress: Progress) -> None:
            raise_if(self.stop)
            self.listener.progress(attempt, progress)

        try:
            return self.harness.retrain(config, watch)
        except AggregationError as error:
            raise NoCandidate(
                f"attempt {attempt.number} failed when it was trained on everybody but the test "
                f"side: {error}"
            ) from error


def _safetensors(winner: TestResult) -> bytes:
    from safetensors.numpy import save

    return bytes(save({name: np.ascontiguousarray(v) for name, v in winner.weights.items()}))


def _scores(opened: Opened) -> dict[str, Any]:
    return {
        "winner": opened.winner,
        "baseline": opened.baseline_score,
        "score": opened.winner_score,
        "gain": opened.gain,
        "gain_error": opened.gain_error,
        "candidate": None if opened.candidate is None else opened.candidate.version,
    }
