"""A split model as co-inference sees it: parts that run, and codecs for what lies between."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from edge_worker.offload.graph import ITEM_BYTES, Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

Arrays = Mapping[str, "NDArray[Any]"]

DEVICE_PLAN = "device"
"""Name of the plan that sends nothing."""
INPUT_CUT = "input"
"""Cut of the plans that send the model's input: `input/<tier>`."""
STREAM_CUT = "stream"
"""Cut of the plans that send what is new of the input: `stream/<tier>`."""
RAW_CUTS = frozenset({INPUT_CUT, STREAM_CUT})
SHORT_HASH = 16
"""Hexadecimal digits of a SHA-256 that frames carry: both sides checked the whole one."""


def cut_of(plan: str) -> str:
    """The cut of `<cut>/<tier>`."""
    return plan.partition("/")[0]


@dataclass(frozen=True, kw_only=True)
class TensorSpec:
    """Name, type and shape of one tensor of one window."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """Size as it stands in memory."""
        return math.prod(self.shape) * ITEM_BYTES[self.dtype]


def example(tensor: TensorSpec | Tensor, seed: int = 0) -> NDArray[Any]:
    """A made-up sample; times of most operations don't depend on values.

    Whole numbers are small: they may be numbers of words, and no model has fewer than four.
    """
    import numpy as np

    generator = np.random.default_rng(seed)
    if tensor.dtype.startswith("float"):
        return generator.standard_normal(tensor.shape).astype(tensor.dtype)
    return generator.integers(0, 4, size=tensor.shape).astype(tensor.dtype)


def describe(tensors: Arrays) -> tuple[TensorSpec, ...]:
    """Specs of these arrays."""
    return tuple(
        TensorSpec(name=name, dtype=str(array.dtype), shape=array.shape)
        for name, array in tensors.items()
    )


@dataclass(frozen=True, kw_only=True)
class Piece:
    """What one frame of a stream holds: samples of the last axis, and how long they took."""

    samples: int
    seconds: float


class Part(Protocol):
    """A head, a tail or the whole model."""

    def run(self, inputs: Arrays) -> dict[str, NDArray[Any]]:
        """Outputs by name."""


class Codec(Protocol):
    """How the tensors at a cut travel."""

    name: str
    tables: str
    """Checksum of its tables; "" when it has none."""

    def encode(self, tensors: Arrays) -> bytes:
        """The payload of one window."""

    def decode(self, payload: bytes) -> dict[str, NDArray[Any]]:
        """What `encode` was given, as far as the codec keeps it.

        Raises ValueError for a payload that it did not make.
        """


class SplitModel(Protocol):
    """A loaded bundle. Parts load when first asked for; methods may come from any thread."""

    @property
    def hash(self) -> str:
        """Of the whole model: both sides must mean the same."""

    @property
    def plans(self) -> Sequence[str]:
        """All `<cut>/<tier>` that it can run."""

    @property
    def period_s(self) -> float | None:
        """How often a window comes; None when nobody knows."""

    def relative_loss(self, plan: str) -> float | None:
        """Share of the quality that coding costs under this plan; None when not measured."""

    @property
    def inputs(self) -> Sequence[TensorSpec]:
        """Of the whole model, for one window."""

    @property
    def outputs(self) -> Sequence[TensorSpec]:
        """Of the whole model, for one window."""

    def whole(self) -> Part:
        """The full model."""

    def piece(self, plan: str) -> Piece | None:
        """What a frame of a `stream/...` plan holds; None for other plans."""

    def head(self, plan: str) -> Part | None:
        """The device's part; None for the input's plans, where there is nothing to compute."""

    def tail(self, plan: str) -> Part:
        """The hub's part."""

    def codec(self, plan: str) -> Codec:
        """The codec of a plan."""

    def specs(self, plan: str) -> tuple[TensorSpec, ...]:
        """The tensors at this cut for one window: what a payload must hold."""

    def batch_axes(self, plan: str) -> Mapping[str, int | None]:
        """Tensor at the cut or output → the axis that counts windows, None when none does."""
