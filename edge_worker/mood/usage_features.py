"""Features of a day of app use, against the person's own past days."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from edge_worker.mood.rates import FloatArray

# What the traffic of a home can show. The study's phones also counted built-in apps, utilities,
# calls, texts and the screen; a router sees none of those, so the shipped tree must not need them.
CATEGORIES = (
    "communication",
    "entertainment",
    "finance",
    "game",
    "office",
    "other",
    "social",
    "travel",
    "weather",
)
FEATURE_NAMES = (
    *(f"log_seconds_{category}" for category in CATEGORIES),
    *(f"share_{category}" for category in CATEGORIES),
    "log_seconds_total",
    "categories_used",
)
MIN_PAST_DAYS = 3
PAST_DAYS = 28
# Keeps a category that somebody uses every day alike from turning a minute into an alarm.
SPREAD_FLOOR = 0.3
CLIP = 4.0
DAY_S = 86_400.0


def day_levels(seconds: Mapping[str, float]) -> FloatArray:
    """What one day holds, before any comparison; shape (len(FEATURE_NAMES),).

    seconds: per category; categories that home traffic cannot see are left out, and durations
    below zero or not finite count as zero, above a day as a day.
    """
    used = [_within_a_day(seconds.get(category, 0.0)) for category in CATEGORIES]
    total = sum(used)
    shares = [value / total if total else 0.0 for value in used]
    return np.array(
        [
            *(math.log1p(value) for value in used),
            *shares,
            math.log1p(total),
            sum(value > 0 for value in used),
        ]
    )


def _within_a_day(seconds: float) -> float:
    return min(max(0.0, seconds), DAY_S) if math.isfinite(seconds) else 0.0


def against_past(levels: FloatArray, past: Sequence[FloatArray]) -> FloatArray | None:
    """How far a day lies from the person's own earlier days, in their spreads, within ±CLIP.

    None before MIN_PAST_DAYS earlier days: there is no habit to compare with.
    """
    if len(past) < MIN_PAST_DAYS:
        return None
    table = np.array(past)
    distance = (levels - table.mean(axis=0)) / (table.std(axis=0) + SPREAD_FLOOR)
    clipped: FloatArray = np.clip(distance, -CLIP, CLIP)
    return clipped


def most_unusual(row: FloatArray) -> str:
    """The category that differs most from the person's habit, in words; "" when none does."""
    amounts = row[: len(CATEGORIES)]
    index = int(np.argmax(np.abs(amounts)))
    if abs(amounts[index]) < 1:
        return ""
    return f"{'more' if amounts[index] > 0 else 'less'} {CATEGORIES[index]} than on other days"
