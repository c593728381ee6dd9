"""From range maps to vital signs: one judgement every two seconds.

Order of the tests: is the channel sound, is it too loud, is somebody there, does somebody
move, are there two; only then rates are measured, and each passes a gate of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from edge_worker.catalogue.ports import Vitals
from edge_worker.messages import ReadingState
from edge_worker.sensing.acoustic.breathing import Breathing, measure_breathing
from edge_worker.sensing.acoustic.displacement import (
    MAX_RESIDUAL,
    Circle,
    Displacement,
    demodulate,
    still_there,
)
from edge_worker.sensing.acoustic.heart import MAX_RATE as HEART_MAX
from edge_worker.sensing.acoustic.heart import MIN_RATE as HEART_MIN
from edge_worker.sensing.acoustic.heart import WINDOW_S as HEART_WINDOW_S
from edge_worker.sensing.acoustic.heart import HeartTracker, Pulse
from edge_worker.sensing.acoustic.presence import (
    SECOND_SHARE,
    judge,
    moving,
    pausing,
    presence_quality,
)
from edge_worker.sensing.acoustic.range_map import RANGE_M, SLOW_RATE_HZ, RangeMap
from edge_worker.sensing.acoustic.targets import APART_BINS, RangePicture, Target, look

FloatArray = npt.NDArray[np.float64]

RING_S = 70.0
LOOK_S = 20.0
FIRST_LOOK_S = 8.0
BREATH_WINDOW_S = 30.0
SLOW_BREATH_WINDOW_S = 50.0
MIN_BREATH_WINDOW_S = 24.0
HOLD_HOPS = 5
"""Presence is held for 10 s more than the window that shows it: a held breath is short."""
MAX_GAP = 2.0
"""Longest time between breaths in a window, in median breaths; more is no steady rate."""
MIN_VALID = 0.25
"""Share of a window that must be measured, not interpolated; loud hi-hats leave a third."""
MIN_HEART_VALID = 0.4
"""The same for the heart: loud hi-hats, four a second, that cut out more beat with it."""
MIN_HEART_QUALITY = 0.85
"""In simulated rooms left out of the fit 0.1 % of the rates above it were wrong by 5 bpm."""
MAX_UNSTEADY = 8.0
"""Range of the last three rates, beats per minute."""
MIN_RATIO = 15.0
"""Movement over noise, below which nothing is measured."""
GATE_COEFFICIENTS = (0.342, 0.632)
GATE_INTERCEPT = -1.794
HARMONIC_REACH = 1.5
"""Pulse and breathing's harmonic closer than this, per minute, cannot be told apart."""
HARMONIC_SMEAR = 4.0
"""The same for a pulse without harmonics of its own: irregular breaths smear theirs."""
STAY_SHARE = 0.5
"""The chosen range is kept while it has this share of the best one's power."""


@dataclass(frozen=True, kw_only=True)
class FollowedPulse:
    """A tracked rate before the gate, beats per minute, and what speaks for it."""

    rate: float
    features: tuple[float, ...]
    refused: bool
    """Whatever the trust: out of range, unsteady, too noisy, or a breathing harmonic."""


class VitalSigns:
    """Follows the person before one sonar."""

    def __init__(self) -> None:
        self._middle_hz = 20_000.0
        self._ring = np.zeros((0, len(RANGE_M)), dtype=np.complex64)
        self._valid = np.zeros(0, dtype=bool)
        self._heart = HeartTracker()
        self._heart_rates: list[float] = []
        self._bin: int | None = None
        self._circle: Circle | None = None
        self._held = 0
        self.pulse: FollowedPulse | None = None
        """Behind the last judgement; for fitting the trust in it."""
        self.movement: Displacement | None = None
        """Chest movement behind the last judgement, up to RING_S; for pictures."""

    def update(self, hop: RangeMap) -> Vitals:
        """Take the next hop; `t` of the result is stream time, like the hop's."""
        if not hop.continuous:
            self._forget()
        self._append(hop)
        self._middle_hz = hop.middle_hz
        self.movement = None
        self.pulse = None
        blank = Vitals(t=hop.t, state=hop.health.state, present=None)
        if hop.health.state is not ReadingState.OK:
            self._lose_heart()
            return blank
        if len(self._ring) < FIRST_LOOK_S * SLOW_RATE_HZ:
            return replace(blank, state=ReadingState.WARMING_UP)
        picture = look(self._ring[-round(LOOK_S * SLOW_RATE_HZ) :])
        blanked = 1 - float(self._valid[-round(LOOK_S * SLOW_RATE_HZ) :].mean())
        state = judge(picture, blanked)
        quality = presence_quality(picture)
        if state is not ReadingState.OK:
            self._lose_heart()
            self._bin = None
            self._held = max(0, self._held - 1)
            present = None if state is ReadingState.NOISY else self._held > 0
            return replace(blank, state=state, present=present, presence_quality=quality)
        self._held = HOLD_HOPS
        target = self._choose(picture)
        seen = replace(
            blank, present=True, range_m=float(RANGE_M[target.bin]), presence_quality=quality
        )
        return self._measure(seen, picture, target)

    def _forget(self) -> None:
        self._ring = self._ring[:0]
        self._valid = self._valid[:0]
        self._lose_heart()
        self._bin = None

    def _lose_heart(self) -> None:
        self._heart.forget()
        self._heart_rates.clear()

    def _append(self, hop: RangeMap) -> None:
        keep = round(RING_S * SLOW_RATE_HZ)
        self._ring = np.concatenate((self._ring, hop.echoes))[-keep:]
        sound = hop.valid & (hop.health.state is ReadingState.OK)
        self._valid = np.concatenate((self._valid, sound))[-keep:]

    def _choose(self, picture: RangePicture) -> Target:
        """The strongest target; but stay where we were while that is nearly as good."""
        best = picture.targets[0]
        if self._bin is not None and self._bin != best.bin:
            here = picture.at(self._bin)
            if here.power >= STAY_SHARE * best.power and here.ratio >= 0.5 * best.ratio:
                return here
            if abs(self._bin - best.bin) > 3:
                self._lose_heart()
        self._bin = best.bin
        return best

    def _measure(self, seen: Vitals, picture: RangePicture, target: Target) -> Vitals:
        movement = demodulate(self._ring[:, target.bin], self._middle_hz, target.bin, self._circle)
        self.movement = movement
        self._circle = movement.circle
        bursts = moving(movement.mm)
        share = float(bursts[-round(BREATH_WINDOW_S * SLOW_RATE_HZ) :].mean())
        features: dict[str, float | None] = {"movement_share": share}
        if bursts[-round(2 * SLOW_RATE_HZ) :].any():
            self._lose_heart()
            return replace(seen, state=ReadingState.MOTION, motion=True, features=features)
        calm = movement.mm[max(_last_true(bursts), movement.steady_from) :]
        if self._is_mixed(picture, target, movement.mm):
            return replace(seen, state=ReadingState.TWO_TARGETS, features=features)
        warm = len(self._ring) < MIN_BREATH_WINDOW_S * SLOW_RATE_HZ
        state = ReadingState.WARMING_UP if warm else ReadingState.LOW_QUALITY
        result = replace(seen, state=state, features=features)
        pause = pausing(calm) and still_there(self._ring[:, target.bin], len(calm))
        usable = self._valid[-len(calm) :]
        breathing: Breathing | None = None
        if len(calm) >= MIN_BREATH_WINDOW_S * SLOW_RATE_HZ:
            breathing = _breathing(calm)
            result = _with_breathing(result, breathing, target, movement, pause, usable)
        if len(calm) >= HEART_WINDOW_S * SLOW_RATE_HZ:
            rate = breathing.count_rate if breathing is not None else math.nan
            pulse = self._heart.update(calm[-round(HEART_WINDOW_S * SLOW_RATE_HZ) :], rate)
            result = self._with_heart(result, pulse, target, usable, rate, movement)
        numbers = (result.breathing_rate, result.heart_rate)
        if pause or any(number is not None for number in numbers):
            result = replace(result, state=ReadingState.OK)
        return result

    def _is_mixed(self, picture: RangePicture, target: Target, movement_mm: FloatArray) -> bool:
        """Whether a second body of similar strength moves differently."""
        for other in picture.targets:
            apart = abs(other.bin - target.bin)
            if apart < APART_BINS or other.power < SECOND_SHARE * target.power or other.ratio < 15:
                continue
            span = round(LOOK_S * SLOW_RATE_HZ)
            second = demodulate(self._ring[-span:, other.bin], self._middle_hz, other.bin).mm
            alike = abs(float(np.corrcoef(movement_mm[-span:], second)[0, 1]))
            # An echo by way of the wall moves like the chest itself.
            if alike < 0.7:
                return True
        return False

    def _with_heart(
        self,
        result: Vitals,
        pulse: Pulse,
        target: Target,
        usable: npt.NDArray[np.bool_],
        breathing_rate: float,
        movement: Displacement,
    ) -> Vitals:
        self._heart_rates = [*self._heart_rates[-4:], pulse.rate]
        steady = float(np.ptp(self._heart_rates[-3:])) if len(self._heart_rates) >= 3 else 99.0
        valid = float(usable[-round(HEART_WINDOW_S * SLOW_RATE_HZ) :].mean())
        refused = (
            not HEART_MIN <= pulse.rate <= HEART_MAX
            or valid <= MIN_HEART_VALID
            or movement.residual >= MAX_RESIDUAL
            or steady > MAX_UNSTEADY
            or target.ratio < MIN_RATIO
            or _is_breathing(pulse, breathing_rate)
        )
        features = gate_features(pulse)
        self.pulse = FollowedPulse(rate=pulse.rate, features=features, refused=refused)
        quality = 0.0 if refused else _heart_quality(features)
        accepted = quality >= MIN_HEART_QUALITY
        return replace(
            result,
            heart_quality=quality,
            heart_rate=pulse.rate if accepted else None,
            heart_error=0.4 + 0.2 * steady + 5.0 * (1 - quality) if accepted else None,
        )


def _is_breathing(pulse: Pulse, breathing_rate: float) -> bool:
    """Whether the pulse may be a harmonic of the breathing.

    Breathing's harmonics fade out in step; a heart at the same place has harmonics of its
    own, which stand out between those of the breathing.
    """
    if math.isnan(breathing_rate):
        return False
    nearest = min(range(2, 7), key=lambda harmonic: abs(pulse.rate - harmonic * breathing_rate))
    apart = abs(pulse.rate - nearest * breathing_rate)
    standing = pulse.standing(breathing_rate)
    if standing == 0:
        return nearest <= 4 and apart < HARMONIC_SMEAR
    return standing == 1 and apart < HARMONIC_REACH


def _heart_quality(features: tuple[float, ...]) -> float:
    """Probability that the tracked rate is within 4 bpm of the truth.

    The coefficients are a logistic fit that `python -m edge_worker.bench.acoustic_gate`
    repeats on simulated rooms of its own, half of them hard (far, loud, faint, no heartbeat).
    """
    logit = GATE_INTERCEPT + sum(w * x for w, x in zip(GATE_COEFFICIENTS, features, strict=True))
    return 1 / (1 + math.exp(-logit))


def gate_features(pulse: Pulse) -> tuple[float, ...]:
    """What the trust in a pulse depends on: this window's lines, and the windows before."""
    return (min(max(pulse.evidence, -5.0), 20.0), min(max(pulse.margin, 0.0), 12.0))


def _breathing(calm: FloatArray) -> Breathing:
    """Measure 30 s, or 50 s where so few breaths would make the count coarse."""
    breathing = measure_breathing(calm[-round(BREATH_WINDOW_S * SLOW_RATE_HZ) :])
    if breathing.breaths < 5 and len(calm) > 1.2 * BREATH_WINDOW_S * SLOW_RATE_HZ:
        return measure_breathing(calm[-round(SLOW_BREATH_WINDOW_S * SLOW_RATE_HZ) :])
    return breathing


def _with_breathing(
    result: Vitals,
    breathing: Breathing,
    target: Target,
    movement: Displacement,
    pause: bool,
    usable: npt.NDArray[np.bool_],
) -> Vitals:
    valid = float(usable[-round(BREATH_WINDOW_S * SLOW_RATE_HZ) :].mean())
    spread = breathing.spread
    measured = not math.isnan(spread)
    accepted = (
        measured
        and not pause
        and target.ratio > MIN_RATIO
        and breathing.lag_correlation > 0.3
        and spread < 1.5
        and breathing.breaths >= 3
        and breathing.depth_mm > 0.2
        and breathing.longest_gap < MAX_GAP
        and movement.residual < MAX_RESIDUAL
        and valid > MIN_VALID
    )
    quality = 0.0
    if measured and not pause:
        quality = max(0.0, min(1.0, 1.2 * breathing.lag_correlation)) * math.exp(-spread / 3)
        quality *= min(1.0, target.ratio / 60) * min(1.0, valid / 0.5)
    features = {
        **result.features,
        "breath_interval_cv": _known(breathing.interval_cv),
        "breath_depth_mm": _known(breathing.depth_mm) if movement.circle else None,
        "inhale_exhale_ratio": _known(breathing.inhale_exhale_ratio),
        "sigh_share": _known(breathing.sigh_share),
    }
    return replace(
        result,
        breathing_pause=pause,
        breathing_quality=quality,
        breathing_rate=breathing.count_rate if accepted else None,
        breathing_error=0.05 + 0.5 * spread if accepted else None,
        features=features if accepted else {**result.features, **dict.fromkeys(features)},
    )


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _last_true(flags: npt.NDArray[np.bool_]) -> int:
    found = np.flatnonzero(flags)
    return int(found[-1]) + 1 if len(found) else 0
