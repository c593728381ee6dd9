"""Features of one person's day of app use, as classifiers of well-being take them.

What home traffic can show of them: it sees no app that is silent and no mobile data.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from edge_worker.sensing.traffic.categories import Category
from edge_worker.sensing.traffic.windows import UsageWindow

# A pause of more than this ends a run of use.
RUN_GAP_S = 300
NIGHT_END_HOUR = 6
MAX_RUNS = 2000
# The categories of the mood data that home traffic sees; the rest is not use.
SEEN = tuple(
    category.value
    for category in Category
    if category not in (Category.BUILTIN, Category.UNKNOWN, Category.UTILITIES)
)


@dataclass(kw_only=True)
class DayUsage:
    """A day of one person in the making: plain numbers, so that it can be stored."""

    day: str
    """Local date, ISO."""
    seconds: dict[str, float] = field(default_factory=dict)
    up: int = 0
    down: int = 0
    unknown: float = 0.0
    hidden: float = 0.0
    first: float | None = None
    last: float | None = None
    night_s: float = 0.0
    switches: int = 0
    category: str | None = None
    runs: list[float] = field(default_factory=list)
    """Lengths of the runs in seconds; the last one may go on."""
    gaps: list[float] = field(default_factory=list)
    """Pauses between runs in seconds."""

    def add(self, window: UsageWindow) -> None:
        """Count a window; windows come in the order of time."""
        moved = sum(window.up.values()) + sum(window.down.values())
        self.up += sum(window.up.values())
        self.down += sum(window.down.values())
        self.unknown += window.unknown_share * moved
        self.hidden += window.hidden_share * moved
        used = {name: count for name, count in window.seconds.items() if name in SEEN}
        if not used:
            return
        for name, count in used.items():
            self.seconds[name] = self.seconds.get(name, 0.0) + count
        self._count_run(window)
        foremost = max(used, key=lambda name: used[name])
        self.switches += self.category not in (None, foremost)
        self.category = foremost
        if datetime.fromtimestamp(window.t0).hour < NIGHT_END_HOUR:
            self.night_s += sum(used.values())

    def _count_run(self, window: UsageWindow) -> None:
        if self.last is None or window.t0 - self.last > RUN_GAP_S:
            if self.last is not None and len(self.gaps) < MAX_RUNS:
                self.gaps.append(window.t0 - self.last)
            if len(self.runs) < MAX_RUNS:
                self.runs.append(0.0)
            begun = float(window.t0)
        else:
            begun = self.last
        self.runs[-1] += window.t1 - begun
        self.first = window.t0 if self.first is None else self.first
        self.last = window.t1

    def features(self) -> dict[str, float | None]:
        """Features of the day so far; None where there is nothing to judge by."""
        total = sum(self.seconds.values())
        moved = self.up + self.down
        shares = {name: self.seconds.get(name, 0.0) / total if total else None for name in SEEN}
        span_h = (self.last - self.first) / 3600 if self.last and self.first else 0.0
        return {
            "active_s": total,
            "bytes_up": float(self.up),
            "bytes_down": float(self.down),
            **{f"share_{name}": share for name, share in shares.items()},
            "runs": float(len(self.runs)),
            "run_median_s": statistics.median(self.runs) if self.runs else None,
            "switches_per_h": self.switches / span_h if span_h > 0 else None,
            "entropy_bits": _entropy(list(self.seconds.values())),
            "first_h": _hour(self.first),
            "last_h": _hour(self.last),
            "night_share": self.night_s / total if total else None,
            "up_down_ratio": self.up / self.down if self.down else None,
            "burstiness": _burstiness(self.gaps),
            "unknown_share": self.unknown / moved if moved else None,
            "hidden_share": self.hidden / moved if moved else None,
        }

    def to_json(self) -> dict[str, Any]:
        """The fields as plain JSON types."""
        return dict(vars(self))


def _entropy(seconds: list[float]) -> float | None:
    """Shannon entropy of the categories, in bits."""
    total = sum(seconds)
    if not total:
        return None
    return -sum(part / total * math.log2(part / total) for part in seconds if part) + 0.0


def _burstiness(gaps: list[float]) -> float | None:
    """(sd - mean) / (sd + mean) of the pauses: -1 regular, 0 random, 1 bursty.

    Source: Goh and Barabasi, Burstiness and memory in complex systems, EPL 81 (2008).
    """
    if len(gaps) < 3:
        return None
    mean, deviation = statistics.fmean(gaps), statistics.pstdev(gaps)
    return (deviation - mean) / (deviation + mean)


def _hour(moment: float | None) -> float | None:
    """Local hour of the day with its fraction."""
    if moment is None:
        return None
    local = datetime.fromtimestamp(moment)
    return local.hour + local.minute / 60
