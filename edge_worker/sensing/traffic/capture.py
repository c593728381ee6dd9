"""The capture loop: packets of any source → slices of app use, about once a second."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from edge_worker.sensing.traffic.meter import TrafficMeter
from edge_worker.sensing.traffic.observation import SliceBatch
from edge_worker.sensing.traffic.packets import PacketBatch


class StopFlag(Protocol):
    """What `threading.Event` offers to a loop that may be asked to end."""

    def is_set(self) -> bool:
        """Whether the loop shall end."""


def run_live(
    packets: Iterable[PacketBatch | None],
    meter: TrafficMeter,
    emit: Callable[[SliceBatch], None],
    stop: StopFlag,
    clock: Callable[[], float] = time.time,
) -> None:
    """Count packets as they come; emit after every full second of the wall clock.

    packets: yields None at least a few times a second while nothing comes, so that
    silence is reported too.
    """
    reported = math.floor(clock())
    for batch in packets:
        if stop.is_set():
            return
        if batch is not None:
            meter.add(batch)
        now = clock()
        if math.floor(now) != reported:
            reported = math.floor(now)
            emit(SliceBatch(slices=tuple(meter.take(reported)), until=reported))
            meter.forget_idle(int(now * 1e9))
    emit(SliceBatch(slices=tuple(meter.take()), until=math.floor(clock())))


def run_offline(
    packets: Iterable[PacketBatch],
    meter: TrafficMeter,
    emit: Callable[[SliceBatch], None],
    stop: StopFlag,
) -> None:
    """Count packets as fast as they can be read; their own time is the clock."""
    for batch in packets:
        if stop.is_set():
            return
        meter.add(batch)
        until = int(batch.time_ns.max()) / 1e9
        emit(SliceBatch(slices=tuple(meter.take(until - 1)), until=until - 1, live=False))
        meter.forget_idle(int(until * 1e9))
    emit(SliceBatch(slices=tuple(meter.take()), until=math.inf, live=False))
