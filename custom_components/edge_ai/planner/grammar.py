"""Requests in English and Chinese → goals, without a model and without a network.

Every word must be known and every clause must make sense: what is left over makes the
grammar decline, since a wrong action is worse than none. The steps: tokens, items (longest
known words), clauses, and for each clause its intent, quantities, persons, place and time.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from ..messages import Goal, Intent
from .alerting import alert_goals, breathing_pause
from .background import resolve_pronouns, without_address, without_background
from .clauses import split
from .conditions import read_conditions
from .content import content_of
from .coordination import propositions
from .doubts import is_doubtful
from .home import Home
from .intents import intent_of
from .lexicon import Item, Kind
from .merging import is_vague, merged_goals
from .ranges import names_range
from .scan import scan
from .sensed import areas_of, groups_of
from .shorthand import written_out
from .strangers import is_strange
from .tokens import MAX_CHARACTERS, tokenize


def parse(
    text: str, home: Home, language: str | None = None, *, now: datetime | None = None
) -> tuple[Goal, ...]:
    """Read a request; empty when it is not (surely) ours.

    Persons and areas of the goals are ids of `home`; "my" and "me" leave the person None.
    `language`: of the conversation, a hint only; the script of the text decides.
    `now`: local time, needed for "until ten o'clock"; without it such an end stays open.
    """
    if len(text) > MAX_CHARACTERS:
        return ()
    heard = without_address(written_out(scan(tokenize(text), home, now)))
    items = without_background(resolve_pronouns(heard))
    if any(item.kind in {Kind.UNKNOWN, Kind.DAY} for item in items):
        return ()
    goals: list[Goal] = []
    for clause in split(items):
        if is_strange(clause):
            return ()
        content = content_of(clause)
        said_before = _what_was_said(content, goals)
        if said_before is not None:
            goals = said_before
            continue
        for proposition in propositions(content):
            read = _read_clause(proposition, goals, home)
            if read is None:
                return ()
            goals += _lasting(read, clause)
    merged = tuple(dict.fromkeys(merged_goals(goals)))
    return () if any(is_vague(goal) for goal in merged) else merged


def _what_was_said(content: Sequence[Item], earlier: Sequence[Goal]) -> list[Goal] | None:
    """Say "I want to see my stress, start tracking it": do that with what was said before."""
    kinds = {item.kind for item in content}
    if earlier and kinds <= {Kind.STOP, Kind.MONITOR, Kind.SENSING} and Kind.STOP in kinds:
        # "Never mind the stress, stop measuring it"
        return list(earlier) if all(g.intent is Intent.STOP for g in earlier) else None
    asked = bool(earlier) and all(goal.intent is Intent.QUERY for goal in earlier)
    if kinds == {Kind.MONITOR} and earlier and all(g.intent is Intent.MONITOR for g in earlier):
        return list(earlier)  # "... how my mood goes over the next hour, so track it"
    durations = {item.value for item in content if item.kind is Kind.DURATION}
    orders = {Kind.MONITOR, Kind.START, Kind.SENSING}
    wanted = bool(kinds & orders) and kinds <= orders | {Kind.DURATION, Kind.NEXT, Kind.OF}
    if not (asked and wanted) or len(durations) > 1:
        return None
    duration = next(iter(durations), None)
    return [replace(goal, intent=Intent.MONITOR, duration_s=duration) for goal in earlier]


def _lasting(goals: list[Goal], clause: Sequence[Item]) -> list[Goal]:
    """Say "Check on my pulse continuously": it asks for more than one answer."""
    if not any(
        item.kind is Kind.SMALL
        and (item.text in _ONGOING or item.text.startswith(("for the rest of", "over the course")))
        for item in clause
    ):
        return goals
    first = next(item for item in clause if item.kind not in {Kind.SMALL, Kind.YOU})
    lasts = first.kind is Kind.TELL and any(item.text.startswith("over the") for item in clause)
    if lasts:
        return [
            replace(goal, intent=Intent.MONITOR) if goal.intent is Intent.QUERY else goal
            for goal in goals
        ]
    if first.kind not in {Kind.ASK, Kind.START} or first.text.startswith(("how", "what", "which")):
        return goals
    return [
        replace(goal, intent=Intent.MONITOR) if goal.intent is Intent.QUERY else goal
        for goal in goals
    ]


_ONGOING = frozenset(
    [
        *("continuously", "constantly", "continually", "regularly", "all the time", "at all times"),
        *("round the clock", "around the clock", "from now on", "day and night", "in real time"),
        *(
            "regular",
            "constant",
            "continuous",
            "ongoing",
            "every so often",
            "from time to time",
            "at regular intervals",
            "every now and then",
        ),
        *("every", "now and then", "every few minutes", "every couple of minutes"),
        *(
            "every couple of hours",
            "every minute",
            "minute by minute",
            "每 隔 一 会 儿",
            "时 不 时",
            "每 小 时",
            "每 个 小 时",
        ),
        *("every hour", "hourly", "every day", "throughout the day", "during the night"),
        *("at night", "every night", "不 断", "不 间 断", "随 时", "时 刻", "全 程", "持 续 地"),
    ]
)


def prepare() -> None:
    """Build the vocabulary, some tenths of a second once: call it where that does no harm."""
    scan(("monitor",), Home())


def _read_clause(items: Sequence[Item], earlier: Sequence[Goal], home: Home) -> list[Goal] | None:
    """Goals of one clause; None when it makes no sense. `earlier`: what "it" may mean."""
    if not items or any(item.kind is Kind.PRONOUN for item in items):
        return None
    if (pause := breathing_pause(items, earlier)) is not None:
        return [pause]
    conditions = read_conditions(items)
    intent = intent_of(items, conditions)
    if intent is None or is_doubtful(items, intent):
        return None
    if intent is not Intent.ALERT and names_range(items):
        return None
    if intent is Intent.ALERT:
        return alert_goals(items, conditions, earlier, home)
    groups = groups_of(items, intent, home)
    if groups is None:
        return None
    duration = None
    if intent is Intent.MONITOR:
        durations = {item.value for item in items if item.kind is Kind.DURATION}
        odd = {item.kind for item in items} & {Kind.NUMBER, Kind.COMPARE}
        if len(durations) > 1 or odd or _is_past(items):
            return None
        duration = next(iter(durations), None)
    return [
        Goal(
            intent=intent,
            quantities=quantities,
            person=person,
            area=area,
            duration_s=duration,
        )
        for group in groups
        for quantities in [group.quantities]
        for person in group.persons or (None,)
        for area in areas_of(items)
    ]


def _is_past(items: Sequence[Item]) -> bool:
    """Is a time meant that is over, such as "the past two hours"?"""
    pairs = itertools.pairwise(items)
    return any(one.kind is Kind.PAST and two.kind is Kind.DURATION for one, two in pairs)
