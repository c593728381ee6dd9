"""Federated training beside its rivals: one task, one split, the same seeds and epochs.

    python -m edge_worker.bench.federated --task activation --data DATA

Prints Markdown. The validation side judges; the test side stays closed.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from edge_worker.catalogue.training_sets import Examples
from edge_worker.federated.aggregation import Aggregation
from edge_worker.federated.client import predict
from edge_worker.federated.fedavg import train
from edge_worker.federated.harness import Harness, paired_gain
from edge_worker.federated.journal import Journal, Limits
from edge_worker.federated.loop import Loop, Silent
from edge_worker.federated.proposal import TrainingConfig
from edge_worker.federated.proposers.heuristic import Heuristic
from edge_worker.federated.proposers.proposer import Proposer
from edge_worker.federated.proposers.random_search import RandomSearch
from edge_worker.federated.standing import standing
from edge_worker.federated.tasks.registry import load_task
from edge_worker.federated.tasks.task import Task

ALONE = Aggregation(min_clients=1)


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


def searched(harness: Harness, proposer: Proposer, attempts: int) -> tuple[list[float], int]:
    """Scores of the best attempt of a loop, by seed, and how many attempts it made."""
    with tempfile.TemporaryDirectory() as folder:
        loop = Loop(
            harness=harness,
            proposer=proposer,
            journal=Journal(Path(folder) / "journal.sqlite"),
            listener=Silent(),
            stop=threading.Event(),
        )
        run = loop.begin(Limits(attempts=attempts))
        loop.go_on(run)
        found = loop.journal.attempts(run)
        best = standing(found).best
        assert best is not None
        return [result.score for result in best.results], len(found) - 1


def row(name: str, scores: Sequence[float], baseline: Sequence[float], cpu_s: float) -> str:
    """One row of the table."""
    gain, error = paired_gain(baseline, scores)
    return (
        f"| {name} | {np.mean(scores):.3f} ± {np.std(scores, ddof=1):.3f} | "
        f"{gain:+.3f} ± {error:.3f} | {cpu_s:.1f} |"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", default="activation")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--attempts", type=int, default=0, help="also search, this often at most")
    parser.add_argument("--config", help="another configuration than the baseline, as JSON")
    options = parser.parse_args(arguments)
    task = load_task(options.task, options.data)
    harness = Harness(task=task, seeds=task.seeds)
    config, name = task.baseline, "hand-tuned baseline"
    if options.config:
        config, name = TrainingConfig.model_validate_json(options.config), "this configuration"
    lines = [
        f"Task `{task.name}`, {len(task.seeds)} seeds, {config.rounds} rounds of "
        f"{config.local_epochs} epoch; gain and standard error over paired seeds.",
        "",
        "| way | validation | against the first row | CPU s |",
        "|---|---|---|---|",
    ]
    harness.run(config, task.seeds[0])  # the first training also loads torch's kernels
    begin = time.process_time()
    runs = [harness.run(config, seed) for seed in task.seeds]
    baseline = [result.score for result in runs]
    federated_s = time.process_time() - begin
    lines.append(row(f"federated, {name}", baseline, baseline, federated_s))
    for name, way in (("centralised, same settings", centralised), ("local only", local_only)):
        begin = time.process_time()
        scores = [way(task, config, seed) for seed in task.seeds]
        lines.append(row(name, scores, baseline, time.process_time() - begin))
    if options.attempts:
        for proposer in (RandomSearch(), Heuristic()):
            begin = time.process_time()
            scores, made = searched(harness, proposer, options.attempts)
            name = f"best of {made} by {proposer.name}"
            lines.append(row(name, scores, baseline, time.process_time() - begin))
    rounds = config.rounds * len(task.seeds)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines += [
        "",
        f"One round in this process: {1000 * federated_s / rounds:.0f} ms of CPU time, "
        f"judging included; memory of the whole process at most {memory:.0f} MB.",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
