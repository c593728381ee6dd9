"""What a person's own earlier check-ins say about today, and what they are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from edge_worker.mood.rates import FloatArray

MIN_REPORTS = 7
# A spread estimated from a few equal reports would make any next one look extreme.
SPREAD_FLOOR = 0.15
CLIP = 2.5
HALF_LIVES_DAYS = (1.0, 3.0, 10.0)
FEATURE_NAMES = (
    "last",
    "before_last",
    "last_seven",
    *(f"recent_{half_life:g}d" for half_life in HALF_LIVES_DAYS),
    "median",
)


@dataclass(frozen=True, kw_only=True)
class Report:
    """One day's reported mood, on any scale that the person keeps to."""

    day: date
    mood: float


@dataclass(frozen=True, kw_only=True)
class Habit:
    """A person's own level and how earlier reports lie around it."""

    mean: float
    spread: float
    row: FloatArray
    """Shape (len(FEATURE_NAMES),), in own spreads."""


def habit(past: Sequence[Report], today: date) -> Habit | None:
    """Describe the reports before `today`; None with fewer than MIN_REPORTS of them.

    Reports of `today` or later are never looked at. Days without a report simply fade: the
    weight of a report halves with every half-life of its age in days.
    """
    known = sorted((r for r in past if r.day < today), key=lambda report: report.day)
    if len(known) < MIN_REPORTS:
        return None
    values = np.array([report.mood for report in known])
    ages = np.array([(today - report.day).days for report in known], dtype=np.float64)
    mean, spread = float(values.mean()), float(values.std()) + SPREAD_FLOOR
    distance = (values - mean) / spread
    recent = [
        # One report's worth of "as usual" keeps a single old report from counting fully.
        float((weight := 0.5 ** (ages / half_life)) @ distance / (weight.sum() + 0.5))
        for half_life in HALF_LIVES_DAYS
    ]
    row = [
        distance[-1],
        distance[-2],
        float(distance[-7:].mean()),
        *recent,
        float(np.median(distance)),
    ]
    return Habit(mean=mean, spread=spread, row=np.clip(np.array(row), -CLIP, CLIP))
