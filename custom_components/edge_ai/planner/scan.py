"""Tokens → items: the longest known words, names of the home, numbers and durations."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from .chinese import CHINESE
from .clock import read_until
from .english import ENGLISH
from .hanzi import by_sound
from .home import Home, Named
from .lexicon import Item, Kind, Lexicon, phrases
from .numbers import NUMBER_WORDS, read_duration, read_number, unit_seconds
from .rooms import other_words
from .spelling import repair
from .tokens import BREAK, is_cjk, tokenize


def scan(tokens: Sequence[str], home: Home, now: datetime | None = None) -> list[Item]:
    """Read all tokens; what nobody knows becomes UNKNOWN, word by word.

    An end such as "until ten" becomes a duration, counted from `now`.
    """
    names = _names(home)
    tokens = _put_right(tokens, names)
    items: list[Item] = []
    position = 0
    while position < len(tokens):
        end, item = _next(tokens, position, names)
        until = read_until(tokens, position, now)
        if until is not None and until[0] > end:
            seconds = until[1]
            end = until[0]
            item = Item(Kind.SMALL) if seconds is None else Item(Kind.DURATION, seconds)
        if items and items[-1].kind is Kind.MONITOR and item.kind is Kind.QUANTITY:
            length = read_duration(tokens, position)
            if length is not None and tokens[position] == "一":
                # 测一分钟心率: how long; behind 我 it is how often a minute.
                end, item = length[0], Item(Kind.DURATION, length[1])
        if items and items[-1].kind in {Kind.NEXT, Kind.PAST}:
            # "The next hour" has no number.
            rest = read_duration(("one", *tokens[position:]), 0)
            if rest is not None and unit_seconds(tokens[position]) is not None:
                end, item = position + rest[0] - 1, Item(Kind.DURATION, rest[1])
        if tokens[position] == "own" and items and items[-1].kind in {Kind.PRONOUN, Kind.OWNER}:
            item = Item(Kind.SMALL)  # "her own", "Ben's own"
        if item == _UNHEARD and end == position + 1 and tokens[position].endswith("ly"):
            item = Item(Kind.SMALL)  # an adverb; "telly" and "belly" are in the tables
        if item.kind is Kind.DURATION and _is_moment(tokens, position, end, items):
            item = Item(Kind.UNKNOWN)
        if (
            items
            and items[-1].kind is Kind.DURATION
            and tokens[position : position + 2] == ("下", "来")
        ):
            end, item = position + 2, Item(Kind.SMALL)  # 一天下来: nothing comes down
        if items and item.kind is Kind.DURATION and items[-1].text in _EVERY:
            # "Every ten minutes" is how often, not how long.
            items[-1] = Item(Kind.SMALL, None, "every")
            item = Item(Kind.SMALL)
        if items and item.kind is Kind.DURATION and items[-1].text == "say":
            items[-1] = Item(Kind.SMALL, None, "say")  # "..., say twenty minutes"
        if items and item.kind is Kind.COMPARE and items[-1].text == "不 管":
            items[-1] = Item(Kind.SMALL, None, "不 管")  # 不管高于120还是低于50
        if item.kind is Kind.AREA and _goes(items):
            items[-1] = Item(Kind.ENTER, True, "去")
        if item.kind is Kind.NUMBER and _climbs(items):
            items[-1] = Item(Kind.COMPARE, ">", "上")  # 心率上一百
        if items and item.kind is Kind.PHONE and items[-1].text.startswith("using"):
            items[-1] = Item(Kind.USE, None, "using")  # no means, but what is asked about
        items.append(Item(item.kind, item.value, " ".join(tokens[position:end])))
        position = end
    return items


def _goes(items: Sequence[Item]) -> bool:
    """Is it the 去 of 有人去客厅?"""
    who = {Kind.ANYONE, Kind.NOBODY, Kind.PERSON}
    return len(items) > 1 and items[-1].text == "去" and items[-2].kind in who


def _climbs(items: Sequence[Item]) -> bool:
    """Is the 上 before a number a climb, behind a quantity, and not the last so many hours?"""
    return [item.kind for item in items[-2:]] == [Kind.QUANTITY, Kind.PAST] and items[
        -1
    ].text == "上"


def _next(tokens: Sequence[str], start: int, names: Lexicon) -> tuple[int, Item]:
    if tokens[start] in {BREAK, "?"}:
        return start + 1, Item(Kind.BREAK if tokens[start] == BREAK else Kind.QUESTION_MARK)
    best = _vocabulary().longest(tokens, start) or (start, Item(Kind.UNKNOWN))
    name = names.longest(tokens, start)
    # A name wins over words that mean nothing ("Will", "May") or are for others ("garage"),
    # or by being longer.
    if name and (name[0] > best[0] or (name[0] == best[0] and best[1].kind in _NAMELIKE)):
        best = name
    if best[1].kind is Kind.COMPARE and best[0] - start > 1 and best[0] < len(tokens):
        behind = _vocabulary().longest(tokens, best[0] - 1)
        if behind is not None and behind[1].kind is Kind.NEXT and behind[0] > best[0]:
            return best[0] - 1, Item(Kind.SMALL)  # "gets over the next hour" compares nothing
    best = _given_back(tokens, start, best)
    duration = read_duration(tokens, start)
    if duration and duration[0] > best[0]:
        return duration[0], Item(Kind.DURATION, duration[1])
    number = read_number(tokens, start)
    if number and number[0] > best[0]:
        return number[0], Item(Kind.NUMBER, number[1])
    if tuple(tokens[start : best[0] + 1]) == ("for", "me", "and"):
        # "For me" alone is politeness; "for me and Anna" are two persons.
        return start + 1, Item(Kind.OF)
    if "".join(tokens[start : start + 3]) in _FOR_ME_AND:
        joining = _vocabulary().longest(tokens, start + 2)
        if joining is None or joining[0] == start + 3:
            return start + 1, Item(Kind.SMALL)  # 帮我和爷爷: two persons; 帮我跟着 is none
    if best[1].kind is Kind.LEVEL and tuple(tokens[start + 1 : start + 3]) == ("不", tokens[start]):
        return start + 3, Item(Kind.ASK)  # 浅不浅
    return (start + 1, best[1]) if best[0] == start else best


def _given_back(tokens: Sequence[str], start: int, best: tuple[int, Item]) -> tuple[int, Item]:
    """Leave the end of a match to a longer word: "do you know | how long", 盯着 | 屏幕使用时间."""
    end, item = best
    if item.kind is Kind.ASK and end - start > 1 and tokens[end - 1] in {"how", "what"}:
        behind = _vocabulary().longest(tokens, end - 1)
        if behind is not None and behind[0] > end and behind[1].kind is Kind.ASK:
            return end - 1, Item(Kind.ASK)
    if item.kind is Kind.ME and end - start > 1 and tokens[end - 1] == "这":
        behind = _vocabulary().longest(tokens, end - 1)
        if behind is not None and behind[0] > end:
            return end - 1, item  # 我 | 这周
    if item.kind is Kind.QUANTITY and is_cjk(tokens[start]):
        for border in range(start + 1, end):
            ahead = _vocabulary().longest(tokens[:border], start)
            if ahead is None or ahead[0] != border or ahead[1].kind not in _WATCHING:
                continue
            behind = _vocabulary().longest(tokens, border)
            if behind is not None and behind[0] > end and behind[1].kind is Kind.QUANTITY:
                return border, ahead[1]
    return best


_WATCHING = frozenset({Kind.MONITOR, Kind.ASK})
_FOR_ME_AND = frozenset(helping + "我" + joining for helping in "帮给为替" for joining in "和跟与")
_NAMELIKE = frozenset({Kind.SMALL, Kind.UNKNOWN})


def _put_right(tokens: Sequence[str], names: Lexicon) -> tuple[str, ...]:
    """Tokens without typing errors, and characters that only sound like ours replaced."""
    words = _words()
    repaired = list(
        repair(tokens, (words.known, names.tokens()), words.verbs, words.orders, words.key)
    )
    for index, (first, second) in enumerate(itertools.pairwise(repaired)):
        if is_cjk(first) and _vocabulary().longest(repaired, index) is None:
            meant = None if names.longest(repaired, index) else by_sound(first + second)
            if meant is not None:
                repaired[index : index + 2] = meant
    return tuple(repaired)


@dataclass(frozen=True, kw_only=True)
class _Words:
    """The single words of the vocabulary, by what may be done to them."""

    known: frozenset[str]
    verbs: frozenset[str]
    orders: frozenset[str]
    key: frozenset[str]


@functools.cache
def _words() -> _Words:
    alone = [(text, item.kind) for text, item in phrases(ENGLISH) if " " not in text]
    return _Words(
        known=frozenset(_vocabulary().tokens() | NUMBER_WORDS),
        verbs=frozenset(text for text, kind in alone if kind in _VERBS),
        orders=frozenset(text for text, kind in alone if kind in _ORDERS),
        key=frozenset(text for text, kind in alone if kind in _KEY) | _STATES,
    )


_UNHEARD = Item(Kind.UNKNOWN)
_EVERY = frozenset({"every", "once", "once every", "每", "每 隔", "隔", "间 隔"})
_VERBS = frozenset({Kind.ENTER, Kind.MOVE})
_ORDERS = frozenset(
    {
        *(Kind.MONITOR, Kind.STOP, Kind.NOTIFY, Kind.START, Kind.TRAIN, Kind.IMPROVE),
        Kind.TELL,
    }
)
_KEY = frozenset({Kind.MONITOR, Kind.SENSING, Kind.QUANTITY, Kind.NOTIFY})


# The states of mind that have no neighbours among other words.
_STATES = frozenset({"stressed", "anxious", "relaxed", "nervous", "overwhelmed", "occupied"})


def _is_moment(tokens: Sequence[str], start: int, end: int, items: Sequence[Item]) -> bool:
    """Is "in an hour" or 一小时后 meant: a time at which, and not a time during which?"""
    later = "".join(tokens[end : end + 2]).startswith(("后", "以后", "之后", "过后"))
    before = tokens[start - 1] if start else ""
    return later or (before in {"in", "after"} and items[-1].kind is not Kind.NEXT)


@functools.cache
def _vocabulary() -> Lexicon:
    entries = [(tokenize(text), item) for text, item in (*phrases(ENGLISH), *phrases(CHINESE))]
    return Lexicon(entries)


@functools.lru_cache(maxsize=8)
def _names_of(people: tuple[Named, ...], areas: tuple[Named, ...]) -> Lexicon:
    lexicon = Lexicon()
    for kind, named in ((Kind.PERSON, people), (Kind.AREA, areas)):
        for item in named:
            for text in (item.name, *item.aliases):
                for tokens in _spellings(tokenize(text), kind):
                    lexicon.add(tokens, Item(kind, item.id))
    taken = {tokenize(text) for item in areas for text in (item.name, *item.aliases)}
    for area in areas:
        for word in other_words(area.name):
            if tokenize(word) not in taken:
                lexicon.add(tokenize(word), Item(Kind.AREA, area.id))
    return lexicon


def _names(home: Home) -> Lexicon:
    return _names_of((*home.people, *home.without_consent), home.areas)


def _spellings(tokens: Sequence[str], kind: Kind) -> Iterator[Sequence[str]]:
    yield tokens
    if tokens and kind is Kind.PERSON and not is_cjk(tokens[-1]):
        # Speech recognisers write "annas mood".
        yield (*tokens[:-1], tokens[-1] + "s")
