"""How a simulated chest moves: breaths, heartbeats, sway, holds, bursts of motion.

Part of the simulator; the receiver imports nothing from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

BODY_RATE_HZ = 200
MM = 1e-3


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A stretch of time with steady mean rates (per minute)."""

    duration_s: float
    breathing_rate: float
    heart_rate: float


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A measured waveform that replaces the synthetic one: values at `rate_hz`.

    Breathing: any unit, scaled to the body's depth. Repeats at its end.
    """

    values: Sequence[float] | FloatArray
    rate_hz: float


@dataclass(frozen=True, kw_only=True)
class Body:
    """A person before the sonar. Lengths in millimetres peak to peak, times in seconds."""

    segments: tuple[Segment, ...] = (
        Segment(duration_s=3600.0, breathing_rate=14.0, heart_rate=66.0),
    )
    breath_mm: float = 6.0
    heart_mm: float = 0.3
    breath_variability: float = 0.06
    """Standard deviation of the breath length, as a share of it."""
    heart_variability: float = 0.02
    inhale_share: float = 0.4
    sway_mm: float = 0.3
    tremor_mm: float = 0.01
    holds: tuple[tuple[float, float], ...] = ()
    """Breath holds: (start, length)."""
    bursts: tuple[tuple[float, float], ...] = ()
    """Motion bursts: (start, length), centimetres of movement."""
    recorded_breath: Recorded | None = None
    recorded_beats_s: tuple[float, ...] = ()
    """Times of measured heartbeats; empty: synthetic ones."""


@dataclass
class Truth:
    """What the body really did."""

    breath_starts_s: list[float] = field(default_factory=list)
    beats_s: list[float] = field(default_factory=list)
    pauses_s: list[tuple[float, float]] = field(default_factory=list)
    """Breath holds as they came out: end of the last breath, start of the next."""

    def breathing_rate(self, start_s: float, end_s: float) -> float:
        """Mean breaths per minute in a window, from the breaths inside; NaN if too few."""
        return _mean_rate(self.breath_starts_s, start_s, end_s)

    def heart_rate(self, start_s: float, end_s: float) -> float:
        """Mean beats per minute in a window, from the beats inside; NaN if too few."""
        return _mean_rate(self.beats_s, start_s, end_s)


def _mean_rate(events_s: Sequence[float], start_s: float, end_s: float) -> float:
    events = np.asarray(events_s)
    inside = events[(events >= start_s) & (events <= end_s)]
    if len(inside) < 2:
        return float("nan")
    return float(60 * (len(inside) - 1) / (inside[-1] - inside[0]))


def heartbeat(time_s: FloatArray) -> FloatArray:
    """Chest wall movement after one beat, 1 peak to peak: a thump and two rebounds."""
    shape = (
        np.exp(-(((time_s - 0.10) / 0.045) ** 2))
        - 0.65 * np.exp(-(((time_s - 0.21) / 0.06) ** 2))
        + 0.3 * np.exp(-(((time_s - 0.36) / 0.08) ** 2))
    )
    return np.asarray(shape / 1.55, dtype=np.float64)


def read_waveform(path: Path, rate_hz: float) -> Recorded:
    """Read one number per line; raises ValueError with a sentence, or OSError."""
    try:
        values = np.loadtxt(path, ndmin=1)
    except ValueError as error:
        raise ValueError(f"{path.name}: expected one number per line ({error})") from error
    if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all():
        raise ValueError(f"{path.name}: expected at least two finite numbers, one per line")
    return Recorded(values=values, rate_hz=rate_hz)


class BodyMotion:
    """Makes the movement of one body, block after block, in bounded memory."""

    def __init__(self, body: Body, seed: int) -> None:
        self.body = body
        self.truth = Truth()
        self._random = np.random.default_rng(seed)
        self._position = 0
        self._breaths: list[tuple[float, float, float]] = []
        self._beats: list[float] = []
        self._next_breath_s = -self._random.uniform(0, 4)
        self._next_beat_s = -self._random.uniform(0, 1)
        self._breath_drift = 0.0
        self._heart_drift = 0.0
        self._sway = np.zeros(2)
        self._recorded_beats = list(body.recorded_beats_s)
        self._ends_s = np.cumsum([segment.duration_s for segment in body.segments])
        bursts = np.random.default_rng(seed + 1)
        self._burst_shapes = [
            (bursts.uniform(0.4, 1.1, 3), bursts.uniform(4, 12, 3), bursts.uniform(0, 6.28, 3))
            for _ in body.bursts
        ]

    def advance(self, samples: int) -> tuple[FloatArray, FloatArray]:
        """Movement towards the sonar for the next samples at BODY_RATE_HZ.

        Returns breathing and everything else of the trunk, and the heart; metres.
        """
        time_s = (self._position + np.arange(samples)) / BODY_RATE_HZ
        self._position += samples
        end_s = self._position / BODY_RATE_HZ
        self._schedule(end_s)
        trunk = self._breathing(time_s) + self._swaying(samples) + self._bursting(time_s)
        heart = np.zeros(samples)
        for beat_s in self._beats:
            first = max(0, round((beat_s - time_s[0]) * BODY_RATE_HZ))
            last = min(samples, first + BODY_RATE_HZ)
            if first < last:
                heart[first:last] += heartbeat(time_s[first:last] - beat_s)
        self._beats = [beat for beat in self._beats if beat > end_s - 1]
        self._breaths = [breath for breath in self._breaths if breath[0] + breath[1] > end_s]
        return trunk * MM, heart * self.body.heart_mm * MM

    def _segment(self, time_s: float) -> Segment:
        total = self._ends_s[-1]
        index = int(np.searchsorted(self._ends_s, max(0.0, time_s) % total, side="right"))
        return self.body.segments[min(index, len(self.body.segments) - 1)]

    def _schedule(self, end_s: float) -> None:
        """Draw breaths and beats that begin before `end_s`."""
        noise = self._random.standard_normal
        while self._next_breath_s < end_s:
            segment = self._segment(self._next_breath_s)
            self._breath_drift = 0.6 * self._breath_drift + 0.8 * noise()
            length = 60 / segment.breathing_rate
            length *= max(0.5, 1 + self.body.breath_variability * self._breath_drift)
            depth = self.body.breath_mm * max(0.4, 1 + 0.1 * noise())
            for start_s, hold_s in self.body.holds:
                if start_s <= self._next_breath_s + length / 2 < start_s + hold_s:
                    ended_s = self._next_breath_s
                    self._next_breath_s = max(ended_s, start_s) + hold_s
                    self.truth.pauses_s.append((ended_s, self._next_breath_s))
            self._breaths.append((self._next_breath_s, length, depth))
            self.truth.breath_starts_s.append(self._next_breath_s)
            self._next_breath_s += length
        if self.body.recorded_beats_s:
            while self._recorded_beats and self._recorded_beats[0] < end_s:
                beat_s = self._recorded_beats.pop(0)
                self._beats.append(beat_s)
                self.truth.beats_s.append(beat_s)
            return
        while self._next_beat_s < end_s:
            segment = self._segment(self._next_beat_s)
            self._heart_drift = 0.9 * self._heart_drift + 0.43 * noise()
            sinus = np.sin(2 * np.pi * segment.breathing_rate / 60 * self._next_beat_s)
            change = self.body.heart_variability * (self._heart_drift + sinus)
            self._beats.append(self._next_beat_s)
            self.truth.beats_s.append(self._next_beat_s)
            self._next_beat_s += 60 / segment.heart_rate * (1 + change)

    def _breathing(self, time_s: FloatArray) -> FloatArray:
        recorded = self.body.recorded_breath
        if recorded is not None:
            values = np.asarray(recorded.values, dtype=np.float64)
            low, high = np.percentile(values, [2, 98])
            position = time_s * recorded.rate_hz
            unit = np.interp(position, np.arange(len(values)), values, period=len(values))
            scaled = (unit - (low + high) / 2) / (high - low) * self.body.breath_mm
            return np.asarray(scaled, dtype=np.float64)
        result = np.zeros(len(time_s))
        inhale = self.body.inhale_share
        for start_s, length_s, depth in self._breaths:
            phase = (time_s - start_s) / length_s
            rise = (phase >= 0) & (phase < inhale)
            fall = (phase >= inhale) & (phase < 1)
            result[rise] += depth * (0.5 - 0.5 * np.cos(np.pi * phase[rise] / inhale))
            result[fall] += depth * (
                0.5 + 0.5 * np.cos(np.pi * (phase[fall] - inhale) / (1 - inhale))
            )
        return result

    def _swaying(self, samples: int) -> FloatArray:
        """Slow sway, roughly 1/f^3 in power above 0.05 Hz, and muscle tremor."""
        steps = self._random.standard_normal(samples)
        result = np.empty(samples)
        decay = np.exp(-2 * np.pi * 0.03 / BODY_RATE_HZ)
        slow, slower = self._sway
        gain = np.sqrt(1 - decay**2)
        for index in range(samples):
            slow = decay * slow + gain * steps[index]
            slower = decay * slower + (1 - decay) * slow
            result[index] = slower
        self._sway[:] = slow, slower
        tremor = self._random.standard_normal(samples) * self.body.tremor_mm
        return result * self.body.sway_mm * 1.4 + tremor

    def _bursting(self, time_s: FloatArray) -> FloatArray:
        result = np.zeros(len(time_s))
        for (start_s, length_s), shape in zip(self.body.bursts, self._burst_shapes, strict=True):
            inside = (time_s >= start_s) & (time_s < start_s + length_s)
            if inside.any():
                local = time_s[inside] - start_s
                envelope = np.sin(np.pi * local / length_s)
                for rate_hz, size_mm, phase in zip(*shape, strict=True):
                    result[inside] += (
                        envelope * size_mm * np.sin(2 * np.pi * rate_hz * local + phase)
                    )
        return result
