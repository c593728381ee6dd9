"""Is somebody there, is it too loud to tell, does somebody move about, breathes somebody."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge_worker.messages import ReadingState
from edge_worker.sensing.acoustic.range_map import SLOW_RATE_HZ
from edge_worker.sensing.acoustic.targets import RangePicture

FloatArray = npt.NDArray[np.float64]

PRESENT_RATIO = 6.0
"""Movement over noise. An empty room stays below 2; a chest at 1.5 m has 20 and more."""
BLANKED_RATIO = 80.0
"""More of it where impulses were cut out: what speech leaves behind reaches 20."""
NOISY_FLOOR_DB = -60.0
"""Above, a chest at 1 m would be buried: an empty picture proves nothing."""
SECOND_SHARE = 0.25
"""Power of a second body, against the first, from which rates may be mixed."""
MOTION_MM_S = 40.0
"""Breathing stays below 15 mm/s, a turn in bed reaches 150."""
MOTION_REACH = round(1.0 * SLOW_RATE_HZ)
PAUSE_S = 10.0
PAUSE_SHARE = 0.28
BASELINE_S = 60.0


def judge(picture: RangePicture, blanked_share: float) -> ReadingState:
    """Tell NO_PERSON, NOISY or OK (somebody is there) from a picture of movement."""
    best = picture.targets[0].ratio if picture.targets else 0.0
    if best >= PRESENT_RATIO + BLANKED_RATIO * blanked_share:
        return ReadingState.OK
    return ReadingState.NOISY if picture.floor_db > NOISY_FLOOR_DB else ReadingState.NO_PERSON


def presence_quality(picture: RangePicture) -> float:
    """How sure the judgement is, 0..1."""
    best = picture.targets[0].ratio if picture.targets else 0.0
    distance = abs(np.log(max(best, 0.1) / PRESENT_RATIO))
    return float(min(1.0, distance / np.log(4)))


def moving(movement_mm: FloatArray) -> npt.NDArray[np.bool_]:
    """Which samples at SLOW_RATE_HZ belong to a burst of motion, a second around included."""
    # Three samples: a low-pass of about 5 Hz.
    smooth = np.convolve(movement_mm, np.ones(3) / 3, mode="same")
    fast = np.abs(np.diff(smooth, prepend=smooth[:1])) * SLOW_RATE_HZ > MOTION_MM_S
    fast[:2] = fast[-2:] = False
    if not fast.any():
        return fast
    return np.convolve(fast, np.ones(2 * MOTION_REACH + 1), mode="same") > 0.5


def pausing(movement_mm: FloatArray) -> bool:
    """Whether the last PAUSE_S lack the breathing that was there before.

    movement_mm: shape (samples,), up to BASELINE_S and at least 30 s long.
    """
    quiet = round(PAUSE_S * SLOW_RATE_HZ)
    before = movement_mm[:-quiet]
    if len(before) < 20 * SLOW_RATE_HZ:
        return False
    span = round(5 * SLOW_RATE_HZ)
    smooth = _smooth(before)
    usable = len(smooth) // span * span
    depth = np.ptp(smooth[-usable:].reshape(-1, span), axis=1)
    usual = float(np.median(depth))
    last = _smooth(movement_mm[-quiet:])
    trend = np.linspace(-0.5, 0.5, len(last))
    last = (
        last
        - last.mean()
        - trend * float(np.dot(trend, last - last.mean())) / float(np.dot(trend, trend))
    )
    return usual > 0.5 and float(np.ptp(last)) < PAUSE_SHARE * usual


def _smooth(movement_mm: FloatArray) -> FloatArray:
    """Mean over half a second, 12 samples shorter: takes out most of the heartbeat."""
    return np.convolve(movement_mm, np.ones(13) / 13, mode="valid")
