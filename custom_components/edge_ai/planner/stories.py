"""What a piece of a request is: a request of its own, or a story that only leads to one."""

from __future__ import annotations

from collections.abc import Sequence

from .clauses import actions
from .lexicon import Item, Kind

# A clause with one of these may restrict the request, so it cannot be left out.
_RESTRICTIVE = frozenset(
    [
        "except",
        "unless",
        "only",
        "but",
        "before",
        "after",
        "without",
        "excluding",
        "apart",
        "besides",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "mondays",
        "tuesdays",
        "wednesdays",
        "thursdays",
        "fridays",
        "saturdays",
        "sundays",
        "weekdays",
        "weekends",
        "weekend",
        "never",
        "除",
        "除了",
        "只",
        "仅",
        "周",
        "星期",
        "之前",
        "除非",
        "但",
        "不过",
    ]
)
WHOSE = frozenset({Kind.ME, Kind.PERSON, Kind.EVERYONE})
MEASURED = frozenset({Kind.QUANTITY, Kind.FEELING})
EVENTS = frozenset({Kind.ENTER, Kind.ANYONE, Kind.NOBODY, Kind.DAY, Kind.EMPTY})
CONDITIONS = frozenset({Kind.WHEN, Kind.IF, Kind.COMPARE, Kind.NUMBER})
_SOMEBODY = frozenset({Kind.ME, Kind.PERSON, Kind.PRONOUN, Kind.EVERYONE})
_STORYTELLERS = _SOMEBODY | {Kind.DAY}
_ASKING = frozenset({Kind.ASK, Kind.AUXILIARY, Kind.SENSING})
_THERE = frozenset({Kind.ANYONE, Kind.NOBODY, Kind.EMPTY, Kind.WHO})
_PLACES = frozenset({Kind.AREA, Kind.HERE})


def is_request(piece: Sequence[Item]) -> bool:
    """Does the piece ask us for something that is measured, in words of its own?"""
    kinds = {item.kind for item in piece}
    asks = bool(actions(piece) - {"query"} or kinds & _ASKING) or any(map(_asks_itself, piece))
    return asks and _is_measurable(kinds) and not is_story(piece)


def _asks_itself(item: Item) -> bool:
    """Is it 压力多少, 有没有人: a quantity, and the question for it?"""
    return item.kind is Kind.QUANTITY and not set("多没怎不").isdisjoint(item.text)


def _is_measurable(kinds: set[Kind]) -> bool:
    there = bool(kinds & _THERE or {Kind.PERSON, Kind.AREA} <= kinds) and bool(kinds & _PLACES)
    return bool(kinds & MEASURED) or there


def is_story(piece: Sequence[Item]) -> bool:
    """Does the piece tell of something, without asking for anything?

    Words that are known to ask others for something (play, lamp) are no story, unless
    somebody has or does it ("I forgot my watch").
    """
    content = [item for item in piece if item.kind not in {Kind.SMALL, Kind.YOU}]
    kinds = {item.kind for item in content}
    if not content or _is_conditional(kinds) or restricts(piece):
        return False
    if piece[-1].text.endswith(("吗", "么")):
        return False  # 饭好了吗
    if Kind.QUESTION_MARK in kinds or (content[0].kind is Kind.AUXILIARY and not _is_it(piece)):
        return False
    told = _is_told(content) or _is_wish(piece, content)
    unknown = [item for item in content if item.kind in {Kind.UNKNOWN, Kind.DAY}]
    if told and {Kind.NOT, Kind.FEELING} <= kinds <= _FELT | {Kind.STOP}:
        return True  # "I can't stop worrying"
    if _is_exercise(kinds) or _is_departure(content) or _is_arrival(kinds, content):
        return True
    if _is_own_plan(piece, content, kinds):
        return True
    if actions(_orders(content, told=told and bool(unknown))):
        return False
    if unknown:
        others = any(item.value == "foreign" and item.text not in _KIN for item in unknown)
        return not others or (told and not actions(content))
    if kinds <= _FELT and Kind.FEELING in kinds:
        return True  # "A bit worried about Ben"
    if _is_sleepless(piece, kinds):
        return True
    if content[0].kind not in _STORYTELLERS or kinds & EVENTS:
        return False
    # "I'm about to go to bed", "Anna is stressed", "I feel weird"
    odd = any(map(_is_feel, content)) and Kind.CHANGE in kinds
    return odd or Kind.FEELING in kinds or kinds <= _BEING


def names_stranger(piece: Sequence[Item]) -> bool:
    """Is it told of somebody of the family whom the home does not know: mum, 奶奶?

    A request behind it that names nobody may then be meant for that person.
    """
    text = " ".join(item.text for item in piece if item.kind in {Kind.UNKNOWN, Kind.SMALL})
    return any(f" {word} " in f" {text} " for word in _KIN)


def restricts(piece: Sequence[Item]) -> bool:
    """May the piece restrict a request: "only", "except", a day of the week?"""
    return any(
        item.text in _RESTRICTIVE or not _RESTRICTIVE.isdisjoint(_english_words(item))
        for item in piece
    )


def _english_words(item: Item) -> list[str]:
    return item.text.split() if item.text.isascii() else []


def _is_conditional(kinds: set[Kind]) -> bool:
    """Is it a condition? "I had two cups of coffee" is none."""
    counts = Kind.NUMBER in kinds and Kind.UNKNOWN in kinds and Kind.QUANTITY not in kinds
    return bool(kinds & CONDITIONS - ({Kind.NUMBER} if counts else set()))


def _is_told(content: Sequence[Item]) -> bool:
    """Does it begin with whom it tells of: "Ben's watching the football", "my watch died"?"""
    first, behind = content[0], [item.kind for item in content[1:2]]
    somebody = first.kind in _SOMEBODY and behind != [Kind.OWNER]
    return somebody or (first.kind is Kind.UNKNOWN and first.text.startswith("my "))


def _orders(content: Sequence[Item], *, told: bool) -> list[Item]:
    """The items that may be orders: "Ben had a funny turn", "heading for a run" start nothing.

    Of somebody without anything that is measured, the other verbs are no orders either: "I
    stopped smoking", 爷爷在看球. "I don't want you to monitor my mood" still is one.
    """
    kinds = {item.kind for item in content if not _is_feel(item)}
    if told and kinds.isdisjoint(_OUR_WORK) and content[-1].kind is not Kind.ASK:
        return []
    return [content[0], *(item for item in content if item.kind is not Kind.START)]


def _is_feel(item: Item) -> bool:
    return item.kind is Kind.QUANTITY and item.text.startswith(("feel", "felt", "感 觉"))


def _is_it(piece: Sequence[Item]) -> bool:
    """Is it "it's been a rough week", "work has been crazy", 晚上有训练?"""
    first = piece[0].text.split()[:1]
    return first in _SUBJECTS or any(item.text == "有" for item in piece)


def _is_wish(piece: Sequence[Item], content: Sequence[Item]) -> bool:
    """Is it "I want to lose weight": what somebody wants to do alone?"""
    verb = content[0].kind is Kind.UNKNOWN and content[0].value != "foreign"
    return verb and piece[0].text in _WISHES


def _is_exercise(kinds: set[Kind]) -> bool:
    """Is it "I've got a training session tonight", 晚上有训练?"""
    return {Kind.TRAIN, Kind.AUXILIARY} <= kinds <= _SOMEBODY | {Kind.TRAIN, Kind.AUXILIARY}


def _is_sleepless(piece: Sequence[Item], kinds: set[Kind]) -> bool:
    """Is it 睡不着?"""
    asleep = any(item.kind is Kind.SMALL and item.text.startswith("睡") for item in piece)
    return asleep and Kind.NOT in kinds and kinds <= _SOMEBODY | {Kind.NOT}


def _is_departure(content: Sequence[Item]) -> bool:
    """Is it "I'm leaving the house", 我出门了? A room that is left would be a condition."""
    kinds = {item.kind for item in content}
    goes = [item for item in content if item.kind is Kind.ENTER]
    if [item.text for item in content[1:3]] == ["am", "off"] and kinds.isdisjoint(
        _OUR_WORK | MEASURED
    ):
        return True  # "I'm off to work", "I'm off to my shift"
    own = content[0].kind in {Kind.ME, Kind.EVERYONE}
    plain = kinds <= {Kind.ME, Kind.EVERYONE, Kind.AUXILIARY, Kind.ENTER, Kind.HERE}
    return bool(goes) and own and plain and not any(item.value for item in goes)


def _is_arrival(kinds: set[Kind], content: Sequence[Item]) -> bool:
    """Is it "I'm home", 我回来了: who is there again, and no room that is watched?"""
    who = {Kind.ME, Kind.PERSON, Kind.EVERYONE}
    back = any(item.text in _HOME_AGAIN for item in content[1:])
    plain = kinds <= who | {Kind.AUXILIARY, Kind.HERE, Kind.ENTER}
    return back and plain and content[0].kind in who


_HOME_AGAIN = frozenset(
    {"home", "at home", "here", "回 来", "回 来 了", "在 家"}
    | {"回 家", "回 家 了", "到 家", "到 家 了"}
)


def _is_own_plan(piece: Sequence[Item], content: Sequence[Item], kinds: set[Kind]) -> bool:
    """Is it "I want to watch a film": what somebody will watch, none of our watching?"""
    wished = piece[0].text in _WISHES and content[0].text in {"watch", "see"}
    return wished and Kind.UNKNOWN in kinds and kinds <= {Kind.MONITOR, Kind.ASK, Kind.UNKNOWN}


_WISHES = frozenset({"i want to", "i need to", "i would like to", "i have to"})
_FELT = frozenset({Kind.FEELING, Kind.NOT, Kind.AUXILIARY, *_STORYTELLERS})
_BEING = frozenset({Kind.ME, Kind.PERSON, Kind.AUXILIARY, Kind.NOT})
_OUR_WORK = frozenset(
    {
        *(Kind.QUANTITY, Kind.SENSING, Kind.MODEL, Kind.NOTIFY, Kind.REMIND, Kind.ALL),
        *(Kind.ANYONE, Kind.NOBODY, Kind.IMPROVE),
    }
)
_SUBJECTS = (
    *(["it"], ["its"], ["that"], ["this"], ["there"], ["today"], ["work"], ["life"], ["things"]),
    *(["everything"], ["these"], ["we"]),
)
_KIN = frozenset(
    [
        *("mum", "mom", "mother", "dad", "father", "wife", "husband", "son", "daughter", "kid"),
        *("kids", "baby", "grandma", "grandpa", "granny", "nan", "brother", "sister", "aunt"),
        *("uncle", "partner", "girlfriend", "boyfriend", "child", "children", "neighbour", "dog"),
        *("cat", "pet", "neighbor", "grandmother", "grandfather"),
        *(
            "妈",
            "爸",
            "奶 奶",
            "老 婆",
            "老 公",
            "妻 子",
            "丈 夫",
            "儿 子",
            "女 儿",
            "孩 子",
            "小 孩",
        ),
        *(
            "宝 宝",
            "婴 儿",
            "外 婆",
            "外 公",
            "姥 姥",
            "姥 爷",
            "哥 哥",
            "弟 弟",
            "姐 姐",
            "妹 妹",
            "叔 叔",
            "阿 姨",
        ),
        *(
            "阿 姨",
            "媳 妇",
            "爱 人",
            "狗",
            "猫",
            "宠 物",
            "邻 居",
            "姑 姑",
            "舅 舅",
            "孙 子",
            "孙 女",
        ),
    ]
)
