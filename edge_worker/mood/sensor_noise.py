"""Degrade strap recordings the way a receiver of sound degrades them. Simulated, not measured.

A sonar tracks a rate over some twenty seconds: small errors wander slowly, and the large ones
are locks on a wrong harmonic (breathing halved or doubled, a heart rate tens of beats off) that
last a while. Movement leaves gaps. A careful receiver rather gives no number than a wrong one:
then the heart is often missing for minutes, or for the whole visit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from edge_worker.mood.datasets import Recording
from edge_worker.mood.rates import FloatArray


@dataclass(frozen=True, kw_only=True)
class SensorNoise:
    """How a receiver errs; shares are of the time."""

    heart_sd: float = 4.0
    """Slowly wandering error of the heart rate, beats per minute."""
    breathing_sd: float = 1.0
    """Slowly wandering error of the breathing rate, breaths per minute."""
    wander_s: float = 20.0
    heart_gross_share: float = 0.10
    heart_gross: float = 30.0
    """Size of a wrong lock of the heart rate, beats per minute, either way."""
    breathing_gross_share: float = 0.10
    """Share of time in which breathing reads half or double."""
    gross_s: float = 30.0
    """Mean length of a wrong lock."""
    gap_share: float = 0.05
    gap_s: float = 15.0
    heart_lost_share: float = 0.0
    """Share of the other time in which the heart alone is not found."""
    heart_lost_s: float = 60.0
    heart_never_share: float = 0.0
    """Share of the visits in which the heart is never found, say from too far away."""


ERRING = SensorNoise()
"""Gives numbers at any price, a tenth of them far off."""
REFUSING = SensorNoise(
    heart_sd=0.5,
    breathing_sd=0.1,
    heart_gross_share=0.0,
    breathing_gross_share=0.0,
    gap_share=0.15,
    gap_s=30.0,
    heart_lost_share=0.35,
    heart_never_share=0.25,
)
"""As this project's receiver on its simulated rooms (docs/acoustic-bench.md): numbers given are
right within a beat, heart rates are given from nearly always (near) to nearly never (1.5 m)."""
HARSH = SensorNoise(
    heart_sd=6.0,
    breathing_sd=1.5,
    heart_gross_share=0.2,
    breathing_gross_share=0.2,
    gap_share=0.1,
    gap_s=20.0,
    heart_lost_share=0.35,
    heart_never_share=0.25,
)
"""Errs and refuses, worse than anything that the forest grew on."""


def degrade(recording: Recording, noise: SensorNoise, seed: int) -> Recording:
    """The same recording as a poor receiver might have given it; the same seed, the same result."""
    # The person's name takes part, so that people in one table do not share their errors.
    name = [ord(letter) for letter in recording.person]
    rng = np.random.default_rng([seed, *name])
    size = len(recording.times)
    heart = recording.heart + noise.heart_sd * _wander(rng, size, noise.wander_s)
    side = np.where(_spells(rng, size, 0.5, noise.gross_s), 1.0, -1.0)
    locked = _spells(rng, size, noise.heart_gross_share, noise.gross_s)
    heart = np.where(locked, heart + side * noise.heart_gross, heart)
    breathing = recording.breathing + noise.breathing_sd * _wander(rng, size, noise.wander_s)
    factor = np.where(_spells(rng, size, 0.5, noise.gross_s), 2.0, 0.5)
    locked = _spells(rng, size, noise.breathing_gross_share, noise.gross_s)
    breathing = np.where(locked, breathing * factor, breathing)
    gone = _spells(rng, size, noise.gap_share, noise.gap_s)
    lost = _spells(rng, size, noise.heart_lost_share, noise.heart_lost_s)
    lost |= rng.random() < noise.heart_never_share
    # A strap that lost contact shows 0: noise must not lift that to a possible rate.
    return replace(
        recording,
        heart=np.where(gone | lost | (recording.heart <= 0), np.nan, heart),
        breathing=np.where(gone | (recording.breathing <= 0), np.nan, breathing),
    )


def degrade_all(recordings: Iterable[Recording], noise: SensorNoise, seed: int) -> list[Recording]:
    """`degrade` for several people."""
    return [degrade(recording, noise, seed) for recording in recordings]


def _wander(rng: np.random.Generator, size: int, length_s: float) -> FloatArray:
    """Unit-variance noise with a correlation time of `length_s` samples (one per second)."""
    from scipy.signal import lfilter

    keep = float(np.exp(-1 / length_s))
    steps = rng.standard_normal(size) * np.sqrt(1 - keep**2)
    if size:
        steps[0] = rng.standard_normal()
    wandering: FloatArray = lfilter([1.0], [1.0, -keep], steps)
    return wandering


def _spells(
    rng: np.random.Generator, size: int, share: float, length_s: float
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Spells of mean length `length_s` that cover about `share` of the time."""
    on = np.zeros(size, dtype=np.bool_)
    if share <= 0:
        return on
    position = int(rng.exponential(length_s * (1 - share) / share)) if rng.random() > share else 0
    while position < size:
        length = max(1, int(rng.exponential(length_s)))
        on[position : position + length] = True
        position += length + int(rng.exponential(length_s * (1 - share) / share))
    return on
