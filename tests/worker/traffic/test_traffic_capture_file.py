"""Capture files: every format that the header says, and damage that must not hurt."""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Callable

import numpy as np
import pytest

from edge_worker.sensing.traffic.capture_file import (
    MAX_BATCH_PACKETS,
    CaptureError,
    CaptureStream,
)
from edge_worker.sensing.traffic.frames import Frame, write_pcap
from edge_worker.sensing.traffic.packets import PacketBatch

FRAMES = (b"first frame", b"second, longer frame", b"")
Batches = Callable[[bytes], list[PacketBatch]]


def contents(batch: PacketBatch) -> list[bytes]:
    return [
        batch.data[start : start + length].tobytes()
        for start, length in zip(batch.start, batch.length, strict=True)
    ]


def pcap_file(order: str, magic: int, fraction: int, *, extra: int = 0) -> bytes:
    header = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65_535, 113)
    records = b"".join(
        struct.pack(order + "IIII", 1000 + i, fraction, len(frame), len(frame) + 7)
        + bytes(extra)
        + frame
        for i, frame in enumerate(FRAMES)
    )
    return header + records


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("magic", "fraction", "extra"),
    [(0xA1B2C3D4, 250_000, 0), (0xA1B23C4D, 250_000_000, 0), (0xA1B2CD34, 250_000, 8)],
)
def test_pcap_in_both_orders_and_resolutions(
    batches: Batches, order: str, magic: int, fraction: int, extra: int
) -> None:
    (batch,) = batches(pcap_file(order, magic, fraction, extra=extra))
    assert batch.link == 113
    assert contents(batch) == list(FRAMES)
    assert batch.time_ns.tolist() == [(1000 + i) * 10**9 + 250_000_000 for i in range(3)]
    assert batch.wire.tolist() == [len(frame) + 7 for frame in FRAMES]


def test_runs_of_equal_records_are_read_like_others() -> None:
    source = random.Random(1)
    sizes = [
        size
        for _ in range(60)
        for size in [source.randrange(0, 200)] * source.choice((1, 2, 5, 40, 700))
    ]
    frames = [Frame(t=i, data=bytes([i % 251]) * size) for i, size in enumerate(sizes)]
    file = io.BytesIO()
    write_pcap(file, frames)
    found: list[bytes] = []
    for batch in CaptureStream(io.BytesIO(file.getvalue())):
        found += contents(batch)
    assert found == [frame.data for frame in frames]


def block(order: str, kind: int, body: bytes) -> bytes:
    padded = body + bytes(-len(body) % 4)
    size = len(padded) + 12
    return struct.pack(order + "II", kind, size) + padded + struct.pack(order + "I", size)


def pcapng_file(order: str) -> bytes:
    section = block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    nanoseconds = struct.pack(order + "HHB3xHH", 9, 1, 9, 0, 0)
    interfaces = block(order, 1, struct.pack(order + "HHI", 1, 0, 0)) + block(
        order, 1, struct.pack(order + "HHI", 101, 0, 0) + nanoseconds
    )
    ticks = ((0, 5_000_001), (1, 5_000_000_007))
    packets = b"".join(
        block(
            order,
            6,
            struct.pack(order + "5I", number, tick >> 32, tick & 0xFFFFFFFF, 3, 9) + b"abc",
        )
        for number, tick in ticks
    )
    statistics = block(order, 5, bytes(20))
    return section + interfaces + statistics + packets


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_keeps_interfaces_apart(order: str) -> None:
    found = {
        batch.link: (contents(batch), batch.time_ns.tolist(), batch.wire.tolist())
        for batch in CaptureStream(io.BytesIO(pcapng_file(order)))
    }
    assert found == {
        1: ([b"abc"], [5_000_001_000], [9]),
        101: ([b"abc"], [5_000_000_007], [9]),
    }


@pytest.mark.parametrize("second", [pcap_file("<", 0xA1B2C3D4, 0), pcapng_file("<")])
@pytest.mark.parametrize("first", [pcap_file("<", 0xA1B2C3D4, 0), pcapng_file(">")])
def test_second_header_in_a_stream_is_read(first: bytes, second: bytes) -> None:
    def packets(data: bytes) -> int:
        return sum(len(batch) for batch in CaptureStream(io.BytesIO(data)))

    assert packets(first + second) == packets(first) + packets(second)


@pytest.mark.parametrize("whole", [pcap_file("<", 0xA1B2C3D4, 0), pcapng_file("<")])
def test_cut_anywhere_gives_the_packets_before_the_cut(whole: bytes) -> None:
    counts = []
    for size in range(24, len(whole) + 1):
        stream = CaptureStream(io.BytesIO(whole[:size]))
        counts.append(sum(len(batch) for batch in stream))
    assert counts == sorted(counts)
    assert counts[-1] == max(counts) > counts[0]


@pytest.mark.parametrize("size", [20, 60])
@pytest.mark.parametrize("form", ["pcap", "pcapng"])
def test_a_buffer_full_of_small_packets_is_read_to_its_end(form: str, size: int) -> None:
    count = 2 * MAX_BATCH_PACKETS + 5
    if form == "pcap":
        file = io.BytesIO()
        write_pcap(file, (Frame(t=i, data=bytes(size)) for i in range(count)))
        whole = file.getvalue()
    else:
        frame = block("<", 6, struct.pack("<5I", 0, 0, 1, size, size) + bytes(size))
        whole = pcapng_file("<") + count * frame
        count += 2
    stream = CaptureStream(io.BytesIO(whole))
    assert sum(len(batch) for batch in stream) == count
    assert not stream.damaged


class Dribble(io.RawIOBase):
    """A pipe that delivers a few bytes at a time."""

    def __init__(self, data: bytes, step: int) -> None:
        self._file, self._step = io.BytesIO(data), step

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        return self._file.readinto(buffer[: self._step])


@pytest.mark.parametrize("step", [1, 7, 64])
@pytest.mark.parametrize("whole", [pcap_file("<", 0xA1B2C3D4, 0), pcapng_file(">")])
def test_stream_in_small_pieces_is_the_same(whole: bytes, step: int) -> None:
    found = []
    for batch in CaptureStream(Dribble(whole, step)):
        found += contents(batch)
    assert sorted(found) == sorted(
        frame for batch in CaptureStream(io.BytesIO(whole)) for frame in contents(batch)
    )


def test_absurd_length_ends_the_capture_as_damaged() -> None:
    good = pcap_file("<", 0xA1B2C3D4, 0)
    bad = good + struct.pack("<IIII", 1, 0, 300_000, 300_000) + bytes(400_000)
    stream = CaptureStream(io.BytesIO(bad))
    assert sum(len(batch) for batch in stream) == len(FRAMES)
    assert stream.damaged


def test_absurd_wire_length_counts_what_was_captured(batches: Batches) -> None:
    data = bytearray(pcap_file("<", 0xA1B2C3D4, 0))
    data[24 + 12 : 24 + 16] = struct.pack("<I", 0xFFFF_FFFF)
    (batch,) = batches(bytes(data))
    assert batch.wire[0] == len(FRAMES[0])


@pytest.mark.parametrize("data", [b"", b"\xd4\xc3\xb2", b"no capture at all, just some text......"])
def test_something_else_is_refused(data: bytes) -> None:
    with pytest.raises(CaptureError):
        list(CaptureStream(io.BytesIO(data)))


def test_selection_keeps_the_columns_together(batches: Batches) -> None:
    (batch,) = batches(pcap_file("<", 0xA1B2C3D4, 0))
    assert contents(batch.select(np.array([False, True, False]))) == [FRAMES[1]]
