"""Reads a whole capture file: its flows, its clients, and use per client and window."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from edge_worker.sensing.traffic.capture_file import CaptureStream
from edge_worker.sensing.traffic.categories import Categories, load_categories
from edge_worker.sensing.traffic.meter import FlowReport, TrafficMeter
from edge_worker.sensing.traffic.packets import PacketBatch
from edge_worker.sensing.traffic.watch import Watch, ip_words, is_home
from edge_worker.sensing.traffic.windows import UsageWindow, UsageWindows


@dataclass(frozen=True, kw_only=True)
class ClientReport:
    """How much one device of the home talked: `use` of its bytes belong to a known app."""

    client: str
    packets: int
    bytes: int
    use: int


@dataclass
class CaptureAnalysis:
    """One pass over a capture file; memory stays bounded however long it is.

    Raises OSError when the file cannot be opened, CaptureError when it is no capture.
    """

    path: Path
    categories: Categories = field(default_factory=load_categories)
    watch: Watch | None = None
    packets: int = field(default=0, init=False)
    damaged: bool = field(default=False, init=False)

    def windows(self, window_s: int) -> Iterator[UsageWindow]:
        """Use per client and window, windows in the order in which they are complete."""
        windows = UsageWindows(window_s, amend=True)
        meter = TrafficMeter(self.categories, self.watch)
        latest = taken = -math.inf
        for batch in self._batches():
            meter.add(batch)
            latest = max(latest, int(batch.time_ns.max()) / 1e9)
            # The name of a conversation may stand in a later packet than its first bytes:
            # a window waits until the capture is past its end.
            until = latest - latest % window_s
            if until > taken:
                taken = until
                windows.add(meter.take(until))
                yield from windows.close_before(until)
            meter.forget_idle(int(latest * 1e9))
        windows.add(meter.take())
        yield from windows.close_before(math.inf)
        self.packets = meter.packets

    def flows(self) -> Iterator[FlowReport]:
        """Every conversation; those that don't fit in memory come before the others."""
        meter = TrafficMeter(self.categories, self.watch)
        for batch in self._batches():
            meter.add(batch)
            meter.drop_activity()
            if meter.full:
                yield from meter.reports()
                meter.forget_all()
        yield from meter.reports()
        self.packets = meter.packets

    def clients(self) -> list[ClientReport]:
        """The devices of the home in this capture, the busiest app user first."""
        totals: dict[str, list[int]] = {}
        for window in self.windows(3600):
            words = ip_words(window.person)
            if words is None or not is_home(*words):
                continue
            entry = totals.setdefault(window.person, [0, 0, 0])
            moved = sum(window.up.values()) + sum(window.down.values())
            unknown = window.up.get("unknown", 0) + window.down.get("unknown", 0)
            entry[0] += window.packets
            entry[1] += moved + window.background
            entry[2] += moved - unknown
        reports = [
            ClientReport(client=client, packets=packets, bytes=size, use=use)
            for client, (packets, size, use) in totals.items()
        ]
        return sorted(reports, key=lambda report: (report.use, report.bytes), reverse=True)

    def _batches(self) -> Iterator[PacketBatch]:
        with self.path.open("rb", buffering=0) as file:
            stream = CaptureStream(file)
            yield from stream
            self.damaged = stream.damaged
