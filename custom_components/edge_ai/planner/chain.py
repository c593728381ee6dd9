"""Backward chaining from a goal to its sources, over the tools a home announces."""

from __future__ import annotations

from ..messages import Catalogue, Goal, Plan
from .home import Home


def make_plan(goal: Goal, catalogue: Catalogue, home: Home, language: str = "en") -> Plan:
    """Find the best graph of tools on devices for every quantity of the goal.

    What cannot run is in `refused`, with a sentence in `language` (en, zh). The same goal
    over the same catalogue gives the same `id`, which is a hash of the graph and its target.
    """
    raise NotImplementedError
