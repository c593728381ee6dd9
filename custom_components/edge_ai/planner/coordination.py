"""One verb, several sentences: "tell me if Anna is sad or Ben leaves the kitchen".

The parts of a clause that have a subject and a predicate of their own are read one by one,
each with the verb of all. Where they share the subject ("if Anna is sad or angry") or the
predicate ("if Anna or Ben is sad") they stay together.
"""

from __future__ import annotations

from collections.abc import Sequence

from .clauses import ALERTING, TRIGGERS
from .lexicon import Item, Kind

_WHO = frozenset({Kind.PERSON, Kind.ME, Kind.EVERYONE})
_STATE = frozenset({Kind.FEELING, Kind.ENTER, Kind.CHANGE, Kind.MOVE, Kind.LEVEL, Kind.NUMBER})
_THERE = frozenset({Kind.ANYONE, Kind.NOBODY, Kind.EMPTY, Kind.WHO})
_VERBS = frozenset({Kind.MONITOR, Kind.START})
_SHARED = ALERTING | TRIGGERS


def propositions(content: Sequence[Item]) -> list[list[Item]]:
    """The clause itself, or one clause for each of its sentences."""
    kinds = {item.kind for item in content}
    if Kind.AND not in kinds or kinds & {Kind.STOP, Kind.TRAIN, Kind.IMPROVE}:
        return [list(content)]
    parts = _parts(content)
    if kinds & ALERTING and (apart := _events(parts)):
        return apart
    if kinds.isdisjoint(ALERTING | _VERBS | {Kind.SENSING}) and (apart := _questions(parts)):
        return apart
    if kinds & _VERBS and kinds.isdisjoint(_SHARED) and (apart := _lengths(parts)):
        return apart
    return [list(content)]


def _parts(content: Sequence[Item]) -> list[list[Item]]:
    parts: list[list[Item]] = [[]]
    for item in content:
        if item.kind is Kind.AND:
            parts.append([])
        else:
            parts[-1].append(item)
    return [part for part in parts if part]


def _is_event(part: Sequence[Item]) -> bool:
    kinds = {item.kind for item in part}
    return bool(kinds & _STATE or kinds & _THERE)


def _subject(part: Sequence[Item]) -> frozenset[object]:
    """Who or which room the part is about; empty when that was said before."""
    who = {(item.kind, item.value) for item in part if item.kind in _WHO}
    where = {(item.kind, item.value) for item in part if item.kind is Kind.AREA}
    there = any(item.kind in _THERE for item in part)
    return frozenset(who or (where if there else ()))


def _events(parts: Sequence[list[Item]]) -> list[list[Item]]:
    """One clause for each event, if no two of them are about the same; else none."""
    events = [index for index, part in enumerate(parts) if _is_event(part)]
    subjects = [_subject(parts[index]) for index in events]
    if len(events) < 2 or not all(subjects) or len(set(subjects)) < len(subjects):
        return []
    first, last = events[0], events[-1]
    if any(index not in events for index in range(first, last)):
        return []  # "If Anna or Ben is sad and ...": whose is what can't be told
    ahead = [item for part in parts[:first] for item in part]
    behind = [item for part in parts[last + 1 :] for item in part]
    while parts[first] and parts[first][0].kind in _SHARED:
        ahead.append(parts[first].pop(0))
    while parts[last] and parts[last][-1].kind in _SHARED:
        behind.insert(0, parts[last].pop())
    led = any(item.kind in TRIGGERS for item in ahead)
    return [
        [*ahead, *(item for item in parts[index] if not (led and item.kind in TRIGGERS)), *behind]
        for index in events
    ]


def _questions(parts: Sequence[list[Item]]) -> list[list[Item]]:
    """Say "What's my heart rate, and is anyone in the kitchen": two questions."""
    rooms = [_asks_for_room(part) for part in parts]
    measured = [_asks_for_quantity(part) for part in parts]
    if not all(room or quantity for room, quantity in zip(rooms, measured, strict=True)):
        return []
    subjects = [_subject(part) | _rooms(part) for part in parts]
    mixed = any(rooms) and any(measured)
    apart = all(rooms) and len(parts) > 1 and len(set(subjects)) == len(subjects)
    return [list(part) for part in parts] if mixed or apart else []


def _asks_for_room(part: Sequence[Item]) -> bool:
    kinds = {item.kind for item in part}
    return Kind.AREA in kinds and bool(kinds & (_THERE | {Kind.PERSON}))


def _asks_for_quantity(part: Sequence[Item]) -> bool:
    kinds = {item.kind for item in part}
    return bool(kinds & {Kind.QUANTITY, Kind.FEELING}) and Kind.AREA not in kinds


def _rooms(part: Sequence[Item]) -> frozenset[object]:
    return frozenset((item.kind, item.value) for item in part if item.kind is Kind.AREA)


def _lengths(parts: Sequence[list[Item]]) -> list[list[Item]]:
    """Say "Monitor my pulse for an hour and my breathing overnight": each has its own length."""
    for part in parts:
        kinds = [item.kind for item in part]
        if kinds.count(Kind.DURATION) != 1 or Kind.QUANTITY not in kinds:
            return []
    verbs = [item for item in parts[0] if item.kind in _VERBS]
    return [
        part if any(item.kind in _VERBS for item in part) else [*verbs, *part] for part in parts
    ]
