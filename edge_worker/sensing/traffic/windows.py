"""Windows of app use: they close by the clock, also when no packet comes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from edge_worker.sensing.traffic.observation import UsageSlice

# A second counts as use when the category moved this much in the minute before, and
# something within HOLD_S: players fetch a piece every few seconds, keep-alives stay below.
# Design values, not fitted to people.
MIN_BYTES_PER_MINUTE = 3000
RATE_SPAN_S = 60
HOLD_S = 10
# A DNS log knows no bytes. Clients cache answers, so one question stands for some minutes.
QUERY_HOLD_S = 300
# Slices of a damaged clock may claim any time; windows of this many seconds are kept apart.
MAX_OPEN_WINDOWS = 4096


@dataclass(frozen=True, kw_only=True)
class UsageWindow:
    """What one person used in [t0, t1), Unix seconds.

    seconds: active seconds per category; categories may overlap. Bytes per category without
    background traffic, which `background` counts. Shares are of bytes that are use.
    """

    t0: int
    t1: int
    person: str
    seconds: Mapping[str, float] = field(default_factory=dict)
    up: Mapping[str, int] = field(default_factory=dict)
    down: Mapping[str, int] = field(default_factory=dict)
    packets: int = 0
    background: int = 0
    unknown_share: float = 0.0
    hidden_share: float = 0.0


@dataclass
class _Category:
    """Use of one category by one person, by second. `queries`: seconds without bytes."""

    volume: dict[int, int] = field(default_factory=dict)
    queries: set[int] = field(default_factory=set)

    def active(self, t0: int, t1: int) -> int:
        """Seconds of [t0, t1) in which the category was in use."""
        begin = t0 - RATE_SPAN_S
        volume = np.zeros(t1 - begin, np.int64)
        for second, size in self.volume.items():
            if begin <= second < t1:
                volume[second - begin] = size
        total = np.cumsum(volume)
        trailing = total[RATE_SPAN_S:] - total[:-RATE_SPAN_S]
        moved = np.cumsum(volume > 0)
        recent: npt.NDArray[np.int64] = moved[RATE_SPAN_S:] - moved[RATE_SPAN_S - HOLD_S : -HOLD_S]
        used = (trailing >= MIN_BYTES_PER_MINUTE) & (recent > 0)
        for second in self.queries:
            used[max(second - t0, 0) : max(second - t0 + QUERY_HOLD_S, 0)] = True
        return int(used.sum())

    def forget(self, before: int) -> bool:
        """Drop what no later window needs; True when nothing is left."""
        self.volume = {s: size for s, size in self.volume.items() if s >= before - RATE_SPAN_S}
        self.queries = {second for second in self.queries if second >= before - QUERY_HOLD_S}
        return not (self.volume or self.queries)


@dataclass
class _Totals:
    up: dict[str, int] = field(default_factory=dict)
    down: dict[str, int] = field(default_factory=dict)
    packets: int = 0
    background: int = 0
    unknown: int = 0
    hidden: int = 0


class UsageWindows:
    """Collects slices and closes windows of `window_s` seconds at multiples of it (UTC).

    amend: what comes for a closed window opens it again (a capture whose time jumps back);
    otherwise it is too late, because the window has been published.
    """

    def __init__(self, window_s: int, *, amend: bool = False) -> None:
        if window_s <= 0:
            raise ValueError("a window lasts at least a second")
        self._amend = amend
        self._window_s = window_s
        self._use: dict[str, dict[str, _Category]] = {}
        self._totals: dict[tuple[int, str], _Totals] = {}
        self._closed: dict[str, int] = {}

    def add(self, slices: Iterable[UsageSlice]) -> None:
        """Count slices into their windows."""
        for part in slices:
            start = part.t - part.t % self._window_s
            if start < self._closed.get(part.person, 0) and not self._amend:
                continue
            totals = self._totals.setdefault((start, part.person), _Totals())
            if len(self._totals) > MAX_OPEN_WINDOWS:
                del self._totals[min(self._totals)]
            up, down = part.up or 0, part.down or 0
            totals.packets += part.packets or 0
            if not part.foreground:
                totals.background += up + down
                continue
            totals.up[part.category] = totals.up.get(part.category, 0) + up
            totals.down[part.category] = totals.down.get(part.category, 0) + down
            if part.hidden:
                totals.hidden += up + down
            elif part.category == "unknown":
                totals.unknown += up + down
            use = self._use.setdefault(part.person, {}).setdefault(part.category, _Category())
            if part.up is None and part.down is None:
                use.queries.add(part.t)
            else:
                use.volume[part.t] = use.volume.get(part.t, 0) + up + down

    def close(self, person: str, t0: int) -> UsageWindow:
        """Close this person's window that begins at `t0` and drop what it no longer needs."""
        t1 = t0 + self._window_s
        self._closed[person] = max(self._closed.get(person, 0), t1)
        totals = self._totals.pop((t0, person), _Totals())
        categories = self._use.get(person, {})
        seconds = {name: use.active(t0, t1) for name, use in sorted(categories.items())}
        for name in [name for name, use in categories.items() if use.forget(t1)]:
            del categories[name]
        used = sum(totals.up.values()) + sum(totals.down.values())
        return UsageWindow(
            t0=t0,
            t1=t1,
            person=person,
            seconds={name: float(count) for name, count in seconds.items() if count},
            up=totals.up,
            down=totals.down,
            packets=totals.packets,
            background=totals.background,
            unknown_share=totals.unknown / used if used else 0.0,
            hidden_share=totals.hidden / used if used else 0.0,
        )

    def close_before(self, until: float) -> list[UsageWindow]:
        """Close all windows with traffic that end by `until`, in the order of time."""
        due = sorted(key for key in self._totals if key[0] + self._window_s <= until)
        return [self.close(person, t0) for t0, person in due]
