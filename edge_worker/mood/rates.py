"""Heart and breathing rates on an even grid: cleaning, gaps, and what counts as missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# One grid for recordings (1 Hz) and for the acoustic receiver (about every 2 s): features of
# successive differences depend on the spacing, so both are brought to the coarser one.
GRID_S = 2.0

# Outside these a rate is a sensor that has lost contact, not a body. In the office-task
# recordings 10.7 % of the heart rates are exactly 0.
HEART_RANGE_BPM = (35.0, 200.0)
BREATHING_RANGE_BPM = (3.0, 45.0)


@dataclass(frozen=True, kw_only=True)
class Rates:
    """Two rates on one grid of GRID_S seconds; NaN = missing."""

    start: float
    """Time of the left edge of the first bin, seconds."""
    heart: FloatArray
    """Shape (bins,), beats per minute."""
    breathing: FloatArray
    """Shape (bins,), breaths per minute."""

    def __len__(self) -> int:
        return len(self.breathing)

    def part(self, first: int, last: int) -> Rates:
        """Bins [first, last); both are clipped to what exists."""
        first, last = max(0, first), max(0, last)
        return Rates(
            start=self.start + first * GRID_S,
            heart=self.heart[first:last],
            breathing=self.breathing[first:last],
        )


@dataclass(frozen=True, kw_only=True)
class RateSample:
    """One measurement; None = the sensor gave no number."""

    t: float
    heart: float | None
    breathing: float | None


def clean(values: FloatArray, limits: tuple[float, float]) -> FloatArray:
    """Turn impossible rates into NaN."""
    values = np.asarray(values, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        possible = (values >= limits[0]) & (values <= limits[1])
    return np.where(possible, values, np.nan)


def to_grid(
    times: FloatArray,
    heart: FloatArray,
    breathing: FloatArray,
    *,
    start: float | None = None,
    hold_s: float = 0.0,
) -> Rates:
    """Average samples into bins of GRID_S seconds, after cleaning.

    times: shape (samples,), seconds, in any order; samples without a finite time are dropped.
    start: left edge of the first bin, by default the earliest time; earlier samples are dropped.
    hold_s: how long the last valid value stands in for missing ones.
    """
    times = np.asarray(times, dtype=np.float64)
    known = np.isfinite(times)
    if start is not None:
        known &= times >= start
    if not known.any():
        empty = np.empty(0)
        return Rates(start=start or 0.0, heart=empty, breathing=empty)
    first = float(times[known].min()) if start is None else start
    # A millionth keeps 60.0 / 2.0 from landing one bin lower by rounding.
    bins = ((times[known] - first) / GRID_S + 1e-6).astype(np.int64)
    size = int(bins.max()) + 1
    hold = int(hold_s / GRID_S)
    return Rates(
        start=first,
        heart=_hold(_bin_means(bins, clean(heart, HEART_RANGE_BPM)[known], size), hold),
        breathing=_hold(_bin_means(bins, clean(breathing, BREATHING_RANGE_BPM)[known], size), hold),
    )


def samples_to_grid(samples: Iterable[RateSample], *, hold_s: float) -> Rates:
    """`to_grid` for live samples."""
    rows = [
        (
            s.t,
            np.nan if s.heart is None else s.heart,
            np.nan if s.breathing is None else s.breathing,
        )
        for s in samples
    ]
    table = np.array(rows, dtype=np.float64).reshape(-1, 3)
    return to_grid(table[:, 0], table[:, 1], table[:, 2], hold_s=hold_s)


def _bin_means(bins: NDArray[np.int64], values: FloatArray, size: int) -> FloatArray:
    valid = np.isfinite(values)
    counts = np.bincount(bins[valid], minlength=size)
    sums = np.bincount(bins[valid], weights=values[valid], minlength=size)
    means: FloatArray = np.divide(sums, counts, out=np.full(size, np.nan), where=counts > 0)
    return means


def _hold(values: FloatArray, bins: int) -> FloatArray:
    """Repeat the last valid value over at most `bins` missing ones."""
    if bins <= 0 or not len(values):
        return values
    index = np.arange(len(values))
    last = np.maximum.accumulate(np.where(np.isfinite(values), index, -1))
    near = (last >= 0) & (index - last <= bins)
    return np.where(near, values[np.maximum(last, 0)], np.nan)
