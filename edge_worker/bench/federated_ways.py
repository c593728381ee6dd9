"""Ways to train the same configuration, and searches for a better one, on one task.

The validation side judges every way alike. Results can be kept in a file, so that a benchmark
that was interrupted, or a search that meets a known configuration, trains nothing twice.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from edge_worker.catalogue.training_sets import Examples
from edge_worker.federated.aggregation import Aggregation
from edge_worker.federated.client import predict
from edge_worker.federated.fedavg import train
from edge_worker.federated.harness import (
    Harness,
    OnProgress,
    frozen_source,
)
from edge_worker.federated.journal import Attempt, Journal, Limits
from edge_worker.federated.loop import Loop, Silent
from edge_worker.federated.proposal import Proposal, TrainingConfig, canonical
from edge_worker.federated.proposers.proposer import Proposer
from edge_worker.federated.published import pretrained_file
from edge_worker.federated.scores import SeedResult, paired_gain
from edge_worker.federated.standing import oscillation, standing
from edge_worker.federated.tasks.task import Task

ALONE = Aggregation(min_clients=1)
# Not a limit on purpose: a benchmark on a busy machine must not end by the clock.
NO_HURRY_S = 1e6


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Scores of one way by seed, and the processor time that training took."""

    scores: tuple[float, ...]
    cpu_s: float


class Notebook:
    """Results by key, one JSON line each; in memory alone without a file."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._found: dict[str, Any] = {}
        if path is not None and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    key, value = json.loads(line)
                except ValueError:  # cut short by whatever ended the last run
                    continue
                self._found[key] = value

    def once(self, key: str, compute: Callable[[], Any]) -> Any:
        """What was noted under this key, or what `compute` gives now."""
        if key not in self._found:
            self._found[key] = compute()
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps([key, self._found[key]]) + "\n")
        return self._found[key]


def key_of(task: Task, config: TrainingConfig, seed: int, way: str) -> str:
    """The same for trainings that give the same result, whatever the search around them."""
    content = (
        hashlib.sha256(frozen_source()).hexdigest(),
        task.data.digest(),
        task.name,
        task.clients_per_round,
        task.even_classes,
        canonical(Proposal(config=config)),
        # Its name holds the hash of the weights to start from.
        getattr(pretrained_file(config.family), "name", None) if config.pretrained else None,
        seed,
        way,
    )
    return hashlib.sha256(repr(content).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class RememberingHarness(Harness):
    """A harness that looks into its notebook first."""

    notebook: Notebook
    say: Callable[[str], None] = lambda line: None
    """Told of every training that was not in the notebook."""

    def run(
        self, config: TrainingConfig, seed: int, on_progress: OnProgress = lambda progress: None
    ) -> SeedResult:
        """Train once with each configuration and seed. See `Harness.run`."""
        key = key_of(self.task, config, seed, "federated")
        train_now = super().run

        def train_and_say() -> dict[str, Any]:
            made = train_now(config, seed, on_progress)
            self.say(
                f"{canonical(Proposal(config=config))} seed {seed}: {made.score:.4f}, "
                f"up and down {oscillation(made.curve):.4f}, {made.cpu_s:.0f} s"
            )
            return asdict(made)

        found = self.notebook.once(key, train_and_say)
        return SeedResult(**{**found, "curve": tuple(found["curve"])})


def federated(harness: Harness, config: TrainingConfig) -> Measured:
    """Federated averaging over all seeds."""
    runs = [harness.run(config, seed) for seed in harness.seeds]
    return Measured(scores=tuple(run.score for run in runs), cpu_s=sum(run.cpu_s for run in runs))


def compared(
    way: Callable[[Task, TrainingConfig, int], float],
    task: Task,
    config: TrainingConfig,
    notebook: Notebook,
) -> Measured:
    """Another way to train, over all seeds of the task."""

    def measure(seed: int) -> list[float]:
        begin = time.process_time()
        score = way(task, config, seed)
        return [score, time.process_time() - begin]

    found = [
        notebook.once(key_of(task, config, seed, way.__name__), partial(measure, seed))
        for seed in task.seeds
    ]
    return Measured(scores=tuple(s for s, _ in found), cpu_s=sum(cpu for _, cpu in found))


def centralised(task: Task, config: TrainingConfig, seed: int) -> float:
    """All training examples in one place, with as many passes over them."""
    parts = task.split(seed).train.values()
    pooled = Examples(
        inputs=np.concatenate([part.inputs for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
    )
    return trained_on(task, config, {"all": pooled}, seed)


def local_only(task: Task, config: TrainingConfig, seed: int) -> float:
    """Every client trains alone; the mean of their models' scores on the same judges."""
    clients = task.split(seed).train
    return float(
        np.mean([trained_on(task, config, {name: own}, seed) for name, own in clients.items()])
    )


def trained_on(
    task: Task, config: TrainingConfig, clients: Mapping[str, Examples], seed: int
) -> float:
    """Validation score after training on these clients, however few."""
    weights = train(
        config,
        clients,
        classes=task.classes,
        seed=seed,
        clients_per_round=task.clients_per_round,
        aggregation=ALONE,
        even_classes=task.even_classes,
    )
    side = task.split(seed).validation
    answers = {
        name: predict(weights, config, examples.inputs, task.classes).argmax(axis=1)
        for name, examples in side.items()
    }
    return task.score(answers, side)


def searched(harness: Harness, proposer: Proposer, attempts: int) -> list[Attempt]:
    """All that a loop of at most so many attempts wrote down; number 0 is the baseline.

    It ends early only when the proposer stops or repeats itself: every search has the same budget.
    """
    with tempfile.TemporaryDirectory() as folder:
        loop = Loop(
            harness=harness,
            proposer=proposer,
            journal=Journal(Path(folder) / "journal.sqlite"),
            listener=Silent(),
            stop=threading.Event(),
        )
        run = loop.begin(Limits(attempts=attempts, patience=attempts, seconds=NO_HURRY_S))
        loop.go_on(run)
        return loop.journal.attempts(run)


def best_of(attempts: Sequence[Attempt]) -> Measured:
    """The last attempt that gained beyond noise, and what the whole search cost."""
    best = standing(attempts).best
    if best is None:
        raise ValueError(f"the baseline itself failed: {attempts[0].message}")
    return Measured(
        scores=tuple(result.score for result in best.results),
        cpu_s=sum(result.cpu_s for attempt in attempts for result in attempt.results),
    )


def row(name: str, measured: Measured, baseline: Measured) -> str:
    """One row of the table: mean and spread, gain with its standard error, cost."""
    gain, error = paired_gain(baseline.scores, measured.scores)
    scores = measured.scores
    return (
        f"| {name} | {np.mean(scores):.3f} ± {np.std(scores, ddof=1):.3f} | "
        f"{gain:+.3f} ± {error:.3f} | {measured.cpu_s:.1f} |"
    )
