"""When an alert fires: comparisons, states of mind and presence among the items of a clause."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from ..messages import Condition, Mood, Quantity
from .lexicon import Item, Kind
from .ranges import names_range, outside_range

# "Too fast" without a number: the usual limits for adults at rest, spoken in the reply.
# Above 100 beats is tachycardia, below 50 bradycardia (2018 ACC/AHA guideline); 12 to 20
# breaths a minute are normal.
USUAL_LIMITS = {
    (Quantity.HEART_RATE, 1): (">", 100.0),
    (Quantity.HEART_RATE, -1): ("<", 50.0),
    (Quantity.BREATHING_RATE, 1): (">", 20.0),
    (Quantity.BREATHING_RATE, -1): ("<", 12.0),
}
_OPPOSITE = {">": "<=", "<": ">=", ">=": "<", "<=": ">"}
_STRONGER = {">": ">=", "<": "<="}


def read_conditions(items: Sequence[Item]) -> tuple[Condition, ...]:
    """All conditions of an alert, in the order in which they are said; without `for_s`."""
    found = [*_comparisons(items)]
    if not found:
        found = [*_states(items), *_breathing_stops(items)]
    if not found:
        found = [*_movements(items)]
    if not found:
        found = [*_presence(items)]
    return tuple(dict.fromkeys(found))


def _comparisons(items: Sequence[Item]) -> list[Condition]:
    if names_range(items):
        return outside_range(items, _quantity_before(items, len(items)))
    found: list[Condition] = []
    for index, item in enumerate(items):
        if item.kind is Kind.NUMBER:
            quantity = _quantity_of_number(items, index)
            op = _operator(items, index)
            if op is None and any(other.kind is Kind.NOTIFY for other in items):
                op = _beyond_usual(quantity, float(item.value))
            if quantity is not None and op is not None:
                found.append(Condition(quantity=quantity, op=op, value=float(item.value)))
        elif item.kind is Kind.DURATION and _is_usage_at(items, index):
            op = _operator(items, index) or ">="
            # App usage is counted in minutes; "an hour on the phone" is at least an hour.
            if items[index - 1].kind is not Kind.NEXT:
                found.append(Condition(quantity=Quantity.APP_USAGE, op=op, value=item.value / 60))
    return found


def _is_usage_at(items: Sequence[Item], index: int) -> bool:
    """Is the length of time at `index` one of app usage: "two hours of screen time"?"""
    behind = [item for item in items[index + 1 : index + 3] if item.kind is not Kind.OF]
    usage = bool(behind) and behind[0].value == (Quantity.APP_USAGE,)
    return usage or _quantity_before(items, index) is Quantity.APP_USAGE


def _operator(items: Sequence[Item], index: int) -> str | None:
    """The comparison around the number at `index`; a bare number is "reached" or "equal"."""
    behind = items[index + 1 : index + 4]
    for item in behind:
        if item.kind is Kind.COMPARE_BEHIND:
            ahead = items[max(0, index - 2) : index]
            negated = any(it.kind is Kind.NOT or it.text == "不 在" for it in ahead)
            return _OPPOSITE[item.value] if negated else str(item.value)
        if item.kind is not Kind.UNIT:
            break
    before = index - 1
    while before >= 0 and items[before].kind in {Kind.QUANTITY, Kind.OWNER, Kind.UNIT}:
        before -= 1
    if before < 0 or items[before].kind is not Kind.COMPARE:
        return None
    op = str(items[before].value)
    negated = before > 0 and items[before - 1].kind is Kind.NOT
    return _OPPOSITE.get(op, op) if negated else op


def _beyond_usual(quantity: Quantity | None, number: float) -> str | None:
    """Say "An alert at 150" means from there on; None for a number within the usual limits.

    Numbers up to 24 may be a time of day.
    """
    for direction, op in ((1, ">="), (-1, "<=")):
        limit = USUAL_LIMITS.get((quantity, direction)) if quantity is not None else None
        if limit is not None and number > 24 and direction * (number - limit[1]) >= 0:
            return op
    return None


def _quantity_of_number(items: Sequence[Item], index: int) -> Quantity | None:
    for item in items[index + 1 : index + 3]:
        if item.kind is Kind.AND:
            break
        if item.text == "bpm" and _quantity_before(items, index) is Quantity.BREATHING_RATE:
            # Beats or breaths a minute: what was named decides.
            return Quantity.BREATHING_RATE
        if item.kind is Kind.UNIT and item.value is not None:
            return Quantity(item.value)
        if item.kind is Kind.QUANTITY and item.value == (Quantity.BREATHING_RATE,):
            return Quantity.BREATHING_RATE
    return _quantity_before(items, index) or _quantity_after(items, index)


def _quantity_before(items: Sequence[Item], index: int) -> Quantity | None:
    for item in reversed(items[:index]):
        if item.kind is Kind.QUANTITY and len(item.value) == 1:
            return Quantity(item.value[0])
    return None


def _quantity_after(items: Sequence[Item], index: int) -> Quantity | None:
    for item in items[index:]:
        if item.kind is Kind.QUANTITY and len(item.value) == 1:
            return Quantity(item.value[0])
    return None


def _states(items: Sequence[Item]) -> list[Condition]:
    found: list[Condition] = []
    # "Don't let me get too stressed, tell me when ...": what shall not be is told.
    averted = [item.text for item in items[:2]] == ["do", "not"]
    for index, item in enumerate(items):
        if item.kind is not Kind.FEELING:
            continue
        quantity, value = item.value
        ahead = items[max(2 if averted else 0, index - 2) : index]
        negated = any(before.kind is Kind.NOT for before in ahead)
        if quantity is Quantity.STRESS:
            found.append(Condition(quantity=quantity, op="==", value=value is not negated))
        else:
            op = "!=" if negated else "=="
            found.append(Condition(quantity=quantity, op=op, value=str(value)))
    return found


_JUDGING = (
    "wors",
    "bad",
    "better",
    "improv",
    "deteriorat",
    "恶 化",
    "变 差",
    "变 坏",
    "变 糟",
    "好 转",
    "变 好",
)
_PRESENCE = (Quantity.PRESENCE,)


def _breathing_stops(items: Sequence[Item]) -> list[Condition]:
    stops = {Kind.STOP, Kind.NOT}
    # "The breathing in the nursery stops", 呼吸要是停了: where and if stand between.
    between = {Kind.AREA, Kind.HERE, Kind.IF, Kind.WHEN}
    plain = [item for item in items if item.kind not in between]
    for pair in itertools.pairwise(plain):
        stopped = any(item.kind in stops for item in pair)
        if stopped and any(item.value == (Quantity.BREATHING_RATE,) for item in pair):
            return [Condition(quantity=Quantity.BREATHING_RATE, op="==", value=0.0)]
    return []


def _movements(items: Sequence[Item]) -> list[Condition]:
    """What "too high", "rises", "gets worse" mean: a usual limit, or a state."""
    quantities = [value for item in items if item.kind is Kind.QUANTITY for value in item.value]
    moving = [item for item in items if item.kind in {Kind.MOVE, Kind.LEVEL}]
    moves = [item.value for item in moving]
    moves += [
        -1 for item in items if item.kind is Kind.ENTER and item.text.endswith(("away", "gone"))
    ]
    if not moves:
        return []
    found: list[Condition] = []
    for quantity in dict.fromkeys(quantities):
        for direction in dict.fromkeys(moves):
            limit = USUAL_LIMITS.get((quantity, direction))
            if limit is not None:
                found.append(Condition(quantity=quantity, op=limit[0], value=limit[1]))
            elif quantity is Quantity.STRESS:
                # Worse stress is more of it.
                judged = any(word in item.text for item in moving for word in _JUDGING)
                found.append(
                    Condition(quantity=quantity, op="==", value=(direction > 0) is not judged)
                )
            elif quantity is Quantity.MOOD:
                mood = Mood.CONTENT if direction > 0 else Mood.DOWN
                found.append(Condition(quantity=quantity, op="==", value=str(mood)))
    return found


def _presence(items: Sequence[Item]) -> list[Condition]:
    if any(item.kind is Kind.QUANTITY and item.value != _PRESENCE for item in items):
        return []  # it is no person that "goes away"
    for index, item in enumerate(items):
        present = {Kind.ANYONE: True, Kind.NOBODY: False}.get(item.kind)
        if item.kind in {Kind.ENTER, Kind.EMPTY}:
            present = bool(item.value)
        if present is None:
            continue
        later = [other for other in items[index + 1 :] if other.kind is Kind.ENTER]
        if later:
            # "Somebody leaves" tells of the leaving, "nobody is left" of nobody.
            present = later[0].value if present else False
        negated = any(before.kind is Kind.NOT for before in items[max(0, index - 2) : index])
        return [Condition(quantity=Quantity.PRESENCE, op="==", value=present is not negated)]
    if any(item.kind in {Kind.PERSON, Kind.ME, Kind.PRONOUN} for item in items) and any(
        item.kind in {Kind.AREA, Kind.HERE} for item in items
    ):
        negated = any(item.kind is Kind.NOT for item in items)
        return [Condition(quantity=Quantity.PRESENCE, op="==", value=not negated)]
    return []


def with_hold(condition: Condition, for_s: int | None) -> Condition:
    """The condition that must hold this long."""
    return replace(condition, for_s=for_s)


def is_breathing_pause(condition: Condition) -> bool:
    """Tell whether "stops breathing" is meant: the hub tells it, no rate ever reads zero."""
    return (
        condition.quantity is Quantity.BREATHING_RATE
        and condition.op == "=="
        and condition.value == 0
    )
