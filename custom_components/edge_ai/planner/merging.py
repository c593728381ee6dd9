"""Join goals that belong together: "watch it and tell me if ..." is one alert."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..messages import Goal, Intent


def is_vague(goal: Goal) -> bool:
    """Say "Keep an eye on Anna" says too little, unless "and tell me when ..." follows."""
    return goal.intent is Intent.MONITOR and not goal.quantities


def merged_goals(goals: Sequence[Goal]) -> list[Goal]:
    """Join what belongs together: "watch it and tell me if ..." is one alert."""
    kept: list[Goal] = []
    for goal in goals:
        twin = next((item for item in kept if _same_but_quantities(item, goal)), None)
        if twin is not None:
            both = tuple(dict.fromkeys((*twin.quantities, *goal.quantities)))
            kept[kept.index(twin)] = replace(twin, quantities=both)
            continue
        if kept and is_vague(kept[-1]) and goal.intent is Intent.QUERY:
            # "Watch the bedroom for an hour, see whether anybody is there."
            vague = kept.pop()
            kept.append(
                replace(
                    vague,
                    quantities=goal.quantities,
                    person=goal.person or vague.person,
                    area=goal.area or vague.area,
                )
            )
            continue
        watched = next((item for item in kept if _is_watched_by(item, goal)), None)
        if watched is not None:
            kept.remove(watched)
            goal = replace(
                goal,
                area=goal.area or watched.area,
                duration_s=goal.duration_s or watched.duration_s,
            )
        kept.append(goal)
    return kept


def _same_but_quantities(first: Goal, second: Goal) -> bool:
    return first.condition is None and replace(first, quantities=second.quantities) == second


def _is_watched_by(monitor: Goal, alert: Goal) -> bool:
    return (
        monitor.intent is Intent.MONITOR
        and alert.intent is Intent.ALERT
        and monitor.person == alert.person
        and set(monitor.quantities) <= set(alert.quantities)
    )
