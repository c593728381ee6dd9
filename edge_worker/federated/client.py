"""What a client does in a round: the same function on one machine and on many.

Only weights, a count and two averages leave it. Examples never do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edge_worker.catalogue.training_sets import Examples
from edge_worker.federated.models import Weights, get_weights, set_weights
from edge_worker.federated.proposal import TrainingConfig
from edge_worker.federated.recipe import OWN, Recipe

GRADIENT_NORM = 5.0
_PREDICT_BATCH = 512


@dataclass(frozen=True, kw_only=True)
class FitResult:
    """What a client sends back."""

    weights: dict[str, NDArray[np.float32]]
    examples: int
    loss: float
    """Mean training loss of the last local epoch."""
    accuracy: float
    """Share of training examples it got right in that epoch."""


def fit(
    weights: Weights,
    config: TrainingConfig,
    data: Examples,
    *,
    classes: int,
    round_number: int,
    seed: int,
    even_classes: bool = True,
    recipe: Recipe = OWN,
) -> FitResult:
    """Train `local_epochs` from these weights on the client's own examples.

    round_number: global, from 0; it drives the schedule. seed: of this client in this round.
    even_classes: every class that the client has weighs the same in its loss.
    Raises ValueError without examples or with weights that are not the model's.
    """
    if not len(data):
        raise ValueError("a client without examples cannot train")
    model = _module(config, data.inputs.shape[1:], classes, recipe)
    set_weights(model, weights)
    model.train()
    start = [p.detach().clone() for p in model.parameters()] if config.mu else []
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = recipe.make_optimizer(config, trained, recipe.learning_rate(config, round_number))
    inputs, labels = torch.from_numpy(data.inputs), torch.from_numpy(data.labels)
    class_weights = _class_weights(data.labels, classes) if even_classes else torch.ones(classes)
    weight_of = class_weights[labels]
    everything = list(model.parameters())
    generator = torch.Generator().manual_seed(seed)
    total, right = 0.0, 0
    with torch.random.fork_rng(devices=[]):
        # Dropout. `torch.manual_seed` would also collect a traceback for each kind of accelerator.
        torch.default_generator.manual_seed(seed)
        for _ in range(config.local_epochs):
            total, right = 0.0, 0
            for rows in _batches(len(data), config.batch_size, generator):
                batch = recipe.augment(config, inputs[rows], generator)
                output, truth = model(batch), labels[rows]
                losses = nn.functional.cross_entropy(output, truth, reduction="none")
                loss = (losses * weight_of[rows]).mean()
                if config.mu:
                    loss = loss + config.mu / 2 * _distance(model, start)
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_(everything, GRADIENT_NORM)
                optimizer.step()
                total += float(losses.detach().sum())
                right += int((output.detach().argmax(1) == truth).sum())
    return FitResult(
        weights=get_weights(model),
        examples=len(data),
        loss=total / len(data),
        accuracy=right / len(data),
    )


def predict(
    weights: Weights,
    config: TrainingConfig,
    inputs: NDArray[np.float32],
    classes: int,
    recipe: Recipe = OWN,
) -> NDArray[np.float32]:
    """Logits, shape (examples, classes). Labels are not needed and not given."""
    model = _module(config, inputs.shape[1:], classes, recipe)
    set_weights(model, weights)
    model.eval()
    with torch.no_grad():
        parts = [
            model(torch.from_numpy(inputs[first : first + _PREDICT_BATCH])).numpy()
            for first in range(0, len(inputs), _PREDICT_BATCH)
        ]
    return np.concatenate(parts) if parts else np.empty((0, classes), dtype=np.float32)


@lru_cache(maxsize=4)
def _module(
    config: TrainingConfig, shape: tuple[int, ...], classes: int, recipe: Recipe
) -> nn.Module:
    """Making a deep model costs more than a small client's round; its weights are set each time."""
    torch.set_num_threads(1)  # two threads a client took six times as long on two cores
    return recipe.build(config, shape, classes, 0)


def _batches(size: int, batch_size: int, generator: torch.Generator) -> Iterator[Tensor]:
    yield from torch.split(torch.randperm(size, generator=generator), batch_size)


def _class_weights(labels: NDArray[np.int64], classes: int) -> Tensor:
    counts = np.bincount(labels, minlength=classes).astype(np.float32)
    present = counts > 0
    weights = np.where(present, len(labels) / np.maximum(counts, 1) / present.sum(), 0.0)
    return torch.from_numpy(weights.astype(np.float32))


def _distance(model: nn.Module, start: list[Tensor]) -> Tensor:
    """Squared distance from the global model (FedProx, Li et al. 2020, arXiv 1812.06127)."""
    parts = [((p - s) ** 2).sum() for p, s in zip(model.parameters(), start, strict=True)]
    return torch.stack(parts).sum()
