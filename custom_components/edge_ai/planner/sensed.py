"""Whom and what a clause is about, also where no word names the quantity: phones, empty rooms."""

from __future__ import annotations

from collections.abc import Sequence

from ..messages import Intent, Quantity
from .home import Home
from .lexicon import Item, Kind
from .subjects import Group, read_groups


def areas_of(items: Sequence[Item]) -> list[str | None]:
    areas = dict.fromkeys(item.value for item in items if item.kind is Kind.AREA)
    return list(areas) or [None]


def groups_of(items: Sequence[Item], intent: Intent, home: Home) -> list[Group] | None:
    """Persons and quantities of a clause that is no alert; None when nothing is measured."""
    groups = read_groups(items, home)
    measured = [group for group in groups if group.quantities]
    if measured:
        return None if _lacks_somebody(items, intent) else measured
    kinds = {item.kind for item in items}
    persons = groups[-1].persons if groups else ()
    if is_usage(items, kinds, intent):
        return [Group(persons, (Quantity.APP_USAGE,))]
    if intent is Intent.STOP and Kind.PHONE in kinds and kinds & {Kind.MONITOR, Kind.SENSING}:
        return None if _switches_screen(items) else [Group(persons, (Quantity.APP_USAGE,))]
    if intent is Intent.TRAIN and Kind.ANYONE in kinds:
        return [Group((), (Quantity.PRESENCE,))]
    if _is_presence(items, kinds, intent):
        # Who is there cannot be told, so neither whether all are: "has everyone left".
        everyone = Kind.EVERYONE in kinds
        named = () if everyone else tuple(person for person in persons if person is not None)
        return [Group(named, (Quantity.PRESENCE,))]
    if intent is Intent.STOP and _stops_sensing(items):
        return [Group(persons, ())]
    if intent is Intent.MONITOR and kinds <= _BARE:
        return [Group(persons, ())]
    if intent is Intent.QUERY and _is_how_are_you(items, kinds):
        return [Group(persons, (Quantity.MOOD,))]
    if intent is Intent.TRAIN and kinds & {Kind.MODEL, Kind.ALL}:
        return [Group(persons, ())]
    return None


def _lacks_somebody(items: Sequence[Item], intent: Intent) -> bool:
    """Is it "what's the vibe", 感觉怎么样: a word for much else, and nobody whose it is?"""
    named = [item for item in items if item.kind in {Kind.QUANTITY, Kind.FEELING}]
    kinds = {item.kind for item in items}
    somebody = kinds & {Kind.PERSON, Kind.ME, Kind.EVERYONE, Kind.SENSING, Kind.AREA, Kind.HERE}
    return (
        intent in {Intent.QUERY, Intent.MONITOR}
        and not somebody
        and all(item.text in _OF_MUCH_ELSE for item in named)
    )


_OF_MUCH_ELSE = frozenset(
    [
        *("vibe", "morale", "spirits", "temper", "disposition", "demeanor", "demeanour", "strain"),
        *(
            "tension",
            "heart",
            "hearts",
            "ticker",
            "cardiac",
            "pulses",
            "feeling",
            "feelings",
            "felt",
        ),
        *(
            "占 用",
            "人 员",
            "存 在",
            "人 数",
            "在 场",
            "whereabouts",
            "是 否 被 占 用",
            "使 用 情 况",
        ),
        *("感 觉", "感 受", "精 神", "心 理", "心 态", "情 感", "气 息", "脉"),
    ]
)


_PHONES = frozenset({"phone", "phones", "smartphone", "手 机"})


def is_usage(items: Sequence[Item], kinds: set[Kind], intent: Intent) -> bool:
    """A phone and its use, without a word of its own such as "screen time"."""
    somebody = bool(kinds & {Kind.PERSON, Kind.ME, Kind.EVERYONE})
    if Kind.START in kinds and Kind.MONITOR not in kinds:
        return False
    if intent is Intent.STOP and kinds.isdisjoint({Kind.MONITOR, Kind.SENSING, Kind.NOTIFY}):
        return False  # "Stop Ben from using his phone"
    # "Watch Ben's phone" is enough, "follow me on ..." is not.
    phone = any(item.kind is Kind.PHONE and item.text in _PHONES for item in items)
    watched = phone and intent is Intent.MONITOR
    used = any(item.kind is Kind.USE and item.text != "on" for item in items)
    if somebody and any(item.text.startswith("scroll") for item in items):
        return True  # there is little else to scroll
    if Kind.PHONE not in kinds:
        return False
    if (
        somebody
        and any(item.kind is Kind.ASK and item.text not in {"有 什 么", "有 啥"} for item in items)
        and any(item.kind is Kind.PHONE and item.text.endswith(" 上") for item in items)
    ):
        return True  # 小雨在手机上干嘛呢
    on = Kind.USE in kinds and bool(kinds & {Kind.AUXILIARY, Kind.WHEN, Kind.IF})
    return somebody and (used or on or watched)


def _is_presence(items: Sequence[Item], kinds: set[Kind], intent: Intent) -> bool:
    # "Is anybody there?" is a call, and names no place.
    placed = any(
        item.kind is Kind.AREA or (item.kind is Kind.HERE and item.text != "there")
        for item in items
    )
    if intent is Intent.STOP and {Kind.ANYONE, Kind.AREA} <= kinds:
        # "Stop watching the kitchen for people"
        return _stops_sensing(items)
    watched = {Kind.START, Kind.SENSING, Kind.IF} <= kinds and intent is Intent.MONITOR
    if kinds & {Kind.START, Kind.STOP} and not watched:
        return False
    if Kind.WHO in kinds and Kind.AREA not in kinds:
        return False  # "Who is home" is known to Home Assistant
    if kinds & {Kind.ANYONE, Kind.NOBODY, Kind.WHO}:
        return placed
    if Kind.EMPTY in kinds or Kind.ENTER in kinds:
        return Kind.AREA in kinds or (Kind.HERE in kinds and Kind.ENTER not in kinds)
    somewhere = {Kind.AREA, Kind.PERSON} <= kinds and kinds.isdisjoint({Kind.LEVEL, Kind.USE})
    if intent is Intent.MONITOR and somewhere and Kind.IF in kinds:
        return True  # "Keep an eye on whether Ben is in the kitchen"
    return somewhere and intent in {Intent.QUERY, Intent.MONITOR} and _is_yes_or_no(items)


_YES_OR_NO = frozenset(
    {"吗", "么", "嘛", "还 是", "是 不 是", "有 没 有", "是 否", "在 不 在", "了 吗", "了 没"}
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
    if _switches_screen(items):
        return False
    if any(item.kind is Kind.PHONE for item in items):
        return False  # its notifications are its own
    if all(item.text.endswith(_NOTES) for item in items if item.kind in _SENSING_WORK):
        return False  # "Stop notifications" means any app's
    whose = {Kind.PERSON, Kind.ME, Kind.EVERYONE, Kind.IF}
    somebody = any(item.kind in whose for item in items)
    return any(
        item.kind is Kind.SENSING
        or (item.kind is Kind.NOTIFY and item.text.startswith(_ALERTS))
        or (
            item.kind is Kind.MONITOR
            and item.value != "weak"
            and (somebody or item.text not in _ALSO_THINGS)
            and not item.text.startswith("listen")
        )
        for item in items
    )


_SENSING_WORK = frozenset({Kind.SENSING, Kind.NOTIFY, Kind.MONITOR})
# "Don't wake me", 别叫醒我 ends no monitor.
_ALERTS = ("alert", "notify", "warn", "报 警", "警", "预 警", "告 警", "通 知 我")
_NOTES = (
    "notification",
    "notifications",
    "message",
    "messages",
    "通 知",
    "消 息",
    "推 送",
    "信 息",
)


def _switches_screen(items: Sequence[Item]) -> bool:
    turned = any(item.kind is Kind.START and item.text in _SWITCHING_OFF for item in items)
    switched = any(
        item.kind is Kind.STOP
        # "Turn the monitor on my desk off": the two halves of the verb stand apart.
        and (
            item.text.startswith(_SWITCHING_OFF)
            or "关" in item.text
            or (turned and item.text == "off")
        )
        for item in items
    )
    return switched and any(item.text in _SCREENS_AND_CAMERAS for item in items)


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
    how = any(
        item.kind is Kind.ASK
        and (
            item.text.split()[-1] == "how"
            or item.value == "how"
            or item.text.startswith(("is everything", "are things"))
        )
        for item in items
    )
    asks = items[0].kind is Kind.AUXILIARY or items[0].value == "know if"
    fine = asks and Kind.FINE in kinds
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
        Kind.TELL,
    }
    somebody = bool(kinds & {Kind.PERSON, Kind.ME, Kind.EVERYONE})
    return (how or fine) and somebody and kinds <= plain | {Kind.OWNER}
