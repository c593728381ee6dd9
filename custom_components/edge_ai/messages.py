"""The MQTT contract between Home Assistant, the hub and its devices.

Every message is a JSON object in UTF-8 with `"v": 1`. A receiver ignores fields it does
not know and refuses another version. This file stands twice, word for word: here and in
the other package (HACS installs only the integration's folder); a test compares them.
Standard library only, Python 3.11.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

CONTRACT_VERSION = 1
PREFIX = "edge_ai"
# The largest real message is the catalogue: about 400 bytes for each tool. Anything near
# this bound is a mistake or an attack, and is refused before it is parsed.
MAX_PAYLOAD_BYTES = 262_144

Scalar = str | float | int | bool | None


class MessageError(ValueError):
    """A payload that is not a valid message; `field` names the place, "" the whole."""

    def __init__(self, reason: str, field: str = "") -> None:
        self.reason = reason
        self.field = field
        super().__init__(f"{field}: {reason}" if field else reason)


class ContractVersionError(MessageError):
    """A message of another contract version: one of the two programs needs an update."""

    def __init__(self, found: object) -> None:
        self.found = found
        super().__init__(f"contract version {found!r}, this side speaks {CONTRACT_VERSION}", "v")


# --- Words of the contract -------------------------------------------------------------


class Quantity(StrEnum):
    """What a reading measures. A request may ask for those in GOAL_QUANTITIES."""

    MOOD = "mood"
    STRESS = "stress"
    BREATHING_RATE = "breathing_rate"
    HEART_RATE = "heart_rate"
    PRESENCE = "presence"
    APP_USAGE = "app_usage"
    ACTIVATION = "activation"
    VALENCE = "valence"


GOAL_QUANTITIES = (
    Quantity.MOOD,
    Quantity.STRESS,
    Quantity.BREATHING_RATE,
    Quantity.HEART_RATE,
    Quantity.PRESENCE,
    Quantity.APP_USAGE,
)


class Mood(StrEnum):
    """Places on the circumplex of affect. "Unknown" is the absence of a value."""

    EXCITED = "excited"
    CONTENT = "content"
    STRESSED = "stressed"
    DOWN = "down"
    NEUTRAL = "neutral"


class ReadingState(StrEnum):
    """Why a reading has a value, or has none. Only OK carries one."""

    OK = "ok"
    NO_PROBE = "no_probe"
    NO_PERSON = "no_person"
    MOTION = "motion"
    NOISY = "noisy"
    CLIPPING = "clipping"
    DROPOUT = "dropout"
    SKEW_UNLOCKED = "skew_unlocked"
    TWO_TARGETS = "two_targets"
    LOW_QUALITY = "low_quality"
    WARMING_UP = "warming_up"
    NO_BASELINE = "no_baseline"
    NO_EVIDENCE = "no_evidence"
    SOURCE_FAILED = "source_failed"


class Intent(StrEnum):
    """What a request wants."""

    MONITOR = "monitor"
    STOP = "stop"
    QUERY = "query"
    ALERT = "alert"
    TRAIN = "train"
    NONE = "none"


class CommandName(StrEnum):
    """What Home Assistant may ask of the hub."""

    SET_PEOPLE = "set-people"
    START = "start"
    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"
    REFRESH = "refresh"
    CHECK_IN = "check-in"
    CALIBRATE = "calibrate"
    TRAIN = "train"
    ANSWER_TRAINING = "answer-training"
    ROLL_BACK_MODEL = "roll-back-model"
    DELETE_DATA = "delete-data"
    SET_POLICY = "set-policy"


class EventKind(StrEnum):
    """What the hub tells once, as it happens."""

    BREATHING_PAUSE = "breathing_pause"
    MOOD_CHANGED = "mood_changed"
    CALIBRATION_FINISHED = "calibration_finished"
    MONITOR_ENDED = "monitor_ended"
    TRAINING_FINISHED = "training_finished"


class MonitorState(StrEnum):
    """Life of a monitor. DEGRADED: some device of the plan is away."""

    RUNNING = "running"
    DEGRADED = "degraded"
    PAUSED = "paused"


class TrainingState(StrEnum):
    """What the training does. WAITING: a better model is there and needs a yes."""

    IDLE = "idle"
    RUNNING = "running"
    WAITING = "waiting"
    FAILED = "failed"


# --- Catalogue -------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ToolInput:
    """One typed input of a tool; several of one tool's optional inputs may be missing."""

    port: str
    required: bool = True


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A measured quality: which figure, on what data, on how many people never seen."""

    metric: str
    value: float
    low: float | None = None
    high: float | None = None
    data: str = ""
    people: int | None = None


@dataclass(frozen=True, kw_only=True)
class ToolCard:
    """What a tool does, needs, costs, how good it is, and what data leaves its device."""

    name: str
    version: str
    summary: str
    inputs: tuple[ToolInput, ...] = ()
    outputs: tuple[str, ...]
    needs: tuple[str, ...] = ()
    """Capabilities that its device must have, such as `microphone`."""
    per_person: bool = False
    """It runs once for each person; other tools are shared by all monitors of a device."""
    local_outputs: tuple[str, ...] = ()
    """Outputs that may not leave the device (raw audio, packets, names)."""
    cpu_ms_per_s: float | None = None
    """Processor milliseconds per second of running, on one server core."""
    bytes_per_s: float | None = None
    """What it sends when the next step is elsewhere."""
    quality: tuple[Measured, ...] = ()
    leaves: str = ""
    """In words for people: what data leaves the device."""


@dataclass(frozen=True, kw_only=True)
class DeviceCard:
    """A machine that runs tools."""

    id: str
    name: str
    version: str
    hub: bool = False
    online: bool = True
    area: str | None = None
    capabilities: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    """Sentences for people: what is missing on this machine."""


@dataclass(frozen=True, kw_only=True)
class PolicyCard:
    """What a placement may spare: a request may choose one by its name or a phrase."""

    name: str
    title: str
    summary: str
    phrases: tuple[str, ...] = ()
    """Words of a request that choose it."""


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All devices and tools of a home. The planner knows nothing else."""

    devices: tuple[DeviceCard, ...] = ()
    tools: tuple[ToolCard, ...] = ()
    policies: tuple[PolicyCard, ...] = ()


# --- Goal and plan ---------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Condition:
    """When an alert fires: `quantity op value`, held for `for_s` seconds."""

    quantity: Quantity
    op: str
    value: float | str | bool
    for_s: int | None = None


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What a request means. Slots that the request leaves open stay None."""

    intent: Intent
    quantities: tuple[Quantity, ...] = ()
    person: str | None = None
    area: str | None = None
    duration_s: int | None = None
    condition: Condition | None = None
    policy: str | None = None
    """Name of a `PolicyCard`: what placing its models shall spare."""


@dataclass(frozen=True, kw_only=True)
class PlanStep:
    """One tool on one device; `inputs` maps a port to the step that produces it."""

    id: str
    tool: str
    device: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    """Why this device, for people."""


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A part of the goal that cannot run: a code for programs, a sentence for people."""

    quantity: str
    code: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A graph of tools on devices that produces the goal's quantities."""

    id: str
    goal: Goal
    steps: tuple[PlanStep, ...] = ()
    refused: tuple[Refusal, ...] = ()
    person: str | None = None
    area: str | None = None


# --- People ----------------------------------------------------------------------------


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


# --- Messages --------------------------------------------------------------------------


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


class Place(StrEnum):
    """Where something is computed."""

    DEVICE = "device"
    HUB = "hub"
    SPLIT = "split"
    """Begun on the device, finished on the hub."""
    LOCAL_FALLBACK = "local_fallback"
    """On the device, because the hub did not answer in time."""


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


@dataclass(frozen=True)
class Topics:
    """The topics of one hub."""

    hub: str

    @property
    def root(self) -> str:
        """Everything of this hub lies below."""
        return f"{PREFIX}/{self.hub}"

    @property
    def hello(self) -> str:
        return f"{self.root}/hello"

    @property
    def status(self) -> str:
        return f"{self.root}/status"

    @property
    def catalogue(self) -> str:
        return f"{self.root}/catalogue"

    @property
    def command(self) -> str:
        return f"{self.root}/command"

    @property
    def reply(self) -> str:
        return f"{self.root}/reply"

    @property
    def monitors(self) -> str:
        return f"{self.root}/monitors"

    @property
    def training(self) -> str:
        return f"{self.root}/training"

    @property
    def event(self) -> str:
        return f"{self.root}/event"

    def reading(self, subject: str, quantity: str) -> str:
        return f"{self.root}/reading/{subject}/{quantity}"

    def device(self, device: str, leaf: str) -> str:
        """`leaf`: hello, status, state, deploy, data/<step>, frame/up or frame/down."""
        return f"{self.root}/device/{device}/{leaf}"


# --- Coding ----------------------------------------------------------------------------

MessageT = TypeVar("MessageT")


def encode(message: Any) -> bytes:
    """Turn a message into its payload.

    Raises ValueError for a number that JSON cannot carry (NaN, infinity).
    """
    body = {"v": CONTRACT_VERSION, **to_dict(message)}
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def decode(kind: type[MessageT], payload: bytes | bytearray | str) -> MessageT:
    """Read a payload as a message of this kind.

    Raises MessageError, which names the field, for anything that is not one, and
    ContractVersionError for a message of another version.
    """
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise MessageError(f"{len(payload)} bytes, at most {MAX_PAYLOAD_BYTES} are allowed")
    try:
        data = json.loads(payload, parse_constant=_refuse_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise MessageError(f"not JSON in UTF-8 ({type(error).__name__})") from error
    if not isinstance(data, dict):
        raise MessageError("not a JSON object")
    if data.get("v") != CONTRACT_VERSION or isinstance(data.get("v"), bool):
        raise ContractVersionError(data.get("v"))
    return from_dict(kind, data)


def to_dict(message: Any) -> dict[str, Any]:
    """The message as plain JSON types, without the version."""
    return {item.name: _plain(getattr(message, item.name)) for item in dataclasses.fields(message)}


def from_dict(kind: type[MessageT], data: object, path: str = "") -> MessageT:
    """Build a dataclass of the contract from plain JSON types; unknown fields are ignored.

    Raises MessageError naming the field.
    """
    if not isinstance(data, Mapping):
        raise MessageError(f"expected an object, got {type(data).__name__}", path)
    values: dict[str, Any] = {}
    for name, (hint, required) in _fields(typing.cast(typing.Hashable, kind)).items():
        here = f"{path}.{name}" if path else name
        if name in data:
            values[name] = _read(hint, data[name], here)
        elif required:
            raise MessageError("missing", here)
    return kind(**values)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits} is too large")
    return number


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return to_dict(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, StrEnum) else value


@functools.cache
def _fields(kind: Any) -> dict[str, tuple[Any, bool]]:
    """Field name → (type, is it required)."""
    if not dataclasses.is_dataclass(kind):
        raise TypeError(f"{kind!r} is not a message")
    hints = typing.get_type_hints(kind)
    missing = dataclasses.MISSING
    return {
        item.name: (hints[item.name], item.default is missing and item.default_factory is missing)
        for item in dataclasses.fields(kind)
    }


def _read(hint: Any, value: Any, path: str) -> Any:
    """Check `value` against a type hint of this file and convert it."""
    origin = typing.get_origin(hint)
    if hint is Any:
        return value
    if origin in (typing.Union, types.UnionType):
        return _read_union(typing.get_args(hint), value, path)
    if origin is tuple:
        if not isinstance(value, (list, tuple)):
            raise MessageError(f"expected a list, got {type(value).__name__}", path)
        inner = typing.get_args(hint)[0]
        return tuple(_read(inner, item, f"{path}[{i}]") for i, item in enumerate(value))
    if origin is Mapping:
        if not isinstance(value, Mapping):
            raise MessageError(f"expected an object, got {type(value).__name__}", path)
        inner = typing.get_args(hint)[1]
        return {str(key): _read(inner, item, f"{path}.{key}") for key, item in value.items()}
    if dataclasses.is_dataclass(hint):
        return from_dict(typing.cast(type[Any], hint), value, path)
    if issubclass(hint, StrEnum):
        try:
            return hint(value)
        except ValueError as error:
            allowed = ", ".join(hint)
            raise MessageError(f"{value!r} is none of: {allowed}"[:300], path) from error
    return _read_scalar(hint, value, path)


def _read_union(options: tuple[Any, ...], value: Any, path: str) -> Any:
    if value is None and type(None) in options:
        return None
    # bool before numbers, since Python counts True as an int; whole numbers stay whole.
    exact = [option for option in options if option is type(value)]
    if exact:
        return _read(exact[0], value, path)
    errors = []
    for option in options:
        if option is type(None):
            continue
        try:
            return _read(option, value, path)
        except MessageError as error:
            errors.append(error)
    raise errors[0] if len(errors) == 1 else MessageError(f"unexpected {value!r:.80}", path)


def _read_scalar(hint: type[Any], value: Any, path: str) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError as error:
            raise MessageError("a number too large", path) from error
    if isinstance(value, hint) and not (hint is int and isinstance(value, bool)):
        return value
    raise MessageError(f"expected {hint.__name__}, got {type(value).__name__}", path)
