"""Frames: what was packed comes back, whatever else is refused before anything is made of it."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_worker.offload.frames import (
    MAX_FRAME_BYTES,
    MAX_NOTE_BYTES,
    VERSION,
    Frame,
    FrameError,
    FrameKind,
    coding_of,
    pack,
    unpack,
)

FRAME = Frame(
    kind=FrameKind.INFER,
    sequence=1_790_000_000_000_000,
    model="0123456789abcdef",
    plan="cut/int8",
    coding=coding_of("int8-zstd", ""),
    payload=b"what the codec made",
)


@pytest.mark.parametrize(
    "frame",
    [
        FRAME,
        replace(FRAME, codec="raw", base=7, text="why"),
        replace(FRAME, step="s2", note=b"what the step says"),
        replace(FRAME, step="s2", note=b"alone", payload=b""),
        Frame(kind=FrameKind.RESULT, sequence=0, busy_us=1, payload=b"x"),
        Frame(kind=FrameKind.PROBE, sequence=1),
    ],
)
def test_frame_comes_back_as_it_was(frame: Frame) -> None:
    assert unpack(pack(frame)) == frame


def test_empty_fields_at_the_end_do_not_travel() -> None:
    probe = Frame(kind=FrameKind.PROBE, sequence=1)
    assert len(pack(probe)) == 9 + 3
    assert len(pack(FRAME)) - len(FRAME.payload) < 70


@given(st.integers(0, 8 * len(pack(FRAME)) - 1))
def test_every_flipped_bit_is_noticed(bit: int) -> None:
    data = bytearray(pack(FRAME))
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(FrameError):
        unpack(bytes(data))


@given(st.integers(0, len(pack(FRAME)) - 1))
def test_every_truncation_is_noticed(length: int) -> None:
    with pytest.raises(FrameError):
        unpack(pack(FRAME)[:length])


@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(FrameError):
        unpack(noise)


def forged(header: object, payload: bytes = b"") -> bytes:
    """A frame with a right checksum and whatever header."""
    packed = msgpack.packb(header)
    crc = zlib.crc32(packed + payload)
    return struct.pack(">2sBHI", b"EF", VERSION, len(packed), crc) + packed + payload


GOOD = [1, 7, 0, "raw", "hash", "cut/int8", 5, 0, ""]


@pytest.mark.parametrize(
    "header",
    [
        {},
        [],
        [1],
        [9, *GOOD[1:]],
        [1, -7, *GOOD[2:]],
        [True, *GOOD[1:]],
        [*GOOD[:2], "0", *GOOD[3:]],
        [*GOOD[:3], 5, *GOOD[4:]],
        [*GOOD[:4], ["hash"], *GOOD[5:]],
        [*GOOD[:6], "5", *GOOD[7:]],
        [*GOOD[:7], "5", ""],
        [*GOOD[:8], None],
        [*GOOD, 2, 0],
        [*GOOD, "s2", -1],
        [*GOOD, "s2", 1],
        [*GOOD, "s2", MAX_NOTE_BYTES + 1],
        [1, 7.0],
    ],
)
def test_forged_header_is_refused(header: object) -> None:
    with pytest.raises(FrameError):
        unpack(forged(header))
    assert unpack(forged(GOOD)).sequence == 7


def test_newer_header_with_more_fields_is_read() -> None:
    assert unpack(forged([*GOOD, "s2", 0, "new", 3])).plan == "cut/int8"


def test_coding_tells_codecs_and_tables_apart() -> None:
    names = ("raw", "int8-zstd", "int4-zstd", "learned-range1")
    codings = {coding_of(name, tables) for name in names for tables in ("", "0" * 16, "1" * 16)}
    assert len(codings) == 3 * len(names)


def test_long_note_is_refused_on_both_sides() -> None:
    with pytest.raises(FrameError, match="too long"):
        pack(replace(FRAME, note=bytes(MAX_NOTE_BYTES + 1)))
    with pytest.raises(FrameError, match="note is cut off"):
        unpack(forged([*GOOD, "s2", MAX_NOTE_BYTES + 1], bytes(MAX_NOTE_BYTES + 1)))


def test_oversized_frame_is_refused_on_both_sides() -> None:
    large = replace(FRAME, payload=bytes(MAX_FRAME_BYTES))
    with pytest.raises(FrameError, match="too large"):
        pack(large)
    with pytest.raises(FrameError, match="can't be a frame"):
        unpack(bytes(MAX_FRAME_BYTES + 1))


def test_other_version_says_so() -> None:
    data = bytearray(pack(FRAME))
    data[2] = 1
    with pytest.raises(FrameError, match="version 1"):
        unpack(bytes(data))
