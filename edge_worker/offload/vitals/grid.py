"""What the network looks at, and the rates it chooses among. Numbers only."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Window = npt.NDArray[np.float32]

FRAME_RATE_HZ = 25.0
WINDOW_S = 30.0
FRAMES = 750
RANGES = 38
"""Every second range of the sonar's map: 4 cm, still finer than its resolution."""
RANGE_STEP = 2
SCALE = 1000.0
"""Echoes come in units of the direct sound; a chest at 1 m is 1e-3 of it."""

LOWEST_RATE = 6.0
STEPS_PER_OCTAVE = 48
STEPS = 286
"""Up to 370 per minute: three harmonics of a fast heart."""
RATES: FloatArray = LOWEST_RATE * 2 ** (np.arange(STEPS) / STEPS_PER_OCTAVE)
BREATHING_STEPS = slice(0, 135)
"""6 to 42 per minute."""
HEART_STEPS = slice(135, 228)
"""42 to 160 per minute."""
BREATHING_RATES: FloatArray = RATES[BREATHING_STEPS]
HEART_RATES: FloatArray = RATES[HEART_STEPS]


def network_input(
    echoes: npt.NDArray[np.complex64], standing: npt.NDArray[np.complex64] | None = None
) -> Window:
    """Turn the last 30 s of a map, shape (>= 750, 76) complex, into (2, 38, 750) I and Q.

    Standing echoes are taken out, so that half precision is enough for what moves: these,
    shape (76,), else the window's own mean. The network looks for circles wherever their
    centres are, so that its answer does not depend on which.
    """
    recent = echoes[-FRAMES:, ::RANGE_STEP]
    centre = recent.mean(axis=0) if standing is None else standing[::RANGE_STEP]
    moving = (recent - centre).T * SCALE
    return np.stack((moving.real, moving.imag)).astype(np.float32)
