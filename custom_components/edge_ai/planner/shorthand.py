"""Words cut short, as people type them in a hurry: "mon br nursery 60s", "stop mon"."""

from __future__ import annotations

from collections.abc import Sequence

from ..messages import Quantity
from .lexicon import Item, Kind

_MONITOR = frozenset({"mon"})
_RATES = {"br": Quantity.BREATHING_RATE, "rr": Quantity.BREATHING_RATE}
# "On mon" is a day, "in the br" a room, "2 br" a flat.
_ORDERING = frozenset({Kind.START, Kind.STOP, Kind.BREAK})
_POLITE = frozenset({"please", "pls", "plz", "ok", "okay", "hey", "now"})
_OF_A_PLACE = frozenset({"in", "the", "in the", "a", "into", "to", "from", "at"})


def written_out(items: Sequence[Item]) -> list[Item]:
    """The items; "mon" begins an order or follows "stop", "br" stands where a quantity may."""
    read: list[Item] = []
    for index, item in enumerate(items):
        before = read[-1] if read else Item(Kind.BREAK)
        behind = items[index + 1] if index + 1 < len(items) else Item(Kind.BREAK)
        if item.kind is Kind.UNKNOWN and item.text in _MONITOR and _may_order(before):
            item = Item(Kind.MONITOR, None, item.text)
        elif item.kind is Kind.UNKNOWN and item.text in _RATES and _may_be_measured(before):
            item = Item(Kind.QUANTITY, (_RATES[item.text],), item.text)
        elif item.text == "rate" and before.text == "the" and _is_said_before(behind):
            item = Item(Kind.SMALL, None, item.text)
        read.append(item)
    return read


def _is_said_before(behind: Item) -> bool:
    """Is it "how is Ben breathing, what's the rate", while "the rate of inflation" is another?"""
    return behind.kind in _RATE_ENDS or behind.text in {"goes", "gets", "is"}


_RATE_ENDS = frozenset({Kind.BREAK, Kind.QUESTION_MARK, Kind.MOVE, Kind.COMPARE, Kind.AND})


def _may_order(before: Item) -> bool:
    return before.kind in _ORDERING or before.text in _POLITE


def _may_be_measured(before: Item) -> bool:
    return before.kind is not Kind.NUMBER and before.text not in _OF_A_PLACE
