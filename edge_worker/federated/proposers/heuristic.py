"""Rules of thumb that need no model: one change at a time, starting from the best so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from edge_worker.federated.harness import Harness
from edge_worker.federated.journal import Attempt
from edge_worker.federated.proposal import (
    Augmentation,
    Family,
    Optimizer,
    Proposal,
    ProposalError,
    Schedule,
    Scheduler,
    TrainingConfig,
    parse,
    proposal_sha,
)
from edge_worker.federated.proposers.proposer import Answer
from edge_worker.federated.standing import oscillates, standing
from edge_worker.federated.tasks.task import Task

# More than this between training and validation, in accuracy, is learning by heart.
WIDE_GAP = 0.08
Move = tuple[str, Callable[[TrainingConfig], dict[str, Any]]]


class Heuristic:
    """Takes the first sensible change that was not tried yet; stops when none is left."""

    name = "heuristic"

    def propose(self, task: Task, attempts: Sequence[Attempt], complaints: Sequence[str]) -> Answer:
        """Change the best attempt in one way."""
        best = standing(attempts).best
        if best is None or best.proposal is None or best.proposal.config is None:
            return _answer({"action": "stop", "rationale": "there is nothing to improve on"})
        tried = {attempt.sha for attempt in attempts}
        for reason, change in _moves(task, best):
            for proposal in _changed(task, best.proposal.config, reason, change):
                if proposal_sha(proposal) not in tried:
                    return _answer(proposal.model_dump(mode="json"))
        return _answer({"action": "stop", "rationale": "every change that I know was tried"})


def _answer(content: dict[str, Any]) -> Answer:
    return Answer(content=content, author=Heuristic.name)


def _changed(
    task: Task, config: TrainingConfig, reason: str, change: Callable[..., dict[str, Any]]
) -> Iterator[Proposal]:
    """The changed proposal, unless the change is none or does not fit the task."""
    changed = {**config.model_dump(mode="json"), **change(config)}
    try:
        proposal = parse({"rationale": reason, "config": changed}, task.space)
        assert proposal.config is not None
        # One that the loop refuses would be proposed again and again: it leaves no trace of
        # having been tried.
        Harness(task=task).check(proposal.config)
    except ProposalError:
        return
    yield proposal


def _moves(task: Task, best: Attempt) -> Iterator[Move]:
    """Changes in the order in which they are worth a try."""
    assert best.proposal is not None
    assert best.proposal.config is not None
    config = best.proposal.config
    calmer: Move = ("large steps first, small ones at the end", _cosine)
    gap = float(np.mean([r.train_score for r in best.results])) - best.mean
    if oscillates(best):
        yield calmer
        yield "the curve oscillates: smaller steps", lambda c: {"lr": _rounded(c.lr / 3)}
    if gap > WIDE_GAP:
        yield from _against_learning_by_heart(task)
    yield "use the whole budget of epochs", lambda c: _all_rounds(c, task.space.epochs)
    if config.scheduler.kind is Schedule.NONE:
        yield calmer
    if Family.MLP in task.space.families:
        yield "a hidden layer", lambda c: {"family": Family.MLP.value, "depth": 1}
    if config.optimizer is Optimizer.SGD:
        yield "momentum smooths the steps", lambda c: {"momentum": 0.9, "lr": _rounded(c.lr / 5)}
    yield "larger steps", lambda c: {"lr": _rounded(min(1.0, c.lr * 3))}
    yield "smaller steps", lambda c: {"lr": _rounded(c.lr / 3)}
    yield "a wider model", lambda c: {"width": min(4.0, c.width * 2)}
    yield "two passes a round", lambda c: _local(c, 2, task.space.epochs)
    yield "three passes a round", lambda c: _local(c, 3, task.space.epochs)
    yield from _against_learning_by_heart(task)
    yield "keep clients near the global model", lambda c: {"mu": 0.1}


def _against_learning_by_heart(task: Task) -> Iterator[Move]:
    for name in task.space.augmentations:
        yield f"training fits better than validation: {name}", partial(_augmented, name)
    yield (
        "training fits better than validation: weight decay",
        lambda c: {"weight_decay": min(0.1, max(1e-3, c.weight_decay * 10))},
    )


def _augmented(name: Augmentation, config: TrainingConfig) -> dict[str, Any]:
    return {"augmentation": sorted({*config.augmentation, name})}


def _cosine(config: TrainingConfig) -> dict[str, Any]:
    return {"scheduler": Scheduler(kind=Schedule.COSINE).model_dump(mode="json")}


def _all_rounds(config: TrainingConfig, epochs: int) -> dict[str, Any]:
    return {"rounds": max(1, min(200, epochs // config.local_epochs))}


def _local(config: TrainingConfig, epochs: int, budget: int) -> dict[str, Any]:
    rounds = max(1, min(config.rounds, budget // epochs))
    return {"local_epochs": epochs, "rounds": rounds}


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")
