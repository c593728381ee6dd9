"""Turns the values of tools into readings: what Home Assistant shows."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from edge_worker.catalogue.ports import (
    MOOD_VALID_S,
    USAGE_VALID_S,
    VITALS_VALID_S,
    Activation,
    AppUsage,
    MoodEstimate,
    Valence,
    Value,
    Vitals,
)
from edge_worker.messages import Quantity, Reading, ReadingState, Scalar

_USAGE_SPAN_S = 3600.0


def person_subject(person: str) -> str:
    """The subject of readings about a person."""
    return f"person.{person}"


def area_subject(area: str) -> str:
    """The subject of readings about an area."""
    return f"area.{area}"


class ReadingMaker:
    """Makes readings, and keeps the last hour of app usage of each subject."""

    def __init__(self) -> None:
        self._usage: dict[str, deque[AppUsage]] = {}

    def readings(self, value: Value, *, person: str | None, area: str | None) -> Iterator[Reading]:
        """Readings of one value for a monitor of this person and area."""
        subject = person_subject(person) if person else area_subject(area) if area else None
        if isinstance(value, Vitals):
            yield from self._vitals(value, subject, area)
        elif subject is None:
            return
        elif isinstance(value, AppUsage):
            yield self._app_usage(value, subject)
        elif isinstance(value, Activation):
            yield _evidence(value, subject, Quantity.ACTIVATION)
        elif isinstance(value, Valence):
            yield _evidence(value, subject, Quantity.VALENCE)
        elif isinstance(value, MoodEstimate):
            yield from _mood(value, subject)

    def _vitals(self, value: Vitals, subject: str | None, area: str | None) -> Iterator[Reading]:
        if subject is not None:
            yield _rate(
                value, subject, Quantity.BREATHING_RATE, "br/min",
                value.breathing_rate, value.breathing_error, value.breathing_quality,
            )  # fmt: skip
            yield _rate(
                value, subject, Quantity.HEART_RATE, "bpm",
                value.heart_rate, value.heart_error, value.heart_quality,
            )  # fmt: skip
        if area is not None:
            known = value.present is not None
            yield Reading(
                subject=area_subject(area),
                quantity=Quantity.PRESENCE,
                value=value.present,
                quality=value.presence_quality,
                state=ReadingState.OK if known else _because(value.state),
                time=value.t,
                expires=value.t + VITALS_VALID_S,
                details={"motion": value.motion, "distance_m": value.range_m},
            )

    def _app_usage(self, value: AppUsage, subject: str) -> Reading:
        windows = self._usage.setdefault(subject, deque())
        if not windows or value.t0 >= windows[-1].t1 - 1e-6:
            windows.append(value)
        while windows and windows[0].t1 <= value.t1 - _USAGE_SPAN_S:
            windows.popleft()
        seconds: dict[str, float] = {}
        for window in windows:
            for category, amount in window.seconds.items():
                seconds[category] = seconds.get(category, 0.0) + amount
        minutes = {name: round(amount / 60, 2) for name, amount in sorted(seconds.items())}
        ok = value.state is ReadingState.OK
        return Reading(
            subject=subject,
            quantity=Quantity.APP_USAGE,
            value=round(sum(seconds.values()) / 60, 2) if ok else None,
            unit="min",
            quality=max(0.0, 1.0 - value.unknown_share - value.hidden_share),
            state=value.state,
            time=value.t1,
            expires=value.t1 + max(USAGE_VALID_S, 3 * (value.t1 - value.t0)),
            details={"minutes": minutes} if ok else {},
        )


def _rate(
    value: Vitals,
    subject: str,
    quantity: Quantity,
    unit: str,
    rate: float | None,
    error: float | None,
    quality: float,
) -> Reading:
    return Reading(
        subject=subject,
        quantity=quantity,
        value=None if rate is None else round(rate, 1),
        unit=unit,
        quality=quality,
        state=ReadingState.OK if rate is not None else _because(value.state),
        time=value.t,
        expires=value.t + VITALS_VALID_S,
        details={} if error is None else {"error": round(error, 2)},
    )


def _evidence(value: Activation | Valence, subject: str, quantity: Quantity) -> Reading:
    return _reading(
        value.t,
        subject,
        quantity,
        None if value.log_odds is None else round(value.log_odds, 2),
        value.quality,
        value.state,
        value.explanation,
    )


def _mood(value: MoodEstimate, subject: str) -> Iterator[Reading]:
    label = None if value.mood is None else str(value.mood)
    yield _reading(
        value.t, subject, Quantity.MOOD, label, value.confidence, value.state, value.explanation
    )
    probability = value.stress_probability
    yield _reading(
        value.t,
        subject,
        Quantity.STRESS,
        value.stressed,
        0.0 if probability is None else max(probability, 1 - probability),
        value.state,
        {} if probability is None else {"probability": round(probability, 3)},
    )


def _reading(
    time: float,
    subject: str,
    quantity: Quantity,
    value: Scalar,
    quality: float,
    state: ReadingState,
    details: Mapping[str, Any],
) -> Reading:
    return Reading(
        subject=subject,
        quantity=quantity,
        value=value,
        quality=round(quality, 3),
        state=ReadingState.OK if value is not None else _because(state),
        time=time,
        expires=time + MOOD_VALID_S,
        details=details,
    )


def _because(state: ReadingState) -> ReadingState:
    """A reading without a value is never "ok"."""
    return ReadingState.LOW_QUALITY if state is ReadingState.OK else state
