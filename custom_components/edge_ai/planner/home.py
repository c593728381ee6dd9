"""What the planner may know about a home: names of people and areas, and who asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Named:
    """A person or an area: the id that messages use, and what people call it."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Home:
    """One home, seen by the person who asks."""

    people: tuple[Named, ...] = ()
    """Persons who opted in; nobody else exists for the planner."""
    areas: tuple[Named, ...] = ()
    area_devices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Area id → ids of the catalogue's devices that stand there."""
    speaker: str | None = None
    """Id of the person who asks, if known."""
    satellite_area: str | None = None
    """Id of the area in which the request was spoken, if known."""
    person_areas: Mapping[str, str] = field(default_factory=dict)
    """Person id → id of the area where that person is usually sensed."""
    without_consent: tuple[Named, ...] = ()
    """Persons of the home who did not opt in: known only to be refused by name."""

    def person(self, person_id: str | None) -> Named | None:
        return next((item for item in self.people if item.id == person_id), None)

    def area(self, area_id: str | None) -> Named | None:
        return next((item for item in self.areas if item.id == area_id), None)
