"""Heart rate from chest movement: harmonic sum over the velocity spectrum, tracked.

A heartbeat moves the chest by tenths of a millimetre, under breaths of many millimetres.
Its velocity has three or four harmonics of about equal size, while breathing's harmonics
fall off; the spectrum over its running median makes both stand on level ground. The sum
over a rate's harmonics is followed through time by a Viterbi tracker (forward pass only),
so that one bad window does not jump to half or double the rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_worker.sensing.acoustic.channel import SLOW_RATE_HZ

FloatArray = npt.NDArray[np.float64]

WINDOW_S = 20.0
RATES = np.arange(42.0, 172.1, 0.5)
"""Candidates, beats per minute."""
MIN_RATE, MAX_RATE = 45.0, 160.0
WEIGHTS = (1.0, 1.0, 0.8, 0.5)
POINTS = 2048
LOW_HZ, HIGH_HZ = 0.65, 11.5
SIGMA_RATE = 1.2
"""Change of the rate between hops of 2 s, beats per minute."""
MEMORY = 0.9
"""Share of the past that the tracker keeps per hop; windows overlap by 90 %."""


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """One window's heart evidence."""

    rate: float
    """Tracked, beats per minute."""
    window_rate: float
    """Best of this window alone."""
    prominence: float
    """Score at the tracked rate over the median score."""
    lead: float
    """Score at the tracked rate over the best score elsewhere."""
    halves: float
    """The smaller prominence of the window's two halves, at the tracked rate."""


class HeartTracker:
    """Follows one person's heart rate from window to window."""

    def __init__(self) -> None:
        self._belief = np.zeros(len(RATES))
        frequency = np.fft.rfftfreq(POINTS, 1 / SLOW_RATE_HZ)
        self._band = (frequency >= LOW_HZ) & (frequency <= HIGH_HZ)
        step = frequency[1]
        self._index = np.stack([np.round(RATES / 60 * h / step).astype(int) for h in (1, 2, 3, 4)])
        self._between = np.stack([np.round(RATES / 60 * h / step).astype(int) for h in (0.5, 1.5)])
        reach = 12
        self._reach = reach
        self._cost = 0.5 * (np.arange(-reach, reach + 1) * 0.5 / SIGMA_RATE) ** 2

    def forget(self) -> None:
        """Start anew: another person, or a gap."""
        self._belief[:] = 0

    def update(self, movement_mm: FloatArray) -> Pulse:
        """Take the last WINDOW_S of movement at SLOW_RATE_HZ, shape (samples,)."""
        velocity = np.diff(movement_mm) * SLOW_RATE_HZ
        score = self._score(velocity)
        half = len(velocity) // 2
        early, late = self._score(velocity[:half]), self._score(velocity[half:])
        self._advance(score / np.median(score))
        best = int(self._belief.argmax())
        near = slice(max(0, best - 4), best + 5)
        here = float(score[near].max())
        middle = float(np.median(score))
        elsewhere = score.copy()
        elsewhere[max(0, best - 14) : best + 15] = 0
        wide = slice(max(0, best - 8), best + 9)
        return Pulse(
            rate=_weighted_rate(score, best),
            window_rate=float(RATES[int(score.argmax())]),
            prominence=here / middle,
            lead=here / float(elsewhere.max()),
            halves=float(
                min(early[wide].max() / np.median(early), late[wide].max() / np.median(late))
            ),
        )

    def _score(self, velocity: FloatArray) -> FloatArray:
        """Harmonic sum for each rate of RATES."""
        size = np.abs(np.fft.rfft(velocity * np.hanning(len(velocity)), POINTS))
        level = size / _running_median(size, self._band)
        level[~self._band] = 0
        # A rate that changes within the window smears the higher harmonics.
        level[1:-1] = np.maximum(level[1:-1], 0.5 * (level[:-2] + level[2:]))
        level = np.minimum(level, 8.0)
        parts = level[self._index]
        total = np.tensordot(np.array(WEIGHTS), parts, 1)
        # Half the true rate collects every second harmonic: it lacks the odd ones.
        odd = parts[0] + parts[2]
        even = parts[1] + parts[3]
        total -= 0.5 * np.maximum(0, even - 1.5 * odd)
        # Double the true rate leaves strong lines halfway between its harmonics.
        between = level[self._between] - 1.5
        total -= 0.4 * np.maximum(0, between).sum(axis=0)
        return np.asarray(total, dtype=np.float64).clip(0.1)

    def _advance(self, evidence: FloatArray) -> None:
        padded = np.pad(self._belief * MEMORY, self._reach, constant_values=-1e9)
        around = np.lib.stride_tricks.sliding_window_view(padded, 2 * self._reach + 1)
        moved = (around - self._cost).max(axis=1)
        # A jump is always possible, at the price of two good windows.
        moved = np.maximum(moved, moved.max() - 6.0)
        self._belief = moved + evidence
        self._belief -= self._belief.max()


def _weighted_rate(score: FloatArray, best: int) -> float:
    """Centre of the score's peak near the tracked rate."""
    near = np.arange(max(1, best - 6), min(len(score) - 1, best + 7))
    top = int(near[score[near].argmax()])
    low, high = max(0, top - 3), min(len(score), top + 4)
    weight = np.maximum(0, score[low:high] - 0.6 * score[top])
    return float(np.sum(weight * RATES[low:high]) / weight.sum())


def _running_median(size: FloatArray, band: npt.NDArray[np.bool_]) -> FloatArray:
    """Median over about 2.5 Hz, on a grid of 0.4 Hz, interpolated."""
    step = 33
    half = 102
    inside = np.flatnonzero(band)
    centres = np.arange(inside[0], inside[-1], step)
    floors = [
        np.median(size[max(inside[0], at - half) : min(inside[-1], at + half)]) for at in centres
    ]
    return np.interp(np.arange(len(size)), centres, floors) + 1e-12
