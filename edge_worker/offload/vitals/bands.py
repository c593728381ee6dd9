"""Bands of heart rate: an eighth of the network's rates each. Numbers only."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge_worker.offload.vitals.grid import HEART_RATES

BAND_STEPS = 8
"""Steps of the grid: a sixth of an octave, 12 %."""
_STARTS = range(0, len(HEART_RATES), BAND_STEPS)
BANDS = tuple(
    f"{HEART_RATES[first]:.0f}-{HEART_RATES[min(first + BAND_STEPS, len(HEART_RATES) - 1)]:.0f}"
    for first in _STARTS
)
"""Names, beats per minute."""


def band_of(rates: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Index of the band of each heart rate within the grid; at its ends the outermost one."""
    edges = HEART_RATES[BAND_STEPS::BAND_STEPS] * 2 ** (-0.5 / 48)
    return np.searchsorted(edges, rates, side="right").astype(np.int64)
