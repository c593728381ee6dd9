"""Federated averaging on one machine: rounds over clients that are people."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_worker.catalogue.training_sets import Examples
from edge_worker.federated.aggregation import Aggregation, AggregationError, Update, aggregate
from edge_worker.federated.client import FitResult, fit
from edge_worker.federated.models import get_weights
from edge_worker.federated.proposal import TrainingConfig
from edge_worker.federated.recipe import OWN, Recipe


@dataclass(frozen=True, kw_only=True)
class RoundResult:
    """What a round yields."""

    number: int
    """From 0."""
    weights: dict[str, NDArray[np.float32]]
    loss: float
    """Training loss, averaged over clients by their examples."""
    accuracy: float
    clients: int
    refused: tuple[str, ...]


OnRound = Callable[[RoundResult], None]


def initial_weights(
    config: TrainingConfig,
    shape: tuple[int, ...],
    classes: int,
    seed: int,
    recipe: Recipe = OWN,
) -> dict[str, NDArray[np.float32]]:
    """The global weights before the first round."""
    return get_weights(recipe.build(config, shape, classes, seed))


def train(
    config: TrainingConfig,
    clients: Mapping[str, Examples],
    *,
    classes: int,
    seed: int,
    clients_per_round: int = 10,
    aggregation: Aggregation | None = None,
    even_classes: bool = True,
    recipe: Recipe = OWN,
    on_round: OnRound = lambda result: None,
) -> dict[str, NDArray[np.float32]]:
    """Train over all rounds of the configuration; gives the last global weights.

    Raises AggregationError when a round has too few usable updates, or no loss that is a number.
    """
    settings = aggregation or Aggregation()
    names = sorted(name for name, examples in clients.items() if len(examples))
    if not names:
        raise ValueError("no client has examples")
    weights = initial_weights(config, clients[names[0]].inputs.shape[1:], classes, seed, recipe)
    for number in range(config.rounds):
        asked = chosen_clients(names, number, seed, clients_per_round)
        results = {
            name: fit(
                weights,
                config,
                clients[name],
                classes=classes,
                round_number=number,
                seed=client_seed(seed, name, number),
                even_classes=even_classes,
                recipe=recipe,
            )
            for name in asked
        }
        updates = [
            Update(client=name, weights=r.weights, examples=r.examples)
            for name, r in results.items()
        ]
        made = aggregate(weights, updates, settings, client_seed(seed, "", number))
        weights = made.weights
        on_round(_round(number, weights, list(results.values()), made.refused))
    return weights


def chosen_clients(
    names: Sequence[str], round_number: int, seed: int, clients_per_round: int
) -> list[str]:
    """Whom a round asks: a random part, the same for the same seed and round."""
    if len(names) <= clients_per_round:
        return list(names)
    generator = np.random.default_rng((seed, round_number))
    chosen = generator.choice(len(names), clients_per_round, replace=False)
    return [names[index] for index in sorted(chosen)]


def client_seed(seed: int, client: str, round_number: int) -> int:
    """A seed of its own for every client and round, alike on every machine."""
    return zlib.crc32(f"{seed}/{client}/{round_number}".encode())


def _round(
    number: int,
    weights: dict[str, NDArray[np.float32]],
    results: Sequence[FitResult],
    refused: tuple[str, ...],
) -> RoundResult:
    finite = [result for result in results if math.isfinite(result.loss)]
    if not finite:
        raise AggregationError(f"in round {number} no client's loss is a number")
    total = sum(result.examples for result in finite)
    return RoundResult(
        number=number,
        weights=weights,
        loss=sum(r.loss * r.examples for r in finite) / total,
        accuracy=sum(r.accuracy * r.examples for r in finite) / total,
        clients=len(results),
        refused=refused,
    )
