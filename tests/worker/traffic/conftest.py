"""What the traffic tests share: captures in memory, and real ones where they lie."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

import pytest

from edge_worker.sensing.traffic.capture_file import CaptureStream
from edge_worker.sensing.traffic.frames import Frame, write_pcap
from edge_worker.sensing.traffic.packets import PacketBatch

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "traffic"


@pytest.fixture(name="captures", scope="session")
def captures_fixture() -> list[Path]:
    """Real captures with nDPI's labels beside them."""
    if not SHARED.is_dir():
        pytest.skip("the shared captures are not on this computer")
    return sorted(path for path in SHARED.iterdir() if path.suffix in (".pcap", ".pcapng"))


def pcap(frames: Iterable[Frame]) -> bytes:
    """Frames as a capture file."""
    file = io.BytesIO()
    write_pcap(file, frames)
    return file.getvalue()


def batches(data: bytes) -> list[PacketBatch]:
    """The only batch of a small capture (a list, because batches share a buffer)."""
    found = list(CaptureStream(io.BytesIO(data)))
    assert len(found) <= 1
    return found


@pytest.fixture(name="pcap")
def pcap_fixture() -> object:
    """`pcap(frames)`: a capture file as bytes."""
    return pcap


@pytest.fixture(name="batches")
def batches_fixture() -> object:
    """`batches(data)`: the batches of a small capture."""
    return batches
