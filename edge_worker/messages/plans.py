"""What a request means, and the graph of tools that answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .words import Intent, Quantity


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
