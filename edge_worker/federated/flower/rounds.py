"""What travels in a round, without Flower: names, our own averaging, a client's own part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_worker.catalogue.training_sets import Examples
from edge_worker.federated.aggregation import Aggregation, Update, aggregate
from edge_worker.federated.client import FitResult, fit
from edge_worker.federated.fedavg import client_seed
from edge_worker.federated.proposal import TrainingConfig
from edge_worker.federated.tasks.registry import load_task
from edge_worker.federated.tasks.task import Task

Arrays = dict[str, NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one machine trains on: examples that never leave it."""

    name: str
    task: Task
    examples: Examples


def own_part(task: str, folder: Path | None, partition: int, seed: int) -> Part:
    """The clients of a task are dealt to machines by number; this is the one of `partition`.

    Raises TrainingSetError for files that can't be used, ValueError when there are fewer parts.
    """
    made = load_task(task, folder)
    clients = made.split(seed).train
    names = sorted(clients)
    if not 0 <= partition < len(names):
        raise ValueError(f"the task {task} has {len(names)} parts; there is no part {partition}")
    return Part(name=names[partition], task=made, examples=clients[names[partition]])


def train_part(
    part: Part, weights: Mapping[str, NDArray[np.float32]], config: str, number: int, seed: int
) -> FitResult:
    """A machine's share of round `number` (from 0): the function of `federated.client`."""
    return fit(
        weights,
        TrainingConfig.model_validate_json(config),
        part.examples,
        classes=part.task.classes,
        round_number=number,
        seed=client_seed(seed, part.name, number),
        even_classes=part.task.even_classes,
    )


def next_weights(
    before: Mapping[str, NDArray[np.float32]],
    replies: Sequence[tuple[str, Arrays, int]],
    settings: Aggregation,
    number: int,
    seed: int,
) -> tuple[Arrays, tuple[str, ...]]:
    """Average the replies (client, weights, examples); also who was left out.

    Raises AggregationError when too few can be used.
    """
    updates = [Update(client=name, weights=w, examples=count) for name, w, count in replies]
    made = aggregate(before, updates, settings, client_seed(seed, "", number))
    return made.weights, made.refused
