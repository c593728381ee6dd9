"""What is said in answer, in English and Chinese.

`language` is any BCP 47 tag: Chinese for zh in any spelling, English for all others.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..messages import Goal, Plan, Quantity, ReadingState, Refusal, Scalar
from .home import Home


def started(plan: Plan, home: Home, language: str) -> str:
    """A monitor or an alert has begun; names what was refused as well."""
    raise NotImplementedError


def already_running(plan: Plan, home: Home, language: str) -> str:
    """The same request was made before."""
    raise NotImplementedError


def stopped(goal: Goal, count: int, home: Home, language: str) -> str:
    """`count` monitors were stopped; 0: there was nothing to stop."""
    raise NotImplementedError


def refused(refusals: Sequence[Refusal], language: str) -> str:
    """Nothing of the request can be done, and why."""
    raise NotImplementedError


def reading(
    quantity: Quantity,
    value: Scalar,
    unit: str | None,
    state: ReadingState,
    language: str,
    *,
    person: str | None = None,
    area: str | None = None,
) -> str:
    """One value as a sentence; without a value, why there is none.

    person, area: names. Without either it is the asking person's own.
    """
    raise NotImplementedError


def no_reading(quantity: Quantity, language: str) -> str:
    """Nobody measures this at the moment."""
    raise NotImplementedError


def alert(plan: Plan, value: Scalar, home: Home, language: str) -> str:
    """The condition of an alert has come true."""
    raise NotImplementedError


def ended(goal: Goal, home: Home, language: str) -> str:
    """The duration of a monitor is over."""
    raise NotImplementedError


def training_started(goal: Goal, language: str) -> str:
    """The learning loop runs; nothing is replaced without a yes."""
    raise NotImplementedError


def not_understood(language: str) -> str:
    """Neither the grammar nor a model could read it."""
    raise NotImplementedError


def hub_away(language: str) -> str:
    """The hub does not answer."""
    raise NotImplementedError
