"""Codecs that need no training: the tensors' bytes, halves, or integers packed by zstd."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from edge_worker.offload.graph import ITEM_BYTES
from edge_worker.offload.parts import Arrays, TensorSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from edge_worker.offload.bundle import TensorEntry

    Wire = Sequence[TensorEntry | TensorSpec]

_BITS = {"int16": 16, "int8": 8, "int4": 4}
GENERIC = ("float32", *_BITS)
_LARGEST_HALF = 65504.0
_SCALE = struct.Struct("<f")
_ZSTD_LEVEL = 3


class RawCodec:
    """The tensors as they are."""

    name = "raw"
    tables = ""

    def __init__(self, wire: Wire) -> None:
        self._wire = tuple(wire)

    def encode(self, tensors: Arrays) -> bytes:
        """The tensors' bytes one after the other."""
        import numpy as np

        return b"".join(
            np.ascontiguousarray(tensors[item.name], dtype=item.dtype).tobytes()
            for item in self._wire
        )

    def decode(self, payload: bytes) -> dict[str, NDArray[Any]]:
        """Raises ValueError when the length is another."""
        import numpy as np

        found: dict[str, NDArray[Any]] = {}
        start = 0
        for item in self._wire:
            dtype: np.dtype[Any] = np.dtype(item.dtype)
            count = math.prod(item.shape)
            if len(payload) < start + count * dtype.itemsize:
                raise ValueError("the payload is too short")
            found[item.name] = np.frombuffer(payload, dtype, count, start).reshape(item.shape)
            start += count * dtype.itemsize
        if start != len(payload):
            raise ValueError("the payload is too long")
        return found


class HalfCodec:
    """Floats as half precision, everything else as it is: answers lose a two-thousandth."""

    name = "float16"
    tables = ""

    def __init__(self, wire: Wire) -> None:
        self._wire = tuple(wire)
        self._raw = RawCodec([_half(item) for item in wire])

    def encode(self, tensors: Arrays) -> bytes:
        """Raises ValueError for numbers that half precision can't hold."""
        import numpy as np

        for item in self._wire:
            if item.dtype == "float32" and not np.all(np.abs(tensors[item.name]) <= _LARGEST_HALF):
                raise ValueError(f"{item.name} holds numbers too large for half precision")
        return self._raw.encode(tensors)

    def decode(self, payload: bytes) -> dict[str, NDArray[Any]]:
        """Raises ValueError when the length is another."""
        found = self._raw.decode(payload)
        return {item.name: found[item.name].astype(item.dtype) for item in self._wire}


def _half(item: TensorEntry | TensorSpec) -> TensorSpec:
    dtype = "float16" if item.dtype == "float32" else item.dtype
    return TensorSpec(name=item.name, dtype=dtype, shape=item.shape)


class IntegerCodec:
    """Symmetric integers with one scale for each tensor, then zstd.

    The payload holds the scales, hence any receiver can decode it.
    """

    tables = ""

    def __init__(self, kind: str, wire: Wire) -> None:
        self.name = f"{kind}-zstd"
        self._bits = _BITS[kind]
        self._wire = tuple(wire)

    def encode(self, tensors: Arrays) -> bytes:
        """Scales and compressed integers."""
        import numpy as np
        import zstandard

        top = (1 << (self._bits - 1)) - 1
        scales, packed = [], []
        for item in self._wire:
            array = np.asarray(tensors[item.name], dtype=np.float32)
            largest = float(np.abs(array).max()) if array.size else 0.0
            if not math.isfinite(largest):
                raise ValueError(f"{item.name} holds numbers that are not finite")
            scale = np.float32(largest / top) or np.float32(1.0)  # the least floats have no step
            whole = np.clip(np.rint(array / scale), -top, top).astype(np.int16)
            scales.append(_SCALE.pack(scale))
            packed.append(self._pack(whole))
        body = b"".join(packed)
        return b"".join(scales) + zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(body)

    def decode(self, payload: bytes) -> dict[str, NDArray[Any]]:
        """Raises ValueError for what `encode` did not make; never grows beyond the tensors."""
        import numpy as np
        import zstandard

        sizes = [self._size(math.prod(item.shape)) for item in self._wire]
        split = _SCALE.size * len(self._wire)
        try:
            parameters = zstandard.get_frame_parameters(payload[split:])
            if parameters.content_size != sum(sizes):
                raise ValueError("the payload holds another number of values")
            body = zstandard.ZstdDecompressor().decompress(payload[split:])
        except zstandard.ZstdError:
            raise ValueError("the payload can't be decompressed") from None
        found: dict[str, NDArray[Any]] = {}
        start = 0
        for index, (item, size) in enumerate(zip(self._wire, sizes, strict=True)):
            (scale,) = _SCALE.unpack_from(payload, index * _SCALE.size)
            if not math.isfinite(scale):
                raise ValueError("a scale is not a number")
            whole = self._unpack(body[start : start + size], math.prod(item.shape))
            values = whole.astype(np.float32) * np.float32(scale)
            if np.dtype(item.dtype).kind in "iu":  # what is nearly 5 is 5, not 4
                values = np.rint(values)
            found[item.name] = values.reshape(item.shape).astype(item.dtype)
            start += size
        return found

    def _size(self, count: int) -> int:
        return (count * self._bits + 7) // 8

    def _pack(self, whole: NDArray[np.int16]) -> bytes:
        import numpy as np

        if self._bits == 16:
            return whole.astype("<i2").tobytes()
        if self._bits == 8:
            return whole.astype(np.int8).tobytes()
        nibbles = (whole.ravel() + 8).astype(np.uint8)
        if nibbles.size % 2:
            nibbles = np.append(nibbles, np.uint8(8))
        return (nibbles[::2] | (nibbles[1::2] << 4)).astype(np.uint8).tobytes()

    def _unpack(self, data: bytes, count: int) -> NDArray[Any]:
        import numpy as np

        if self._bits == 16:
            return np.frombuffer(data, "<i2")
        if self._bits == 8:
            return np.frombuffer(data, np.int8)
        pairs = np.frombuffer(data, np.uint8)
        nibbles = np.empty(2 * pairs.size, np.int16)
        nibbles[::2], nibbles[1::2] = pairs & 15, pairs >> 4
        return nibbles[:count] - 8


def generic_codec(kind: str, wire: Wire) -> RawCodec | IntegerCodec:
    """The codec of a generic tier. Raises ValueError for another name."""
    if kind == "float32":
        return RawCodec(wire)
    if kind in _BITS:
        return IntegerCodec(kind, wire)
    raise ValueError(f"there is no generic codec {kind!r:.40}")


def write_answer(outputs: Arrays, wire: Wire, *, exact: bool) -> tuple[str, bytes]:
    """Codec and payload of a result: halves unless it must be exact, or they can't hold it."""
    if not exact:
        try:
            return HalfCodec.name, HalfCodec(wire).encode(outputs)
        except ValueError:
            pass
    return RawCodec.name, RawCodec(wire).encode(outputs)


def answer_bytes(wire: Wire, *, exact: bool) -> int:
    """How long a result usually is."""
    specs = [_half(item) for item in wire]
    return sum(
        math.prod(item.shape) * ITEM_BYTES[item.dtype] for item in (wire if exact else specs)
    )


def read_answer(codec: str, payload: bytes, wire: Wire) -> dict[str, NDArray[Any]]:
    """What `write_answer` was given. Raises ValueError for what it did not write."""
    if codec == HalfCodec.name:
        return HalfCodec(wire).decode(payload)
    if codec == RawCodec.name:
        return RawCodec(wire).decode(payload)
    raise ValueError(f"an answer in {codec!r:.40}")
