"""Frames hit by impulses (hi-hats, a door, lost samples): found, and bridged."""

from __future__ import annotations

import numpy as np

from edge_worker.sensing.acoustic.range_map import BoolArray, ComplexArray

IMPULSE_RATIO = 2.5


def impulses(tones: ComplexArray, last: ComplexArray | None) -> BoolArray:
    """Frames hit by impulses: their second difference stands out.

    Only when the distribution has a heavy tail: blanking costs accuracy in clean audio.
    """
    count = len(tones)
    if count < 20:
        return np.zeros(count, dtype=bool)
    before = tones[:1] if last is None or len(last) < 2 else last
    joined = np.concatenate((before, tones))
    bend = np.linalg.norm(joined[2:] - 2 * joined[1:-1] + joined[:-2], axis=1)
    bend = np.concatenate((np.repeat(bend[:1], count - len(bend)), bend))[-count:]
    quiet = float(np.median(np.sort(bend)[: count // 2]))
    hit = bend > IMPULSE_RATIO * quiet
    if not 0.02 <= hit.mean() <= 0.8:
        return np.zeros(count, dtype=bool)
    # bend[i] belongs to the frame before it; its neighbours carry half of the impulse.
    spread = hit.copy()
    spread[:-1] |= hit[1:]
    spread[:-2] |= hit[2:]
    return spread


def interpolate(values: ComplexArray, blank: BoolArray) -> ComplexArray:
    """Replace blanked rows by straight lines between the rows that were measured."""
    good = np.flatnonzero(~blank)
    bad = np.flatnonzero(blank)
    after = np.searchsorted(good, bad)
    low = good[np.maximum(after - 1, 0)]
    high = good[np.minimum(after, len(good) - 1)]
    share = np.where(high > low, (bad - low) / np.maximum(high - low, 1), 0.0)[:, None]
    result = values.copy()
    result[bad] = values[low] * (1 - share) + values[high] * share
    return result
