"""Random search over the same space: what anything cleverer has to beat (Bergstra 2012)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edge_worker.federated.journal import Attempt
from edge_worker.federated.proposal import Family, Optimizer, Schedule
from edge_worker.federated.proposers.proposer import Answer
from edge_worker.federated.tasks.task import Task

_LR = {Optimizer.SGD: (0.01, 1.0), Optimizer.ADAM: (3e-4, 0.1), Optimizer.ADAMW: (3e-4, 0.1)}


class RandomSearch:
    """Draws each attempt from the seed and its number."""

    name = "random"

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed

    def propose(self, task: Task, attempts: Sequence[Attempt], complaints: Sequence[str]) -> Answer:
        """Draw a configuration; another one for every complaint."""
        generator = np.random.default_rng((self._seed, len(attempts), len("".join(complaints))))
        return Answer(
            content={"rationale": "drawn at random", "config": draw(task, generator)},
            author=self.name,
        )


def draw(task: Task, generator: np.random.Generator) -> dict[str, Any]:
    """One configuration inside the task's space."""

    def one_of(values: Sequence[Any]) -> Any:
        return values[int(generator.integers(len(values)))]

    def log_uniform(low: float, high: float) -> float:
        return float(f"{np.exp(generator.uniform(np.log(low), np.log(high))):.3g}")

    space = task.space
    family = Family(one_of(space.families))
    optimizer = Optimizer(one_of(tuple(Optimizer)))
    local_epochs = int(one_of([e for e in (1, 2, 3, 5) if e <= space.epochs]))
    most_rounds = space.epochs // local_epochs
    deep = family in (Family.RESNET18, Family.MOBILENET_V2)
    return {
        "family": family.value,
        # Deep models at full width are for machines that can afford them, not for a blind draw.
        "width": float(one_of((0.125, 0.25) if deep else (0.5, 1.0, 2.0))),
        "depth": int(one_of((1, 2))),
        "optimizer": optimizer.value,
        "lr": log_uniform(*_LR[optimizer]),
        "momentum": float(one_of((0.0, 0.5, 0.9))) if optimizer is Optimizer.SGD else 0.0,
        "weight_decay": float(one_of((0.0, 1e-4, 1e-3, 1e-2))),
        "scheduler": {
            "kind": Schedule(one_of(tuple(Schedule))).value,
            "every": max(1, most_rounds // 3),
            "gamma": float(one_of((0.1, 0.3, 0.5))),
        },
        "augmentation": [name.value for name in space.augmentations if generator.random() < 0.25],
        "local_epochs": local_epochs,
        "batch_size": int(one_of((8, 16, 32, 64))),
        "mu": float(one_of((0.0, 0.0, 0.01, 0.1))),
        "rounds": max(1, round(most_rounds * float(one_of((0.5, 1.0))))),
    }
