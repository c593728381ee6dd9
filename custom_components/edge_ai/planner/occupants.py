"""Whoever is in a room that is named: "the baby in the nursery" is measured by its sensor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..messages import Quantity
from .lexicon import Item, Kind

# Those who have no name among the people of the home and cannot speak for themselves.
_BABIES = frozenset(
    {"baby", "infant", "newborn", "toddler", "宝 宝", "婴 儿", "宝 贝", "小 宝 宝", "娃", "娃 娃"}
)
_VITALS = frozenset({Quantity.BREATHING_RATE, Quantity.HEART_RATE})
_PEOPLE = frozenset({Kind.PERSON, Kind.ME, Kind.EVERYONE, Kind.PRONOUN})
# "Baby monitor", "baby camera" are things; the baby itself is one who breathes, and is there.
_BEHIND = frozenset({Kind.AUXILIARY, Kind.OWNER, Kind.QUANTITY, Kind.SMALL, Kind.STOP, Kind.AREA})
_BELONGING = frozenset({"'s", "的"})


def without_occupant(piece: Sequence[Item]) -> list[Item]:
    """Leave out the baby of "the baby's breathing in the nursery": the room says whose it is.

    Only breathing and heart rate are read like this, and only where nobody else is named.
    """
    if not _is_placed(piece):
        return list(piece)
    kept: list[Item] = []
    for index, item in enumerate(piece):
        following = piece[index + 1] if index + 1 < len(piece) else None
        if _is_baby(item) and (following is None or following.kind in _BEHIND):
            continue
        left_out = bool(index) and _is_baby(piece[index - 1])
        if left_out and item.text in _BELONGING and len(kept) == index - 1:
            continue
        kept.append(item)
    return kept


def is_of_baby(story: Sequence[Item]) -> bool:
    """Is it told of the baby, who may well be in the room that the request names?"""
    return any(map(_is_baby, story))


def as_occupant(story: Sequence[Item]) -> list[Item]:
    """Read the "she" of "stop the breathing monitor in the nursery, she's awake" as somebody."""
    somebody = Kind.PRONOUN
    return [replace(item, kind=Kind.PERSON) if item.kind is somebody else item for item in story]


def is_room_named(piece: Sequence[Item]) -> bool:
    return any(item.kind is Kind.AREA for item in piece)


def _is_baby(item: Item) -> bool:
    return item.kind is Kind.UNKNOWN and item.text in _BABIES


def _is_placed(piece: Sequence[Item]) -> bool:
    kinds = {item.kind for item in piece}
    measured = {value for item in piece if item.kind is Kind.QUANTITY for value in item.value}
    return (
        Kind.AREA in kinds and kinds.isdisjoint(_PEOPLE) and bool(measured) and measured <= _VITALS
    )
