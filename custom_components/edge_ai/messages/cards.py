"""What the hub offers: tools, devices, placement policies."""

from __future__ import annotations

from dataclasses import dataclass


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
