"""Breaths per minute and breathing pauses from chest movement.

Three estimators look at the same window: counted breaths, the spectral peak and the
autocorrelation. Awake breathing is irregular: the count follows it best, the other two
must agree with it before a number is given.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_worker.sensing.acoustic.range_map import SLOW_RATE_HZ

FloatArray = npt.NDArray[np.float64]

LOW_HZ, HIGH_HZ = 0.08, 0.8
MIN_RATE, MAX_RATE = 6.0, 42.0
PROMINENCE_SD = 0.6
SPECTRUM_POINTS = 8192


@dataclass(frozen=True, kw_only=True)
class Breathing:
    """One window's breathing; rates per minute, NaN where an estimator found nothing."""

    count_rate: float
    spectral_rate: float
    lag_rate: float
    lag_correlation: float
    """Autocorrelation at one breath, -1..1: how regular the breathing is."""
    interval_cv: float
    """Standard deviation of the breath intervals over their mean; NaN below 3 breaths."""
    breaths: int
    depth_mm: float
    """Median of peak minus trough."""
    inhale_exhale_ratio: float
    longest_gap: float
    """Longest time without a breath, the window's end included, over the median interval."""
    sigh_share: float
    """Share of breaths more than twice as deep as the median."""

    @property
    def spread(self) -> float:
        """Largest difference between the count and another estimator, per minute."""
        return max(abs(self.count_rate - self.spectral_rate), abs(self.count_rate - self.lag_rate))


def measure_breathing(movement_mm: FloatArray) -> Breathing:
    """Measure the breathing in a window of movement at SLOW_RATE_HZ, shape (samples,).

    Raises ValueError for less than 10 s.
    """
    if len(movement_mm) < 10 * SLOW_RATE_HZ:
        raise ValueError("at least ten seconds of movement are needed")
    wave = breath_band(movement_mm)
    peaks, troughs = _extrema(wave)
    spectral = _spectral_rate(wave)
    lag_rate, lag_correlation = _lag_rate(wave)
    intervals = np.concatenate((np.diff(peaks), np.diff(troughs))) / SLOW_RATE_HZ
    rates = [
        (len(events) - 1) * 60 * SLOW_RATE_HZ / (events[-1] - events[0])
        for events in (peaks, troughs)
        if len(events) >= 2
    ]
    depths, ratios = _shapes(wave, peaks, troughs)
    median = float(np.median(depths)) if len(depths) else float("nan")
    return Breathing(
        count_rate=float(np.mean(rates)) if rates else float("nan"),
        spectral_rate=spectral,
        lag_rate=lag_rate,
        lag_correlation=lag_correlation,
        interval_cv=(
            float(np.std(intervals) / np.mean(intervals)) if len(intervals) >= 3 else float("nan")
        ),
        breaths=max(len(peaks), len(troughs)),
        depth_mm=median,
        longest_gap=_longest_gap(peaks, troughs, len(wave)),
        inhale_exhale_ratio=float(np.median(ratios)) if len(ratios) else float("nan"),
        sigh_share=float(np.mean(depths > 2 * median)) if len(depths) else float("nan"),
    )


def breath_band(movement_mm: FloatArray) -> FloatArray:
    """Only 0.08-0.8 Hz, without phase shift; the window's ends are mirrored first."""
    count = len(movement_mm)
    pad = min(count - 1, round(8 * SLOW_RATE_HZ))
    trend = np.linspace(-0.5, 0.5, count)
    slope = np.dot(trend, movement_mm) / np.dot(trend, trend)
    flat = movement_mm - movement_mm.mean() - slope * trend
    # Odd mirror images keep level and slope continuous at the ends.
    left = 2 * flat[0] - flat[pad:0:-1]
    right = 2 * flat[-1] - flat[-2 : -pad - 2 : -1]
    joined = np.concatenate((left, flat, right))
    spectrum = np.fft.rfft(joined)
    frequency = np.fft.rfftfreq(len(joined), 1 / SLOW_RATE_HZ)
    rise = np.clip((frequency - 0.5 * LOW_HZ) / (0.5 * LOW_HZ), 0, 1)
    fall = np.clip((1.25 * HIGH_HZ - frequency) / (0.25 * HIGH_HZ), 0, 1)
    gain = np.sin(0.5 * np.pi * rise) ** 2 * np.sin(0.5 * np.pi * fall) ** 2
    return np.asarray(np.fft.irfft(spectrum * gain, len(joined))[pad : pad + count])


def _extrema(wave: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Peaks and troughs, in samples with fractions, that differ by PROMINENCE_SD."""
    need = PROMINENCE_SD * 2 * float(wave.std())
    slope = np.diff(wave)
    turns = np.flatnonzero(slope[1:] * slope[:-1] < 0) + 1
    kept: list[int] = []
    for index in turns:
        if not kept:
            kept.append(int(index))
            continue
        last = kept[-1]
        rising = slope[last] > 0
        if (wave[index] > wave[last]) == rising and abs(wave[index] - wave[last]) >= need:
            kept.append(int(index))
        elif len(kept) >= 2 and (
            (not rising and wave[index] > wave[last]) or (rising and wave[index] < wave[last])
        ):
            # The same kind of turn again, but further out: the earlier one was a ripple.
            kept[-1] = int(index)
        elif len(kept) == 1 and abs(wave[index] - wave[last]) < need:
            kept[0] = int(index)
    peaks = np.array([_refine(wave, index) for index in kept if slope[index] < 0])
    troughs = np.array([_refine(wave, index) for index in kept if slope[index] >= 0])
    return peaks, troughs


def _refine(wave: FloatArray, index: int) -> float:
    """Top of the parabola through three samples."""
    before, middle, after = wave[index - 1 : index + 2]
    bend = before - 2 * middle + after
    return index + (0.5 * (before - after) / bend if bend else 0.0)


def _spectral_rate(wave: FloatArray) -> float:
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), SPECTRUM_POINTS)) ** 2
    frequency = np.fft.rfftfreq(SPECTRUM_POINTS, 1 / SLOW_RATE_HZ)
    first, last = np.searchsorted(frequency, [MIN_RATE / 60, MAX_RATE / 60])
    return float(60 * frequency[first + int(power[first:last].argmax())])


def _lag_rate(wave: FloatArray) -> tuple[float, float]:
    """Rate and correlation of the shortest lag within 85 % of the best one."""
    size = 1 << (2 * len(wave) - 1).bit_length()
    power = np.abs(np.fft.rfft(wave, size)) ** 2
    raw = np.fft.irfft(power)[: len(wave)]
    unbiased = raw / raw[0] * len(wave) / np.arange(len(wave), 0, -1)
    first = round(60 / MAX_RATE * SLOW_RATE_HZ)
    last = min(round(60 / MIN_RATE * SLOW_RATE_HZ) + 1, len(wave) * 2 // 3)
    part = unbiased[first:last]
    tops = np.flatnonzero((part[1:-1] >= part[:-2]) & (part[1:-1] > part[2:])) + 1
    if not len(tops) or part[tops].max() <= 0:
        return float("nan"), 0.0
    best = tops[part[tops] >= 0.85 * part[tops].max()][0]
    lag = first + _refine(part, int(best))
    return float(60 * SLOW_RATE_HZ / lag), float(min(1.0, part[best]))


def _longest_gap(peaks: FloatArray, troughs: FloatArray, count: int) -> float:
    intervals = np.concatenate((np.diff(peaks), np.diff(troughs)))
    if len(intervals) < 2:
        return float("nan")
    ends = [min(peaks[0], troughs[0]), count - max(peaks[-1], troughs[-1])]
    return float(max(intervals.max(), *ends) / np.median(intervals))


def _shapes(
    wave: FloatArray, peaks: FloatArray, troughs: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Depth of every breath, and inhale over exhale time of the complete ones."""
    events = sorted([(at, True) for at in peaks] + [(at, False) for at in troughs])
    depths, ratios = [], []
    triples = zip(events, events[1:], events[2:], strict=False)
    for (start, _), (middle, is_peak), (end, _) in triples:
        if is_peak:
            depths.append(wave[round(middle)] - wave[round(start)])
            ratios.append((middle - start) / (end - middle))
    return np.array(depths), np.array(ratios)
