"""Whether the length of time in a question lies ahead, has passed, or is no length at all."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from ..messages import Quantity
from .lexicon import Item, Kind


def has_length(items: Sequence[Item]) -> bool:
    """Is a length of time meant, and not the minute of "how many breaths in a minute"?"""
    rates = ((Quantity.HEART_RATE,), (Quantity.BREATHING_RATE,))
    rate = any(item.kind is Kind.QUANTITY and item.value in rates for item in items)
    lengths = {item.value for item in items if item.kind is Kind.DURATION}
    daily = any(item.text in {"一 天", "a day"} for item in items)
    counted = daily and any(item.text.startswith(_HOW_MUCH) for item in items)
    return bool(lengths) and not (rate and lengths == {60}) and not counted


_HOW_MUCH = ("how much", "how many", "how long", "how often", "多", "几", "看 几")


def is_over(items: Sequence[Item], kinds: set[Kind]) -> bool:
    """Is the length of time one that has passed: "has it been empty all day", 一直没人吗?"""
    if kinds & {Kind.PAST, Kind.COMPARE}:
        return True
    past = items[0].kind is Kind.AUXILIARY and items[0].text in _PERFECT
    state = bool(kinds & {Kind.ANYONE, Kind.NOBODY, Kind.EMPTY, Kind.FEELING})
    asked = {item.text for item in items if item.kind is Kind.ASK}
    return (past or (state and asked <= {"吗", "么", "没"})) and Kind.NEXT not in kinds


_PERFECT = frozenset({"has", "have", "had", "was", "were", "did", "has there been"})


def is_length_ahead(items: Sequence[Item], kinds: set[Kind]) -> bool:
    """Say "What Ben uses over the next hour", while "what Ben used in an hour" is over."""
    if Kind.USE not in kinds:
        return True
    return any(
        first.kind is Kind.NEXT and second.kind is Kind.DURATION and first.text.endswith(_AHEAD)
        for first, second in itertools.pairwise(items)
    )


_AHEAD = (
    *("next", "following", "coming", "upcoming", "接 下 来", "接 下 来 的", "未 来", "未 来 的"),
    *("今 后", "今 后 的", "往 后", "以 后 的", "之 后 的", "后 面", "后 面 的", "下 面"),
)
