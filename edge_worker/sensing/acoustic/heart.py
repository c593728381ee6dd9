"""Heart rate from chest movement: evidence of six harmonics in the velocity, tracked.

A heartbeat moves the chest by tenths of a millimetre, under breaths of many millimetres.
Its velocity has several harmonics, which of them are strong depends on the chest, while
breathing's harmonics fall off; the spectrum over its running median makes both stand on
level ground. The log likelihood of a rate's lines is followed through time by a Viterbi
tracker (forward pass only), so that one bad window does not jump to half or double the rate.
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
WEIGHTS = (1.0, 1.0, 0.9, 0.8, 0.6, 0.4)
"""Of the harmonics: a rate that wanders smears the higher ones."""
LINE_POWER = 6.0
"""Mean power of a heart's line over that of the floor, as assumed by the evidence."""
MOST_EVIDENCE = 4.0
"""Of one line: none may outvote the others."""
POINTS = 2048
LOW_HZ, HIGH_HZ = 0.65, 11.5
SIGMA_RATE = 1.2
"""Change of the rate between hops of 2 s, beats per minute."""
BETWEEN = (1 / 2, 3 / 2, 5 / 2, 7 / 2, 1 / 3, 2 / 3, 4 / 3, 5 / 3)
"""Where the lines of half and of a third of a rate would stand beside its own."""
UNEXPLAINED = 0.7
"""Weight of those lines against a rate."""
TEMPER = 0.2
"""Weight of a window's evidence in the tracker: windows overlap by 90 %."""
MEMORY = 0.9
"""Share of the past that the tracker keeps per hop; windows overlap by 90 %."""


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """One window's heart evidence."""

    rate: float
    """Tracked, beats per minute."""
    window_rate: float
    """Best of this window alone."""
    evidence: float
    """Log likelihood ratio for the tracked rate, against noise alone, in this window."""
    lead: float
    """The same against the best rate elsewhere."""
    margin: float
    """How far the tracker's belief in the rate lies above that in any other one."""
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
        harmonics = np.arange(1, len(WEIGHTS) + 1)[:, None]
        last = len(frequency) - 1
        self._index = np.minimum(np.round(RATES / 60 * harmonics / step).astype(int), last)
        between = np.array(BETWEEN)[:, None]
        self._between = np.round(RATES / 60 * between / step).astype(int).clip(0, last)
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
        self._advance(TEMPER * score)
        best = int(self._belief.argmax())
        near = slice(max(0, best - 4), best + 5)
        here = float(score[near].max())
        elsewhere = score.copy()
        elsewhere[max(0, best - 14) : best + 15] = -np.inf
        others = self._belief.copy()
        others[max(0, best - 14) : best + 15] = -np.inf
        return Pulse(
            rate=_refined_rate(level, float(RATES[near][score[near].argmax()])),
            window_rate=float(RATES[int(score.argmax())]),
            evidence=here,
            lead=here - float(elsewhere.max()),
            margin=float(self._belief[best] - others.max()),
            level=level,
        )

    def _level(self, velocity: FloatArray) -> FloatArray:
        """Spectrum over its running median; 0 outside LOW_HZ to HIGH_HZ."""
        size = np.abs(np.fft.rfft(velocity * np.hanning(len(velocity)), POINTS))
        level = size / _running_median(size, self._band)
        level[~self._band] = 0
        return np.asarray(level, dtype=np.float64)

    def _breathing_lines(self, breathing_rate: float) -> npt.NDArray[np.bool_]:
        """Lines within 2 per minute of the breathing's first six harmonics."""
        if math.isnan(breathing_rate):
            return np.zeros(len(self._per_minute), dtype=bool)
        harmonics = breathing_rate * np.arange(1, 7)[:, None]
        return np.asarray((np.abs(self._per_minute - harmonics) < 2.0).any(axis=0))

    def _score(self, level: FloatArray, quiet: npt.NDArray[np.bool_]) -> FloatArray:
        """Evidence for each rate of RATES; the lines in `quiet` tell nothing in its favour.

        A line's evidence is the log likelihood ratio of a line of random strength against
        noise alone (both are exponential in power). Lines where a rate's harmonics should
        be, but are not, speak against it: half the true rate lacks its odd harmonics. Lines
        halfway between its harmonics do too: double the true rate leaves those unexplained.
        """
        # A rate that changes within the window smears the higher harmonics.
        level = level.copy()
        level[1:-1] = np.maximum(level[1:-1], 0.5 * (level[:-2] + level[2:]))
        power = level**2 * math.log(2)
        share = LINE_POWER / (1 + LINE_POWER)
        evidence = np.minimum(power * share - math.log(1 + LINE_POWER), MOST_EVIDENCE)
        evidence[quiet] = np.minimum(evidence[quiet], 0.0)
        evidence[~self._band] = 0.0
        weights = np.array(WEIGHTS)
        total = weights @ evidence[self._index]
        total -= UNEXPLAINED * np.maximum(0, evidence[self._between]).sum(axis=0)
        return np.asarray(total, dtype=np.float64)

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
