"""Typed values that flow between tools: the wings meet here and nowhere else.

A port is the name of a type. The values of `LOCAL_PORTS` live in one process and never
leave the device; all others are dataclasses that `encode` and `decode` carry over MQTT.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from edge_worker.messages import (
    Mood,
    Quantity,
    ReadingState,
)


class Port(StrEnum):
    """Names of the types that tools take and give."""

    RANGE_MAP = "range_map"
    """Complex echo per distance and time, from the sonar. Local."""
    OBSERVATIONS = "observations"
    """Which server or app a client talked to, and how much. Local."""
    VITALS = "vitals"
    APP_USAGE = "app_usage"
    ACTIVATION = "activation"
    VALENCE = "valence"
    MOOD = "mood"


LOCAL_PORTS = frozenset({Port.RANGE_MAP, Port.OBSERVATIONS})

# How long a reading counts after it was made, in seconds. Twice to five times the
# interval at which it is renewed: one lost message must not blank an entity.
VITALS_VALID_S = 15.0
USAGE_VALID_S = 180.0
MOOD_VALID_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Vitals:
    """Breathing, heart and presence of one area at time `t` (Unix seconds).

    A rate is None unless `state` and its own gate allow a number. Rates in breaths or
    beats per minute, errors as one standard deviation in the same unit, qualities 0..1.
    """

    t: float
    state: ReadingState
    present: bool | None
    motion: bool = False
    range_m: float | None = None
    breathing_rate: float | None = None
    breathing_error: float | None = None
    breathing_quality: float = 0.0
    breathing_pause: bool = False
    heart_rate: float | None = None
    heart_error: float | None = None
    heart_quality: float = 0.0
    presence_quality: float = 0.0
    features: Mapping[str, float | None] = field(default_factory=dict)
    """More features of the same window for classifiers; None = missing."""


@dataclass(frozen=True, kw_only=True)
class AppUsage:
    """A person's use of app categories in the window [t0, t1), Unix seconds."""

    t0: float
    t1: float
    person: str
    seconds: Mapping[str, float]
    """Active seconds per category (communication, social, ...)."""
    bytes_down: Mapping[str, int] = field(default_factory=dict)
    bytes_up: Mapping[str, int] = field(default_factory=dict)
    unknown_share: float = 0.0
    """Share of the traffic whose category is unknown."""
    hidden_share: float = 0.0
    """Share of the traffic behind a tunnel (VPN, encrypted DNS relay)."""
    state: ReadingState = ReadingState.OK
    features: Mapping[str, float | None] = field(default_factory=dict)
    """The person's day so far, and `z_` features against their own usual, where known."""


@dataclass(frozen=True, kw_only=True)
class Activation:
    """Calm (negative) or activated (positive) at time `t`, against the person's own rest.

    `log_odds`: of activated, training prior removed; None when `state` is not OK.
    """

    t: float
    state: ReadingState
    log_odds: float | None = None
    quality: float = 0.0
    explanation: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Valence:
    """Evidence that the person feels better (positive) or worse than usual, at time `t`."""

    t: float
    state: ReadingState
    log_odds: float | None = None
    quality: float = 0.0
    explanation: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class MoodEstimate:
    """The fused judgement at time `t`."""

    t: float
    state: ReadingState
    mood: Mood | None = None
    confidence: float = 0.0
    """Probability of the label, 0..1."""
    stressed: bool | None = None
    stress_probability: float | None = None
    explanation: Mapping[str, Any] = field(default_factory=dict)


Value = Vitals | AppUsage | Activation | Valence | MoodEstimate

VALUE_TYPES: Mapping[Port, type[Any]] = {
    Port.VITALS: Vitals,
    Port.APP_USAGE: AppUsage,
    Port.ACTIVATION: Activation,
    Port.VALENCE: Valence,
    Port.MOOD: MoodEstimate,
}

# Quantities that a port's readings answer: what the planner chains back from.
PORT_QUANTITIES: Mapping[Port, tuple[Quantity, ...]] = {
    Port.VITALS: (Quantity.BREATHING_RATE, Quantity.HEART_RATE, Quantity.PRESENCE),
    Port.APP_USAGE: (Quantity.APP_USAGE,),
    Port.ACTIVATION: (Quantity.ACTIVATION,),
    Port.VALENCE: (Quantity.VALENCE,),
    Port.MOOD: (Quantity.MOOD, Quantity.STRESS),
}
