"""One way from a sentence to plans, for sentences, actions and tools of language models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from ..messages import Catalogue, Goal, Intent, Plan, Refusal
from .chain import make_plan
from .grammar import parse
from .home import Home
from .language_model import LanguageModel
from .policies import split_policy
from .validate import prune, validate

_PLANNED = frozenset({Intent.MONITOR, Intent.ALERT, Intent.QUERY})


@dataclass(frozen=True, kw_only=True)
class Understanding:
    """What a request means here and now. Without goals it is not ours: hand it on."""

    goals: tuple[Goal, ...] = ()
    plans: tuple[Plan | None, ...] = ()
    """One for each goal; None for stop and train, which need none. A plan without steps
    cannot run: `refused` says why."""
    source: Literal["grammar", "language_model", "none"] = "none"
    refusals: tuple[Refusal, ...] = ()
    """All refusals of all plans, with sentences in the language of the request."""
    notes: tuple[str, ...] = ()
    """For logs and diagnostics, such as "language model: timeout"."""


async def understand(
    text: str,
    *,
    home: Home,
    catalogue: Catalogue,
    language: str,
    model: LanguageModel | None = None,
    now: datetime | None = None,
) -> Understanding:
    """Read a request with the grammar, else with the model, and plan what it asks for."""
    rest, policy = split_policy(text, catalogue)
    goals = parse(rest, home, language, now=now)
    if goals:
        goals = tuple(replace(goal, policy=policy) for goal in goals)
        return _planned(goals, (), "grammar", (), home, catalogue, language)
    if model is None:
        return Understanding()
    proposal = await model.propose(text, home=home, catalogue=catalogue, language=language)
    notes = (f"language model: {proposal.failure}",) if proposal.failure else ()
    if not proposal.goals:
        return Understanding(notes=notes)
    return _planned(
        proposal.goals, proposal.plans, "language_model", notes, home, catalogue, language
    )


def _planned(
    goals: Sequence[Goal],
    proposed: Sequence[Plan | None],
    source: Literal["grammar", "language_model"],
    notes: tuple[str, ...],
    home: Home,
    catalogue: Catalogue,
    language: str,
) -> Understanding:
    plans = [
        _plan(goal, proposed[index] if index < len(proposed) else None, home, catalogue, language)
        for index, goal in enumerate(goals)
    ]
    refusals = dict.fromkeys(refusal for plan in plans if plan for refusal in plan.refused)
    return Understanding(
        goals=tuple(goals),
        plans=tuple(plans),
        source=source,
        refusals=tuple(refusals),
        notes=notes,
    )


def _plan(
    goal: Goal, proposed: Plan | None, home: Home, catalogue: Catalogue, language: str
) -> Plan | None:
    if goal.intent not in _PLANNED:
        return None
    plan = proposed or make_plan(goal, catalogue, home, language)
    return (
        prune(plan, refusals) if (refusals := validate(plan, catalogue, home, language)) else plan
    )
