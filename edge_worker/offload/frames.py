"""Binary frames between a device and the hub: a small header, then the payload as it is.

Layout: magic `EF`, version, length of the header, CRC-32 of all that follows, a msgpack
array, the note, the payload. What a payload holds is not told again in each frame: both sides
know it from the model and its plan, and the codec checks it. Never pickle.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

MAGIC = b"EF"
VERSION = 3
# A window of the sonar as float32 has 1.5 MB, the largest input of the benchmark 0.6 MB.
MAX_FRAME_BYTES = 4 << 20
_MAX_HEADER_BYTES = 4096
MAX_NOTE_BYTES = 1 << 14
_MAX_TEXT = 200
_PREFIX = struct.Struct(">2sBHI")

JSON = "json"
"""Codec of a payload that is JSON and holds no tensors."""
HANDED_ON = "handed-on"
"""Codec of an answer without tensors: the hub has given them to whoever waits for the step."""


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
class Frame:
    """One message between device and hub about one window.

    The fields stand in the order in which they travel; those at the end that are empty don't.
    """

    kind: FrameKind
    sequence: int
    """Of the sender; grows over restarts too, so that old can be told from new. An answer
    has that of the frame it answers."""
    busy_us: int = 0
    """Time that the hub needed, waiting and decoding included, microseconds."""
    codec: str = ""
    """Of an answer's payload."""
    model: str = ""
    """Hash of the model."""
    plan: str = ""
    """`<cut>/<tier>` of the bundle, or `input/<tier>` for the whole model on the hub."""
    coding: int = 0
    """Of a window's payload: checksum of its codec's name and tables, `coding_of`."""
    base: int = 0
    """Of a piece of a stream: number of the frame whose window it continues."""
    text: str = ""
    step: str = ""
    """Of a window whose answer the hub may hand on: the step that asks."""
    note: bytes = b""
    """What that step says of the window without the answer."""
    payload: bytes = b""


def coding_of(codec: str, tables: str) -> int:
    """Both sides know codecs by their names and tables by their checksums: four bytes tell
    whether they mean the same ones.
    """
    return zlib.crc32(f"{codec} {tables}".encode())


_REQUIRED = 2
_EMPTY: list[int | str] = [0, 0, 0, "", "", "", 0, 0, "", "", 0]


def pack(frame: Frame) -> bytes:
    """The frame's bytes. Raises FrameError when it is larger than the other side accepts."""
    import msgpack

    values: list[int | str] = [
        int(frame.kind),
        frame.sequence,
        frame.busy_us,
        frame.codec,
        frame.model,
        frame.plan,
        frame.coding,
        frame.base,
        frame.text[:_MAX_TEXT],
        frame.step,
        len(frame.note),
    ]
    while not values[-1] and len(values) > _REQUIRED:
        values.pop()
    header = msgpack.packb(values)
    body = b"".join((header, frame.note, frame.payload))
    size = _PREFIX.size + len(body)
    if len(frame.note) > MAX_NOTE_BYTES:
        raise FrameError(f"a note of {len(frame.note)} bytes is too long, at most {MAX_NOTE_BYTES}")
    if len(header) > _MAX_HEADER_BYTES or size > MAX_FRAME_BYTES:
        raise FrameError(f"a frame of {size} bytes is too large, at most {MAX_FRAME_BYTES}")
    return _PREFIX.pack(MAGIC, VERSION, len(header), zlib.crc32(body)) + body


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


def _frame(values: Any, rest: bytes) -> Frame:
    if not isinstance(values, list) or len(values) < _REQUIRED:
        raise FrameError("the header has other fields")
    # A newer version may have more fields; an empty end was left out.
    values = [*values, *_EMPTY[len(values) :]][: len(_EMPTY)]
    for value, empty in zip(values, _EMPTY, strict=True):
        if type(value) is not type(empty) or (isinstance(value, int) and value < 0):
            raise FrameError("the header has other fields")
    kind, sequence, busy_us, codec, model, plan, coding, base, text, step, note = values
    if kind not in set(FrameKind):
        raise FrameError(f"a frame of kind {kind}")
    if note > min(len(rest), MAX_NOTE_BYTES):
        raise FrameError("the note is cut off")
    return Frame(
        kind=FrameKind(kind), sequence=sequence, busy_us=busy_us, codec=codec, model=model,
        plan=plan, coding=coding, base=base, text=text, step=step, note=rest[:note],
        payload=rest[note:],
    )  # fmt: skip
