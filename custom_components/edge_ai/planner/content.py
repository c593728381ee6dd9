"""The items of a clause that matter: without small words and speakers, "don't track" as STOP."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from ..messages import Quantity
from .lexicon import Item, Kind


def content_of(clause: Sequence[Item]) -> list[Item]:
    """The clause without small words; "don't" before an action becomes STOP."""
    content = [item for item in clause if item.kind not in {Kind.SMALL, Kind.YOU}]
    asked = next((i for i, item in enumerate(content) if item.kind is Kind.AUXILIARY), len(content))
    content = [item for i, item in enumerate(content) if item.kind is not Kind.FINE or i > asked]
    if content and content[0].text == "read my":
        # "Read my stress level", while "better at reading my mood" is about a model.
        content[:1] = [Item(Kind.ASK, None, "read"), Item(Kind.ME, None, "my")]
    content = _without_speaker(_without_reflexive(_without_causative(content, clause)))
    content = _without_wish(_without_channel(content))
    content = [_as_level(item, content[:i]) for i, item in enumerate(content)]
    content = [_as_quantity(item, content[i - 1] if i else None) for i, item in enumerate(content)]
    ends = content and content[-1].kind is Kind.NOT and clause[-1].text != "了"
    if ends and content[-1].text in {"不", "没", "没 有"}:
        # 开心不, 有人没有: a question by its end, which 用不了 is not.
        content[-1] = Item(Kind.ASK, None, "吗")
    if any(item.kind is Kind.FEELING for item in content):
        # "Feeling" beside "stressed" is no quantity of its own.
        content = [item for item in content if not _is_feel(item)]
    content = [_as_watching(item, content[i - 1] if i else None) for i, item in enumerate(content)]
    if _asks_by_tone(clause, content):
        content.append(Item(Kind.ASK, None, "吧"))
    return _with_forbidden(content, clause)


def _without_causative(content: Sequence[Item], clause: Sequence[Item]) -> list[Item]:
    """Leave out the "have" of "have my pulse tracked", which asks nothing."""
    if not content or content[0].text != "have" or not _OWN_WORK & {i.kind for i in content}:
        return list(content)
    place = next(i for i, item in enumerate(clause) if item is content[0])
    behind = clause[place + 1 : place + 2]
    named = any(item.kind is Kind.PERSON for item in behind) and [
        item.text for item in clause[place + 2 : place + 3]
    ] == ["'s"]
    thing = any(item.text in {"my", "our", "the", "a"} for item in behind)
    return list(content[1:]) if named or thing else list(content)


_OWN_WORK = frozenset({Kind.MONITOR, Kind.SENSING})


def _without_speaker(content: Sequence[Item]) -> list[Item]:
    """Leave out who only asks: "say me how Anna is", 咱看看小雨的心率."""
    orders = {Kind.ASK, Kind.TELL, Kind.MONITOR, Kind.NOTIFY, Kind.REMIND, Kind.STOP}
    order = next((i for i, item in enumerate(content) if item.kind in orders), None)
    if order is None or Kind.PERSON not in {item.kind for item in content[order:]}:
        return list(content)
    ahead = [
        item
        for item in content[:order]
        if item.kind is not Kind.ME and item.text not in {"咱 们", "我 们"}
    ]
    if len(ahead) != len(content[:order]) and {item.kind for item in ahead} <= _AHEAD:
        content = [*ahead, *content[order:]]
        order = len(ahead)
    behind = list(content[order + 1 :])
    if behind[0].kind is Kind.ME and behind[0].text in {"me", "我", "us"}:
        follows = behind[1].kind if len(behind) > 1 else None
        if follows not in {Kind.AND, Kind.OWNER, Kind.QUANTITY, None}:
            behind = behind[1:]
    return [*content[: order + 1], *behind]


def _with_forbidden(content: Sequence[Item], clause: Sequence[Item]) -> list[Item]:
    """Turn "not" before an order into STOP, where it forbids and does not only tell."""
    told = _tells_of_you(clause)
    return [
        Item(Kind.STOP, None, item.text)
        if item.kind is Kind.NOT
        and following is not None
        and _is_order(following)
        and not (told or item.text.startswith(_TELLING) or _is_being(before))
        else item
        for before, item, following in zip(
            [None, *content], content, [*content[1:], None], strict=False
        )
    ]


# "Without a watch" is how; "is no longer", 没有 and 不会 tell what is so.
_TELLING = ("without", "is ", "are ", "am ", "没", "未", "并", "不 是", "不 会")
_BEING = frozenset({"is", "are", "am", "was", "were", "'s", "re", "been", "has", "have", "had"})


def _is_being(item: Item | None) -> bool:
    """Is it the "are" of "you are not tracking my stress", a complaint?"""
    return item is not None and item.kind is Kind.AUXILIARY and item.text in _BEING


def _tells_of_you(clause: Sequence[Item]) -> bool:
    """Is it 你不监测我的心率, 怎么不监测: what is missed, and no order?"""
    return any(
        second.text == "不" and (first.kind is Kind.YOU or first.text in {"怎 么", "咋"})
        for first, second in itertools.pairwise(clause)
    )


def _is_order(item: Item) -> bool:
    """Say "Not measured" tells; "do not measure" orders."""
    return item.kind in _NEGATABLE and not item.text.endswith("ed")


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


def _without_wish(content: Sequence[Item]) -> list[Item]:
    """Leave out the 放松 of 我紧张的时候提醒我放松: what the reminder is good for."""
    felt = [index for index, item in enumerate(content) if item.kind is Kind.FEELING]
    return [
        item
        for index, item in enumerate(content)
        if not (index in felt[1:] and content[index - 1].kind is Kind.REMIND)
    ]


def _without_channel(content: Sequence[Item]) -> list[Item]:
    """Leave out the "on my phone" of "notify me on my phone if Ben is stressed"."""
    channel = [(Kind.USE, "on"), (Kind.ME, "my"), (Kind.PHONE, "phone")]
    for index in range(1, len(content) - 2):
        here = [(item.kind, item.text) for item in content[index : index + 3]]
        if content[index - 1].kind in {Kind.NOTIFY, Kind.REMIND, Kind.TELL} and here == channel:
            return [*content[:index], *content[index + 3 :]]
    return list(content)


def _without_reflexive(content: Sequence[Item]) -> list[Item]:
    """Leave out the 自己 of 小雨想跟踪自己的心情: it is hers."""
    if Kind.PERSON not in {item.kind for item in content}:
        return list(content)
    return [item for item in content if item.text not in {"自 己", "自 己 的", "myself"}]


def _as_level(item: Item, before: Sequence[Item]) -> Item:
    """Say "My heart rate is low": a low rate is no low mood."""
    owner = next((i for i in reversed(before) if i.kind is not Kind.AUXILIARY), None)
    rate = owner is not None and owner.kind is Kind.QUANTITY and owner.value != (Quantity.MOOD,)
    if rate and item.kind is Kind.FEELING and item.text.split()[-1] in {"low", "down"}:
        return Item(Kind.LEVEL, -1, item.text)
    return item


def _as_watching(item: Item, before: Item | None) -> Item:
    """Say "Stop checking ...": what stops is no single question."""
    stopped = before is not None and before.kind is Kind.STOP
    if stopped and item.kind is Kind.ASK and item.text.startswith(("checking", "looking")):
        return Item(Kind.MONITOR, None, item.text)
    return item


def _asks_by_tone(clause: Sequence[Item], content: Sequence[Item]) -> bool:
    """Is it 小雨心情还好吧, 书房没人吧: a question by the particle at its end?"""
    if clause[-1].text != "吧":
        return False
    kinds = {item.kind for item in content}
    felt = {Kind.FEELING, Kind.PERSON} <= kinds
    there = {Kind.ANYONE, Kind.NOBODY, Kind.EMPTY, Kind.ENTER}
    placed = bool(kinds & there) and Kind.AREA in kinds
    return (felt or placed) and kinds <= _STATED


_STATED = frozenset(
    {
        *(Kind.FEELING, Kind.PERSON, Kind.ANYONE, Kind.NOBODY, Kind.EMPTY, Kind.AREA),
        *(Kind.ENTER, Kind.OWNER, Kind.AUXILIARY, Kind.HERE, Kind.NOT, Kind.NEXT),
    }
)


def _is_feel(item: Item) -> bool:
    return item.kind is Kind.QUANTITY and item.text.startswith(("feel", "felt", "感 觉", "感 受"))
