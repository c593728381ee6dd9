"""Items → clauses: the parts of a request that have an action of their own."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from ..messages import Quantity
from .complaints import is_complaint
from .lexicon import NAMING, Item, Kind

_EITHER = frozenset({"不 管", "无 论", "不 论"})
_BORDERS = frozenset({Kind.BREAK, Kind.AND, Kind.OR, Kind.QUESTION_MARK})
ALERTING = frozenset({Kind.NOTIFY, Kind.REMIND, Kind.TELL})
TRIGGERS = frozenset({Kind.WHEN, Kind.IF})
_SENSING = frozenset({Kind.MONITOR, Kind.SENSING})
_ACTIONS = {
    Kind.MONITOR: "monitor",
    Kind.START: "monitor",
    Kind.STOP: "stop",
    Kind.NOTIFY: "alert",
    Kind.REMIND: "alert",
    Kind.TELL: "alert",
    Kind.TRAIN: "train",
    Kind.IMPROVE: "train",
    Kind.ASK: "query",
}


def split(items: Sequence[Item]) -> list[list[Item]]:
    """Clauses in their order; borders inside a clause stay in it as AND."""
    clauses: list[list[Item]] = []
    for border, piece in _pieces(items):
        turns = border is Kind.BREAK and bool(clauses) and _turns(clauses[-1], piece)
        if (
            clauses
            and not turns
            and (
                _belongs(clauses[-1], piece)
                or _ends_too(clauses[-1], piece)
                or _complains(clauses[-1], piece)
            )
        ):
            clauses[-1] += [Item(Kind.AND), *piece]
        else:
            clauses.append(piece)
    return clauses


def actions(items: Sequence[Item]) -> set[str]:
    """What the items ask for: monitor, stop, alert, train, query."""
    found = {
        _ACTIONS[item.kind]
        for index, item in enumerate(items)
        if item.kind in _ACTIONS and not _is_breathing_stop(items, index)
    }
    # "Stop monitoring", "stop telling me": one action.
    return {"stop"} if "stop" in found and "alert" not in found else found


def watches_whether(items: Sequence[Item]) -> bool:
    """Say "Monitor whether anyone is in the kitchen" has no condition."""
    kinds = [item.kind for item in items]
    watched = next((i for i, kind in enumerate(kinds) if kind in _SENSING), None)
    if Kind.WHEN in kinds or watched is None or Kind.IF not in kinds:
        return False
    behind = kinds[kinds.index(Kind.IF) :]
    return watched < kinds.index(Kind.IF) and Kind.NUMBER not in behind


def _is_breathing_stop(items: Sequence[Item], index: int) -> bool:
    """Is it the "stops" of "if Anna stops breathing": an event, no order?"""
    kinds = {item.kind for item in items}
    if items[index].kind is not Kind.STOP or not kinds & TRIGGERS or kinds & _SENSING:
        return False
    beside = (*items[max(0, index - 1) : index], *items[index + 1 : index + 2])
    return any(item.value == (Quantity.BREATHING_RATE,) for item in beside)


def _turns(clause: Sequence[Item], piece: Sequence[Item]) -> bool:
    """Is it "don't track my stress, track my mood": the second is wanted, the first is not?"""
    content = [item.kind for item in piece if item.kind not in {Kind.SMALL, Kind.YOU}]
    kinds = [item.kind for item in clause if item.kind not in {Kind.SMALL, Kind.YOU}]
    forbids = (Kind.NOT, Kind.MONITOR) in itertools.pairwise(kinds)
    return forbids and content[0] is Kind.MONITOR


def _pieces(items: Sequence[Item]) -> list[tuple[Kind | None, list[Item]]]:
    """The parts between borders, each with the border before it."""
    pieces: list[list[Item]] = [[]]
    borders: list[Kind | None] = [None]
    for item in items:
        if item.kind in _BORDERS:
            if item.kind is Kind.QUESTION_MARK:
                pieces[-1].append(item)
            if item.text == "还 是" and not any(other.text in _EITHER for other in items):
                pieces[-1].append(Item(Kind.ASK, None, item.text))  # 书房还是卧室
            pieces.append([])
            borders.append(item.kind)
        else:
            pieces[-1].append(item)
    said: list[tuple[Kind | None, list[Item]]] = []
    often: list[Item] = []
    for border, piece in zip(borders, pieces, strict=True):
        if any(item.kind not in {Kind.SMALL, Kind.YOU} for item in piece):
            said.append((border, [*often, *piece]))
            often = []
        else:
            # "Every half hour, check ...": how often belongs to what follows.
            often = [item for item in piece if item.text == "every"]
    return said


def _ends_too(clause: Sequence[Item], piece: Sequence[Item]) -> bool:
    """Is it the 情绪的跟踪 of 停止心率和情绪的跟踪: a noun, and no order to begin?"""
    wanted = any(item.text.startswith(("i want", "i would like", "i need")) for item in piece)
    return actions(clause) == {"stop"} and _is_noun(piece) and not wanted


def _is_noun(piece: Sequence[Item]) -> bool:
    """Is it 爷爷的呼吸的监测: our work, named behind what it measures?"""
    content = [item.kind for item in piece if item.kind not in {Kind.SMALL, Kind.YOU}]
    named = content[:-1]
    return content[-1] in _SENSING and Kind.QUANTITY in named and set(named) <= NAMING


def _is_length(piece: Sequence[Item]) -> bool:
    """Is it 看三天, "do it for an hour": how long for what was said before?"""
    kinds = {item.kind for item in piece}
    verbs = {Kind.ASK, Kind.MONITOR, Kind.START}
    return Kind.DURATION in kinds and kinds <= verbs | {Kind.DURATION, Kind.NEXT, Kind.SMALL}


_TELL_ME = frozenset({Kind.TELL, Kind.SMALL, Kind.YOU})


def _is_end(piece: Sequence[Item]) -> bool:
    """Is it the 停 of 小雨的压力监测，停: what was named shall end?"""
    return {item.kind for item in piece} <= {Kind.STOP, Kind.SMALL, Kind.YOU}


def _complains(clause: Sequence[Item], piece: Sequence[Item]) -> bool:
    """Is it 呼吸检测老不准，改进一下: what was told of shall be improved?"""
    return actions(piece) == {"train"} and is_complaint(clause)


def _belongs(clause: Sequence[Item], piece: Sequence[Item]) -> bool:
    """Is the piece a part of the clause before it?"""
    before, here = actions(clause), actions(piece)
    triggered = any(item.kind in TRIGGERS for item in piece)
    if before == {"monitor"} and _is_length(piece):
        return True
    if here == {"query"} and {item.kind for item in clause} <= _TELL_ME:
        return True  # "Tell me honestly, how stressed am I?"
    if before == {"monitor"} and _is_noun(clause) and _is_end(piece):
        return True
    if not here:
        # "..., if it goes above 100, tell me" begins something new behind "monitor".
        return not triggered or not before or "alert" in before
    if not before:
        return True
    if "alert" in before and "alert" in here:
        both = any(item.kind in TRIGGERS for item in clause) and triggered
        return not both
    return before == here
