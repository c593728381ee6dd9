"""What a clause wants: monitor, stop, query, alert or train."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from ..messages import Condition, Intent, Quantity
from .clauses import TRIGGERS, watches_whether
from .conditions import is_breathing_pause
from .lengths import has_length, is_length_ahead, is_over
from .lexicon import Item, Kind
from .stopping import is_breathing_stop, stopping
from .training import training

_EVENTS = frozenset(
    {
        Kind.NUMBER,
        Kind.FEELING,
        Kind.ANYONE,
        Kind.NOBODY,
        Kind.ENTER,
        Kind.MOVE,
        Kind.LEVEL,
        Kind.CHANGE,
        Kind.EMPTY,
    }
)
_HAPPENING = frozenset({Kind.NUMBER, Kind.MOVE, Kind.ENTER, Kind.CHANGE})
# A question without a verb: "Anna's heart rate".
_NAMED = frozenset(
    {
        Kind.QUANTITY,
        Kind.PERSON,
        Kind.ME,
        Kind.EVERYONE,
        Kind.OWNER,
        Kind.OF,
        Kind.AREA,
        Kind.HERE,
        Kind.ANYONE,
        Kind.NOBODY,
        Kind.EMPTY,
        Kind.LEVEL,
        Kind.AND,
        Kind.PAST,
        Kind.NEXT,
    }
)
_LENGTHS = frozenset({Kind.DURATION, Kind.HOLD})
_SENSES = ("detect", "sense", "notice", "see", "seen", "检 测", "感 应", "探 测")


def intent_of(items: Sequence[Item], conditions: Sequence[Condition]) -> Intent | None:
    """The intent of a clause without its small words; None when it has none that is ours."""
    kinds = {item.kind for item in items}
    if Kind.TRAIN in kinds or Kind.IMPROVE in kinds:
        return training(items, kinds)
    if Kind.STOP in kinds and not is_breathing_stop(items, conditions):
        return stopping(items, kinds)
    if Kind.NOTIFY in kinds:
        return None if _notifies_another(items) else Intent.ALERT
    if Kind.REMIND in kinds:
        # "Remind me to check my pulse" is a reminder.
        if _notifies_another(items) or _reminds_to_feel(items, kinds):
            return None
        noun = {Kind.START, Kind.QUANTITY} <= kinds and kinds.isdisjoint({Kind.MONITOR, Kind.ASK})
        # "Watch my stress, and call me when it's high": of what was said before.
        taken_up = Kind.QUANTITY not in kinds and bool(kinds & {Kind.LEVEL, Kind.MOVE, Kind.NUMBER})
        phone = {Kind.PHONE, Kind.DURATION} <= kinds and bool(kinds & TRIGGERS)
        return (
            Intent.ALERT
            if conditions or Kind.CHANGE in kinds or noun or phone or taken_up
            else None
        )
    if Kind.TELL in kinds:
        if any(is_breathing_pause(condition) for condition in conditions):
            return Intent.ALERT  # 爷爷不呼吸了你一定要告诉我
        return None if _tells_another(items) else _telling(items, kinds)
    if any(item.kind is Kind.ASK and item.value == "know if" for item in items):
        # 我想知道我的心情怎么变化 asks how, and for no alert.
        how = any(item.kind is Kind.ASK and item.value != "know if" for item in items)
        happens = kinds & _HAPPENING and not how
        return Intent.ALERT if happens or Kind.WHEN in kinds else Intent.QUERY
    if kinds & TRIGGERS and not watches_whether(items):
        return None
    return _watching_or_asking(items, kinds)


def _telling(items: Sequence[Item], kinds: set[Kind]) -> Intent:
    if kinds & TRIGGERS:
        return Intent.ALERT
    feelings = {item.value for item in items if item.kind is Kind.FEELING}
    told = next(index for index, item in enumerate(items) if item.kind is Kind.TELL)
    before = any(item.kind in _EVENTS | {Kind.COMPARE} for item in items[:told])
    # 小雨在客厅待满一小时告诉我
    ahead = {item.kind for item in items[:told]}
    before = before or {Kind.HOLD, Kind.AREA, Kind.DURATION} <= ahead
    # 紧张不紧张: both at once is a question.
    if before and Kind.ASK not in kinds and len(feelings) < 2:
        return Intent.ALERT
    if has_length(items) and Kind.PAST not in kinds and Kind.USE not in kinds:
        return Intent.MONITOR
    return Intent.QUERY


def _notifies_another(items: Sequence[Item]) -> bool:
    """Is it "notify Ben when ...", 提醒小雨放松, which is beyond us?"""
    kinds = [item.kind for item in items]
    if kinds == [Kind.REMIND, Kind.PERSON, Kind.FEELING]:
        return True
    return any(
        first is Kind.NOTIFY and second is Kind.PERSON and third in TRIGGERS
        for first, second, third in zip(kinds, kinds[1:], kinds[2:], strict=False)
    )


def _reminds_to_feel(items: Sequence[Item], kinds: set[Kind]) -> bool:
    """Is it 每小时提醒我放松一下: what shall be felt after it, and no condition for it?"""
    felt = [index for index, item in enumerate(items) if item.kind is Kind.FEELING]
    told = next(index for index, item in enumerate(items) if item.kind is Kind.REMIND)
    return felt == [told + 1] and kinds.isdisjoint(TRIGGERS | {Kind.COMPARE, Kind.LEVEL})


def _is_setting(item: Item) -> bool:
    """Say "Set" or "turn", without "on"."""
    if item.kind is not Kind.START:
        return False
    return item.text.startswith(("set", "设")) or item.text in {"turn", "switch"}


def _asks_itself(item: Item) -> bool:
    """Is the word a question by its form: 有没有人, 是否有人, 压力是不是太大?"""
    text = item.text
    if item.kind is Kind.FEELING:
        return "是 不 是" in text
    return "不" in text or "还 是" in text or text.startswith(("有 没 有", "有 无", "是 否"))


def _tells_another(items: Sequence[Item]) -> bool:
    """Say "Tell Ben to come" is a message, "what did Anna say" asks for her words."""
    return any(
        (
            first.kind is Kind.TELL
            and first.text in {"tell", "inform"}
            and second.kind is Kind.PERSON
        )
        or (first.kind is Kind.PERSON and second.kind is Kind.TELL and second.text == "say")
        for first, second in itertools.pairwise(items)
    )


def _watching_or_asking(items: Sequence[Item], kinds: set[Kind]) -> Intent | None:
    asks = items[0].kind is Kind.AUXILIARY or bool(kinds & {Kind.QUESTION_MARK, Kind.ASK})
    measured = [item for item in items if item.kind in {Kind.QUANTITY, Kind.FEELING}]
    asks = asks or any(_asks_itself(item) for item in measured)
    if kinds.isdisjoint({Kind.SENSING, Kind.MONITOR}) and any(_is_setting(item) for item in items):
        # "Set my mood to ..." belongs to lamps; "set an alert" has been seen above.
        return None
    if Kind.START in kinds and Kind.FEELING in kinds and not kinds & {Kind.QUANTITY, Kind.ASK}:
        # 来个好心情: a feeling cannot be switched on.
        return None
    if _is_single_check(items, kinds):
        return Intent.QUERY
    if items[0].kind is Kind.AUXILIARY and kinds & {Kind.ANYONE, Kind.NOBODY}:
        # "Has anyone been detected", "did you sense anybody": what was seen, not what to do.
        seen = [item for item in items if item.kind is Kind.MONITOR]
        if seen and all(item.text.startswith(_SENSES) for item in seen):
            return Intent.QUERY
    if kinds & {Kind.MONITOR, Kind.START}:
        # "How do I monitor ...", "are you monitoring ...": about us, but no order.
        if _notes_a_feeling(items) or (items[-1].kind is Kind.PHONE and Kind.QUANTITY in kinds):
            return None
        if items[0].text in {"what", "which"}:
            # "What was the last pulse you measured"; "what are you monitoring" is no order.
            done = all(i.text.endswith("ed") for i in items if i.kind is Kind.MONITOR)
            return Intent.QUERY if done and Kind.START not in kinds else None
        how = items[0].kind is Kind.ASK and (items[0].value == "how" or items[0].text == "how much")
        return None if how or items[0].kind is Kind.AUXILIARY else Intent.MONITOR
    if Kind.SENSING in kinds:
        # "Do you mind tracking my mood?" begins with what is wanted.
        begins = items[0].kind is Kind.SENSING or items[0].text in _REQUESTING
        begins = begins or _proposes(items)
        return None if asks and not begins else Intent.MONITOR
    if Kind.MODEL in kinds:
        return None
    if asks and has_length(items) and not is_over(items, kinds) and is_length_ahead(items, kinds):
        # "See how my stress develops over the next hour", "check my pulse for a minute".
        return Intent.MONITOR
    if _asks_advice(items):
        return None
    if asks or Kind.TELL in kinds or Kind.WHO in kinds:
        return Intent.QUERY
    if Kind.FEELING in kinds:
        # "I am stressed" states something.
        return None
    if Kind.DURATION in kinds and Kind.PAST not in kinds:
        return Intent.MONITOR if kinds <= _NAMED | _LENGTHS else None
    if kinds <= {Kind.QUANTITY, Kind.AND} and not any(map(_is_vital_rate, items)):
        # "Mood", "breathe": the word alone may be a lamp's, a song's, or an exercise.
        return None
    if items[-1].kind in {Kind.LEVEL, Kind.PAST} or _states_presence(items):
        # "My heart is racing", "nobody is here": they state something.
        return None
    if any(item.kind is Kind.QUANTITY and item.text in {"feel", "feels", "felt"} for item in items):
        return None  # "I can feel my heartbeat"
    if (Kind.QUANTITY, "me") in ((a.kind, b.text) for a, b in itertools.pairwise(items)):
        return None  # "Stress me out"
    stated = {item.kind for item in items if item.text != "'s"}
    return Intent.QUERY if stated <= _NAMED else None


def _states_presence(items: Sequence[Item]) -> bool:
    """Without a verb only "anyone in the kitchen" asks; "nobody here" and 客厅有人 tell."""
    there = [item for item in items if item.kind in {Kind.ANYONE, Kind.NOBODY, Kind.EMPTY}]
    return any(not item.text.startswith("any") and item.text[-1] not in "吗没不" for item in there)


def _is_single_check(items: Sequence[Item], kinds: set[Kind]) -> bool:
    """Is it "do a pulse check", which is over with one answer?"""
    lasting = kinds & {Kind.MONITOR, Kind.SENSING, Kind.DURATION}
    check = any(item.kind is Kind.ASK and item.text in _CHECKS for item in items)
    return Kind.START in kinds and not lasting and check


_CHECKS = frozenset({"check", "reading", "检 查"})
# Questions by their form that ask for something to be done.
_REQUESTING = frozenset(
    [
        *("can i get", "can i have", "could i get", "could i have", "can we have", "can we get"),
        *("could we have", "could we get", "may i have", "get me", "give me"),
    ]
)


def _proposes(items: Sequence[Item]) -> bool:
    """Is it "what about monitoring Anna's mood", while "what about the mood tracking" asks?"""
    led = items[0].text in {"what about", "how about"}
    return led and items[1].kind is Kind.SENSING and items[1].text.endswith("ing")


def _notes_a_feeling(items: Sequence[Item]) -> bool:
    """Is it "log my mood as sad", an entry in a diary?"""
    kinds = [item.kind for item in items]
    return kinds[-1] is Kind.FEELING and (Quantity.MOOD,) in [
        item.value for item in items if item.kind is Kind.QUANTITY
    ]


def _is_vital_rate(item: Item) -> bool:
    if item.text == "hr":
        return True
    return any(
        word in item.text
        for word in ("rate", "level", "水 平", "pulse", "heartbeat", "率", "脉", "心 跳")
    )


def _asks_advice(items: Sequence[Item]) -> bool:
    """Is it "how do I lower my heart rate", which wants to know a way?"""
    kinds = [item.kind for item in items[:4]]
    return (
        items[0].kind is Kind.ASK
        and items[0].value == "how"
        and kinds[1:3] == [Kind.AUXILIARY, Kind.ME]
        and kinds[3:] == [Kind.MOVE]
    )
