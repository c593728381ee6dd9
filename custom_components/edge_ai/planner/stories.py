"""What a piece of a request is: a request of its own, or a story that only leads to one."""

from __future__ import annotations

from collections.abc import Sequence

from .clauses import actions
from .lexicon import Item, Kind
from .restrictions import restricts, restricts_though_told
from .telling import (
    BEING,
    FELT,
    MEASURED,
    OUR_WORK,
    STORYTELLERS,
    is_arrival,
    is_departure,
    is_dislike,
    is_exercise,
    is_feel,
    is_it,
    is_over,
    is_own_plan,
    is_pastime,
    is_reproach,
    is_sleepless,
    is_told,
    is_wish,
    of_our_work,
    tells_when,
)

WHOSE = frozenset({Kind.ME, Kind.PERSON, Kind.EVERYONE})
EVENTS = frozenset({Kind.ENTER, Kind.ANYONE, Kind.NOBODY, Kind.DAY, Kind.EMPTY})
CONDITIONS = frozenset({Kind.WHEN, Kind.IF, Kind.COMPARE, Kind.NUMBER})
_ASKING = frozenset({Kind.ASK, Kind.AUXILIARY, Kind.SENSING})
_THERE = frozenset({Kind.ANYONE, Kind.NOBODY, Kind.EMPTY, Kind.WHO})
_PLACES = frozenset({Kind.AREA, Kind.HERE})


def is_request(piece: Sequence[Item]) -> bool:
    """Does the piece ask us for something that is measured, in words of its own?"""
    kinds = {item.kind for item in piece}
    if {Kind.STOP, Kind.SENSING} <= kinds and Kind.UNKNOWN not in kinds:
        return True  # "Stop all the tracking"
    asks = bool(actions(piece) - {"query"} or kinds & _ASKING) or any(map(_asks_itself, piece))
    return asks and _is_measurable(piece) and not is_story(piece)


def _asks_itself(item: Item) -> bool:
    """Is it 压力多少, 有没有人, 有人吗: a quantity, and the question for it?"""
    if item.kind in {Kind.ANYONE, Kind.NOBODY}:
        return item.text.endswith(("吗", "没", "没 有"))
    return item.kind is Kind.QUANTITY and not set("多没怎不").isdisjoint(item.text)


def _is_measurable(piece: Sequence[Item]) -> bool:
    kinds = {item.kind for item in piece}
    there = bool(kinds & _THERE or {Kind.PERSON, Kind.AREA} <= kinds) and bool(kinds & _PLACES)
    phone = Kind.PHONE in kinds and bool(kinds & {Kind.MONITOR, Kind.SENSING})
    named = any(item.kind is Kind.UNIT and item.value for item in piece)  # "my bpm"
    return bool(kinds & MEASURED) or there or phone or named


def is_story(piece: Sequence[Item]) -> bool:
    """Does the piece tell of something, without asking for anything?

    Words that are known to ask others for something (play, lamp) are no story, unless
    somebody has or does it ("I forgot my watch").
    """
    content = [item for item in piece if item.kind not in {Kind.SMALL, Kind.YOU}]
    kinds = {item.kind for item in content}
    if not content:
        return False
    if is_reproach(content):
        return True
    wished = is_wish(piece, content)
    told = wished or is_told(piece, content)
    if _is_conditional(piece, content) or (restricts_though_told if told else restricts)(piece):
        return False
    if piece[-1].text.endswith(("吗", "么")):
        return False  # 饭好了吗
    if Kind.QUESTION_MARK in kinds or (content[0].kind is Kind.AUXILIARY and not is_it(piece)):
        return False
    unknown = [item for item in content if item.kind in {Kind.UNKNOWN, Kind.DAY}]
    if told and {Kind.NOT, Kind.FEELING} <= kinds <= FELT | {Kind.STOP}:
        return True  # "I can't stop worrying"
    if is_over(piece) or (is_pastime(content) and _is_now(piece)):
        return True
    if is_exercise(kinds) or is_departure(content) or is_arrival(kinds, content):
        return True
    begun = wished and content[0].kind is not Kind.UNKNOWN
    if begun or is_own_plan(piece, content, kinds) or is_dislike(content):
        return True
    if Kind.AUXILIARY in kinds and content[0].kind in STORYTELLERS and _is_plain(content):
        return True  # "He's better", "she's eighteen now"
    if actions(_orders(content, told=told and bool(unknown))):
        return False
    if unknown:
        others = any(item.value == "foreign" and item.text not in _KIN for item in unknown)
        # "We're watching a movie"; "my lamp off" is an order to others.
        watched = of_our_work(content).isdisjoint(OUR_WORK) and actions(content) == {"monitor"}
        return not others or (told and (watched or not actions(content)))
    if kinds <= FELT and Kind.FEELING in kinds:
        return True  # "A bit worried about Ben"
    if is_sleepless(piece, kinds):
        return True
    if content[0].kind not in STORYTELLERS or kinds & EVENTS:
        return False
    # "I'm about to go to bed", "Anna is stressed", "I feel weird"
    odd = any(map(is_feel, content)) and Kind.CHANGE in kinds
    return odd or Kind.FEELING in kinds or _is_plain(content)


def _is_now(piece: Sequence[Item]) -> bool:
    """Is it going on: 正在, 在, "is"? 小雨刷手机 alone may be what is asked about."""
    return any(item.kind is Kind.AUXILIARY or item.text in {"正 在", "在"} for item in piece)


def _is_plain(content: Sequence[Item]) -> bool:
    return of_our_work(content) <= BEING | {Kind.NUMBER}


def names_stranger(piece: Sequence[Item]) -> bool:
    """Is it told of somebody of the family whom the home does not know: mum, 奶奶?

    A request behind it that names nobody may then be meant for that person.
    """
    text = " ".join(item.text for item in piece if item.kind in {Kind.UNKNOWN, Kind.SMALL})
    return any(f" {word} " in f" {text} " for word in _KIN)


def _is_conditional(piece: Sequence[Item], content: Sequence[Item]) -> bool:
    """Is it a condition? "I had two cups of coffee", "I took over from Anna" are none."""
    kinds = {item.kind for item in content}
    if kinds & {Kind.WHEN, Kind.IF}:
        return not tells_when(piece)
    if Kind.COMPARE in kinds and kinds & {Kind.NUMBER, Kind.DURATION, Kind.QUANTITY}:
        return True
    if kinds <= BEING | {Kind.NUMBER} and content[-1].kind is Kind.NUMBER:
        return False  # "She's eighteen now"
    return Kind.NUMBER in kinds and (Kind.UNKNOWN not in kinds or Kind.QUANTITY in kinds)


def _orders(content: Sequence[Item], *, told: bool) -> list[Item]:
    """The items that may be orders: "Ben had a funny turn", "heading for a run" start nothing.

    Of somebody without anything that is measured, the other verbs are no orders either: "I
    stopped smoking", 爷爷在看球. "I don't want you to monitor my mood" still is one.
    """
    kinds = of_our_work(content)
    if told and kinds.isdisjoint(OUR_WORK) and content[-1].kind is not Kind.ASK:
        return []
    return [content[0], *(item for item in content if item.kind is not Kind.START)]


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
