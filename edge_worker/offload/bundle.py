"""The artefact of a model: everything that device and hub need, checked before it is used.

    <bundle>/manifest.json            what is here, with sizes and SHA-256
             graph.json               `ModelGraph`
             model.onnx               the whole model
             cuts/<cut>/head.onnx     what the device runs
                        tail.onnx     what the hub runs
                        <tier>/...    a learned tier's own head, decoder and tables

Nothing in a bundle is code: weights are ONNX, the rest is JSON.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge_worker.offload.graph import GraphError, ModelGraph, Tensor

FORMAT = 1
MANIFEST = "manifest.json"
SHIPPED = Path(__file__).parent / "models"
# A vitals network is below 1 MB, ResNet-18 47 MB; anything far above does not belong on a
# Raspberry Pi, and is refused before it is read.
MAX_FILE_BYTES = 256 * 2**20
MAX_MANIFEST_BYTES = 4 * 2**20

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class BundleError(ValueError):
    """A bundle that cannot be used: the message is a sentence for people."""


class Section(BaseModel):
    """Fields of a newer minor version are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class FileEntry(Section):
    """One file, relative to the bundle's folder."""

    path: str
    bytes: Annotated[int, Field(ge=0, le=MAX_FILE_BYTES)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class TensorEntry(Section):
    """`Tensor` as it stands in the manifest; `shape` for a batch of one."""

    name: str
    shape: tuple[Annotated[int, Field(gt=0)], ...]
    dtype: str
    batch_axis: int | None

    @classmethod
    def of(cls, tensor: Tensor) -> TensorEntry:
        return cls(
            name=tensor.name,
            shape=tensor.shape,
            dtype=tensor.dtype,
            batch_axis=tensor.batch_axis,
        )

    @property
    def tensor(self) -> Tensor:
        return Tensor(
            name=self.name, shape=self.shape, dtype=self.dtype, batch_axis=self.batch_axis
        )


class Measurement(Section):
    """A figure that was measured, never estimated: what, on which data, how many samples."""

    metric: str
    value: float
    data: str = ""
    samples: int | None = None


class Tier(Section):
    """One way to code what crosses a cut."""

    name: Name
    codec: str
    """`float32`, `int8`, `int4` (generic), or `learned`."""
    head: FileEntry
    tail: FileEntry
    wire: tuple[TensorEntry, ...]
    """Outputs of the head: what is coded. Integers (symbols) for a learned tier."""
    decoder: FileEntry | None = None
    """Of a learned tier: makes the cut's tensors, which the tail takes, from the symbols."""
    tables: FileEntry | None = None
    """Integer frequency tables of a learned tier's range coder."""
    rate_weight: float | None = None
    """λ of the training."""
    bytes_mean: float | None = None
    bytes_p95: float | None = None
    encode_s: float | None = None
    decode_s: float | None = None
    """Coder time on one core of the machine that made the bundle."""
    accuracy_loss: float | None = None
    """Against the whole model, in the unit of `quality.metric`; None = not measured."""
    quality: Measurement | None = None


class Cut(Section):
    """A place where the model may be split."""

    name: Name
    tensors: tuple[TensorEntry, ...]
    """Of the graph: what crosses before coding."""
    tiers: tuple[Tier, ...]

    def tier(self, name: str) -> Tier:
        """Raises BundleError when the cut has no such tier."""
        for tier in self.tiers:
            if tier.name == name:
                return tier
        raise BundleError(f"The cut {self.name!r} has no tier {name!r}.")


class InputTier(Section):
    """One way to code the model's inputs for the hub, with measured bytes of one window."""

    name: Name
    codec: str
    bytes_mean: float
    accuracy_loss: float | None = None
    stream_bytes_per_s: float | None = None
    """When the inputs are recorded over time: what a stream of them takes."""
    stream_chunk_s: float | None = None
    """How much recording one message of the stream holds."""
    stream_samples: Annotated[int, Field(gt=0)] | None = None
    """The same in samples of the inputs' last axis."""


class Manifest(Section):
    """What a bundle holds."""

    format: int
    name: Name
    version: str
    summary: str = ""
    model_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 of model.onnx."""
    inputs: tuple[TensorEntry, ...]
    outputs: tuple[TensorEntry, ...]
    model: FileEntry
    graph: FileEntry
    cuts: tuple[Cut, ...] = ()
    input_tiers: tuple[InputTier, ...] = ()
    raw_stays: bool = True
    """The inputs are private unless the owner says otherwise."""
    period_s: float | None = None
    """How often it is meant to run."""
    quality: Measurement | None = None
    """Of the whole model."""
    card: FileEntry | None = None

    def relative(self, loss: float | None) -> float | None:
        """A loss of accuracy as a share of the whole model's quality, where both were measured."""
        if loss is None or self.quality is None or self.quality.value <= 0:
            return None
        return loss / self.quality.value

    def files(self) -> Iterator[FileEntry]:
        """Every file of the bundle but the manifest itself."""
        yield from (self.model, self.graph)
        if self.card is not None:
            yield self.card
        for cut in self.cuts:
            for tier in cut.tiers:
                yield from (tier.head, tier.tail)
                yield from (part for part in (tier.decoder, tier.tables) if part is not None)


@dataclass(frozen=True)
class Bundle:
    """A bundle whose files were compared with its manifest."""

    folder: Path
    manifest: Manifest

    def path(self, entry: FileEntry) -> Path:
        return self.folder / entry.path

    def with_cuts(self, cuts: Iterable[Cut]) -> Bundle:
        """The same model, to be split nowhere else."""
        return replace(self, manifest=self.manifest.model_copy(update={"cuts": tuple(cuts)}))

    def cut(self, name: str) -> Cut:
        """Raises BundleError when the model has no such cut."""
        for cut in self.manifest.cuts:
            if cut.name == name:
                return cut
        raise BundleError(f"{self.manifest.name} has no cut {name!r}.")

    @cached_property
    def graph(self) -> ModelGraph:
        """Raises BundleError when it is not the graph of this model."""
        try:
            graph = ModelGraph.from_json(self.path(self.manifest.graph).read_bytes())
        except GraphError as error:
            raise BundleError(f"{self.manifest.name}: {error}") from error
        if graph.model_hash != self.manifest.model_hash:
            raise BundleError(f"{self.manifest.name}: graph.json belongs to another model.")
        return graph


def file_entry(folder: Path, path: str) -> FileEntry:
    """Describe a file that lies in the bundle's folder. Raises BundleError when it is too large."""
    content = (folder / path).read_bytes()
    if len(content) > MAX_FILE_BYTES:
        raise BundleError(
            f"{path} would have {len(content) / 2**20:.0f} MiB; a bundle takes files of at most "
            f"{MAX_FILE_BYTES / 2**20:.0f} MiB."
        )
    return FileEntry(path=path, bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


def load_bundle(folder: Path) -> Bundle:
    """Read a bundle and compare every file with its size and SHA-256.

    Raises BundleError with a sentence when something is missing, changed or not ours.
    """
    manifest = _read_manifest(folder)
    for entry in manifest.files():
        _check_file(folder, entry)
    return Bundle(folder=folder, manifest=manifest)


def shipped_bundles() -> dict[str, Path]:
    """Name → folder of the models that come with this package."""
    return {place.parent.name: place.parent for place in sorted(SHIPPED.glob(f"*/{MANIFEST}"))}


def _read_manifest(folder: Path) -> Manifest:
    place = folder / MANIFEST
    try:
        if place.stat().st_size > MAX_MANIFEST_BYTES:
            raise BundleError(f"{place} is too large for a manifest.")
        manifest = Manifest.model_validate_json(place.read_bytes())
    except OSError as error:
        raise BundleError(f"{folder} is not a bundle: it has no readable {MANIFEST}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise BundleError(f"{place} is not a manifest: {where}: {first['msg']}.") from error
    if manifest.format != FORMAT:
        raise BundleError(
            f"{folder} has format {manifest.format}, this version reads {FORMAT}. "
            "Make the bundle again, or update edge-worker."
        )
    if manifest.model.sha256 != manifest.model_hash:
        raise BundleError(f"{folder}: model hash and model file don't belong together.")
    names = [cut.name for cut in manifest.cuts]
    if len(set(names)) != len(names):
        raise BundleError(f"{folder}: two cuts have the same name.")
    return manifest


def _check_file(folder: Path, entry: FileEntry) -> None:
    relative = PurePosixPath(entry.path)
    if relative.is_absolute() or ".." in relative.parts or "\\" in entry.path:
        raise BundleError(f"{folder}: {entry.path!r} lies outside of the bundle.")
    place = folder / entry.path
    try:
        if not place.resolve().is_relative_to(folder.resolve()):
            raise BundleError(f"{folder}: {entry.path!r} lies outside of the bundle.")
        if place.stat().st_size != entry.bytes:
            raise BundleError(f"{place} has another size than its manifest says.")
        digest = hashlib.sha256(place.read_bytes()).hexdigest()
    except OSError as error:
        raise BundleError(f"{folder}: {entry.path} is missing.") from error
    if digest != entry.sha256:
        raise BundleError(f"{place} was changed: its SHA-256 is not the manifest's.")
