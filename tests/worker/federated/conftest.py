"""Small tasks that train in a blink, and runs on them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_worker.catalogue.training_sets import Examples, Kind, TrainingSet
from edge_worker.federated.harness import Harness, OnProgress, Progress
from edge_worker.federated.hooks.training import CodeRunner, allow_code
from edge_worker.federated.journal import Attempt, Journal
from edge_worker.federated.loop import Loop, Silent
from edge_worker.federated.proposal import Augmentation, Family, SearchSpace, TrainingConfig
from edge_worker.federated.proposers.proposer import Answer
from edge_worker.federated.sandbox.tier import Tier, protection
from edge_worker.federated.scores import SeedResult
from edge_worker.federated.tasks.task import Metric, Task


def make_people(count: int = 16, rows: int = 24, effect: float = 1.5) -> dict[str, Examples]:
    """People whose two classes differ in the first of four features."""
    people = {}
    for number in range(count):
        generator = np.random.default_rng(number)
        labels = np.arange(rows) % 2
        inputs = generator.normal(size=(rows, 4))
        inputs[:, 0] += effect * (labels * 2 - 1)
        people[f"P{number:02d}"] = Examples(
            inputs=inputs.astype(np.float32), labels=labels.astype(np.int64)
        )
    return people


def make_task(people: dict[str, Examples] | None = None) -> Task:
    return Task(
        name="toy",
        summary="two clouds of points",
        data=TrainingSet(
            name="toy", kind=Kind.TABLE, classes=("left", "right"), people=people or make_people()
        ),
        space=SearchSpace(
            families=(Family.LOGISTIC, Family.MLP),
            augmentations=(Augmentation.NOISE, Augmentation.MASK),
            epochs=12,
            max_parameters=2000,
        ),
        baseline=TrainingConfig(family=Family.LOGISTIC, lr=0.1, rounds=3, batch_size=8),
        metric=Metric.PERSON_BALANCED_ACCURACY,
    )


class ScriptedHarness(Harness):
    """A harness whose scores are said beforehand, by learning rate: the loop alone is tested."""

    def run(
        self, config: TrainingConfig, seed: int, on_progress: OnProgress = lambda progress: None
    ) -> SeedResult:
        curve = SCORES[config.lr]
        if curve is None:
            raise RuntimeError("Traceback: the training broke")
        values = tuple(value + 0.001 * seed for value in curve)
        for number, value in enumerate(values):
            on_progress(
                Progress(
                    seed=seed,
                    round=number + 1,
                    rounds=len(values),
                    validation=value,
                    train=value,
                    loss=1.0,
                )
            )
        return SeedResult(
            seed=seed,
            score=values[-1],
            curve=values,
            train_score=values[-1],
            parameters=10,
            cpu_s=0.1,
            wall_s=0.2,
        )


# Learning rate → validation curve of every seed; None breaks.
SCORES: dict[float, tuple[float, ...] | None] = {
    0.1: (0.5, 0.6, 0.7, 0.75, 0.8),
    0.01: (0.5, 0.55, 0.6, 0.65, 0.7),
    0.5: (0.5, 0.8, 0.6, 0.82, 0.62, 0.78, 0.6),
    0.3: (0.6, 0.7, 0.8, 0.85, 0.9),
    0.2: (0.6, 0.7, 0.8, 0.85, 0.8),
    0.9: None,
}


@pytest.fixture
def task() -> Task:
    return make_task()


@pytest.fixture
def harness(task: Task) -> Harness:
    return Harness(task=task)


@pytest.fixture
def scripted(task: Task) -> Harness:
    return ScriptedHarness(task=task)


@pytest.fixture
def people() -> Callable[..., dict[str, Examples]]:
    return make_people


class Script:
    """Answers in order; goes on where a resumed run stands."""

    name = "script"

    def __init__(self, answers: Sequence[Any]) -> None:
        self.answers = answers

    def propose(self, task: Task, attempts: Sequence[Attempt], complaints: Sequence[str]) -> Answer:
        return Answer(content=self.answers[len(attempts) - 1], author="script", tokens=10)


@pytest.fixture
def with_code(tmp_path: Path) -> Callable[..., Loop]:
    """Makes a loop that runs these proposals, code included."""

    def make(harness: Harness, *answers: Any) -> Loop:
        return Loop(
            harness=harness,
            proposer=Script([*answers, {"action": "stop"}]),
            journal=Journal(tmp_path / "journal.sqlite"),
            listener=Silent(),
            stop=threading.Event(),
            code=CodeRunner(harness=harness),
        )

    return make


@pytest.fixture
def coded(task: Task) -> Harness:
    """A toy task on which code is allowed."""
    if protection().tier is not Tier.BUBBLEWRAP:
        pytest.skip(f"no sandbox on this machine: {protection().sentence}")
    return Harness(task=allow_code(task))
