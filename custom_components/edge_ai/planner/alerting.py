"""Goals of a clause that asks to be told: condition, how long it must hold, how long to watch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..messages import Condition, Goal, Intent, Quantity
from .conditions import read_conditions, with_hold
from .home import Home
from .lexicon import Item, Kind
from .merging import is_vague
from .ranges import names_range
from .sensed import areas_of, is_usage
from .subjects import read_groups


def alert_goals(
    items: Sequence[Item], conditions: Sequence[Condition], earlier: Sequence[Goal], home: Home
) -> list[Goal] | None:
    kinds = {item.kind for item in items}
    groups = read_groups(items, home)
    persons = next((group.persons for group in groups if group.persons), ())
    quantities = tuple(dict.fromkeys(q for group in groups for q in group.quantities))
    before = earlier[-1] if earlier else None
    if not quantities and not conditions and before is not None and before.quantities:
        # "... and tell me if it goes above 100": it is what was said before.
        said = [Item(Kind.QUANTITY, before.quantities), *items]
        conditions = read_conditions(said)
        quantities = before.quantities
    if before is not None and not persons:
        persons = (before.person,)
    if not quantities and is_usage(items, kinds, Intent.ALERT):
        quantities = (Quantity.APP_USAGE,)
        conditions = read_conditions([Item(Kind.QUANTITY, quantities), *items])
    if not conditions and quantities in ((Quantity.STRESS,), (Quantity.PRESENCE,)):
        conditions = (Condition(quantity=quantities[0], op="==", value=True),)
    if not quantities and not conditions:
        return None
    if any(c.quantity is Quantity.PRESENCE for c in conditions):
        if Kind.AREA not in kinds and any(item.text in _HOME for item in items):
            # Who comes home is known to Home Assistant, not to our rooms.
            return None
        if not kinds & {Kind.AREA, Kind.HERE} and Kind.QUANTITY not in kinds:
            # "Watch the kitchen, and tell me if someone comes in" has named the place before.
            if before is None or before.area is None or not _watches_room(before):
                return None
            if kinds & {Kind.ANYONE, Kind.NOBODY}:
                persons = ()
        if Kind.EVERYONE in kinds and any(c.value is True for c in conditions):
            # Who is there cannot be told, so neither whether all are.
            return None
        together = Kind.EVERYONE in kinds
        persons = () if together else tuple(person for person in persons if person is not None)
    limits = bool(conditions) and all(isinstance(item.value, float) for item in conditions)
    if limits and set(quantities) - {item.quantity for item in conditions}:
        # "My heart rate or my breathing goes above 100": the other one has no limit.
        return None
    if (Kind.NUMBER in kinds or names_range(items)) and not limits:
        # A number that limits nothing would be dropped.
        return None
    duration, hold = _times(items)
    found: list[Condition | None] = [with_hold(condition, hold) for condition in conditions]
    return [
        Goal(
            intent=Intent.ALERT,
            quantities=(condition.quantity,) if condition else quantities,
            person=person,
            area=area,
            duration_s=duration,
            condition=condition,
        )
        for condition in found or [None]
        for person in persons or (None,)
        for area in areas_of(items)
    ]


def _watches_room(goal: Goal) -> bool:
    return is_vague(goal) or Quantity.PRESENCE in goal.quantities


def breathing_pause(items: Sequence[Item], earlier: Sequence[Goal]) -> Goal | None:
    """Say "Watch his breathing and wake me if it stops", 停了就叫醒我: of what was said before."""
    if not earlier or earlier[-1].quantities != (Quantity.BREATHING_RATE,):
        return None
    kinds = [item.kind for item in items]
    if Kind.STOP not in kinds or not set(kinds) <= _PAUSING or not set(kinds) & _TOLD:
        return None
    told = next(index for index, kind in enumerate(kinds) if kind in _TOLD)
    if not set(kinds) & {Kind.IF, Kind.WHEN} and told < kinds.index(Kind.STOP):
        return None
    pause = Condition(quantity=Quantity.BREATHING_RATE, op="==", value=0.0)
    return replace(earlier[-1], intent=Intent.ALERT, condition=pause)


_TOLD = frozenset({Kind.NOTIFY, Kind.REMIND, Kind.TELL})
_PAUSING = _TOLD | {Kind.STOP, Kind.IF, Kind.WHEN, Kind.PERSON, Kind.AND}

_HOME = frozenset({"home", "at home", "the house", "in the house", "家", "家 里", "在 家", "家 中"})


def _times(items: Sequence[Item]) -> tuple[int | None, int | None]:
    """Duration of the whole alert, and how long its condition must hold, in seconds."""
    duration: int | None = None
    hold: int | None = None
    triggers = [i for i, item in enumerate(items) if item.kind in {Kind.WHEN, Kind.IF}]
    for index, item in enumerate(items):
        if item.kind is not Kind.DURATION or _is_usage_value(items, index):
            continue
        if item.value == 60 and _is_rate(items, index):
            continue
        around = {other.kind for other in items[max(0, index - 1) : index + 2]}
        if Kind.NEXT in around:
            duration = item.value
        elif _is_hold(items, index, triggers):
            hold = item.value
        else:
            duration = item.value
    return duration, hold


def _is_hold(items: Sequence[Item], index: int, triggers: Sequence[int]) -> bool:
    """Does the duration at `index` belong to the condition?

    It does behind "if"; and before a 的话 that ends the condition in which it stands.
    """
    if any(trigger < index for trigger in triggers):
        return True
    if not triggers:
        return _beside_condition(items, index)
    return any(item.kind in _CONDITIONAL for item in items[: triggers[0]])


def _is_rate(items: Sequence[Item], index: int) -> bool:
    """Is it "25 a minute", 一分钟超过九十下: how often a minute, not how long?"""
    kinds = [item.kind for item in items[index + 1 : index + 4]]
    counted = index > 0 and items[index - 1].kind is Kind.NUMBER and items[index].text == "a minute"
    return counted or kinds == [Kind.COMPARE, Kind.NUMBER, Kind.UNIT]


def _is_usage_value(items: Sequence[Item], index: int) -> bool:
    usage = any(item.kind is Kind.PHONE or item.value == (Quantity.APP_USAGE,) for item in items)
    return usage and index > 0 and items[index - 1].kind is not Kind.NEXT


def _beside_condition(items: Sequence[Item], index: int) -> bool:
    """Does a condition stand in the same part of the clause?"""
    start, end = index, index
    while start > 0 and items[start - 1].kind is not Kind.AND:
        start -= 1
    while end < len(items) and items[end].kind is not Kind.AND:
        end += 1
    return any(item.kind in _CONDITIONAL for item in items[start:end])


_CONDITIONAL = frozenset(
    {
        Kind.COMPARE,
        Kind.FEELING,
        Kind.ANYONE,
        Kind.NOBODY,
        Kind.EMPTY,
        Kind.LEVEL,
        Kind.HOLD,
        Kind.ENTER,
        Kind.MOVE,
        Kind.CHANGE,
    }
)
