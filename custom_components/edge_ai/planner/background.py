"""Leave out what only explains a request: "I have an exam tomorrow, so ..."."""

from __future__ import annotations

from collections.abc import Sequence

from ..messages import Quantity
from .clauses import actions
from .lexicon import Item, Kind

# A clause with one of these may restrict the request, so it cannot be left out.
_RESTRICTIVE = frozenset(
    [
        "except",
        "unless",
        "only",
        "but",
        "before",
        "after",
        "without",
        "excluding",
        "apart",
        "besides",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "mondays",
        "tuesdays",
        "wednesdays",
        "thursdays",
        "fridays",
        "saturdays",
        "sundays",
        "weekdays",
        "weekends",
        "weekend",
        "never",
        "除",
        "除了",
        "只",
        "仅",
        "周",
        "星期",
        "之前",
        "除非",
        "但",
        "不过",
    ]
)
_STORYTELLERS = frozenset({Kind.ME, Kind.PERSON, Kind.PRONOUN, Kind.EVERYONE, Kind.DAY})
_ASKING = frozenset({Kind.ASK, Kind.AUXILIARY, Kind.SENSING})
_WHOSE = frozenset({Kind.ME, Kind.PERSON, Kind.EVERYONE})
_MEASURED = frozenset({Kind.QUANTITY, Kind.FEELING})
_MEANWHILE = frozenset({"的 时 候", "时", "期 间", "时 候"})
_EVENTS = frozenset({Kind.ENTER, Kind.ANYONE, Kind.NOBODY, Kind.DAY, Kind.EMPTY})
_CONDITIONS = frozenset({Kind.WHEN, Kind.IF, Kind.COMPARE, Kind.NUMBER})


def without_background(items: Sequence[Item]) -> list[Item]:
    """The request itself: reasons and stories are dropped where a request stands beside them."""
    pieces = [_without_meanwhile(_without_reason(piece)) for piece in _pieces(items)]
    if not any(_is_request(piece) for piece in pieces):
        return list(items)
    nobody = not any(
        item.kind in _WHOSE for piece in pieces if _is_request(piece) for item in piece
    )
    asked = next(index for index, piece in enumerate(pieces) if _is_request(piece))
    kept = [
        piece
        for index, piece in enumerate(pieces)
        if piece and (not _is_story(piece) or (nobody and index > asked and _is_name(piece)))
    ]
    joined: list[Item] = []
    for piece in kept:
        joined += [*piece, Item(Kind.BREAK)]
    return joined[:-1]


def _is_name(piece: Sequence[Item]) -> bool:
    """Is it the end of "monitor heart rate, 30 minutes, Ben"?"""
    return {item.kind for item in piece} <= {Kind.PERSON, Kind.EVERYONE, Kind.SMALL}


def resolve_pronouns(items: Sequence[Item]) -> list[Item]:
    """Put the person named last in the place of he, she and they; others stay pronouns."""
    resolved: list[Item] = []
    last: Item | None = None
    for item in items:
        if item.kind is Kind.PERSON:
            last = item
        resolved.append(last if item.kind is Kind.PRONOUN and last is not None else item)
    return resolved


def _pieces(items: Sequence[Item]) -> list[list[Item]]:
    pieces: list[list[Item]] = [[]]
    for item in items:
        if item.kind is not Kind.BREAK:
            pieces[-1].append(item)
        if item.kind in {Kind.BREAK, Kind.QUESTION_MARK}:
            pieces.append([])
    return pieces


def _without_reason(piece: list[Item]) -> list[Item]:
    """Cut from "because" to the end of the piece."""
    for index, item in enumerate(piece):
        if item.kind is Kind.BACKGROUND and not _restricts(piece[index:]):
            return piece[:index]
    return piece


def _without_meanwhile(piece: list[Item]) -> list[Item]:
    """Cut "while I'm working out" and 小雨写作业的时候, which hold for no longer than they do.

    An alert's "when" is its condition and stays.
    """
    for index, item in enumerate(piece):
        if item.kind is Kind.ADJUNCT and not _restricts(piece[index + 1 :]):
            if Kind.FEELING in {other.kind for other in piece[:index]} and not actions(piece):
                return piece  # "Is Ben happy with his gift"
            end = next((i for i in range(index, len(piece)) if _resumes(piece[i])), len(piece))
            return [*piece[:index], *_durations(piece[index:end]), *piece[end:]]
    when = next((i for i, item in enumerate(piece) if item.text in _MEANWHILE), None)
    if when is None or Kind.MONITOR not in {item.kind for item in piece[when:]}:
        return piece
    before = {item.kind for item in piece[:when]}
    if before & (_CONDITIONS | _EVENTS) or actions(piece) - {"monitor"}:
        return piece
    if before & _MEASURED and not _is_pastime(piece, when):
        return piece
    return [*(item for item in piece[:when] if item.kind is Kind.PERSON), *piece[when + 1 :]]


def _is_pastime(piece: Sequence[Item], when: int) -> bool:
    """Is it 打游戏的时候记录心率: what stands before is only done meanwhile?"""
    before = [item for item in piece[:when] if item.kind in _MEASURED]
    usage = all(item.value == (Quantity.APP_USAGE,) for item in before)
    return usage and any(item.kind in _MEASURED for item in piece[when:])


def _resumes(item: Item) -> bool:
    return item.kind in {Kind.MONITOR, Kind.NOTIFY, Kind.TELL, Kind.TRAIN, Kind.IMPROVE, Kind.AND}


def _durations(items: Sequence[Item]) -> list[Item]:
    return [item for item in items if item.kind in {Kind.DURATION, Kind.NEXT}]


def _is_request(piece: Sequence[Item]) -> bool:
    kinds = {item.kind for item in piece}
    return bool(actions(piece) - {"query"} or kinds & _ASKING) and (
        bool(kinds & _MEASURED) and not _is_story(piece)
    )


def _is_story(piece: Sequence[Item]) -> bool:
    """Does the piece tell of something, without asking for anything?

    Words that are known to ask others for something (play, lamp) are no story.
    """
    content = [item for item in piece if item.kind not in {Kind.SMALL, Kind.YOU}]
    kinds = {item.kind for item in content}
    if not content or actions(piece) or kinds & _CONDITIONS or _restricts(piece):
        return False
    if Kind.QUESTION_MARK in kinds or content[0].kind is Kind.AUXILIARY:
        return False
    unknown = [item for item in content if item.kind in {Kind.UNKNOWN, Kind.DAY}]
    if unknown:
        return not any(item.value == "foreign" for item in unknown)
    if content[0].kind not in _STORYTELLERS or kinds & _EVENTS:
        return False
    # "I'm about to go to bed", "Anna is stressed"
    return Kind.FEELING in kinds or kinds <= {Kind.ME, Kind.PERSON, Kind.AUXILIARY, Kind.NOT}


def _restricts(piece: Sequence[Item]) -> bool:
    return any(
        item.text in _RESTRICTIVE or not _RESTRICTIVE.isdisjoint(_english_words(item))
        for item in piece
    )


def _english_words(item: Item) -> list[str]:
    return item.text.split() if item.text.isascii() else []
