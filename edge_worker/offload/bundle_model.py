"""A bundle, ready to run in ONNX Runtime: parts and codecs load when first asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from edge_worker.offload.bundle import (
    Bundle,
    BundleError,
    Cut,
    FileEntry,
    InputTier,
    TensorEntry,
    Tier,
)
from edge_worker.offload.codec import open_codec
from edge_worker.offload.generic_codecs import generic_codec
from edge_worker.offload.onnx_graph import session
from edge_worker.offload.parts import (
    INPUT_CUT,
    RAW_CUTS,
    SHORT_HASH,
    STREAM_CUT,
    Arrays,
    Codec,
    Part,
    Piece,
    TensorSpec,
    cut_of,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LoadedT = TypeVar("_LoadedT")
# Tails and heads of the last plans stay loaded, so that going back costs nothing.
_KEPT = 8


class OnnxPart:
    """One ONNX file. `inputs`, `outputs`: what the caller calls its tensors, in their order."""

    def __init__(
        self, path: Path, inputs: Sequence[str], outputs: Sequence[str], *, threads: int
    ) -> None:
        self._session = session(str(path), threads=threads)
        self._inputs = tuple(zip(inputs, self._session.get_inputs(), strict=True))
        self._outputs = tuple(outputs)

    def run(self, inputs: Arrays) -> dict[str, NDArray[Any]]:
        """Outputs by name."""
        feed = {item.name: inputs[name] for name, item in self._inputs}
        return dict(zip(self._outputs, self._session.run(None, feed), strict=True))


class Chain:
    """Two parts, one after the other: a learned decoder and the tail behind it."""

    def __init__(self, first: Part, second: Part) -> None:
        self._first = first
        self._second = second

    def run(self, inputs: Arrays) -> dict[str, NDArray[Any]]:
        """Outputs of the second, which takes those of the first."""
        return self._second.run(self._first.run(inputs))


class BundleModel:
    """`SplitModel` of a bundle."""

    def __init__(self, bundle: Bundle, *, threads: int = 1) -> None:
        self._bundle = bundle
        self._threads = threads
        self._lock = threading.Lock()
        self._parts: dict[str, Part] = {}
        self._codecs: dict[str, Codec] = {}

    @property
    def bundle(self) -> Bundle:
        """The bundle."""
        return self._bundle

    @property
    def hash(self) -> str:
        """Of the whole model, short: every frame carries it."""
        return self._bundle.manifest.model_hash[:SHORT_HASH]

    @cached_property
    def plans(self) -> Sequence[str]:
        """All `<cut>/<tier>`, the ways to send the input among them."""
        manifest = self._bundle.manifest
        splits = [f"{cut.name}/{tier.name}" for cut in manifest.cuts for tier in cut.tiers]
        inputs = [tier.name for tier in manifest.input_tiers] or ["float32", "int16"]
        streams = [
            f"{STREAM_CUT}/{tier.name}"
            for tier in manifest.input_tiers
            if tier.stream_samples and tier.stream_chunk_s and len(manifest.inputs) == 1
        ]
        return (*(f"{INPUT_CUT}/{name}" for name in inputs), *streams, *splits)

    def piece(self, plan: str) -> Piece | None:
        """What a frame of a stream holds; None for other plans."""
        cut, _, name = plan.partition("/")
        if cut != STREAM_CUT:
            return None
        tier = self._input_tiers[name]
        if tier.stream_samples is None or tier.stream_chunk_s is None:
            raise BundleError(f"{self._bundle.manifest.name} can't be streamed as {name}")
        return Piece(samples=tier.stream_samples, seconds=tier.stream_chunk_s)

    @property
    def period_s(self) -> float | None:
        """How often a window comes, by the manifest."""
        return self._bundle.manifest.period_s

    def relative_loss(self, plan: str) -> float | None:
        """Share of the quality that coding costs under this plan; None when not measured."""
        cut, _, name = plan.partition("/")
        manifest = self._bundle.manifest
        if cut not in RAW_CUTS:
            return manifest.relative(self._tier(plan).accuracy_loss)
        tier = self._input_tiers.get(name)
        return None if tier is None else manifest.relative(tier.accuracy_loss)

    @property
    def inputs(self) -> Sequence[TensorSpec]:
        """Of the whole model, for one window."""
        return _specs(self._bundle.manifest.inputs)

    @property
    def outputs(self) -> Sequence[TensorSpec]:
        """Of the whole model, for one window."""
        return _specs(self._bundle.manifest.outputs)

    def whole(self) -> Part:
        """The full model."""
        manifest = self._bundle.manifest
        return self._part(manifest.model, manifest.inputs, manifest.outputs)

    def head(self, plan: str) -> Part | None:
        """What the device runs; None when it sends its input."""
        if cut_of(plan) in RAW_CUTS:
            return None
        tier = self._tier(plan)
        return self._part(tier.head, self._bundle.manifest.inputs, tier.wire)

    def tail(self, plan: str) -> Part:
        """What the hub runs."""
        if cut_of(plan) in RAW_CUTS:
            return self.whole()
        cut, tier = self._cut_and_tier(plan)
        tail = self._part(tier.tail, cut.tensors, self._bundle.manifest.outputs)
        if tier.decoder is None:
            return tail
        return Chain(self._part(tier.decoder, tier.wire, cut.tensors), tail)

    def codec(self, plan: str) -> Codec:
        """How the tensors of this plan travel."""
        return self._kept(self._codecs, plan, lambda: self._open_codec(plan))

    def wire(self, plan: str) -> tuple[TensorEntry, ...]:
        """The tensors that travel."""
        inputs = self._bundle.manifest.inputs
        if (piece := self.piece(plan)) is not None:
            return tuple(
                item.model_copy(update={"shape": (*item.shape[:-1], piece.samples)})
                for item in inputs
            )
        if cut_of(plan) == INPUT_CUT:
            return inputs
        return self._tier(plan).wire

    def specs(self, plan: str) -> tuple[TensorSpec, ...]:
        """What a payload of this plan must hold."""
        return _specs(self.wire(plan))

    def batch_axes(self, plan: str) -> dict[str, int | None]:
        """Along which axis windows of several devices are laid together, by tensor."""
        every = (*self.wire(plan), *self._bundle.manifest.outputs)
        return {item.name: item.batch_axis for item in every}

    @cached_property
    def _input_tiers(self) -> dict[str, InputTier]:
        return {tier.name: tier for tier in self._bundle.manifest.input_tiers}

    def _cut_and_tier(self, plan: str) -> tuple[Cut, Tier]:
        name, _, tier = plan.partition("/")
        cut = self._bundle.cut(name)
        return cut, cut.tier(tier)

    def _tier(self, plan: str) -> Tier:
        return self._cut_and_tier(plan)[1]

    def _part(
        self, entry: FileEntry, inputs: Sequence[TensorEntry], outputs: Sequence[TensorEntry]
    ) -> Part:
        def load() -> Part:
            return OnnxPart(
                self._bundle.path(entry),
                [item.name for item in inputs],
                [item.name for item in outputs],
                threads=self._threads,
            )

        return self._kept(self._parts, entry.path, load)

    def _open_codec(self, plan: str) -> Codec:
        cut, _, name = plan.partition("/")
        if cut in RAW_CUTS:
            stored = self._input_tiers.get(name)
            return generic_codec(name if stored is None else stored.codec, self.wire(plan))
        tier = self._tier(plan)
        try:
            if tier.tables is None:
                return generic_codec(tier.codec, tier.wire)
            return open_codec(tier.codec, tier.wire, self._bundle.path(tier.tables))
        except ValueError as error:
            raise BundleError(f"{self._bundle.manifest.name}: {error}") from None

    def _kept(self, kept: dict[str, _LoadedT], name: str, load: Callable[[], _LoadedT]) -> _LoadedT:
        with self._lock:
            if name not in kept:
                kept[name] = load()
                for old in list(kept)[:-_KEPT]:
                    del kept[old]
            return kept[name]


def _specs(entries: Sequence[TensorEntry]) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(name=item.name, dtype=item.dtype, shape=item.shape) for item in entries)
