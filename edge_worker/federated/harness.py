"""The frozen part of a task: split, seeds, budget and the evaluator that holds the labels.

Proposals change the training, never this. The hash over these files and the data is kept with
every result; results of another harness are not compared.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_worker.catalogue.training_sets import Examples
from edge_worker.federated.aggregation import Aggregation
from edge_worker.federated.client import predict
from edge_worker.federated.fedavg import RoundResult, train
from edge_worker.federated.models import Weights, planned_parameters
from edge_worker.federated.proposal import ProposalError, TrainingConfig
from edge_worker.federated.scores import SeedResult
from edge_worker.federated.tasks.task import Task

MIN_SEEDS = 3
FROZEN = (
    "aggregation.py",
    "augment.py",
    "client.py",
    "fedavg.py",
    "harness.py",
    "hooks/exchange.py",
    "hooks/job.py",
    "hooks/recipe.py",
    "hooks/template.py",
    "models.py",
    "published.py",
    "recipe.py",
    "scores.py",
    "split.py",
    "tasks/task.py",
    "tasks/picture_files.py",
    "tasks/pictures.py",
    "tasks/registry.py",
    "../offload/vitals/classifier.py",
)


class BudgetExceeded(RuntimeError):
    """A training took longer than its task allows."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One round of one seed, for people who watch."""

    seed: int
    round: int
    rounds: int
    validation: float | None
    """None where nobody is judged."""
    train: float
    loss: float | None
    """None where the training runs out of sight."""


OnProgress = Callable[[Progress], None]


def frozen_source() -> bytes:
    """The files that no proposal changes, as they lie on this disk now."""
    here = Path(__file__).parent
    return b"".join((here / name).read_bytes() for name in FROZEN)


@dataclass(frozen=True, kw_only=True)
class TestResult:
    """Test people's scores, averaged over seeds, by person."""

    by_person: Mapping[str, float]
    by_seed: tuple[float, ...]
    weights: Weights
    """Of the first seed: what would be deployed."""
    first_scores: Mapping[str, float]
    """Of these weights, by person."""

    @property
    def score(self) -> float:
        """Mean over seeds."""
        return float(np.mean(self.by_seed))


@dataclass(frozen=True, kw_only=True)
class Harness:
    """Trains and scores proposals of one task, all alike."""

    task: Task
    seeds: tuple[int, ...] = (0, 1, 2)
    max_seconds: float = 600.0
    """Wall time of one training."""
    aggregation: Aggregation = field(default_factory=Aggregation)

    def __post_init__(self) -> None:
        if len(set(self.seeds)) != len(self.seeds) or len(self.seeds) < MIN_SEEDS:
            raise ValueError(f"at least {MIN_SEEDS} different seeds are needed")

    def digest(self) -> str:
        """SHA-256 over the frozen source, the task's settings and its data."""
        found = hashlib.sha256(frozen_source())
        task = self.task
        # Scores mean the same whether code is allowed or not.
        space = replace(task.space, hooks=False)
        settings = (space, task.baseline.model_dump_json(), task.metric.value)
        found.update(repr((settings, self.seeds, self.aggregation)).encode())
        found.update(task.data.digest().encode())
        return found.hexdigest()

    def check(self, config: TrainingConfig) -> int:
        """Count the parameters.

        Raises ProposalError when the model can't be built or is too big.
        """
        count = planned_parameters(config, self.task.data.shape, self.task.classes)
        if count > self.task.space.max_parameters:
            raise ProposalError(
                [
                    f"the model has {count} parameters, above the limit of "
                    f"{self.task.space.max_parameters} of this task"
                ]
            )
        return count

    def run(
        self, config: TrainingConfig, seed: int, on_progress: OnProgress = lambda progress: None
    ) -> SeedResult:
        """Train with one seed and score on the validation side after each round.

        Raises AggregationError (diverged), BudgetExceeded or ProposalError.
        """
        parameters = self.check(config)
        sides = self.task.split(seed)
        wall, cpu = time.monotonic(), time.process_time()
        curve: list[float] = []
        train_scores: list[float] = []
        refused = 0

        def after(result: RoundResult) -> None:
            nonlocal refused
            if time.monotonic() - wall > self.max_seconds:
                raise BudgetExceeded(
                    f"stopped in round {result.number + 1} after {self.max_seconds:.0f} s"
                )
            curve.append(self._score(result.weights, config, sides.validation))
            train_scores.append(result.accuracy)
            refused += len(result.refused)
            on_progress(
                Progress(
                    seed=seed,
                    round=result.number + 1,
                    rounds=config.rounds,
                    validation=curve[-1],
                    train=result.accuracy,
                    loss=result.loss,
                )
            )

        self._train(config, sides.train, seed, after)
        return SeedResult(
            seed=seed,
            score=curve[-1],
            curve=tuple(curve),
            train_score=train_scores[-1],
            parameters=parameters,
            cpu_s=time.process_time() - cpu,
            wall_s=time.monotonic() - wall,
            refused=refused,
        )

    def retrain(
        self, config: TrainingConfig, on_progress: OnProgress = lambda progress: None
    ) -> list[Weights]:
        """Train on all but the test side, with every seed. Nobody is scored.

        Raises AggregationError (diverged), and whatever `on_progress` raises.
        """
        return [self._retrain(config, seed, on_progress) for seed in self.seeds]

    def _retrain(self, config: TrainingConfig, seed: int, on_progress: OnProgress) -> Weights:
        def after(result: RoundResult) -> None:
            on_progress(
                Progress(
                    seed=seed,
                    round=result.number + 1,
                    rounds=config.rounds,
                    validation=None,
                    train=result.accuracy,
                    loss=result.loss,
                )
            )

        return self._train(config, self.task.split(seed).development, seed, after)

    def open_test(self, config: TrainingConfig, trained: Sequence[Weights]) -> TestResult:
        """Score what `retrain` gave, a model for each seed, on the test side.

        Once per loop, for the winner and the baseline: a score looked at twice is spent.
        """
        by_seed, people = [], []
        for seed, weights in zip(self.seeds, trained, strict=True):
            side = self.task.split(seed).test
            scores = self.task.scores(self.answers(weights, config, side), side)
            people.append(scores)
            by_seed.append(float(np.nanmean(list(scores.values()))))
        mean = {name: float(np.mean([scores[name] for scores in people])) for name in people[0]}
        return TestResult(
            by_person={name: value for name, value in mean.items() if np.isfinite(value)},
            by_seed=tuple(by_seed),
            weights=trained[0],
            first_scores={name: v for name, v in people[0].items() if np.isfinite(v)},
        )

    def _train(
        self,
        config: TrainingConfig,
        clients: Mapping[str, Examples],
        seed: int,
        on_round: Callable[[RoundResult], None],
    ) -> Weights:
        return train(
            config,
            clients,
            classes=self.task.classes,
            seed=seed,
            clients_per_round=self.task.clients_per_round,
            aggregation=self.aggregation,
            even_classes=self.task.even_classes,
            on_round=on_round,
        )

    def _score(
        self, weights: Weights, config: TrainingConfig, side: Mapping[str, Examples]
    ) -> float:
        return self.task.score(self.answers(weights, config, side), side)

    def answers(
        self, weights: Weights, config: TrainingConfig, side: Mapping[str, Examples]
    ) -> dict[str, NDArray[np.int64]]:
        """Predicted classes by person."""
        return {
            name: predict(weights, config, examples.inputs, self.task.classes).argmax(axis=1)
            for name, examples in side.items()
        }
