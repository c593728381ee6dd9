"""Binary frames between a device and the hub: a small header, then the payload as it is.

Layout: magic `EF`, version, length of the header, CRC-32 of all that follows, a msgpack
array, the payload. A frame is checked before any tensor is made of it: a bad one costs
its own length and nothing more. Never pickle.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from edge_worker.offload.graph import ITEM_BYTES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAGIC = b"EF"
VERSION = 1
# A window of the sonar as float32 has 1.5 MB, the largest input of the benchmark 0.6 MB.
MAX_FRAME_BYTES = 4 << 20
# Decoded, a frame may not grow beyond this either.
MAX_TENSOR_BYTES = 16 << 20
_MAX_HEADER_BYTES = 4096
_MAX_TENSORS, _MAX_RANK, _MAX_TEXT = 16, 6, 200
_PREFIX = struct.Struct(">2sBHI")

JSON = "json"
"""Codec of a payload that is JSON and holds no tensors."""
RAW = "raw"
"""Codec of a payload that is the tensors' bytes one after the other, little-endian."""


class FrameError(ValueError):
    """Not a frame of ours; the message says why."""


class FrameKind(IntEnum):
    """What a frame is for."""

    INFER = 1
    """Device to hub: finish this window."""
    RESULT = 2
    """Hub to device: what the window gave."""
    REFUSED = 3
    """Hub to device: this window was not computed; `text` says why."""
    PROBE = 4
    """Either way: send an ECHO with the same sequence number."""
    ECHO = 5
    ASK_COSTS = 6
    """Device to hub: how long do you need for the parts of this model?"""
    COSTS = 7
    """Hub to device: JSON, plan → seconds for decoding and for the tail; {} when unknown."""


@dataclass(frozen=True, kw_only=True)
class TensorSpec:
    """Name, type and shape of one tensor of the payload."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """Size when decoded."""
        return math.prod(self.shape) * ITEM_BYTES[self.dtype]


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One message between device and hub about one window."""

    kind: FrameKind
    sequence: int
    """Of the sender; grows over restarts too, so that old can be told from new."""
    model: str = ""
    """Hash of the bundle."""
    plan: str = ""
    """`<cut>/<tier>` of the bundle, or `input/<tier>` for the whole model on the hub."""
    sent_us: int = 0
    """The sender's clock, microseconds; only the sender compares it."""
    busy_us: int = 0
    """Time that the hub needed, waiting and decoding included, microseconds."""
    codec: str = RAW
    tables: str = ""
    """Checksum of the codec's tables; "" for a codec without."""
    tensors: tuple[TensorSpec, ...] = ()
    text: str = ""
    payload: bytes = b""


def pack(frame: Frame) -> bytes:
    """The frame's bytes. Raises FrameError when it is larger than the other side accepts."""
    import msgpack

    header = msgpack.packb(
        [
            int(frame.kind),
            frame.sequence,
            frame.model,
            frame.plan,
            frame.sent_us,
            frame.busy_us,
            frame.codec,
            frame.tables,
            [[item.name, item.dtype, list(item.shape)] for item in frame.tensors],
            frame.text[:_MAX_TEXT],
        ]
    )
    size = _PREFIX.size + len(header) + len(frame.payload)
    if len(header) > _MAX_HEADER_BYTES or size > MAX_FRAME_BYTES:
        raise FrameError(f"a frame of {size} bytes is too large, at most {MAX_FRAME_BYTES}")
    crc = zlib.crc32(frame.payload, zlib.crc32(header))
    return b"".join((_PREFIX.pack(MAGIC, VERSION, len(header), crc), header, frame.payload))


def unpack(data: bytes) -> Frame:
    """Read a frame. Raises FrameError for whatever is not one, a flipped bit included."""
    import msgpack

    if not _PREFIX.size <= len(data) <= MAX_FRAME_BYTES:
        raise FrameError(f"{len(data)} bytes can't be a frame")
    magic, version, header_size, crc = _PREFIX.unpack_from(data)
    if magic != MAGIC:
        raise FrameError("not a frame")
    if version != VERSION:
        raise FrameError(f"frame version {version}, this side speaks {VERSION}")
    body = memoryview(data)[_PREFIX.size :]
    if header_size > min(len(body), _MAX_HEADER_BYTES):
        raise FrameError("the header is cut off")
    if zlib.crc32(body) != crc:
        raise FrameError("the checksum is wrong")
    try:
        fields = msgpack.unpackb(
            body[:header_size], max_array_len=64, max_map_len=0, max_str_len=400, max_bin_len=0
        )
    except (ValueError, msgpack.UnpackException) as error:
        raise FrameError(f"the header can't be read ({type(error).__name__})") from None
    return _frame(fields, bytes(body[header_size:]))


def _frame(fields: Any, payload: bytes) -> Frame:
    kinds = (int, int, str, str, int, int, str, str, list, str)
    if (
        not isinstance(fields, list)
        or len(fields) < len(kinds)
        or any(type(value) is not kind for value, kind in zip(fields, kinds, strict=False))
        or any(isinstance(value, int) and value < 0 for value in fields[: len(kinds)])
    ):
        raise FrameError("the header has other fields")
    kind, sequence, model, plan, sent_us, busy_us, codec, tables, tensors, text = fields[:10]
    if kind not in set(FrameKind):
        raise FrameError(f"a frame of kind {kind}")
    specs = tuple(_spec(item) for item in tensors[: _MAX_TENSORS + 1])
    if len(specs) > _MAX_TENSORS or sum(item.nbytes for item in specs) > MAX_TENSOR_BYTES:
        raise FrameError("too many tensors, or too large")
    if codec == RAW and sum(item.nbytes for item in specs) != len(payload):
        raise FrameError("the payload has another length than its tensors")
    return Frame(
        kind=FrameKind(kind), sequence=sequence, model=model, plan=plan, sent_us=sent_us,
        busy_us=busy_us, codec=codec, tables=tables, tensors=specs, text=text, payload=payload,
    )  # fmt: skip


def _spec(item: Any) -> TensorSpec:
    if not isinstance(item, list) or len(item) != 3:
        raise FrameError("a tensor is a name, a type and a shape")
    name, dtype, shape = item
    named = isinstance(name, str) and isinstance(dtype, str) and dtype in ITEM_BYTES
    if not named or not isinstance(shape, list):
        raise FrameError("a tensor of unknown type")
    if len(shape) > _MAX_RANK or any(type(n) is not int or not 0 < n < 1 << 31 for n in shape):
        raise FrameError("a tensor of impossible shape")
    return TensorSpec(name=name, dtype=dtype, shape=tuple(shape))


def describe(tensors: Sequence[tuple[str, NDArray[Any]]]) -> tuple[TensorSpec, ...]:
    """Specs of these named arrays."""
    return tuple(
        TensorSpec(name=name, dtype=str(array.dtype), shape=array.shape) for name, array in tensors
    )


def raw_payload(arrays: Sequence[NDArray[Any]]) -> bytes:
    """The arrays' bytes one after the other."""
    import numpy as np

    return b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)


def raw_tensors(frame: Frame) -> dict[str, NDArray[Any]]:
    """The tensors of a frame whose codec is RAW, without copying."""
    import numpy as np

    found: dict[str, NDArray[Any]] = {}
    start = 0
    for item in frame.tensors:
        dtype: np.dtype[Any] = np.dtype(item.dtype).newbyteorder("<")
        count = math.prod(item.shape)
        found[item.name] = np.frombuffer(frame.payload, dtype, count, start).reshape(item.shape)
        start += item.nbytes
    return found
