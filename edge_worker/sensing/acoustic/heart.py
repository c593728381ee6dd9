"""Heart rate from chest movement: harmonic sum over the velocity spectrum, tracked.

A heartbeat moves the chest by tenths of a millimetre, under breaths of many millimetres.
Its velocity has three or four harmonics of about equal size, while breathing's harmonics
fall off; the spectrum over its running median makes both stand on level ground. The sum
over a rate's harmonics is followed through time by a Viterbi tracker (forward pass only),
so that one bad window does not jump to half or double the rate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_worker.sensing.acoustic.range_map import SLOW_RATE_HZ

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
HELD_DOWN = 2.0
"""Level that breathing's own harmonics may show to the harmonic sum."""
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
    margin: float
    """How far the tracker's belief in the rate lies above that in any other one."""
    octave: float
    """Best score at half the rate, over that at the rate; 0 where no heart beats so slowly."""
    level: FloatArray
    """Velocity spectrum over its running median, shape (POINTS // 2 + 1,)."""

    def standing(self, breathing_rate: float) -> int:
        """How many of the harmonics 2 to 4 stand out between the breathing's."""
        count = 0
        # Closer than 8 per minute the window's own main lobe would count as a neighbour.
        if math.isnan(breathing_rate):
            breathing_rate = 10.0
        breathing_rate *= math.ceil(8 / max(breathing_rate, 4))
        for harmonic in (2, 3, 4):
            here = self._at(harmonic * self.rate)
            beside = max(
                self._at(harmonic * self.rate - breathing_rate),
                self._at(harmonic * self.rate + breathing_rate),
            )
            count += here > 3.0 and here > 2.5 * beside
        return count

    def _at(self, per_minute: float) -> float:
        """Strongest line within 2 per minute."""
        middle = per_minute / 60 * POINTS / SLOW_RATE_HZ
        reach = 2 / 60 * POINTS / SLOW_RATE_HZ
        low, high = math.floor(middle - reach), math.ceil(middle + reach)
        return float(self.level[max(0, low) : high + 1].max(initial=0.0))


class HeartTracker:
    """Follows one person's heart rate from window to window."""

    def __init__(self) -> None:
        self._belief = np.zeros(len(RATES))
        frequency = np.fft.rfftfreq(POINTS, 1 / SLOW_RATE_HZ)
        self._per_minute = 60 * frequency
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

    def update(self, movement_mm: FloatArray, breathing_rate: float) -> Pulse:
        """Take the last WINDOW_S of movement at SLOW_RATE_HZ, shape (samples,).

        `breathing_rate`: its harmonics count little here; NaN when unknown.
        """
        quiet = self._breathing_lines(breathing_rate)
        velocity = np.diff(movement_mm) * SLOW_RATE_HZ
        level = self._level(velocity)
        score = self._score(level, quiet)
        self._advance(score / np.median(score))
        best = int(self._belief.argmax())
        near = slice(max(0, best - 4), best + 5)
        here = float(score[near].max())
        middle = float(np.median(score))
        elsewhere = score.copy()
        elsewhere[max(0, best - 14) : best + 15] = 0
        others = self._belief.copy()
        others[max(0, best - 14) : best + 15] = -np.inf
        half_rate = int(np.searchsorted(RATES, RATES[best] / 2))
        slower = score[half_rate - 3 : half_rate + 4] if RATES[best] / 2 > RATES[3] else score[:0]
        return Pulse(
            rate=_refined_rate(level, float(RATES[near][score[near].argmax()])),
            window_rate=float(RATES[int(score.argmax())]),
            prominence=here / middle,
            lead=here / float(elsewhere.max()),
            margin=float(self._belief[best] - others.max()),
            octave=float(slower.max(initial=0.0)) / here,
            level=level,
        )

    def _level(self, velocity: FloatArray) -> FloatArray:
        """Spectrum over its running median; 0 outside LOW_HZ to HIGH_HZ."""
        size = np.abs(np.fft.rfft(velocity * np.hanning(len(velocity)), POINTS))
        level = size / _running_median(size, self._band)
        level[~self._band] = 0
        return np.asarray(level, dtype=np.float64)

    def _breathing_lines(self, breathing_rate: float) -> npt.NDArray[np.bool_]:
        """Lines within 2 per minute of breathing's first four harmonics."""
        if math.isnan(breathing_rate):
            return np.zeros(len(self._per_minute), dtype=bool)
        harmonics = breathing_rate * np.arange(1, 5)[:, None]
        return np.asarray((np.abs(self._per_minute - harmonics) < 2.0).any(axis=0))

    def _score(self, level: FloatArray, quiet: npt.NDArray[np.bool_]) -> FloatArray:
        """Harmonic sum for each rate of RATES; the lines in `quiet` are held down."""
        level = level.copy()
        # A rate that changes within the window smears the higher harmonics.
        level[1:-1] = np.maximum(level[1:-1], 0.5 * (level[:-2] + level[2:]))
        level[quiet] = np.minimum(level[quiet], HELD_DOWN)
        # One loud line must not outvote three others, but its top shall remain the top.
        level = np.where(level > 8, 8 + 2 * np.log(np.maximum(level, 8) / 8), level)
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


def _refined_rate(level: FloatArray, rate: float) -> float:
    """Mean rate from the centres of the strong harmonics' lines.

    A rate that wanders within the window smears its harmonics, the h-th one h times; the
    centre of a smeared line stays at the mean, its highest point does not.
    """
    step = SLOW_RATE_HZ / POINTS * 60
    total = weights = 0.0
    for harmonic in (1, 2, 3, 4):
        middle = harmonic * rate / step
        reach = (3.0 + 0.03 * rate * harmonic) / step
        low, high = math.floor(middle - reach), math.ceil(middle + reach) + 1
        part = level[low:high]
        top = float(part.max())
        if top < 2.5:
            continue
        power = np.maximum(0, part - max(1.5, 0.25 * top)) ** 2
        place = low + float(np.sum(power * np.arange(len(part))) / power.sum())
        weight = min(top, 8.0) * harmonic
        total += weight * place * step / harmonic
        weights += weight
    return total / weights if weights else rate


def _running_median(size: FloatArray, band: npt.NDArray[np.bool_]) -> FloatArray:
    """Median over about 2.5 Hz, on a grid of 0.4 Hz, interpolated."""
    step, half = 33, 102
    inside = np.flatnonzero(band)
    centres = np.arange(inside[0], inside[-1], step)
    # Mirrored at the band's ends: a window that reached further inwards would set the low
    # end, where breathing's harmonics stand, against a floor that is too deep.
    padded = np.pad(size[inside], half, mode="reflect")
    views = np.lib.stride_tricks.sliding_window_view(padded, 2 * half)
    windows = views[centres - inside[0]]
    floors = np.partition(windows, half, axis=1)[:, half]
    return np.interp(np.arange(len(size)), centres, floors) + 1e-12
