"""Networks of a wing that learning may train, by name: wings don't import each other."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from torch import nn


class Maker(Protocol):
    """Makes an untrained network."""

    def __call__(
        self, shape: tuple[int, ...], classes: int, width: float, depth: int, /
    ) -> nn.Module:
        """`shape` of one example. Raises ValueError when network and task don't fit."""


# Name of a network → module of the wing that makes it. Such a module has `NETWORKS`.
PROVIDERS: Mapping[str, str] = {"vitals": "edge_worker.offload.vitals.classifier"}


def build(name: str, shape: tuple[int, ...], classes: int, width: float, depth: int) -> nn.Module:
    """An untrained network of this name. Raises ValueError when it does not fit the task."""
    module = importlib.import_module(PROVIDERS[name])
    return cast(Mapping[str, Maker], module.NETWORKS)[name](shape, classes, width, depth)
