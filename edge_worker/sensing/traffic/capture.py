"""The capture loop: packets of any source → slices of app use, about once a second."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from edge_worker.sensing.traffic.boundary import Notice
from edge_worker.sensing.traffic.categories import HIDDEN, UNKNOWN, Categories, Role
from edge_worker.sensing.traffic.meter import TrafficMeter
from edge_worker.sensing.traffic.observation import Observation, SliceBatch, UsageSlice
from edge_worker.sensing.traffic.packets import PacketBatch

# A router reports a long conversation at least this often.
MAX_SPREAD_S = 3600


class StopFlag(Protocol):
    """What `threading.Event` offers to a loop that may be asked to end."""

    def is_set(self) -> bool:
        """Whether the loop shall end."""


def run_live(
    packets: Iterable[PacketBatch | None],
    meter: TrafficMeter,
    emit: Callable[[SliceBatch | Notice], None],
    stop: StopFlag,
    clock: Callable[[], float] = time.time,
) -> None:
    """Count packets as they come; emit after every full second of the wall clock.

    packets: yields None at least a few times a second while nothing comes, so that
    silence is reported too.
    """
    reported, told = math.floor(clock()), False
    for batch in packets:
        if stop.is_set():
            return
        if batch is not None:
            meter.add(batch)
        now = clock()
        if math.floor(now) != reported:
            reported = math.floor(now)
            emit(SliceBatch(slices=tuple(meter.take(reported)), until=reported))
            if meter.moved and not told:
                told = True
                emit(Notice(code="address_changed"))
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


def run_observed(
    observations: Iterable[Sequence[Observation]],
    categories: Categories,
    emit: Callable[[SliceBatch], None],
    stop: StopFlag,
    *,
    lag_s: float = 0.0,
    clock: Callable[[], float] = time.time,
    live: bool = True,
) -> None:
    """Sort what a source without packets saw; emit after every full second.

    observations: yields a sequence, empty while nothing happened, a few times a second.
    lag_s: how late such a source may tell what happened; windows wait for so long.
    """
    reported = math.floor(clock())
    slices: list[UsageSlice] = []
    for group in observations:
        if stop.is_set():
            return
        for seen in group:
            slices += slices_of(seen, categories)
        now = math.floor(clock())
        if live and now != reported:
            reported = now
            emit(SliceBatch(slices=tuple(slices), until=now - lag_s))
            slices = []
    end = math.floor(clock()) if live else math.inf
    emit(SliceBatch(slices=tuple(slices), until=end, live=live))


def slices_of(seen: Observation, categories: Categories) -> Iterator[UsageSlice]:
    """An observation by seconds, its bytes spread evenly from first to last."""
    entry = categories.find(seen.name)
    if entry is UNKNOWN:
        entry = HIDDEN if seen.hidden else seen.label or UNKNOWN
    first, last = int(seen.t0), max(int(seen.t0), math.ceil(seen.t1) - 1)
    count = min(last - first + 1, MAX_SPREAD_S)
    for second in range(count):
        yield UsageSlice(
            t=first + second,
            person=seen.client,
            category=entry.category.value,
            foreground=entry.foreground,
            hidden=entry.role is Role.TUNNEL,
            up=_share(seen.up, second, count),
            down=_share(seen.down, second, count),
            packets=_share(seen.packets, second, count),
        )


def _share(total: int | None, part: int, parts: int) -> int | None:
    """The part of a whole number, so that all parts add up to it."""
    if total is None:
        return None
    return total * (part + 1) // parts - total * part // parts
