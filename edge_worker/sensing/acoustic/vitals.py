"""From range maps to vital signs: one judgement every two seconds.

Order of the tests: is the channel sound, is it too loud, is somebody there, does somebody
move, are there two; only then rates are measured, and each passes a gate of its own.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from edge_worker.catalogue.ports import Vitals
from edge_worker.messages import ReadingState
from edge_worker.sensing.acoustic.breathing import Breathing, measure_breathing
from edge_worker.sensing.acoustic.channel import (
    RANGE_M,
    SLOW_RATE_HZ,
    ChannelHealth,
    RangeMap,
)
from edge_worker.sensing.acoustic.displacement import Displacement, demodulate
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
from edge_worker.sensing.acoustic.targets import RangePicture, Target, look

FloatArray = npt.NDArray[np.float64]

RING_S = 70.0
LOOK_S = 20.0
FIRST_LOOK_S = 8.0
BREATH_WINDOW_S = 30.0
SLOW_BREATH_WINDOW_S = 50.0
MIN_BREATH_WINDOW_S = 24.0
HOLD_HOPS = 10
"""Presence is held for 20 s: one breath window."""
STAY_SHARE = 0.5
"""The chosen range is kept while it has this share of the best one's power."""


class VitalSigns:
    """Follows the person before one sonar."""

    def __init__(self, middle_hz: float = 20_000.0) -> None:
        self._middle_hz = middle_hz
        self._ring = np.zeros((0, len(RANGE_M)), dtype=np.complex64)
        self._valid = np.zeros(0, dtype=bool)
        self._heart = HeartTracker()
        self._heart_rates: list[float] = []
        self._bin: int | None = None
        self._held = 0
        self.movement: Displacement | None = None
        """Chest movement behind the last judgement, up to RING_S; for pictures."""

    def update(self, hop: RangeMap) -> Vitals:
        """Take the next hop; `t` of the result is stream time, like the hop's."""
        if not hop.continuous:
            self._forget()
        self._append(hop)
        self.movement = None
        blank = Vitals(t=hop.t, state=hop.health.state, present=None)
        if hop.health.state is not ReadingState.OK:
            self._heart.forget()
            return blank
        if len(self._ring) < FIRST_LOOK_S * SLOW_RATE_HZ:
            return replace(blank, state=ReadingState.WARMING_UP)
        picture = look(self._ring[-round(LOOK_S * SLOW_RATE_HZ) :])
        state = judge(picture)
        quality = presence_quality(picture)
        if state is not ReadingState.OK:
            self._heart.forget()
            self._bin = None
            self._held = max(0, self._held - 1)
            present = None if state is ReadingState.NOISY else self._held > 0
            return replace(blank, state=state, present=present, presence_quality=quality)
        self._held = HOLD_HOPS
        target = self._choose(picture)
        seen = replace(
            blank, present=True, range_m=float(RANGE_M[target.bin]), presence_quality=quality
        )
        return self._measure(seen, hop.health, picture, target)

    def _forget(self) -> None:
        self._ring = self._ring[:0]
        self._valid = self._valid[:0]
        self._heart.forget()
        self._heart_rates.clear()
        self._bin = None

    def _append(self, hop: RangeMap) -> None:
        keep = round(RING_S * SLOW_RATE_HZ)
        self._ring = np.concatenate((self._ring, hop.echoes))[-keep:]
        self._valid = np.concatenate((self._valid, hop.valid))[-keep:]

    def _choose(self, picture: RangePicture) -> Target:
        """The strongest target; but stay where we were while that is nearly as good."""
        best = picture.targets[0]
        if self._bin is not None and self._bin != best.bin:
            here = picture.at(self._bin)
            if here.power >= STAY_SHARE * best.power and here.ratio >= 0.5 * best.ratio:
                return here
            if abs(self._bin - best.bin) > 3:
                self._heart.forget()
        self._bin = best.bin
        return best

    def _measure(
        self, seen: Vitals, health: ChannelHealth, picture: RangePicture, target: Target
    ) -> Vitals:
        movement = demodulate(self._ring[:, target.bin], self._middle_hz)
        self.movement = movement
        bursts = moving(movement.mm)
        share = float(bursts[-round(BREATH_WINDOW_S * SLOW_RATE_HZ) :].mean())
        features: dict[str, float | None] = {"movement_share": share}
        if bursts[-round(2 * SLOW_RATE_HZ) :].any():
            self._heart.forget()
            return replace(seen, state=ReadingState.MOTION, motion=True, features=features)
        calm = movement.mm[_last_true(bursts) :]
        if self._is_mixed(picture, target, movement.mm):
            return replace(seen, state=ReadingState.TWO_TARGETS, features=features)
        warm = len(self._ring) < MIN_BREATH_WINDOW_S * SLOW_RATE_HZ
        state = ReadingState.WARMING_UP if warm else ReadingState.LOW_QUALITY
        result = replace(seen, state=state, features=features)
        pause = pausing(calm)
        usable = self._valid[-len(calm) :]
        if len(calm) >= MIN_BREATH_WINDOW_S * SLOW_RATE_HZ:
            breathing = _breathing(calm)
            result = _with_breathing(result, breathing, target, movement, pause, usable)
        if len(calm) >= HEART_WINDOW_S * SLOW_RATE_HZ:
            pulse = self._heart.update(calm[-round(HEART_WINDOW_S * SLOW_RATE_HZ) :])
            result = self._with_heart(result, pulse, target, usable)
        numbers = (result.breathing_rate, result.heart_rate)
        if pause or any(number is not None for number in numbers):
            result = replace(result, state=ReadingState.OK)
        return result

    def _is_mixed(self, picture: RangePicture, target: Target, movement_mm: FloatArray) -> bool:
        """Whether a second body of similar strength moves differently."""
        for other in picture.targets:
            apart = abs(other.bin - target.bin)
            if apart < 8 or other.power < SECOND_SHARE * target.power or other.ratio < 15:
                continue
            span = round(LOOK_S * SLOW_RATE_HZ)
            second = demodulate(self._ring[-span:, other.bin], self._middle_hz).mm
            alike = abs(float(np.corrcoef(movement_mm[-span:], second)[0, 1]))
            # An echo by way of the wall moves like the chest itself.
            if alike < 0.7:
                return True
        return False

    def _with_heart(
        self, result: Vitals, pulse: Pulse, target: Target, usable: npt.NDArray[np.bool_]
    ) -> Vitals:
        self._heart_rates = [*self._heart_rates[-4:], pulse.rate]
        steady = float(np.ptp(self._heart_rates[-3:])) if len(self._heart_rates) >= 3 else 99.0
        valid = float(usable[-round(HEART_WINDOW_S * SLOW_RATE_HZ) :].mean())
        quality = _heart_quality(pulse, steady, target.ratio) * min(1.0, valid / 0.5)
        accepted = quality >= 0.5 and HEART_MIN <= pulse.rate <= HEART_MAX and valid > 0.4
        return replace(
            result,
            heart_quality=quality,
            heart_rate=pulse.rate if accepted else None,
            heart_error=0.6 + 2.0 * (1 - quality) if accepted else None,
        )


def _heart_quality(pulse: Pulse, steady: float, ratio: float) -> float:
    """How likely the tracked rate is right, 0..1; 0.5 is the gate."""
    if steady > 8 or ratio < 15:
        return 0.0
    score = 1.2 * (pulse.prominence - 2.6) + 1.0 * (pulse.halves - 1.6) + 0.8 * (pulse.lead - 1.0)
    return float(1 / (1 + math.exp(-2.0 * score)))


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
        and target.ratio > 15
        and breathing.lag_correlation > 0.3
        and spread < 1.5
        and breathing.breaths >= 3
        and breathing.depth_mm > 0.2
        and valid > 0.4
    )
    quality = 0.0
    if measured and not pause:
        quality = max(0.0, min(1.0, 1.2 * breathing.lag_correlation)) * math.exp(-spread / 3)
        quality *= min(1.0, target.ratio / 60) * min(1.0, valid / 0.6)
    features = {
        **result.features,
        "breath_interval_cv": _known(breathing.interval_cv),
        "breath_depth_mm": _known(breathing.depth_mm) if movement.arc else None,
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
