"""How people tell of themselves, of others and of things, without asking for anything."""

from __future__ import annotations

from collections.abc import Sequence

from ..messages import Quantity
from .lexicon import Item, Kind

MEASURED = frozenset({Kind.QUANTITY, Kind.FEELING})
SOMEBODY = frozenset({Kind.ME, Kind.PERSON, Kind.PRONOUN, Kind.EVERYONE})
STORYTELLERS = SOMEBODY | {Kind.DAY}


def tells_when(piece: Sequence[Item]) -> bool:
    """Is it "I snap at people when I'm tired", 产后老想哭: when something else happens?

    The clause has a verb of its own, ahead of the English "when" and behind 的时候.
    """
    content = [item for item in piece if item.kind not in {Kind.SMALL, Kind.YOU}]
    places = [i for i, item in enumerate(content) if item.kind is Kind.WHEN]
    at = places[-1] if places else None  # 等小雨高兴的时候再提
    if at is None or any(item.kind in _ORDERING for item in content):
        return False
    if content[at].text.isascii():
        told = content[:at]
        return told[:1] != [] and told[0].kind in SOMEBODY and any(map(_is_unknown, told))
    behind = piece[next(i for i, item in enumerate(piece) if item is content[at]) + 1 :]
    led = content[at].text.endswith("就") or (bool(behind) and behind[0].text in _THEN)
    foreign = any(item.value == "foreign" for item in content)
    return led and not foreign and any(item.kind in _NEWS for item in behind)


_NEWS = frozenset({Kind.UNKNOWN, Kind.FEELING})
_ORDERING = frozenset(
    {
        *(Kind.MONITOR, Kind.STOP, Kind.NOTIFY, Kind.REMIND, Kind.TELL, Kind.IF, Kind.SENSING),
        *(Kind.NUMBER, Kind.DURATION, Kind.COMPARE, Kind.MODEL, Kind.AREA),
    }
)
_THEN = frozenset(
    {"再", "就", "会", "才", "总", "总 是", "老", "老 是", "都", "容 易", "经 常", "常"}
)


def _is_unknown(item: Item) -> bool:
    return item.kind is Kind.UNKNOWN


def is_told(piece: Sequence[Item], content: Sequence[Item]) -> bool:
    """Does it begin with whom it tells of: "Ben's watching the football", "my watch died"?"""
    first, behind = content[0], [item.kind for item in content[1:2]]
    if first.kind in SOMEBODY and behind != [Kind.OWNER]:
        return True
    if first.kind is Kind.UNKNOWN and (first.text.startswith("my ") or piece[0].text in _JUST):
        return True
    if is_it(piece) and first.kind is Kind.AUXILIARY:
        return {item.kind for item in content}.isdisjoint(MEASURED)
    return _is_of_a_thing(content) or _is_busy(piece)


_JUST = frozenset({"刚", "刚 刚", "刚 才"})


def _is_busy(piece: Sequence[Item]) -> bool:
    """Is it 保姆在外面买菜, 假期结束了: whom or what nobody knows, and where or at what?"""
    ended = [item.text for item in piece[-2:]] in (["结 束", "了"], ["停", "了"])
    at = next((i for i, item in enumerate(piece) if item.text in _BUSY), 0)
    at = len(piece) - 2 if ended else at
    return at > 0 and all(item.kind is Kind.UNKNOWN and not item.value for item in piece[:at])


def is_over(piece: Sequence[Item]) -> bool:
    """Is it 打坐结束了, 会议结束了: something that ended, and no work of ours?"""
    if [item.text for item in piece[-2:]] != ["结 束", "了"]:
        return False
    kinds = {item.kind for item in piece[:-2]}
    return bool(kinds & {Kind.UNKNOWN, Kind.TRAIN}) and kinds <= _PASTIMES


_PASTIMES = frozenset({Kind.UNKNOWN, Kind.TRAIN, Kind.USE, Kind.SMALL, Kind.ME})


def is_pastime(content: Sequence[Item]) -> bool:
    """Is it 我正在打游戏, "Ben's gaming": what somebody does now, and nothing asked about it?"""
    used = [item for item in content if item.value == (Quantity.APP_USAGE,)]
    kinds = {item.kind for item in content}
    own = content[0].kind in SOMEBODY and content[-1].kind is Kind.QUANTITY
    return own and len(used) == 1 and kinds <= SOMEBODY | {Kind.QUANTITY, Kind.AUXILIARY}


_BUSY = frozenset({"在", "正 在", "已 经", "刚", "还 在"})


def _is_of_a_thing(content: Sequence[Item]) -> bool:
    """Is it "the night shift's done": a thing that the tables don't know, and what it does?"""
    verb = next((i for i, item in enumerate(content) if _is_verb_of_being(item)), 0)
    ahead = content[:verb]
    named = bool(ahead) and ahead[0].kind is Kind.UNKNOWN and ahead[0].text.isascii()
    return named and all(item.kind in _NOUN for item in ahead)


def _is_verb_of_being(item: Item) -> bool:
    return item.kind is Kind.AUXILIARY or item.text in {"is over", "is past", "is off"}


_NOUN = frozenset(
    {Kind.UNKNOWN, Kind.CHANGE, Kind.ME, Kind.PERSON, Kind.OWNER, Kind.TRAIN, Kind.MOVE, Kind.USE}
)


def of_our_work(content: Sequence[Item]) -> set[Kind]:
    """The kinds; 小雨刚转学 and "learn yoga" are people's own learning."""
    kinds = {item.kind for item in content if not is_feel(item)}
    ours = {Kind.QUANTITY, Kind.MODEL, Kind.SENSING}
    return kinds if kinds & ours else kinds - {Kind.IMPROVE, Kind.TRAIN}


def is_feel(item: Item) -> bool:
    return item.kind is Kind.QUANTITY and item.text.startswith(("feel", "felt", "感 觉"))


def is_it(piece: Sequence[Item]) -> bool:
    """Is it "it's been a rough week", "work has been crazy", 晚上有训练?"""
    first = piece[0].text.split()[:1]
    return first in _SUBJECTS or any(item.text == "有" for item in piece)


def is_wish(piece: Sequence[Item], content: Sequence[Item]) -> bool:
    """Is it "I want to lose weight", 我要做瑜伽了: what somebody wants to do alone?"""
    if piece[0].text not in _WISHES:
        return False
    # "I want to vacuum" names nothing that we should do.
    verb = content[0].kind is Kind.UNKNOWN and (content[0].value != "foreign" or len(content) == 1)
    kinds = of_our_work(content)
    if not piece[0].text.isascii() and any(item.value == "foreign" for item in content):
        return piece[-1].text == "了"  # 我想听音乐 asks for it
    begun = content[0].kind in {Kind.START, Kind.STOP, Kind.USE, Kind.TRAIN}
    done = begun and not kinds.isdisjoint({Kind.UNKNOWN, Kind.USE})
    return verb or (done and kinds.isdisjoint(OUR_WORK | MEASURED))


def is_exercise(kinds: set[Kind]) -> bool:
    """Is it "I've got a training session tonight", 晚上有训练?"""
    return {Kind.TRAIN, Kind.AUXILIARY} <= kinds <= SOMEBODY | {Kind.TRAIN, Kind.AUXILIARY}


def is_sleepless(piece: Sequence[Item], kinds: set[Kind]) -> bool:
    """Is it 睡不着?"""
    asleep = any(item.kind is Kind.SMALL and item.text.startswith("睡") for item in piece)
    return asleep and Kind.NOT in kinds and kinds <= SOMEBODY | {Kind.NOT}


def is_departure(content: Sequence[Item]) -> bool:
    """Is it "I'm leaving the house", 我出门了? A room that is left would be a condition."""
    kinds = {item.kind for item in content}
    goes = [item for item in content if item.kind is Kind.ENTER]
    if [item.text for item in content[1:3]] == ["am", "off"] and kinds.isdisjoint(
        OUR_WORK | MEASURED
    ):
        return True  # "I'm off to work", "I'm off to my shift"
    own = content[0].kind in {Kind.ME, Kind.EVERYONE}
    plain = kinds <= {Kind.ME, Kind.EVERYONE, Kind.AUXILIARY, Kind.ENTER, Kind.HERE}
    return bool(goes) and own and plain and not any(item.value for item in goes)


def is_arrival(kinds: set[Kind], content: Sequence[Item]) -> bool:
    """Is it "I'm home", 我回来了: who is there again, and no room that is watched?"""
    who = {Kind.ME, Kind.PERSON, Kind.EVERYONE}
    back = any(item.text in _HOME_AGAIN for item in content[1:])
    plain = kinds <= who | {Kind.AUXILIARY, Kind.HERE, Kind.ENTER}
    return back and plain and content[0].kind in who


_HOME_AGAIN = frozenset(
    {"home", "at home", "here", "回 来", "回 来 了", "在 家"}
    | {"回 家", "回 家 了", "到 家", "到 家 了"}
)


def is_dislike(content: Sequence[Item]) -> bool:
    """Is it "Anna doesn't like it": how somebody likes what the request is about?"""
    disliked = any(item.kind is Kind.STOP and item.text.endswith(_DISLIKES) for item in content)
    return disliked and {item.kind for item in content} <= BEING | {Kind.STOP, Kind.ALL}


def is_reproach(content: Sequence[Item]) -> bool:
    """Is it "who told you to watch me", 谁让你盯着我手机的? It asks for nobody's name."""
    kinds = [item.kind for item in content if item.text not in _LETTING]
    return kinds[:2] == [Kind.WHO, Kind.MONITOR] and content[0].text in {"who", "谁"}


_LETTING = frozenset(
    {"told", "said", "asked", "allowed", "let", "叫", "准", "许", "允", "同", "意"}
)
_DISLIKES = ("not like", "sick of", "tired of", "had enough of", "had enough", "fed up with")


def is_own_plan(piece: Sequence[Item], content: Sequence[Item], kinds: set[Kind]) -> bool:
    """Is it "I want to watch a film": what somebody will watch, none of our watching?"""
    wished = piece[0].text in _WISHES and content[0].text in {"watch", "see", "ask"}
    whom = {Kind.PERSON} if content[0].text == "ask" else set()
    plain = {Kind.MONITOR, Kind.ASK, Kind.UNKNOWN} | whom
    return wished and Kind.UNKNOWN in kinds and kinds <= plain


_WISHES = frozenset(
    {"i want to", "i need to", "i would like to", "i have to", "i am trying to", "trying to"}
    | {"we want to", "we need to", "我 要", "我 想", "我 得", "我 想 要", "我 希 望"}
)
FELT = frozenset({Kind.FEELING, Kind.NOT, Kind.AUXILIARY, *STORYTELLERS})
BEING = frozenset({Kind.ME, Kind.PERSON, Kind.AUXILIARY, Kind.NOT})
OUR_WORK = frozenset(
    {
        *(Kind.QUANTITY, Kind.SENSING, Kind.MODEL, Kind.NOTIFY, Kind.REMIND, Kind.ALL),
        *(Kind.ANYONE, Kind.NOBODY, Kind.IMPROVE),
    }
)
_SUBJECTS = (
    *(["it"], ["its"], ["that"], ["this"], ["there"], ["today"], ["work"], ["life"], ["things"]),
    *(["everything"], ["these"], ["we"]),
)
