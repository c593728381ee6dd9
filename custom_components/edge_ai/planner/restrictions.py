"""Words that may restrict a request, and those that only belong to what is told beside it.

"Track my mood, but not on Sunday" restricts; "Ben is moving out on Friday" tells. What may
restrict is never left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from .lexicon import Item, Kind

# Wherever one of these stands, the words around it may hold for the request.
_LIMITS = frozenset(
    [
        *("except", "unless", "only", "excluding", "apart", "besides", "mondays", "tuesdays"),
        *("wednesdays", "thursdays", "fridays", "saturdays", "sundays", "weekdays", "weekends"),
        *("weekend", "除", "除了", "只", "仅", "除非"),
    ]
)
# These belong to a story that has its subject ahead of them: "she won't say so, but she is ill".
_LINKS = frozenset({"but", "before", "after", "without", "never", "之前", "但", "不过"})
_WEEKDAYS = frozenset(
    {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "周", "星期"}
)
_REPEATING = frozenset({"每", "逢", "every", "each"})
_SUBJECTS = frozenset({Kind.ME, Kind.PERSON, Kind.PRONOUN, Kind.EVERYONE, Kind.UNKNOWN})
_EVENTS = frozenset({Kind.UNKNOWN, Kind.ENTER, Kind.STOP})
# Behind a link these say when, where or what of our work, and tell nothing.
_OF_A_REQUEST = frozenset(
    {
        *(Kind.NOT, Kind.DURATION, Kind.NUMBER, Kind.DAY, Kind.COMPARE, Kind.NEXT, Kind.MONITOR),
        *(Kind.STOP, Kind.SENSING, Kind.QUANTITY, Kind.AREA, Kind.HERE, Kind.NOTIFY, Kind.TELL),
        *(Kind.REMIND, Kind.START, Kind.WHEN, Kind.IF),
    }
)


def restricts(piece: Sequence[Item]) -> bool:
    """May the piece restrict a request: "only", "except", "but", a day of the week?"""
    return any(not (_LIMITS | _LINKS | _WEEKDAYS).isdisjoint(_words(item)) for item in piece)


def restricts_though_told(piece: Sequence[Item]) -> bool:
    """May it, though it tells of somebody? "I quit smoking on Sunday" has its own verb."""
    for index, item in enumerate(piece):
        words = _words(item)
        if not _LIMITS.isdisjoint(words):
            return True
        if not _LINKS.isdisjoint(words) and not _links(piece, index):
            return True
        if not _WEEKDAYS.isdisjoint(words) and not _dates(piece, index):
            return True
    return False


def _links(piece: Sequence[Item], index: int) -> bool:
    """Does the word at `index` go on with what is told of somebody ahead of it?"""
    if not any(_is_subject(item) for item in piece[:index]):
        return False
    behind = next((item for item in piece[index + 1 :] if item.kind is not Kind.SMALL), None)
    return behind is not None and behind.kind not in _OF_A_REQUEST


def _is_subject(item: Item) -> bool:
    begun = item.kind is Kind.BACKGROUND and item.text.endswith((" i", " we", " he", " she"))
    return item.kind in _SUBJECTS or begun


def _dates(piece: Sequence[Item], index: int) -> bool:
    """Does the day say when something else happens: "is moving out on Friday", 周一做手术?"""
    if any(item.text in _REPEATING for item in piece[:index]):
        return False
    chinese = not piece[index].text.isascii()
    # The verb stands ahead of an English day, and behind 周一.
    told = piece[index + 2 :] if chinese else piece[:index]
    return any(item.kind in _EVENTS and _WEEKDAYS.isdisjoint(_words(item)) for item in told)


def _words(item: Item) -> list[str]:
    return item.text.split() if item.text.isascii() else [item.text]
