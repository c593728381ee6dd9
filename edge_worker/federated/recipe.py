"""The four functions of a training that code in a proposal may replace, and the harness's own.

The harness's own follow the configuration. What calls them stays the same either way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from edge_worker.federated.augment import augment
from edge_worker.federated.models import build
from edge_worker.federated.proposal import Optimizer, Schedule, TrainingConfig

Build = Callable[[TrainingConfig, tuple[int, ...], int, int], nn.Module]
"""Configuration, shape of one example, number of classes, seed → the model."""
Augment = Callable[[TrainingConfig, Tensor, torch.Generator], Tensor]
"""Configuration, a batch, the source of chance → the changed batch of the same shape."""
MakeOptimizer = Callable[[TrainingConfig, Sequence[nn.Parameter], float], torch.optim.Optimizer]
"""Configuration, what to train, learning rate of this round → what takes the steps."""
LearningRate = Callable[[TrainingConfig, int], float]
"""Configuration, global round from 0 → the rate of that round."""


def learning_rate(config: TrainingConfig, round_number: int) -> float:
    """The rate of a global round, counted from 0."""
    scheduler = config.scheduler
    match scheduler.kind:
        case Schedule.NONE:
            return config.lr
        case Schedule.STEP:
            return config.lr * float(scheduler.gamma ** (round_number // scheduler.every))
        case Schedule.COSINE:
            return config.lr * (1 + math.cos(math.pi * round_number / config.rounds)) / 2


def _augment(config: TrainingConfig, batch: Tensor, generator: torch.Generator) -> Tensor:
    return augment(batch, config.augmentation, generator)


def _optimizer(
    config: TrainingConfig, parameters: Sequence[nn.Parameter], lr: float
) -> torch.optim.Optimizer:
    decay = config.weight_decay
    match config.optimizer:
        case Optimizer.SGD:
            return torch.optim.SGD(parameters, lr, momentum=config.momentum, weight_decay=decay)
        case Optimizer.ADAM:
            return torch.optim.Adam(parameters, lr, weight_decay=decay)
        case Optimizer.ADAMW:
            return torch.optim.AdamW(parameters, lr, weight_decay=decay)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a model is built and trained, apart from the numbers of the configuration."""

    build: Build = build
    augment: Augment = _augment
    make_optimizer: MakeOptimizer = _optimizer
    learning_rate: LearningRate = learning_rate


OWN = Recipe()
"""The harness's own functions."""
