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
    pieces = [_without_meanwhile(_without_reason(piece)) for piece in _told_apart(items)]
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


def _told_apart(items: Sequence[Item]) -> list[list[Item]]:
    """The pieces; a story and the request behind it are two, though no comma parts them."""
    apart: list[list[Item]] = []
    for piece in _pieces(items):
        border = next((i for i in range(1, len(piece)) if _parts(piece, i)), None)
        apart += [piece] if border is None else [piece[:border], piece[border:]]
    return apart


def _parts(piece: Sequence[Item], index: int) -> bool:
    """Does a request begin at `index`, behind a story: "I have an exam today can you ..."?"""
    # More than "Anna can ..." has to be told.
    told = any(item.kind in _NEWS for item in piece[:index])
    if not told or not _begins(piece, index) or not _is_story(piece[:index]):
        return False
    return _is_request(piece[index:]) and bool(actions(piece[index:]))


def _begins(piece: Sequence[Item], index: int) -> bool:
    """Does somebody turn to the assistant here: "can you", "so", 麻烦你, 帮我看看?"""
    item = piece[index]
    if item.text in {"can", "could", "would", "will"}:
        return piece[index + 1 : index + 2] != [] and piece[index + 1].kind is Kind.YOU
    if item.kind is Kind.BACKGROUND:
        return item.text.startswith(_THEREFORE)
    if item.kind is Kind.ASK:
        return item.text.startswith(("帮", "给 我"))
    if item.kind not in {Kind.SMALL, Kind.YOU}:
        return False
    return item.text.startswith(_BEGINNINGS) or not _ADDRESSING.isdisjoint(item.text)


_NEWS = frozenset({Kind.UNKNOWN, Kind.DAY, Kind.FEELING, Kind.AUXILIARY})
_BEGINNINGS = (
    *("so", "can ", "could ", "would ", "will ", "please", "kindly", "i want you", "i need you"),
    *("i would like you", "给 我", "替 我"),
)
_ADDRESSING = frozenset("你您请帮烦托劳")


def _without_reason(piece: list[Item]) -> list[Item]:
    """Cut from "because" to the end of the piece."""
    for index, item in enumerate(piece):
        if item.kind is Kind.BACKGROUND and not _restricts(piece[index:]):
            behind = piece[index + 1 :]
            if index == 0 and item.text.startswith(_THEREFORE) and _is_request(behind):
                return behind  # "..., so I would like you to watch my stress"
            return piece[:index]
    return piece


_THEREFORE = ("so i", "so we", "so you", "所 以")


def _without_meanwhile(piece: list[Item]) -> list[Item]:
    """Cut "while I'm working out" and 小雨写作业的时候, which hold for no longer than they do.

    An alert's "when" is its condition and stays.
    """
    for index, item in enumerate(piece):
        if item.kind is Kind.ADJUNCT and not _restricts(piece[index + 1 :]):
            felt = Kind.FEELING in {other.kind for other in piece[:index]}
            if felt and (item.text.startswith("with ") or not actions(piece)):
                # "Is Ben happy with his gift": about the gift, whatever follows.
                return [*piece[:index], Item(Kind.UNKNOWN, None, item.text)]
            end = next((i for i in range(index, len(piece)) if _resumes(piece[i])), len(piece))
            if item.text in _WHILE and _is_whereabouts(piece[index + 1 : end]):
                # "While I'm in the kitchen" would have to be watched for itself.
                return [*piece[:index], Item(Kind.UNKNOWN, None, item.text), *piece[end:]]
            return [*piece[:index], *_kept(piece[index:end]), *piece[end:]]
    when = next((i for i, item in enumerate(piece) if item.text in _MEANWHILE), None)
    if when is None or Kind.MONITOR not in {item.kind for item in piece[when:]}:
        return piece
    before = {item.kind for item in piece[:when]}
    if before & (_CONDITIONS | _EVENTS) or actions(piece) - {"monitor"}:
        return piece
    if _is_whereabouts(piece[:when]):
        return piece
    if before & _MEASURED and not _is_pastime(piece, when):
        return piece
    kept = [item for item in piece[:when] if item.kind in {Kind.PERSON, Kind.AREA}]
    return [*kept, *piece[when + 1 :]]


def _is_pastime(piece: Sequence[Item], when: int) -> bool:
    """Is it 打游戏的时候记录心率: what stands before is only done meanwhile?"""
    before = [item for item in piece[:when] if item.kind in _MEASURED]
    usage = all(item.value == (Quantity.APP_USAGE,) for item in before)
    return usage and any(item.kind in _MEASURED for item in piece[when:])


def _resumes(item: Item) -> bool:
    return item.kind in {Kind.MONITOR, Kind.NOTIFY, Kind.TELL, Kind.TRAIN, Kind.IMPROVE, Kind.AND}


def _is_whereabouts(items: Sequence[Item]) -> bool:
    """Is it "I'm in the kitchen", 在家: where somebody is, and not what is done there?"""
    kinds = {item.kind for item in items}
    return bool(kinds & {Kind.AREA, Kind.HERE}) and kinds <= _BEING_THERE


_BEING_THERE = frozenset(
    {
        *(Kind.ME, Kind.PERSON, Kind.PRONOUN, Kind.EVERYONE, Kind.AUXILIARY, Kind.SMALL),
        *(Kind.AREA, Kind.HERE, Kind.YOU),
    }
)
_WHILE = frozenset({"while", "whilst"})


def _kept(items: Sequence[Item]) -> list[Item]:
    """How long and where, of the words that only say meanwhile."""
    return [item for item in items if item.kind in {Kind.DURATION, Kind.NEXT, Kind.AREA}]


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
    counts = Kind.NUMBER in kinds and Kind.UNKNOWN in kinds and Kind.QUANTITY not in kinds
    conditional = kinds & _CONDITIONS - ({Kind.NUMBER} if counts else set())
    if not content or conditional or _restricts(piece):
        return False  # "I had two cups of coffee" is no condition
    if Kind.QUESTION_MARK in kinds or (content[0].kind is Kind.AUXILIARY and not _is_it(piece)):
        return False
    # "Ben had a funny turn", "heading out for a run" start nothing.
    if actions([content[0], *(item for item in piece if item.kind is not Kind.START)]):
        return False
    of_somebody = [item.kind for item in content[:2]] in _TELLING
    unknown = [item for item in content if item.kind in {Kind.UNKNOWN, Kind.DAY}]
    if unknown:
        # "I had too much coffee" tells; "coffee, please" asks others.
        return of_somebody or not any(item.value == "foreign" for item in unknown)
    if kinds <= _FELT and Kind.FEELING in kinds:
        return True  # "A bit worried about Ben"
    if content[0].kind not in _STORYTELLERS or kinds & _EVENTS:
        return False
    # "I'm about to go to bed", "Anna is stressed"
    return Kind.FEELING in kinds or kinds <= {Kind.ME, Kind.PERSON, Kind.AUXILIARY, Kind.NOT}


_FELT = frozenset({Kind.FEELING, Kind.NOT, Kind.AUXILIARY, *_STORYTELLERS})


def _is_it(piece: Sequence[Item]) -> bool:
    """Is it "it's been a rough week", "there is so much going on"?"""
    return piece[0].text.split()[:1] in (["it"], ["that"], ["this"], ["there"])


_TELLING = tuple([kind, Kind.AUXILIARY] for kind in (Kind.ME, Kind.PERSON, Kind.PRONOUN))


def _restricts(piece: Sequence[Item]) -> bool:
    return any(
        item.text in _RESTRICTIVE or not _RESTRICTIVE.isdisjoint(_english_words(item))
        for item in piece
    )


def _english_words(item: Item) -> list[str]:
    return item.text.split() if item.text.isascii() else []
