"""Make a bundle from a module: the whole model, and head and tail of each cut.

All tiers of a cut share one tail, cut out of the whole model. A learned tier brings two modules:
a head that ends in rounded symbols, and a decoder that makes the cut's tensors from them.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_worker.offload.bundle import (
    FORMAT,
    MANIFEST,
    Bundle,
    BundleError,
    Cut,
    InputTier,
    Manifest,
    Measurement,
    TensorEntry,
    Tier,
    file_entry,
    load_bundle,
)
from edge_worker.offload.capture import Captured, capture
from edge_worker.offload.graph import GraphError, ModelGraph
from edge_worker.offload.onnx_graph import extract, model_bytes
from edge_worker.offload.partition import can_cross

if TYPE_CHECKING:
    import torch
    from torch import nn

GENERIC_TIERS = ("float32", "int8", "int4")


@dataclass(frozen=True, kw_only=True)
class LearnedTier:
    """A trained codec at a cut. `head` gives int8 symbols, `decoder` takes them."""

    cut: str
    name: str
    head: nn.Module
    decoder: nn.Module
    """Gives the tensors of the cut, in its order."""
    symbols: tuple[torch.Tensor, ...]
    """Example outputs of the head, one sample each."""
    tables: bytes
    """JSON of the range coder's integer tables."""
    rate_weight: float
    bytes_mean: float
    bytes_p95: float
    encode_s: float | None = None
    decode_s: float | None = None
    accuracy_loss: float | None = None
    quality: Measurement | None = None


@dataclass(frozen=True, kw_only=True)
class About:
    """What the manifest says beyond the network itself."""

    name: str
    version: str = "1"
    summary: str = ""
    raw_stays: bool = True
    period_s: float | None = None
    quality: Measurement | None = None
    input_tiers: tuple[InputTier, ...] = ()
    card: str | None = None
    """Markdown: what it was trained on and how good it is."""
    generic_loss: Mapping[tuple[str, str], float] | None = None
    """(cut, tier) → accuracy lost by a generic tier, where measured."""
    generic_bytes: Mapping[tuple[str, str], tuple[float, float]] | None = None
    """(cut, tier) → mean and 95th percentile of bytes, where measured."""


def export_bundle(
    folder: Path,
    module: nn.Module,
    example_inputs: Sequence[torch.Tensor],
    about: About,
    *,
    cuts: Mapping[str, Sequence[str]],
    generic: Sequence[str] = GENERIC_TIERS,
    learned: Sequence[LearnedTier] = (),
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
) -> Bundle:
    """Capture a module and write its bundle into `folder`, whole or not at all.

    cuts: name → tensors of the graph, as `partition.propose_cuts` names them.
    Raises CaptureError, GraphError or BundleError with a sentence.
    """
    captured = capture(
        module,
        example_inputs,
        name=about.name,
        input_names=input_names,
        output_names=output_names,
    )
    return write_bundle(folder, captured, about, cuts=cuts, generic=generic, learned=learned)


def write_bundle(
    folder: Path,
    captured: Captured,
    about: About,
    *,
    cuts: Mapping[str, Sequence[str]],
    generic: Sequence[str] = GENERIC_TIERS,
    learned: Sequence[LearnedTier] = (),
) -> Bundle:
    """Like `export_bundle`, from what was captured before."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as name:
        place = Path(name) / folder.name
        place.mkdir()
        (place / "model.onnx").write_bytes(model_bytes(captured.model))
        (place / "graph.json").write_text(captured.graph.to_json(), encoding="utf-8")
        if about.card is not None:
            (place / "card.md").write_text(about.card, encoding="utf-8")
        found = [
            _generic_cut(place, captured, name, tuple(tensors), generic, about)
            for name, tensors in cuts.items()
        ]
        for tier in learned:
            found = _with_learned(place, captured.graph, found, tier)
        manifest = _manifest(place, captured.graph, about, found)
        (place / MANIFEST).write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
        load_bundle(place)
        _replace(folder, place)
    return load_bundle(folder)


def _replace(folder: Path, place: Path) -> None:
    if folder.exists():
        if any(folder.iterdir()) and not (folder / MANIFEST).exists():
            raise BundleError(f"{folder} holds something that is not a bundle: left alone.")
        shutil.rmtree(folder)
    place.rename(folder)


def _manifest(place: Path, graph: ModelGraph, about: About, cuts: Sequence[Cut]) -> Manifest:
    return Manifest(
        format=FORMAT,
        name=about.name,
        version=about.version,
        summary=about.summary,
        model_hash=graph.model_hash,
        inputs=_entries(graph, graph.inputs),
        outputs=_entries(graph, graph.outputs),
        model=file_entry(place, "model.onnx"),
        graph=file_entry(place, "graph.json"),
        cuts=tuple(cuts),
        input_tiers=about.input_tiers,
        raw_stays=about.raw_stays,
        period_s=about.period_s,
        quality=about.quality,
        card=None if about.card is None else file_entry(place, "card.md"),
    )


def _entries(graph: ModelGraph, names: Sequence[str]) -> tuple[TensorEntry, ...]:
    return tuple(TensorEntry.of(graph.by_name[name]) for name in names)


def _generic_cut(
    place: Path,
    captured: Captured,
    name: str,
    tensors: tuple[str, ...],
    generic: Sequence[str],
    about: About,
) -> Cut:
    graph = captured.graph
    graph.tail(tensors)
    if alone := [item for item in tensors if not can_cross(graph, item)]:
        raise GraphError(
            f"The cut {name!r} is no cut: what {alone[0]!r} holds of several devices can't be told "
            "apart."
        )
    folder = f"cuts/{name}"
    (place / folder).mkdir(parents=True)
    for half, given, wanted in (
        ("head", graph.inputs, tensors),
        ("tail", tensors, graph.outputs),
    ):
        part = extract(captured.model, graph, given, wanted)
        (place / folder / f"{half}.onnx").write_bytes(model_bytes(part))
    head, tail = (file_entry(place, f"{folder}/{half}.onnx") for half in ("head", "tail"))
    tiers = []
    for tier in generic:
        mean, p95 = (about.generic_bytes or {}).get((name, tier), (None, None))
        tiers.append(
            Tier(
                name=tier,
                codec=tier,
                head=head,
                tail=tail,
                wire=_entries(graph, tensors),
                bytes_mean=mean,
                bytes_p95=p95,
                accuracy_loss=(about.generic_loss or {}).get((name, tier), _lossless(tier)),
            )
        )
    return Cut(name=name, tensors=_entries(graph, tensors), tiers=tuple(tiers))


def _lossless(tier: str) -> float | None:
    return 0.0 if tier == "float32" else None


def _with_learned(
    place: Path, graph: ModelGraph, cuts: Sequence[Cut], learned: LearnedTier
) -> list[Cut]:
    """The cuts, with this tier at its cut. Raises BundleError when there is no such cut."""
    if learned.cut not in [cut.name for cut in cuts]:
        raise BundleError(f"The tier {learned.name!r} is for a cut {learned.cut!r}, not given.")
    return [
        cut.model_copy(update={"tiers": (*cut.tiers, _learned_tier(place, graph, cut, learned))})
        if cut.name == learned.cut
        else cut
        for cut in cuts
    ]


def _learned_tier(place: Path, graph: ModelGraph, cut: Cut, learned: LearnedTier) -> Tier:
    import torch

    if any(item.dtype is not torch.int8 for item in learned.symbols):
        raise BundleError(f"The tier {learned.name!r} must send int8 symbols.")
    folder = f"cuts/{cut.name}/{learned.name}"
    (place / folder).mkdir(parents=True)
    examples = tuple(_example(graph, name) for name in graph.inputs)
    head = capture(learned.head, examples, name="head", input_names=graph.inputs)
    wire = [f"symbols_{i}" for i in range(len(learned.symbols))]
    # The cut's own names may be taken inside of the decoder; parts are joined by their order.
    names = [f"decoded_{i}" for i in range(len(cut.tensors))]
    decoder = capture(
        learned.decoder, learned.symbols, name="decoder", input_names=wire, output_names=names
    )
    made = tuple(decoder.graph.by_name[name].shape for name in decoder.graph.outputs)
    if made != tuple(item.shape for item in cut.tensors):
        raise BundleError(f"The decoder of {learned.name!r} gives {made}, not the cut's tensors.")
    _write(place, f"{folder}/head.onnx", model_bytes(head.model))
    _write(place, f"{folder}/decoder.onnx", model_bytes(decoder.model))
    _write(place, f"{folder}/tables.json", learned.tables)
    return Tier(
        name=learned.name,
        codec="learned",
        head=file_entry(place, f"{folder}/head.onnx"),
        decoder=file_entry(place, f"{folder}/decoder.onnx"),
        tail=file_entry(place, f"cuts/{cut.name}/tail.onnx"),
        wire=_entries(decoder.graph, decoder.graph.inputs),
        tables=file_entry(place, f"{folder}/tables.json"),
        rate_weight=learned.rate_weight,
        bytes_mean=learned.bytes_mean,
        bytes_p95=learned.bytes_p95,
        encode_s=learned.encode_s,
        decode_s=learned.decode_s,
        accuracy_loss=learned.accuracy_loss,
        quality=learned.quality,
    )


def _write(place: Path, name: str, content: bytes) -> None:
    (place / name).write_bytes(content)


def _example(graph: ModelGraph, name: str) -> Any:
    import torch

    tensor = graph.by_name[name]
    generator = torch.Generator().manual_seed(0)
    return torch.randn(tensor.shape, generator=generator).to(getattr(torch, tensor.dtype))
