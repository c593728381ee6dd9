"""Leave out what is only done meanwhile: "while I sleep", 小雨写作业的时候."""

from __future__ import annotations

from collections.abc import Sequence

from ..messages import Quantity
from .clauses import actions
from .lexicon import Item, Kind
from .restrictions import restricts
from .stories import CONDITIONS, EVENTS, WHOSE
from .telling import MEASURED

_MEANWHILE = frozenset({"的 时 候", "时", "期 间", "时 候"})


def without_meanwhile(piece: list[Item]) -> list[Item]:
    """Cut "while I'm working out" and 小雨写作业的时候, which hold for no longer than they do.

    An alert's "when" is its condition and stays.
    """
    piece = _with_verbs(piece)
    for index, item in enumerate(piece):
        if item.kind is Kind.ADJUNCT and not restricts(piece[index + 1 :]):
            felt = Kind.FEELING in {other.kind for other in piece[:index]}
            if felt and (item.text.startswith("with ") or not actions(piece)):
                # "Is Ben happy with his gift": about the gift, whatever follows.
                return [*piece[:index], Item(Kind.UNKNOWN, None, item.text)]
            end = next((i for i in range(index, len(piece)) if _resumes(piece[i])), len(piece))
            if item.text in _WHILE and _is_whereabouts(piece[index + 1 : end]):
                # "While I'm in the kitchen" would have to be watched for itself.
                return [*piece[:index], Item(Kind.UNKNOWN, None, item.text), *piece[end:]]
            return [*piece[:index], *_kept(piece[index:end]), *piece[end:]]
    until = next((i for i in range(1, len(piece) - 1) if _is_until(piece, i)), None)
    if until is not None:
        behind = piece[until + 1 :]
        named = any(item.kind in WHOSE for item in behind)
        return behind if named else [*_people(piece[:until]), *behind]
    when = next((i for i, item in enumerate(piece) if item.text in _MEANWHILE), None)
    if when is None or Kind.MONITOR not in {item.kind for item in piece[when:]}:
        return piece
    before = {item.kind for item in piece[:when]}
    if before & (CONDITIONS | EVENTS) or actions(piece) - {"monitor"}:
        return piece
    if _is_whereabouts(piece[:when]):
        return piece
    if before & MEASURED and not _is_pastime(piece, when):
        return piece
    kept = [item for item in piece[:when] if item.kind in {Kind.PERSON, Kind.AREA}]
    return [*kept, *piece[when + 1 :]]


def _with_verbs(piece: list[Item]) -> list[Item]:
    """Read the "study" of "while I study" as what is done, and not as a room."""
    read = list(piece)
    for index in range(2, len(piece)):
        subject = piece[index - 1].kind in WHOSE and piece[index - 1].text.isascii()
        led = piece[index - 2].kind is Kind.ADJUNCT
        if led and subject and piece[index].kind is Kind.AREA and piece[index].text == "study":
            read[index] = Item(Kind.UNKNOWN, None, "study")
    return read


def _is_until(piece: Sequence[Item], index: int) -> bool:
    """Is it the 之前 of 在爷爷醒来之前一直监测他的呼吸: how long it lasts?"""
    ahead = {item.kind for item in piece[:index]}
    lasts = piece[index + 1].text.startswith(("一 直", "持 续", "不 断", "全 程", "不 停"))
    until = piece[index].text in {"之 前", "以 前", "前"} and lasts
    apart = MEASURED | CONDITIONS | {Kind.DURATION, Kind.AREA, Kind.MONITOR, Kind.STOP}
    return until and ahead.isdisjoint(apart)


def _people(items: Sequence[Item]) -> list[Item]:
    return [item for item in items if item.kind is Kind.PERSON]


def _is_pastime(piece: Sequence[Item], when: int) -> bool:
    """Is it 打游戏的时候记录心率: what stands before is only done meanwhile?"""
    before = [item for item in piece[:when] if item.kind in MEASURED]
    usage = all(item.value == (Quantity.APP_USAGE,) for item in before)
    return usage and any(item.kind in MEASURED for item in piece[when:])


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
