"""Ranges of a number: "outside 50 to 100", 不在50到100之间, and "between 50 and 100"."""

from __future__ import annotations

from collections.abc import Sequence

from ..messages import Condition, Quantity
from .lexicon import Item, Kind


def names_range(items: Sequence[Item]) -> bool:
    """Is a range named, of numbers or of anything else?"""
    return any(item.kind is Kind.RANGE for item in items)


def outside_range(items: Sequence[Item], quantity: Quantity | None) -> list[Condition]:
    """Below the lower number, above the higher one.

    Empty for the inside of a range, which no single comparison can tell, and where there are
    not exactly two numbers.
    """
    numbers = sorted(float(item.value) for item in items if item.kind is Kind.NUMBER)
    if len(numbers) != 2 or quantity is None or not _is_outside(items):
        return []
    low, high = numbers
    return [
        Condition(quantity=quantity, op="<", value=low),
        Condition(quantity=quantity, op=">", value=high),
    ]


def _is_outside(items: Sequence[Item]) -> bool:
    """Do the words mean what is beyond the range: outside, not between, leaves, 超出?"""
    return any(
        (item.kind is Kind.RANGE and item.value == "outside")
        or item.kind is Kind.NOT
        or (item.kind is Kind.ENTER and not item.value)
        or (item.kind is Kind.COMPARE and item.value == ">")
        for item in items
    )
