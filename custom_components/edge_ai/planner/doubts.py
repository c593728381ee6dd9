"""Requests whose words are all ours, but which say too little, or something else, for the act.

A wrong action is worse than none: what changes something (monitor, stop, alert, train) needs
stronger evidence than a question, and a question needs somebody or something of this home.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from ..messages import Intent, Quantity
from .lexicon import Item, Kind

_MEASURED = frozenset({Kind.QUANTITY, Kind.FEELING})
_SOMEBODY = frozenset({Kind.PERSON, Kind.ME, Kind.EVERYONE})
_OUR_WORK = frozenset({Kind.MONITOR, Kind.SENSING, Kind.NOTIFY, Kind.TELL, Kind.REMIND})
_WHETHER = frozenset({Kind.ASK, Kind.IF, Kind.WHEN})
_LASTING = frozenset({Kind.MONITOR, Kind.START, Kind.SENSING, Kind.TELL, Kind.ASK})


def is_doubtful(items: Sequence[Item], intent: Intent) -> bool:
    """Is the clause, with this intent, better left to others?"""
    if intent is Intent.MONITOR:
        odd = _is_negated(items) or _grants_time(items) or _asks_who(items)
        odd = odd or _is_about_an_app(items) or _is_about_anyone(items)
        odd = odd or _is_done_by_phone(items)
        return odd or _notes_a_state(items) or _seems(items) or _tells_of_watching(items)
    if intent is Intent.QUERY:
        odd = _compares_nothing(items) or _is_about_an_app(items) or _asks_who(items)
        odd = odd or _is_about_anyone(items) or _is_felt_by_nobody(items)
        return odd or _judges_usage(items) or _denies(items) or _moves_it(items)
    if intent is Intent.STOP:
        odd = _stops_a_state(items) or _is_general_alarm(items) or _tells_of_an_end(items)
        odd = odd or _does_not(items) or _goes_on(items) or _stops_a_body(items)
        odd = odd or _stops_and_tells(items) or _is_about_an_app(items)
        return odd or _forbids(items) or _reminds_to_stop(items) or _stops_a_noise(items)
    if intent is Intent.ALERT:
        return _asks_who(items)
    return False


def _notes_a_state(items: Sequence[Item]) -> bool:
    """Is it "log that I'm stressed", 记录一下我现在很焦虑: an entry in a diary?

    "Monitor whether I'm stressed" and "how stressed I am" ask; 压力 in a state is a quantity.
    """
    kinds = {item.kind for item in items}
    states = [item for item in items if item.kind is Kind.FEELING]
    nouns = any(word in item.text for item in states for word in ("stress level", "pressure"))
    return bool(states) and not nouns and kinds.isdisjoint(_WHETHER | {Kind.QUANTITY, Kind.SENSING})


def _is_done_by_phone(items: Sequence[Item]) -> bool:
    """Is it "I read that phones can monitor heart rate": what something else does?"""
    kinds = [item.kind for item in items]
    return Kind.USE not in kinds and (Kind.PHONE, Kind.MONITOR) in itertools.pairwise(kinds)


def _seems(items: Sequence[Item]) -> bool:
    """Is it 我看着紧张吗: how somebody looks, not whom to look after?"""
    kinds = {item.kind for item in items}
    looks = any(item.text == "看 着" for item in items)
    return looks and {Kind.FEELING, Kind.ASK} <= kinds and Kind.QUANTITY not in kinds


def _judges_usage(items: Sequence[Item]) -> bool:
    """Is it 睡前玩手机不好吗: whether it is good for anybody?"""
    kinds = {item.kind for item in items}
    usage = any(item.value == (Quantity.APP_USAGE,) for item in items)
    return usage and Kind.NOT in kinds and kinds.isdisjoint(_SOMEBODY)


def _is_negated(items: Sequence[Item]) -> bool:
    """Is something not to be done, or not so? A "not" that no rule has read is never dropped."""
    kinds = {item.kind for item in items}
    watching = any(
        first.kind is Kind.NOT and second.kind in {Kind.MONITOR, Kind.START, Kind.SENSING}
        for first, second in itertools.pairwise(items)
    )
    return watching or (Kind.NOT in kinds and kinds.isdisjoint(_WHETHER))


def _grants_time(items: Sequence[Item]) -> bool:
    """Is it 再给小雨一小时屏幕时间: time that is given, not watched?"""
    kinds = {item.kind for item in items}
    usage = any(item.value == (Quantity.APP_USAGE,) for item in items)
    bare = Kind.DURATION in kinds and kinds.isdisjoint(_LASTING)
    return bare and (usage or Kind.USE in kinds)


_APPS = frozenset({"app", "apps", "application", "applications", "应 用", "软 件", "应 用 程 序"})


def _compares_nothing(items: Sequence[Item]) -> bool:
    """Is it "is 120 a high heart rate": a number that is nobody's?"""
    kinds = {item.kind for item in items}
    return Kind.NUMBER in kinds and Kind.COMPARE not in kinds and Kind.COMPARE_BEHIND not in kinds


def _is_about_an_app(items: Sequence[Item]) -> bool:
    """Is it "is pulse a good app": a name that only sounds like a quantity?"""
    quantities = {value for item in items if item.kind is Kind.QUANTITY for value in item.value}
    named = any(item.text in _APPS or item.text.endswith(" app") for item in items)
    return named and bool(quantities) and Quantity.APP_USAGE not in quantities


def _is_about_anyone(items: Sequence[Item]) -> bool:
    """Is it "how often does a person breathe", 人一天呼吸多少次: about mankind?"""
    kinds = {item.kind for item in items}
    others = any(item.kind in _MEASURED and item.value != (Quantity.PRESENCE,) for item in items)
    return others and Kind.ANYONE in kinds and kinds.isdisjoint(_SOMEBODY)


def _is_felt_by_nobody(items: Sequence[Item]) -> bool:
    """Is it "how angry", 怎么生气: a state of mind without anybody who has it?"""
    kinds = {item.kind for item in items}
    return Kind.FEELING in kinds and kinds.isdisjoint(_SOMEBODY | {Kind.QUANTITY})


def _stops_a_state(items: Sequence[Item]) -> bool:
    """Is it "stop being sad", "am I calm enough": no work of ours?"""
    kinds = {item.kind for item in items}
    return Kind.FEELING in kinds and kinds.isdisjoint(_OUR_WORK | {Kind.QUANTITY})


def _stops_a_body(items: Sequence[Item]) -> bool:
    """Is it "stop breathing", 停止呼吸? "Stop heart rate", 别再听我的呼吸 are of its measuring."""
    kinds = {item.kind for item in items}
    bodily = any(item.kind is Kind.QUANTITY and item.text in _BODILY for item in items)
    if any(item.kind is Kind.STOP and item.text.endswith(("听", "看", "管")) for item in items):
        return False
    # 别给我压力: nobody gives us anything to stop.
    bodily = bodily or any(item.kind is Kind.STOP and item.text.endswith("给 我") for item in items)
    return bodily and kinds <= _SOMEBODY | {Kind.STOP, Kind.QUANTITY, Kind.OWNER}


_BODILY = frozenset(
    {"breathing", "breath", "breaths", "breathe", "heart", "heartbeat", "heart beat", "呼 吸"}
    | {"心 跳", "心 脏", "喘 气"}
)


def _is_general_alarm(items: Sequence[Item]) -> bool:
    """Is it 警报解除, which a burglar alarm means?"""
    kinds = {item.kind for item in items}
    alarm = any(item.text in _ALARMS for item in items)
    return alarm and kinds.isdisjoint(_SOMEBODY | _MEASURED | {Kind.ANYONE, Kind.PHONE})


def _does_not(items: Sequence[Item]) -> bool:
    """Is it 你是不关心, what somebody does not do? Orders say 别, or name a quantity."""
    stops = [item for item in items if item.kind is Kind.STOP]
    denied = all(item.text in {"不", "没", "没 有", "未", "并 不"} for item in stops)
    return denied and Kind.QUANTITY not in {item.kind for item in items}


def _tells_of_an_end(items: Sequence[Item]) -> bool:
    """Is it "stops breathing", "breathing pause", "heart alone": no order to end anything?"""
    stops = [item.text for item in items if item.kind is Kind.STOP]
    if len(stops) != 1:
        return False
    word = stops[0]
    kinds = {item.kind for item in items}
    told = " " not in word and word.isascii() and word.endswith(("s", "ed"))
    told = told and kinds.isdisjoint(_OUR_WORK)
    leave = word == "alone" and Kind.ENTER in kinds  # "leave my screen time alone"
    noun = items[0].kind is not Kind.STOP and word in _ENDS and not leave
    return told or noun


_ENDS = frozenset({"alone", "hold", "holding", "pause", "drop", "cut", "end", "halt", "finish"})


def _tells_of_watching(items: Sequence[Item]) -> bool:
    """Is it "measured heartbeats", "it senses mood": what is or was done, and no order?"""
    first = next((i for i, item in enumerate(items) if item.kind in _MEASURED), len(items))
    if [item.kind for item in items[max(0, first - 2) : first]] == [Kind.MONITOR, Kind.OWNER]:
        return True  # 你们测的心率: which was measured
    ahead = [(i, item.text) for i, item in enumerate(items[:first]) if item.kind is Kind.MONITOR]
    told = [
        text.isascii()
        and " " not in text
        # "If you tracked my stress" is a polite order.
        and (text.endswith("s") or (text.endswith("ed") and index == first - 1))
        for index, text in ahead
    ]
    return bool(told) and all(told)


def _denies(items: Sequence[Item]) -> bool:
    """Is it "is a mood, not a quantity"? Beside a state or a level, "not" has been read."""
    kinds = {item.kind for item in items}
    return Kind.NOT in kinds and kinds.isdisjoint(_NEGATED)


_NEGATED = frozenset(
    {
        *(Kind.FEELING, Kind.LEVEL, Kind.MOVE, Kind.CHANGE, Kind.ANYONE, Kind.NOBODY, Kind.EMPTY),
        *(Kind.ENTER, Kind.FINE, Kind.AREA, Kind.HERE, Kind.COMPARE),
    }
)


def _moves_it(items: Sequence[Item]) -> bool:
    """Is it "what eases stress", 有没有什么能缓解压力的: what would move it?"""
    kinds = [
        item.kind
        for item in items
        if item.kind not in _SOMEBODY
        and item.kind is not Kind.OWNER
        # "An elevated heart rate" is moved already.
        and not item.text.endswith("ed")
    ]
    return (Kind.MOVE, Kind.QUANTITY) in itertools.pairwise(kinds)


def _stops_a_noise(items: Sequence[Item]) -> bool:
    """Is it "stop beeping": a sound of any device?"""
    kinds = {item.kind for item in items}
    noise = any(
        item.kind in {Kind.NOTIFY, Kind.REMIND}
        and item.text.startswith(_NOISES)
        and not item.text.endswith(("me", "us", "我"))
        for item in items
    )
    return noise and kinds.isdisjoint(_MEASURED | _SOMEBODY)


_NOISES = ("beep", "ring", "buzz", "shout", "yell", "scream", "sound", "alarm", "响", "滴", "震")


def _stops_and_tells(items: Sequence[Item]) -> bool:
    """Is it "stop watching Ben i am back": whose monitors shall end, and what is told?"""
    kinds = {item.kind for item in items}
    pairs = itertools.pairwise(items)
    told = any(first.text == "i" and second.kind is Kind.AUXILIARY for first, second in pairs)
    return told and kinds.isdisjoint(_MEASURED)


def _forbids(items: Sequence[Item]) -> bool:
    """Is it "no more screen time for Ben": the phone shall stop, not its watching?"""
    kinds = {item.kind for item in items}
    usage = [item for item in items if item.kind is Kind.QUANTITY]
    only = bool(usage) and all(item.value == (Quantity.APP_USAGE,) for item in usage)
    leave = any(item.text.endswith("alone") for item in items)
    return only and not leave and kinds.isdisjoint(_OUR_WORK)


def _reminds_to_stop(items: Sequence[Item]) -> bool:
    """Is it 提醒我别紧张, "remind me to stop ...": a reminder?"""
    kinds = [item.kind for item in items]
    return any(
        item.kind in {Kind.REMIND, Kind.TELL} and item.text.endswith(("我", "me", "us"))
        for item in items[: kinds.index(Kind.STOP)]
    )


def _goes_on(items: Sequence[Item]) -> bool:
    """Is it "don't stop monitoring", 别停止监测: the opposite of what the last word says?"""
    ends = (Kind.NOT, Kind.STOP)
    return any(
        first.kind in ends and second.kind is Kind.STOP and first.text.startswith(_DENYING)
        for first, second in itertools.pairwise(items)
    )


_DENYING = ("not", "dont", "do not", "never", "不", "别", "甭", "无 需", "先 别")
_ALARMS = frozenset({"alarm", "alarms", "警 报", "报 警", "告 警"})


def _asks_who(items: Sequence[Item]) -> bool:
    """Is it "who made the mood model": a person is asked for, and no presence?"""
    kinds = [item.kind for item in items if item.kind is not Kind.AND]
    if Kind.WHO not in kinds or (Kind.PERSON, Kind.WHO) in itertools.pairwise(kinds):
        return False  # "Anna, who is in the bedroom"
    return any(
        item.kind in _MEASURED and item.value != (Quantity.PRESENCE,) for item in items
    ) or any(
        first is Kind.WHO and second is Kind.MONITOR for first, second in itertools.pairwise(kinds)
    )
