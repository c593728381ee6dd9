"""Ranges of what a goal may ask for."""

from __future__ import annotations

from collections.abc import Mapping

from ..messages import Condition, Goal, Mood, Quantity

MIN_DURATION_S = 10
MAX_DURATION_S = 30 * 86_400
MAX_HOLD_S = 86_400

OPERATORS = frozenset({"==", "!=", ">", ">=", "<", "<="})

# Numbers that a condition may compare with: per minute for the rates, minutes for app usage.
NUMBERS: Mapping[Quantity, tuple[float, float]] = {
    Quantity.HEART_RATE: (20, 250),
    Quantity.BREATHING_RATE: (0, 60),
    Quantity.APP_USAGE: (0, 1_440),
}
TRUTHS = frozenset({Quantity.STRESS, Quantity.PRESENCE})


def out_of_range(goal: Goal) -> str | None:
    """Name of the first slot whose value cannot be meant, None when all are possible."""
    duration = goal.duration_s
    if duration is not None and not MIN_DURATION_S <= duration <= MAX_DURATION_S:
        return "duration_s"
    return _condition_fault(goal.condition) if goal.condition else None


def _condition_fault(condition: Condition) -> str | None:
    if condition.op not in OPERATORS:
        return "condition.op"
    if condition.for_s is not None and not 0 <= condition.for_s <= MAX_HOLD_S:
        return "condition.for_s"
    value, quantity = condition.value, condition.quantity
    if quantity in TRUTHS:
        fits = isinstance(value, bool) and condition.op in {"==", "!="}
    elif quantity is Quantity.MOOD:
        fits = value in list(Mood) and condition.op in {"==", "!="}
    elif quantity in NUMBERS:
        low, high = NUMBERS[quantity]
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        fits = number and low <= float(value) <= high
    else:
        fits = False
    return None if fits else "condition.value"
