"""Frames: what was packed comes back, whatever else is refused before anything is made of it."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_worker.offload.frames import (
    MAX_FRAME_BYTES,
    Frame,
    FrameError,
    FrameKind,
    TensorSpec,
    describe,
    pack,
    raw_payload,
    raw_tensors,
    unpack,
)

ARRAYS = [("a", np.arange(6, dtype=np.float32).reshape(1, 6)), ("b", np.int8([[1], [-2]]))]
FRAME = Frame(
    kind=FrameKind.INFER,
    sequence=7,
    model="hash",
    plan="cut/int8",
    sent_us=5,
    tensors=describe(ARRAYS),
    payload=raw_payload([array for _, array in ARRAYS]),
)


def test_frame_comes_back_as_it_was() -> None:
    found = unpack(pack(FRAME))
    assert found == FRAME
    tensors = raw_tensors(found)
    for name, array in ARRAYS:
        assert np.array_equal(tensors[name], array)
        assert tensors[name].dtype == array.dtype


def test_header_is_small() -> None:
    assert len(pack(FRAME)) - len(FRAME.payload) < 100


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
    return struct.pack(">2sBHI", b"EF", 1, len(packed), crc) + packed + payload


GOOD = [1, 7, "hash", "cut/int8", 0, 0, "raw", "", [], ""]


@pytest.mark.parametrize(
    "header",
    [
        {},
        [],
        [9, *GOOD[1:]],
        [1, -7, *GOOD[2:]],
        [True, *GOOD[1:]],
        [*GOOD[:8], [["x", "float32", [1 << 40]]], ""],
        [*GOOD[:8], [["x", "float32", [30_000, 30_000]]], ""],
        [*GOOD[:8], [["x", "object", [1]]], ""],
        [*GOOD[:8], [["x", [], [1]]], ""],
        [*GOOD[:8], [["x", "float32", [0]]], ""],
        [*GOOD[:8], [["x", "float32", [2]]], ""],
        [*GOOD[:8], [["x", "float32", [1] * 7]], ""],
        [*GOOD[:8], [["x", "int8", [1]]] * 17, ""],
        [*GOOD[:8], ["x"], ""],
    ],
)
def test_forged_header_is_refused(header: object) -> None:
    with pytest.raises(FrameError):
        unpack(forged(header))
    assert unpack(forged(GOOD)).sequence == 7


def test_newer_header_with_more_fields_is_read() -> None:
    assert unpack(forged([*GOOD, "new", 3])).plan == "cut/int8"


def test_oversized_frame_is_refused_on_both_sides() -> None:
    large = replace(
        FRAME,
        tensors=(TensorSpec(name="x", dtype="int8", shape=(MAX_FRAME_BYTES,)),),
        payload=bytes(MAX_FRAME_BYTES),
    )
    with pytest.raises(FrameError, match="too large"):
        pack(large)
    with pytest.raises(FrameError, match="can't be a frame"):
        unpack(bytes(MAX_FRAME_BYTES + 1))


def test_other_version_says_so() -> None:
    data = bytearray(pack(FRAME))
    data[2] = 2
    with pytest.raises(FrameError, match="version 2"):
        unpack(bytes(data))
