"""Features of heart and breathing for the activation forest, against the person's own rest.

A feature is what a window holds minus what the person's own rest held. Nothing here knows a
clock, a date, an order or how long anything has been running: such columns predict the task
of a recording better than any body does, and mean nothing at home.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from edge_worker.mood.rates import GRID_S, FloatArray, Rates

WINDOW_S = 60.0
CONTEXT_S = 180.0
STEP_S = 30.0
BASELINE_S = 120.0
BASELINE_STEP_S = 16.0
# Of everyday windows the half with the lowest heart rates stands for calm ones: of the shares
# tried (all, a half, a quarter, a tenth) it left activation best told apart.
CALM_SHARE = 0.5
CALM_MIN_WINDOWS = 10
# A window counts when three quarters of it were measured.
VALID_SHARE = 0.75
# A gap this long ends the context: before it was another situation.
MAX_GAP_S = 30.0
# A receiver of sound sometimes locks on a wrong harmonic for half a minute. Values further than
# this from the median of their span count as just this far: real changes pass, locks shrink.
HEART_REACH_BPM = 12.0
BREATHING_REACH_BPM = 6.0

SUMMARY_NAMES = (
    "heart_mean",  # beats per minute
    "heart_log_sd",  # log of (standard deviation + 0.5 bpm)
    "heart_log_step",  # log of (root mean square of successive differences + 0.1 bpm)
    "breathing_mean",  # breaths per minute
    "breathing_log_mean",
    "breathing_log_sd",
    "breathing_log_step",
    "log_heart_per_breath",
)
FEATURE_NAMES = (
    *(f"context_{name}" for name in SUMMARY_NAMES),
    "rest_heart_mean",
    "rest_breathing_mean",
)


class RestKind(StrEnum):
    """Where a resting baseline comes from."""

    GUIDED = "guided_rest"
    CALM_MINUTES = "calm_minutes"


@dataclass(frozen=True, kw_only=True)
class Rest:
    """A person's resting baseline: the median summary of guided rest, or of calm minutes."""

    summary: FloatArray
    """Shape (len(SUMMARY_NAMES),), NaN where the heart was not measured."""
    windows: int
    kind: RestKind = RestKind.GUIDED

    @property
    def heart_rate(self) -> float | None:
        """Beats per minute, None without a heart signal."""
        return _number(self.summary[SUMMARY_NAMES.index("heart_mean")])

    @property
    def breathing_rate(self) -> float | None:
        """Breaths per minute."""
        return _number(self.summary[SUMMARY_NAMES.index("breathing_mean")])


def summarise(rates: Rates, *, valid_share: float = VALID_SHARE) -> FloatArray | None:
    """Mean, spread and jumpiness of both rates, shape (len(SUMMARY_NAMES),).

    None when breathing is missing (activation rests on it); heart entries are NaN when only
    the heart is missing.
    """
    breathing = _spread(rates.breathing, BREATHING_REACH_BPM, valid_share)
    if breathing is None:
        return None
    heart = _spread(rates.heart, HEART_REACH_BPM, valid_share)
    heart_mean, heart_sd, heart_step = heart or (np.nan, np.nan, np.nan)
    breathing_mean, breathing_sd, breathing_step = breathing
    return np.array(
        [
            heart_mean,
            np.log(heart_sd + 0.5),
            np.log(heart_step + 0.1),
            breathing_mean,
            np.log(breathing_mean),
            np.log(breathing_sd + 0.5),
            np.log(breathing_step + 0.1),
            np.log(heart_mean / breathing_mean),
        ]
    )


def rest_baseline(rates: Rates) -> Rest | None:
    """The median over windows of one rest; None when no window was measured well enough."""
    window, step = round(WINDOW_S / GRID_S), round(BASELINE_STEP_S / GRID_S)
    summaries = [
        summary
        for first in range(0, max(1, len(rates) - window + 1), step)
        if (summary := summarise(rates.part(first, first + window))) is not None
    ]
    if not summaries:
        return None
    return Rest(summary=_median(summaries), windows=len(summaries))


def merge_rests(rests: Sequence[Rest]) -> Rest:
    """The entry-wise median of several rests: robust, and slow to follow a single odd one."""
    return Rest(
        summary=_median([rest.summary for rest in rests]), windows=sum(r.windows for r in rests)
    )


def calm_baseline(summaries: Sequence[FloatArray]) -> Rest | None:
    """A baseline from everyday windows instead of a guided rest; None with too few of them.

    It needs a forest of its own: the one grown against guided rest misjudges it.

    summaries: each shape (len(SUMMARY_NAMES),). Calm is what the person's own slower half is,
    by heart rate, or by breathing rate where the heart is mostly unknown; no model has a say.
    """
    if len(summaries) < CALM_MIN_WINDOWS:
        return None
    table = np.array(summaries)
    rate = table[:, SUMMARY_NAMES.index("heart_mean")]
    if np.isfinite(rate).mean() < 0.5:
        rate = table[:, SUMMARY_NAMES.index("breathing_mean")]
    table = table[rate <= np.nanquantile(rate, CALM_SHARE)]
    return Rest(summary=_median(list(table)), windows=len(table), kind=RestKind.CALM_MINUTES)


def features(
    rates: Rates, end: int, rest: Rest, *, window_s: float = WINDOW_S
) -> FloatArray | None:
    """Features of the window that ends before bin `end`, shape (len(FEATURE_NAMES),).

    A minute alone is too noisy for breathing: the window is averaged with those right before
    it, up to CONTEXT_S back and not beyond the last long gap; only the past is looked at.
    Spreads are taken inside each window: over the whole context they would grow with its
    length, and so tell how long a task has lasted.
    None when the window itself was not measured well enough.
    """
    length = round(window_s / GRID_S)
    window = summarise(rates.part(end - length, end)) if end >= length else None
    if window is None:
        return None
    context = _mean([window, *_earlier_windows(rates, end - length, length)])
    return np.concatenate(
        [
            context - rest.summary,
            [rest.summary[SUMMARY_NAMES.index("heart_mean")]],
            [rest.summary[SUMMARY_NAMES.index("breathing_mean")]],
        ]
    )


def _earlier_windows(rates: Rates, end: int, length: int) -> list[FloatArray]:
    """Summaries of the whole windows before bin `end` that still belong to the context."""
    start = max(0, end + length - round(CONTEXT_S / GRID_S))
    measured = np.flatnonzero(np.isfinite(rates.breathing[start:end]))
    edges = np.concatenate([measured, [end - start]])
    gaps = np.flatnonzero(np.diff(edges) > MAX_GAP_S / GRID_S)
    if len(gaps):
        start += int(edges[gaps[-1] + 1])
    summaries = (
        summarise(rates.part(last - length, last))
        for last in range(end, start + length - 1, -length)
    )
    return [summary for summary in summaries if summary is not None]


def _spread(
    values: FloatArray, reach: float, valid_share: float
) -> tuple[float, float, float] | None:
    """Mean, standard deviation, root mean square of successive differences, within reach."""
    valid = np.isfinite(values)
    count = int(valid.sum())
    if count < 2 or count < valid_share * len(values):
        return None
    median = float(np.median(values[valid]))
    values = np.clip(values, median - reach, median + reach)
    measured = values[valid]
    steps = np.diff(values)
    steps = steps[np.isfinite(steps)]
    jump = float(np.sqrt(np.mean(steps**2))) if len(steps) else 0.0
    return float(measured.mean()), float(measured.std()), jump


def _median(summaries: Sequence[FloatArray]) -> FloatArray:
    table = np.array(summaries)
    return np.array(
        [np.nanmedian(column) if np.isfinite(column).any() else np.nan for column in table.T]
    )


def _mean(summaries: Sequence[FloatArray]) -> FloatArray:
    """Entry-wise mean over the windows in which the entry was measured."""
    table = np.array(summaries)
    known = np.isfinite(table)
    sums, counts = np.where(known, table, 0.0).sum(axis=0), known.sum(axis=0)
    mean: FloatArray = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return mean


def _number(value: np.float64) -> float | None:
    return float(value) if np.isfinite(value) else None
