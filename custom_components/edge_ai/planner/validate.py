"""Check any plan, whoever proposed it, before anything runs."""

from __future__ import annotations

from collections.abc import Sequence

from ..messages import Catalogue, Plan, Refusal
from .home import Home


def validate(
    plan: Plan, catalogue: Catalogue, home: Home, language: str = "en"
) -> tuple[Refusal, ...]:
    """All that forbids running the plan; empty when it may run as it is.

    A refusal names the quantity that cannot be had, or "" when it concerns all of them.
    """
    raise NotImplementedError


def prune(plan: Plan, refusals: Sequence[Refusal]) -> Plan:
    """The part of the plan that may still run; what was cut is in `refused`."""
    raise NotImplementedError
