"""Inside the sandbox: a proposal's functions in place of the harness's own.

The checks give readable errors. They protect nothing: what runs here can undo them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from edge_worker.federated.proposal import TrainingConfig
from edge_worker.federated.recipe import OWN, Recipe

Functions = Mapping[str, Callable[..., Any] | None]


class HookError(TypeError):
    """A hook gave something else than was asked for; a sentence for whoever wrote it."""


def hooked(functions: Functions, planned_rounds: int) -> Recipe:
    """The recipe with these functions. planned_rounds: what the schedule is made for."""
    build, augment = functions.get("build_model"), functions.get("augment")
    optimizer, scheduler = functions.get("make_optimizer"), functions.get("make_scheduler")
    return Recipe(
        build=OWN.build if build is None else _build(build),
        augment=OWN.augment if augment is None else _augment(augment),
        make_optimizer=OWN.make_optimizer if optimizer is None else _optimizer(optimizer),
        learning_rate=OWN.learning_rate
        if scheduler is None
        else _learning_rate(scheduler, planned_rounds),
    )


def _build(hook: Callable[..., Any]) -> Callable[..., nn.Module]:
    def build(config: TrainingConfig, shape: tuple[int, ...], classes: int, seed: int) -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = hook(tuple(shape), classes)
            _check_model(model)
            with torch.no_grad():
                _check_logits(model.eval()(torch.zeros(2, *shape)), (2, classes))
        return cast(nn.Module, model)

    return build


def _check_model(model: Any) -> None:
    if not isinstance(model, nn.Module):
        raise HookError(f"build_model gave {_kind(model)}, not a torch.nn.Module")
    for name, part in model.named_modules():
        if getattr(part, "track_running_stats", False):
            raise HookError(
                f"build_model: {name or 'the model'} ({_kind(part)}) keeps batch statistics, "
                "which don't travel between clients; use GroupNorm"
            )
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise HookError("build_model gave a model without trainable parameters")


def _check_logits(output: Any, shape: tuple[int, int]) -> None:
    if not isinstance(output, Tensor) or tuple(output.shape) != shape:
        found = tuple(output.shape) if isinstance(output, Tensor) else _kind(output)
        raise HookError(f"build_model: two examples give {found}, expected logits of shape {shape}")


def _augment(hook: Callable[..., Any]) -> Callable[..., Tensor]:
    def augment(config: TrainingConfig, batch: Tensor, generator: torch.Generator) -> Tensor:
        changed = hook(batch, generator)
        if not isinstance(changed, Tensor) or changed.shape != batch.shape:
            found = tuple(changed.shape) if isinstance(changed, Tensor) else _kind(changed)
            raise HookError(f"augment gave {found} for a batch of shape {tuple(batch.shape)}")
        return changed

    return augment


def _optimizer(hook: Callable[..., Any]) -> Callable[..., torch.optim.Optimizer]:
    def make_optimizer(
        config: TrainingConfig, parameters: Sequence[nn.Parameter], lr: float
    ) -> torch.optim.Optimizer:
        optimizer = hook(list(parameters), lr)
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise HookError(f"make_optimizer gave {_kind(optimizer)}, not a torch.optim.Optimizer")
        return optimizer

    return make_optimizer


def _learning_rate(hook: Callable[..., Any], rounds: int) -> Callable[..., float]:
    def learning_rate(config: TrainingConfig, round_number: int) -> float:
        factor = hook(round_number, rounds)
        if isinstance(factor, bool) or not isinstance(factor, (int, float)):
            raise HookError(f"make_scheduler gave {_kind(factor)} in round {round_number}")
        if not math.isfinite(factor) or factor < 0:
            raise HookError(f"make_scheduler gave the factor {factor} in round {round_number}")
        return config.lr * float(factor)

    return learning_rate


def _kind(value: Any) -> str:
    return type(value).__name__
