"""What travels beside catalogue and plan: commands, replies, states, readings, events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .coding import CONTRACT_VERSION
from .plans import Plan
from .words import (
    EventKind,
    MonitorState,
    Place,
    Quantity,
    ReadingState,
    TrainingState,
)

Scalar = str | float | int | bool | None


@dataclass(frozen=True, kw_only=True)
class Person:
    """A person who opted in. `addresses`: IP or MAC addresses of their own devices."""

    id: str
    name: str
    area: str | None = None
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class People:
    """Arguments of `set-people`: replaces what the hub and its devices knew."""

    people: tuple[Person, ...] = ()
    area_devices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Hello:
    """Retained. Home Assistant discovers a hub by it, hence no time stamp."""

    id: str
    name: str
    version: str
    contract: int = CONTRACT_VERSION


@dataclass(frozen=True, kw_only=True)
class Status:
    """Retained, and the last will: the availability of a hub or a device."""

    online: bool


@dataclass(frozen=True, kw_only=True)
class Command:
    """A wish of Home Assistant; applied once, however often its id arrives."""

    id: str
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ReplyError:
    """A code for programs and a sentence for people."""

    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Reply:
    """The answer to the command with this id."""

    id: str
    ok: bool
    result: Mapping[str, Any] = field(default_factory=dict)
    error: ReplyError | None = None


@dataclass(frozen=True, kw_only=True)
class StepPlacement:
    """Where the neural model of a step runs now, and what that costs, as measured."""

    step: str
    place: Place
    plan: str
    """`device`, or `<cut>/<tier>` of its bundle."""
    latency_ms: float | None = None
    """From a complete window to its result; None before the first."""
    bytes_per_s: float = 0.0
    dropped: int = 0
    """Windows that newer ones pushed out of the queue."""
    fallbacks: int = 0
    """Windows that the hub did not answer in time."""
    reason: str = ""
    """For people."""


@dataclass(frozen=True, kw_only=True)
class Monitor:
    """A plan that runs. Times are Unix seconds."""

    id: str
    plan: Plan
    state: MonitorState
    created: float
    ends: float | None = None
    problem: str | None = None
    placements: tuple[StepPlacement, ...] = ()
    """Of those of its steps that share a neural model with the hub."""
    bytes_per_s: float | None = None
    """What its devices send for it: values of its steps, and frames."""


@dataclass(frozen=True, kw_only=True)
class Monitors:
    """Retained: what runs, and the policy for placing neural models."""

    monitors: tuple[Monitor, ...] = ()
    policy: str = "latency"


@dataclass(frozen=True, kw_only=True)
class Training:
    """Retained: the learning loop of the hub. Scores are those of its task, 0..1."""

    state: TrainingState = TrainingState.IDLE
    task: str | None = None
    started: float = 0.0
    """Unix seconds."""
    attempt: int = 0
    attempts: int = 0
    """At most so many."""
    baseline: float | None = None
    best: float | None = None
    candidate: str | None = None
    """Version of the model that waits, or waited."""
    gain: float | None = None
    """Of the candidate over the baseline, on people never seen; with its standard error."""
    gain_error: float | None = None
    accepted: bool | None = None
    sentence: str = ""
    """What came of it, for people."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One published value. Times are Unix seconds; after `expires` it means nothing."""

    subject: str
    """`person.<id>` or `area.<id>`."""
    quantity: Quantity
    value: Scalar
    unit: str | None = None
    quality: float = 0.0
    state: ReadingState = ReadingState.OK
    time: float
    expires: float
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened once."""

    kind: EventKind
    subject: str
    time: float
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Deploy:
    """Hub to device: all that the device shall run now, replacing what it ran before."""

    deployments: tuple[Monitor, ...] = ()
    policy: str = "latency"


@dataclass(frozen=True, kw_only=True)
class DeviceState:
    """Retained, device to hub: which steps run, and a sentence for each that can't."""

    running: tuple[str, ...] = ()
    problems: Mapping[str, str] = field(default_factory=dict)
    placements: tuple[StepPlacement, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StepValue:
    """One value that a step gave, on its way to another device and to the hub."""

    port: str
    sequence: int
    value: Mapping[str, Any]
