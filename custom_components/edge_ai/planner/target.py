"""Whom and where a goal means, once the open slots are filled from the home."""

from __future__ import annotations

from dataclasses import dataclass

from ..messages import DeviceCard, Goal, Quantity, Refusal
from .home import Home
from .ports import PERSONAL
from .words import name_of, say


@dataclass(frozen=True, kw_only=True)
class Target:
    """Person and areas of a goal; `areas` are in order of preference, best first."""

    person: str | None
    areas: tuple[str, ...]
    strict_area: bool
    """Is the first area the only one allowed, because the request named it?"""


def find_target(goal: Goal, home: Home, language: str | None) -> tuple[Target, tuple[Refusal, ...]]:
    """Fill person and area, and refuse who or what may not be sensed."""
    refusals: list[Refusal] = []
    person = goal.person
    if person is not None and home.person(person) is None:
        refusals.append(refuse_person(person, home, language))
    if goal.area is not None and home.area(goal.area) is None:
        refusals.append(
            Refusal(
                quantity="",
                code="unknown_area",
                reason=say(
                    language, f"There is no area {goal.area}.", f"没有“{goal.area}”这个区域。"
                ),
            )
        )
    if person is None and any(quantity is not Quantity.PRESENCE for quantity in goal.quantities):
        person = _speaker(home)
        if person is None and home.speaker is not None:
            refusals.append(refuse_person(home.speaker, home, language))
    if person is None and not refusals:
        refusals += [
            Refusal(
                quantity=quantity,
                code="ambiguous",
                reason=say(
                    language,
                    f"I don't know whose {name_of(quantity, 'en')} is meant; please say the name.",
                    f"不清楚您指的是谁的{name_of(quantity, 'zh')}，请说出名字。",
                ),
            )
            for quantity in goal.quantities
            if quantity in PERSONAL
        ]
    if goal.area is not None:
        return Target(person=person, areas=(goal.area,), strict_area=True), tuple(refusals)
    here = home.satellite_area if goal.person in (None, home.speaker) else None
    usual = home.person_areas.get(person) if person else None
    areas = tuple(dict.fromkeys(area for area in (here, usual) if area))
    return Target(person=person, areas=areas, strict_area=False), tuple(refusals)


def refuse_person(person: str, home: Home, language: str | None) -> Refusal:
    """Why this person, who is not in `home.people`, cannot be sensed."""
    known = next((item for item in home.without_consent if item.id == person), None)
    if known is not None:
        return Refusal(
            quantity="",
            code="no_consent",
            reason=say(
                language,
                f"{known.name} has not agreed to be monitored.",
                f"{known.name}没有同意被监测。",
            ),
        )
    return Refusal(
        quantity="",
        code="unknown_person",
        reason=say(language, "I don't know that person.", "我不认识这个人。"),
    )


def area_of(device: DeviceCard, home: Home) -> str | None:
    """Id of the area in which a device stands: as Home Assistant has it, else as it says."""
    for area, devices in home.area_devices.items():
        if device.id in devices:
            return area
    if device.area is None:
        return None
    said = device.area.casefold()
    for item in home.areas:
        if said in {item.id.casefold(), item.name.casefold()}:
            return item.id
    return device.area


def _speaker(home: Home) -> str | None:
    # A voice satellite rarely knows who speaks; where one person alone opted in, nobody
    # else can be meant.
    if home.speaker is not None:
        return home.speaker if home.person(home.speaker) else None
    return home.people[0].id if len(home.people) == 1 else None
