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

from ..messages import Condition, Goal, Intent, Quantity
from .background import resolve_pronouns, without_background
from .clauses import split
from .conditions import read_conditions, with_hold
from .home import Home
from .intents import intent_of
from .lexicon import Item, Kind
from .scan import scan
from .strangers import is_strange
from .subjects import Group, read_groups
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
    items = without_background(resolve_pronouns(scan(tokenize(text), home, now)))
    if any(item.kind in {Kind.UNKNOWN, Kind.DAY} for item in items):
        return ()
    goals: list[Goal] = []
    for clause in split(items):
        if is_strange(clause):
            return ()
        content = _content(clause)
        said_before = _what_was_said(content, goals)
        if said_before is not None:
            goals = said_before
            continue
        read = _read_clause(content, goals, home)
        if read is None:
            return ()
        goals += _lasting(read, clause)
    merged = tuple(dict.fromkeys(_merged(goals)))
    return () if any(_is_vague(goal) for goal in merged) else merged


def _what_was_said(content: Sequence[Item], earlier: Sequence[Goal]) -> list[Goal] | None:
    """Say "I want to see my stress, start tracking it": do that with what was said before."""
    kinds = {item.kind for item in content}
    if earlier and kinds <= {Kind.STOP, Kind.MONITOR, Kind.SENSING} and Kind.STOP in kinds:
        # "Never mind the stress, stop measuring it"
        return list(earlier) if all(g.intent is Intent.STOP for g in earlier) else None
    asked = bool(earlier) and all(goal.intent is Intent.QUERY for goal in earlier)
    durations = {item.value for item in content if item.kind is Kind.DURATION}
    orders = {Kind.MONITOR, Kind.START, Kind.SENSING}
    wanted = bool(kinds & orders) and kinds <= orders | {Kind.DURATION, Kind.NEXT, Kind.OF}
    if not (asked and wanted) or len(durations) > 1:
        return None
    duration = next(iter(durations), None)
    return [replace(goal, intent=Intent.MONITOR, duration_s=duration) for goal in earlier]


def _lasting(goals: list[Goal], clause: Sequence[Item]) -> list[Goal]:
    """Say "Check on my pulse continuously": it asks for more than one answer."""
    if not any(item.kind is Kind.SMALL and item.text in _ONGOING for item in clause):
        return goals
    first = next(item for item in clause if item.kind not in {Kind.SMALL, Kind.YOU})
    if first.kind is not Kind.ASK or first.text in {"how", "what", "which"}:
        return goals
    return [
        replace(goal, intent=Intent.MONITOR) if goal.intent is Intent.QUERY else goal
        for goal in goals
    ]


_ONGOING = frozenset(
    [
        *("continuously", "constantly", "continually", "regularly", "all the time", "at all times"),
        *("round the clock", "around the clock", "from now on", "day and night", "in real time"),
        *("every hour", "hourly", "every day", "throughout the day", "during the night"),
        *("at night", "every night", "不 断", "不 间 断", "随 时", "时 刻", "全 程", "持 续 地"),
    ]
)


def prepare() -> None:
    """Build the vocabulary, some tenths of a second once: call it where that does no harm."""
    scan(("monitor",), Home())


def _content(clause: Sequence[Item]) -> list[Item]:
    """The clause without small words; "don't" before an action becomes STOP."""
    content = [item for item in clause if item.kind not in {Kind.SMALL, Kind.YOU}]
    asked = next((i for i, item in enumerate(content) if item.kind is Kind.AUXILIARY), len(content))
    content = [item for i, item in enumerate(content) if item.kind is not Kind.FINE or i > asked]
    content = _without_speaker(content)
    content = [_as_quantity(item, content[i - 1] if i else None) for i, item in enumerate(content)]
    if content and content[-1].kind is Kind.NOT and content[-1].text in {"不", "没", "没 有"}:
        # 开心不, 有人没有: a question by its end.
        content[-1] = Item(Kind.ASK, None, "吗")
    if any(item.kind is Kind.FEELING for item in content):
        # "Feeling" beside "stressed" is no quantity of its own.
        content = [item for item in content if not _is_feel(item)]
    return [
        Item(Kind.STOP)
        if item.kind is Kind.NOT and following is not None and following.kind in _NEGATABLE
        else item
        for item, following in itertools.zip_longest(content, content[1:])
        if item is not None
    ]


def _without_speaker(content: Sequence[Item]) -> list[Item]:
    """Leave out who only asks: "say me how Anna is", 咱看看小雨的心率."""
    orders = {Kind.ASK, Kind.TELL, Kind.MONITOR, Kind.NOTIFY, Kind.REMIND, Kind.STOP}
    order = next((i for i, item in enumerate(content) if item.kind in orders), None)
    if order is None or Kind.PERSON not in {item.kind for item in content[order:]}:
        return list(content)
    ahead = [item for item in content[:order] if item.kind is not Kind.ME]
    if len(ahead) != len(content[:order]) and {item.kind for item in ahead} <= _AHEAD:
        content = [*ahead, *content[order:]]
        order = len(ahead)
    behind = list(content[order + 1 :])
    if behind[0].kind is Kind.ME and behind[0].text in {"me", "我", "us"}:
        follows = behind[1].kind if len(behind) > 1 else None
        if follows not in {Kind.AND, Kind.OWNER, Kind.QUANTITY, None}:
            behind = behind[1:]
    return [*content[: order + 1], *behind]


_AHEAD = frozenset({Kind.AUXILIARY, Kind.START, Kind.ENTER})
_NEGATABLE = frozenset(
    {Kind.MONITOR, Kind.START, Kind.NOTIFY, Kind.REMIND, Kind.TELL, Kind.SENSING}
)


def _as_quantity(item: Item, before: Item | None) -> Item:
    """Say "My bpm" without a number names the quantity."""
    alone = before is None or before.kind is not Kind.NUMBER
    if item.kind is Kind.UNIT and item.value is not None and alone:
        return Item(Kind.QUANTITY, (item.value,), item.text)
    return item


def _is_feel(item: Item) -> bool:
    return item.kind is Kind.QUANTITY and item.text.startswith(("feel", "felt", "感 觉", "感 受"))


def _read_clause(items: Sequence[Item], earlier: Sequence[Goal], home: Home) -> list[Goal] | None:
    """Goals of one clause; None when it makes no sense. `earlier`: what "it" may mean."""
    if not items or any(item.kind is Kind.PRONOUN for item in items):
        return None
    conditions = read_conditions(items)
    intent = intent_of(items, conditions)
    if intent is None:
        return None
    if intent is Intent.ALERT:
        return _alerts(items, conditions, earlier, home)
    groups = _groups(items, intent, home)
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
        for area in _areas(items)
    ]


def _is_past(items: Sequence[Item]) -> bool:
    """Is a time meant that is over, such as "the past two hours"?"""
    pairs = itertools.pairwise(items)
    return any(one.kind is Kind.PAST and two.kind is Kind.DURATION for one, two in pairs)


def _is_vague(goal: Goal) -> bool:
    """Say "Keep an eye on Anna" says too little, unless "and tell me when ..." follows."""
    return goal.intent is Intent.MONITOR and not goal.quantities


def _areas(items: Sequence[Item]) -> list[str | None]:
    areas = dict.fromkeys(item.value for item in items if item.kind is Kind.AREA)
    return list(areas) or [None]


def _groups(items: Sequence[Item], intent: Intent, home: Home) -> list[Group] | None:
    """Persons and quantities of a clause that is no alert; None when nothing is measured."""
    groups = read_groups(items, home)
    measured = [group for group in groups if group.quantities]
    if measured:
        return measured
    kinds = {item.kind for item in items}
    persons = groups[-1].persons if groups else ()
    if _is_usage(items, kinds, intent):
        return [Group(persons, (Quantity.APP_USAGE,))]
    if intent is Intent.STOP and Kind.PHONE in kinds and kinds & {Kind.MONITOR, Kind.SENSING}:
        return [Group(persons, (Quantity.APP_USAGE,))]
    if _is_presence(items, kinds, intent):
        named = tuple(person for person in persons if person is not None)
        return [Group(named, (Quantity.PRESENCE,))]
    if intent is Intent.STOP and _stops_sensing(items):
        return [Group(persons, ())]
    if intent is Intent.MONITOR and kinds <= _BARE:
        return [Group(persons, ())]
    if intent is Intent.QUERY and _is_how_are_you(items, kinds):
        return [Group(persons, (Quantity.MOOD,))]
    if intent is Intent.TRAIN and Kind.MODEL in kinds:
        return [Group(persons, ())]
    return None


_PHONES = frozenset({"phone", "phones", "smartphone", "手 机"})


def _is_usage(items: Sequence[Item], kinds: set[Kind], intent: Intent) -> bool:
    """A phone and its use, without a word of its own such as "screen time"."""
    if Kind.PHONE not in kinds or Kind.START in kinds:
        return False
    somebody = bool(kinds & {Kind.PERSON, Kind.ME, Kind.EVERYONE})
    # "Watch Ben's phone" is enough, "follow me on ..." is not.
    phone = any(item.kind is Kind.PHONE and item.text in _PHONES for item in items)
    watched = phone and intent is Intent.MONITOR
    used = any(item.kind is Kind.USE and item.text != "on" for item in items)
    on = Kind.USE in kinds and bool(kinds & {Kind.AUXILIARY, Kind.WHEN, Kind.IF})
    return somebody and (used or on or watched)


def _is_presence(items: Sequence[Item], kinds: set[Kind], intent: Intent) -> bool:
    placed = bool(kinds & {Kind.AREA, Kind.HERE})
    if intent is Intent.STOP and {Kind.ANYONE, Kind.AREA} <= kinds:
        # "Stop watching the kitchen for people"
        return _stops_sensing(items)
    if kinds & {Kind.START, Kind.STOP}:
        return False
    if kinds & {Kind.ANYONE, Kind.NOBODY, Kind.WHO}:
        return placed
    if Kind.EMPTY in kinds or Kind.ENTER in kinds:
        return Kind.AREA in kinds or (Kind.HERE in kinds and Kind.ENTER not in kinds)
    somewhere = {Kind.AREA, Kind.PERSON} <= kinds and kinds.isdisjoint({Kind.LEVEL, Kind.USE})
    return somewhere and intent is Intent.QUERY and _is_yes_or_no(items)


_YES_OR_NO = frozenset(
    {"吗", "么", "嘛", "是 不 是", "有 没 有", "是 否", "在 不 在", "了 吗", "了 没"}
)


def _is_yes_or_no(items: Sequence[Item]) -> bool:
    if items[0].kind is Kind.AUXILIARY:
        return True
    return any(
        item.kind is Kind.ASK
        and (item.text in _YES_OR_NO or item.text.split()[-1] in {"if", "whether"})
        for item in items
    )


def _stops_sensing(items: Sequence[Item]) -> bool:
    """Is it our work that shall stop? "Stop the track" means music.

    "Turn off the monitor" means a screen, 关掉监控 a camera: a bare noun is not enough.
    """
    switched = any(
        item.kind is Kind.STOP and item.text.startswith(_SWITCHING_OFF) for item in items
    )
    if switched and any(item.text in _SCREENS_AND_CAMERAS for item in items):
        return False
    if any(item.kind is Kind.PHONE for item in items):
        return False  # its notifications are its own
    somebody = any(item.kind in {Kind.PERSON, Kind.ME, Kind.EVERYONE} for item in items)
    return any(
        item.kind in {Kind.SENSING, Kind.NOTIFY}
        or (
            item.kind is Kind.MONITOR
            and item.value != "weak"
            and (somebody or item.text not in _ALSO_THINGS)
        )
        for item in items
    )


_SWITCHING_OFF = ("turn", "switch", "shut", "power", "关")
_SCREENS_AND_CAMERAS = frozenset({"monitor", "monitors", "监 控", "监 视"})
# A song, a clock, a screen.
_ALSO_THINGS = frozenset({"track", "tracks", "watch", "measure", "follow", "monitor"})
# "Keep an eye on Anna": whom to watch, but not what.
_BARE = frozenset(
    {Kind.MONITOR, Kind.PERSON, Kind.ME, Kind.AREA, Kind.HERE, Kind.DURATION, Kind.NEXT, Kind.AND}
)


def _is_how_are_you(items: Sequence[Item], kinds: set[Kind]) -> bool:
    """Is it "how is Anna?" and no more, which asks for the mood?"""
    how = any(item.kind is Kind.ASK and item.value == "how" for item in items)
    fine = items[0].kind is Kind.AUXILIARY and Kind.FINE in kinds
    plain = {
        Kind.ASK,
        Kind.AUXILIARY,
        Kind.PERSON,
        Kind.ME,
        Kind.EVERYONE,
        Kind.QUESTION_MARK,
        Kind.AND,
        Kind.FINE,
        Kind.HOLD,
    }
    somebody = bool(kinds & {Kind.PERSON, Kind.ME, Kind.EVERYONE})
    return (how or fine) and somebody and kinds <= plain | {Kind.OWNER}


def _alerts(
    items: Sequence[Item], conditions: Sequence[Condition], earlier: Sequence[Goal], home: Home
) -> list[Goal] | None:
    kinds = {item.kind for item in items}
    groups = read_groups(items, home)
    persons = next((group.persons for group in groups if group.persons), ())
    quantities = tuple(dict.fromkeys(q for group in groups for q in group.quantities))
    before = earlier[-1] if earlier else None
    if not quantities and not conditions and before is not None and before.quantities:
        # "... and tell me if it goes above 100": it is what was said before.
        said = [Item(Kind.QUANTITY, before.quantities), *items]
        conditions = read_conditions(said)
        quantities = before.quantities
    if before is not None and not persons:
        persons = (before.person,)
    if not quantities and _is_usage(items, kinds, Intent.ALERT):
        quantities = (Quantity.APP_USAGE,)
        conditions = read_conditions([Item(Kind.QUANTITY, quantities), *items])
    if not conditions and quantities in ((Quantity.STRESS,), (Quantity.PRESENCE,)):
        conditions = (Condition(quantity=quantities[0], op="==", value=True),)
    if not quantities and not conditions:
        return None
    if any(c.quantity is Quantity.PRESENCE for c in conditions):
        if Kind.AREA not in kinds and any(item.text in _HOME for item in items):
            # Who comes home is known to Home Assistant, not to our rooms.
            return None
        if not kinds & {Kind.AREA, Kind.HERE} and Kind.QUANTITY not in kinds:
            return None
        persons = tuple(person for person in persons if person is not None)
    limits = bool(conditions) and all(isinstance(item.value, float) for item in conditions)
    if limits and set(quantities) - {item.quantity for item in conditions}:
        # "My heart rate or my breathing goes above 100": the other one has no limit.
        return None
    duration, hold = _times(items)
    found: list[Condition | None] = [with_hold(condition, hold) for condition in conditions]
    return [
        Goal(
            intent=Intent.ALERT,
            quantities=(condition.quantity,) if condition else quantities,
            person=person,
            area=area,
            duration_s=duration,
            condition=condition,
        )
        for condition in found or [None]
        for person in persons or (None,)
        for area in _areas(items)
    ]


_HOME = frozenset({"home", "at home", "the house", "in the house", "家", "家 里", "在 家", "家 中"})


def _times(items: Sequence[Item]) -> tuple[int | None, int | None]:
    """Duration of the whole alert, and how long its condition must hold, in seconds."""
    duration: int | None = None
    hold: int | None = None
    triggers = [i for i, item in enumerate(items) if item.kind in {Kind.WHEN, Kind.IF}]
    for index, item in enumerate(items):
        if item.kind is not Kind.DURATION or _is_usage_value(items, index):
            continue
        if item.value == 60 and _is_rate(items, index):
            continue
        around = {other.kind for other in items[max(0, index - 1) : index + 2]}
        if Kind.NEXT in around:
            duration = item.value
        elif _is_hold(items, index, triggers):
            hold = item.value
        else:
            duration = item.value
    return duration, hold


def _is_hold(items: Sequence[Item], index: int, triggers: Sequence[int]) -> bool:
    """Does the duration at `index` belong to the condition?

    It does behind "if"; and before a 的话 that ends the condition in which it stands.
    """
    if any(trigger < index for trigger in triggers):
        return True
    if not triggers:
        return _beside_condition(items, index)
    return any(item.kind in _CONDITIONAL for item in items[: triggers[0]])


def _is_rate(items: Sequence[Item], index: int) -> bool:
    """Is it "25 a minute", 一分钟超过九十下: how often a minute, not how long?"""
    kinds = [item.kind for item in items[index + 1 : index + 4]]
    counted = index > 0 and items[index - 1].kind is Kind.NUMBER and items[index].text == "a minute"
    return counted or kinds == [Kind.COMPARE, Kind.NUMBER, Kind.UNIT]


def _is_usage_value(items: Sequence[Item], index: int) -> bool:
    usage = any(item.kind is Kind.PHONE or item.value == (Quantity.APP_USAGE,) for item in items)
    return usage and index > 0 and items[index - 1].kind is not Kind.NEXT


def _beside_condition(items: Sequence[Item], index: int) -> bool:
    """Does a condition stand in the same part of the clause?"""
    start, end = index, index
    while start > 0 and items[start - 1].kind is not Kind.AND:
        start -= 1
    while end < len(items) and items[end].kind is not Kind.AND:
        end += 1
    return any(item.kind in _CONDITIONAL for item in items[start:end])


_CONDITIONAL = frozenset(
    {
        Kind.COMPARE,
        Kind.FEELING,
        Kind.ANYONE,
        Kind.NOBODY,
        Kind.EMPTY,
        Kind.LEVEL,
        Kind.HOLD,
        Kind.ENTER,
        Kind.MOVE,
        Kind.CHANGE,
    }
)


def _merged(goals: Sequence[Goal]) -> list[Goal]:
    """Join what belongs together: "watch it and tell me if ..." is one alert."""
    kept: list[Goal] = []
    for goal in goals:
        twin = next((item for item in kept if _same_but_quantities(item, goal)), None)
        if twin is not None:
            both = tuple(dict.fromkeys((*twin.quantities, *goal.quantities)))
            kept[kept.index(twin)] = replace(twin, quantities=both)
            continue
        if kept and _is_vague(kept[-1]) and goal.intent is Intent.QUERY:
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
