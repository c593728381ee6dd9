"""Whether a clause orders our work to end, or tells of an event or of what was stored."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from ..messages import Condition, Intent, Quantity
from .clauses import ALERTING, TRIGGERS, watches_whether
from .lexicon import Item, Kind

# Words that end a monitor only beside one: "delete my mood data" is about what was stored.
_ERASING = ("delet", "remov", "eras", "clear", "删", "移 除", "清")
_RECORDS = frozenset({"记 录", "log", "recording", "logging"})
_RUNNING = ALERTING | {Kind.MONITOR, Kind.SENSING}


def stopping(items: Sequence[Item], kinds: set[Kind]) -> Intent | None:
    """STOP for a clause that has a word for it; None when nothing of ours can be meant."""
    erases = any(item.kind is Kind.STOP and item.text.startswith(_ERASING) for item in items)
    if erases and (not kinds & _RUNNING or items[-1].text in _RECORDS):
        return None
    first = next(item for item in items if item.kind in {*TRIGGERS, Kind.STOP})
    if first.kind in TRIGGERS and not _is_stopped_telling(items):
        return None  # "wake me if it stops": an event, and no order
    if any(
        first.text in {"my", "our"} and second.text in {"stop", "break", "end", "hold"}
        for first, second in itertools.pairwise(items)
    ):
        return None  # "Don't let me miss my stop"
    if Kind.NUMBER in kinds and kinds.isdisjoint({Kind.COMPARE, Kind.COMPARE_BEHIND}):
        return None  # "Stop monitoring at ten" is later
    # "Stop when I leave" and "pause for an hour" ask for what no monitor can do.
    triggered = kinds & TRIGGERS and not kinds & ALERTING and not watches_whether(items)
    if Kind.DURATION in kinds or triggered:
        return None
    return Intent.STOP


def _is_stopped_telling(items: Sequence[Item]) -> bool:
    """Is it 压力大的时候不用提醒我: the telling itself shall stop?"""
    return any(
        first.kind is Kind.STOP and second.kind in ALERTING and not first.text.endswith("了")
        for first, second in itertools.pairwise(items)  # 要是停了叫我: it has ended by itself
    )


def is_breathing_stop(items: Sequence[Item], conditions: Sequence[Condition]) -> bool:
    """Is it "if Ben stops breathing, wake me": an event that shall be told, and no order?"""
    wanted = any(item.kind in ALERTING for item in items)
    stopped = any(
        condition.quantity is Quantity.BREATHING_RATE and condition.value == 0
        for condition in conditions
    )
    first = next(item.kind for item in items if item.kind in ALERTING | TRIGGERS | {Kind.STOP})
    # "Stop the breathing alert" ends with a noun, "stops breathing, alert me" with an order.
    order = items[0].kind is not Kind.STOP or items[-1].text.endswith(("me", "us", "我", "know"))
    later = items[-1].kind in ALERTING and order
    return wanted and stopped and (first is not Kind.STOP or later)
