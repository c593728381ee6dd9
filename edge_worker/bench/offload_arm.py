"""One arm of one cell of the co-inference benchmark: windows by one plan, one after the other."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_worker.link import MqttLink
from edge_worker.messages import Topics

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge_worker.catalogue.coinference import Inference
    from edge_worker.offload.coinference import SharedModel

TOPICS = Topics("bench")
STEP = "bench"
# What takes longer is measured with fewer windows.
PATIENCE_S = 3.0
LONGEST_WINDOW_S = 90.0
# In use windows come every two seconds: caches and clock rates are not those of a tight loop.
PAUSE_S = 0.05


def mark(plan: str, index: int) -> bytes:
    """Tells a window of this arm from all others; travels with it."""
    return f"{os.getpid()}:{plan}:{index}".encode()


class Arm:
    """Windows by one plan, each timed from its submission to the arrival of its result."""

    def __init__(self, shared: SharedModel, device: str, link: MqttLink, arrivals: Path) -> None:
        self._shared = shared
        self._topic = TOPICS.device(device, f"data/{STEP}")
        self._link = link
        self._arrivals = arrivals

    def measure(self, inputs: Sequence[Mapping[str, NDArray[Any]]], windows: int) -> dict[str, Any]:
        """At most this many windows after a first one that does not count."""
        found: list[tuple[float, Inference]] = []
        began = time.monotonic()
        before = 0
        for index in range(windows + 1):
            time.sleep(PAUSE_S)
            if index == 1:  # the first opens sessions on both sides, and sends a whole window
                before = _air_bytes()
            found.append(self._one(inputs[index % len(inputs)], index))
            if time.monotonic() - began > PATIENCE_S and index:
                break
        time.sleep(PAUSE_S)  # for the last acknowledgement
        air_bytes = _air_bytes() - before
        latencies, kept = zip(*found[1:], strict=True)
        return {
            "windows": len(kept),
            "air_bytes": air_bytes / len(kept),
            "latency_s": statistics.median(latencies),
            "p95_s": sorted(latencies)[int(0.95 * (len(kept) - 1))],
            "device_s": statistics.median(item.device_s for item in kept),
            "hub_s": statistics.median(item.hub_s for item in kept),
            "bytes": statistics.median(item.bytes_sent for item in kept),
            "places": sorted({str(item.place) for item in kept}),
        }

    def _one(self, window: Mapping[str, NDArray[Any]], index: int) -> tuple[float, Inference]:
        shared, note = self._shared, mark(self._shared.plan, index)
        began = time.monotonic()
        shared.submit(window, tag=index, word=("", note))
        wait(lambda: bool(shared.last and shared.last.tag == index), LONGEST_WINDOW_S)
        (result,) = shared.results()
        if not result.handed_on:
            self._link.publish(self._topic, note)
        came = f"{note.decode()} "
        wait(lambda: any(line.startswith(came) for line in self._lines()), LONGEST_WINDOW_S)
        (line,) = (line for line in self._lines() if line.startswith(came))
        return float(line.rsplit(" ", 1)[1]) - began, result

    def _lines(self) -> list[str]:
        return self._arrivals.read_text(encoding="utf-8").splitlines()[-3:]


def _air_bytes() -> int:
    """What went over this namespace's link so far, both ways, every header included."""
    lines = Path("/proc/net/dev").read_text(encoding="ascii").splitlines()
    fields = [line.split() for line in lines if line.strip().startswith("eab0:")]
    return sum(int(line[1]) + int(line[9]) for line in fields)


def wait(condition: Callable[[], bool], timeout_s: float) -> None:
    """Until the condition holds. Raises SystemExit when that takes too long."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit("The other side did not answer in time.")
        time.sleep(0.0005)
