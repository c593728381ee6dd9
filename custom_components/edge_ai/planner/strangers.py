"""What has our words in it and is not for us: small talk, messages, shopping, advice, displays."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from ..messages import Quantity
from .clauses import is_complaint
from .lexicon import Item, Kind

_WORK = frozenset(
    {Kind.TRAIN, Kind.IMPROVE, Kind.MODEL, Kind.SENSING, Kind.STOP, Kind.MONITOR, Kind.START}
)
# Verbs that, right before a name, speak to that person.
_SPEAKING = frozenset(
    [
        *("tell", "inform", "notify", "alert", "warn", "ask", "let", "remind", "message", "text"),
        *("ping", "say", "告 诉", "告 知", "通 知", "提 醒", "叫", "喊", "问", "让", "转 告", "请"),
        *("警 告", "问 问", "问 一 下", "问 下", "告 诉 一 声", "说 声", "劝", "帮", "给", "请 让"),
    ]
)
# Of these, only what follows the name shows that the person is spoken to.
_ALSO_POLITE = frozenset({"让", "请", "帮", "给", "请 让", "问", "问 问", "问 一 下", "问 下"})
_ADVICE = frozenset({"do", "can", "should", "could", "would", "to", "does", "shall", "must"})
_HOW_OR_WHAT = (["how"], ["what"])
_MODALS = (["can"], ["could"], ["should"], ["shall"], ["must"], ["to"])
_NORMS = frozenset({"should", "should be", "ought to", "应 该", "应 当", "该"})
_OTHERS = frozenset(
    [
        *(
            "boss",
            "chief",
            "friend",
            "friends",
            "mate",
            "pal",
            "buddy",
            "man",
            "dude",
            "love",
            "sis",
        ),
        *("bro", "sweetheart", "darling", "honey", "family member", "teacher", "miss", "champ"),
        *(
            "朋 友",
            "兄 弟",
            "大 哥",
            "大 姐",
            "哥",
            "姐 妹",
            "老 弟",
            "师 傅",
            "宝",
            "哥 们",
            "哥 们 儿",
        ),
    ]
)
_ASKING_AROUND = frozenset({"问", "问 问", "问 一 问", "问 下", "ask"})
_PRICES = frozenset({"how much", "which", "where", "多 少", "哪 个", "哪 种", "what kind of"})
_SLEEPING = ("asleep", "awake", "睡 着", "醒", "sleep", "slept", "nap", "睡", "休 息", "rest")
_SOMEBODY = frozenset({Kind.ME, Kind.PERSON, Kind.EVERYONE, Kind.TELL})
_NORMAL = frozenset({"normal", "正 常 吗", "正 常 么", "正 常 不", "正 不 正 常", "正 常"})
_CAUSES = frozenset({"affect", "affects", "cause", "causes", "influence", "influences", "mean"})
_AFFAIRS = frozenset({"day", "the day", "work", "job", "workout", "score", "task", "system"})
_DELETING = frozenset({"delete", "remove", "uninstall", "close", "删 除", "删 掉", "移 除"})


def is_strange(clause: Sequence[Item]) -> bool:
    """Is the clause, with all its words, meant for somebody or something else?"""
    return (
        _is_about_you(clause)
        or _is_message(clause)
        or _asks_advice(clause)
        or _is_shopping(clause)
        or _is_about_life(clause)
        or _deletes_app(clause)
        or _asks_for_words(clause)
        or _is_cause(clause)
        or _is_about_people(clause)
        or _asks_what_should_be(clause)
        or _is_about_acquaintance(clause)
        or _asks_somebody(clause)
        or _asks_permission(clause)
        or _is_statement(clause)
        or _is_mode(clause)
        or _only_complains(clause)
        or _defines(clause)
        or _is_loose(clause)
    )


def _is_about_you(clause: Sequence[Item]) -> bool:
    """Is it "how are you feeling", 你今天心情怎么样: small talk with the assistant?"""
    kinds = [item.kind for item in clause if item.kind not in {Kind.SMALL, Kind.AUXILIARY}]
    ours = _WORK - {Kind.MONITOR, Kind.START}
    if not ours.isdisjoint(kinds):
        return False
    measured = {Kind.QUANTITY, Kind.FEELING}
    others = {Kind.ME, Kind.PERSON, Kind.EVERYONE, Kind.ASK, Kind.MONITOR, Kind.TELL, Kind.NOTIFY}
    if kinds[:1] == [Kind.YOU] and measured & set(kinds) and others.isdisjoint(kinds):
        return True  # "You are never sad"
    if measured.isdisjoint(kinds) and (Kind.ASK, Kind.YOU) in itertools.pairwise(kinds):
        return True  # "I'm fine, how are you?"
    return any(
        first is Kind.YOU and second in measured for first, second in itertools.pairwise(kinds)
    )


def _is_message(clause: Sequence[Item]) -> bool:
    """Is it "tell Ben to stop", "let Anna know", 告诉小雨我压力很大: words for another person?"""
    for index, item in enumerate(clause):
        if item.text in _TELL_TO and clause[index + 1 : index + 2] == [_TO]:
            return True  # "Tell me to put my phone down"
        named = _named_at(clause, index + 1)
        if item.text not in _SPEAKING or named is None:
            continue
        behind = clause[named + 1 :]
        if behind and behind[0].text == "be":
            # "Let Anna be"
            continue
        if behind and (behind[0].kind is Kind.OWNER or behind[0].text == "'s"):
            continue
        if item.text in {"帮", "给"} and behind and behind[0].kind is Kind.STOP:
            continue  # 给小雨去掉压力监测: for her
        if item.text not in _ALSO_POLITE or _speaks(behind):
            return True
    return False


_TO = Item(Kind.SMALL, None, "to")
_TELL_TO = frozenset({"tell me", "tell us", "remind me", "remind us"})


def _named_at(clause: Sequence[Item], index: int) -> int | None:
    found = index < len(clause) and clause[index].kind in {Kind.PERSON, Kind.PRONOUN}
    return index if found else None


def _speaks(behind: Sequence[Item]) -> bool:
    """Do the words after the name tell that person what to do?"""
    return bool(behind) and behind[0].kind in {Kind.STOP, Kind.TELL, Kind.ENTER, Kind.ME}


def _asks_advice(clause: Sequence[Item]) -> bool:
    """Is it "how do I lower my heart rate", "how to track stress"?"""
    for index, item in enumerate(clause[:-1]):
        if item.text.split()[-1:] in _HOW_OR_WHAT and clause[index + 1].text.split()[:1] in _MODALS:
            # "How can I ...", "what should we do about ...", "do you know how to ..."
            return True
        if item.text == "what" and clause[index + 1].text in {"make", "makes", "made"}:
            return True
        taught = any(other.kind in {Kind.TRAIN, Kind.IMPROVE} for other in clause[:index])
        if (
            item.text in _WAYS
            and not taught
            and _first_content(clause[index + 1 :]) in _WORK | _WAYS_TO
        ):
            return True
        if item.kind is not Kind.ASK or item.value != "how" or not item.text.isascii():
            continue
        if clause[index + 1].text not in _ADVICE:
            continue
        behind = [
            other
            for other in clause[index + 2 :]
            if other.kind not in {Kind.SMALL, Kind.ME, Kind.YOU, Kind.AUXILIARY, Kind.EVERYONE}
        ]
        if behind and behind[0].kind in {Kind.NOT, Kind.FEELING}:
            # "How do I stop being anxious", "how do I calm down"
            return True
        if behind and behind[0].kind in _WORK | {Kind.MOVE, Kind.ASK, Kind.USE, Kind.TELL}:
            return behind[0].kind is not Kind.USE or behind[0].text != "do"
    return False


def _first_content(items: Sequence[Item]) -> Kind | None:
    skipped = {Kind.SMALL, Kind.ME, Kind.YOU, Kind.PERSON, Kind.EVERYONE, Kind.OWNER}
    return next((item.kind for item in items if item.kind not in skipped), None)


_WAYS = frozenset({"怎 么", "如 何", "怎 样", "咋"})
_WAYS_TO = frozenset({Kind.MOVE, Kind.TELL, Kind.NOTIFY, Kind.FEELING, Kind.NOT})


def _asks_permission(clause: Sequence[Item]) -> bool:
    """Is it "can Ben use his phone", 爷爷能玩手机吗?"""
    people = {Kind.PERSON, Kind.ME}
    for index, (first, second) in enumerate(itertools.pairwise(clause)):
        english = first.text in {"can", "may", "could"} and second.kind in people
        chinese = second.text in {"能", "可 以", "能 不 能", "可 不 可 以"} and first.kind in people
        behind = clause[index + 2 : index + 3]
        if (english or chinese) and any(
            item.kind in {Kind.USE, Kind.PHONE} or item.value == (Quantity.APP_USAGE,)
            for item in behind
        ):
            return True
    return False


def _is_statement(clause: Sequence[Item]) -> bool:
    """Is it 我呼吸挺好的, "my breathing fine": praise at the end, and nothing asked?"""
    kinds = {item.kind for item in clause}
    asked = kinds & (_WORK | {Kind.ASK, Kind.QUESTION_MARK, Kind.TELL, Kind.NOTIFY, Kind.IF})
    last = clause[-1].text if clause else ""
    if next((i.kind for i in clause if i.kind is not Kind.SMALL), None) is Kind.AUXILIARY:
        return False
    return not asked and Kind.QUANTITY in kinds and last in _PRAISE


_PRAISE = frozenset(
    [
        *("fine", "ok", "okay", "alright", "normal", "all good", "good", "well"),
        *("好 的", "正 常", "稳 定", "平 稳", "还 好", "还 行", "好", "可 以 的", "可 以"),
    ]
)


def _is_shopping(clause: Sequence[Item]) -> bool:
    """Is it "how much is a heart rate monitor": a thing, not its work?"""
    texts = {item.text for item in clause}
    kinds = [item.kind for item in clause]
    thing = any(
        first is Kind.QUANTITY and second in {Kind.MONITOR, Kind.SENSING}
        for first, second in itertools.pairwise(kinds)
    )
    return thing and not texts.isdisjoint(_PRICES)


def _is_about_life(clause: Sequence[Item]) -> bool:
    """Is it "did Anna sleep well", "how is my day": about what nothing of ours measures?"""
    kinds = {item.kind for item in clause}
    if kinds & {Kind.QUANTITY, Kind.FEELING} | kinds & _WORK:
        return False
    return any(item.text.startswith(_SLEEPING) or item.text in _AFFAIRS for item in clause)


def _is_about_people(clause: Sequence[Item]) -> bool:
    """Is it "is it normal to feel anxious", "how do people calm down": about nobody here?"""
    kinds = {item.kind for item in clause}
    if Kind.FEELING not in kinds or kinds & _SOMEBODY or kinds & _WORK or Kind.NOTIFY in kinds:
        return False
    return Kind.ANYONE in kinds or any(item.text in _NORMAL for item in clause)


def _asks_what_should_be(clause: Sequence[Item]) -> bool:
    """Is it "what should my heart rate be", 运动时心率应该是多少: general knowledge?"""
    texts = {item.text for item in clause}
    kinds = {item.kind for item in clause}
    first = next((item.kind for item in clause if item.kind is not Kind.SMALL), None)
    asks = Kind.ASK in kinds or first is Kind.AUXILIARY
    asks = asks and kinds.isdisjoint({Kind.NOTIFY, Kind.TELL})
    return asks and not texts.isdisjoint(_NORMS)


def _is_about_acquaintance(clause: Sequence[Item]) -> bool:
    """Is it "is my boss stressed": somebody whom the home does not know?

    "Boss" without "my" only addresses the assistant.
    """
    return any(
        first.kind is Kind.ME
        and first.text in {"my", "our", "我", "我 的", "我 们"}
        and second.text in _OTHERS
        for first, second in itertools.pairwise(clause)
    )


def _asks_somebody(clause: Sequence[Item]) -> bool:
    """Is it 问问爷爷心情怎么样: a question for that person?"""
    for index, item in enumerate(clause):
        named = _named_at(clause, index + 1)
        if item.text in _ASKING_AROUND and named is not None:
            behind = clause[named + 1 :]
            return not (behind and behind[0].kind is Kind.OWNER)
    return False


def _defines(clause: Sequence[Item]) -> bool:
    """Is it 什么是压力, 心率是什么: what a word means?"""
    content = [item for item in clause if item.kind is not Kind.SMALL or item.text not in _TONES]
    kinds = [item.kind for item in content if item.kind is not Kind.QUESTION_MARK]
    first = content[0].text if content else ""
    asked = kinds == [Kind.ASK, Kind.AUXILIARY, Kind.QUANTITY] and first in {"什 么", "啥"}
    named = kinds == [Kind.QUANTITY, Kind.ASK] and content[1].text in {"是 什 么", "是 啥"}
    return asked or named


_TONES = frozenset("啊呀呢呐哦")


def _only_complains(clause: Sequence[Item]) -> bool:
    """Is it 呼吸检测不准: what is bad, and nothing asked for?"""
    kinds = {item.kind for item in clause}
    return is_complaint(clause) and kinds.isdisjoint({Kind.TRAIN, Kind.IMPROVE, Kind.STOP})


def _is_mode(clause: Sequence[Item]) -> bool:
    """Is it "turn on presence mode": a way in which the house runs?"""
    kinds = {item.kind for item in clause}
    named = any(item.text in {"mode", "模 式"} for item in clause)
    sensor = any(item.text in {"sensor", "sensors", "传 感 器"} for item in clause)
    named = named or (sensor and Kind.START in kinds)
    return named and kinds.isdisjoint({Kind.MONITOR, Kind.SENSING})


def _is_loose(clause: Sequence[Item]) -> bool:
    """Is it "is somebody working in the kitchen", "what a mood"?

    Where no word names the quantity, or nothing is asked, the small words must be small.
    """
    kinds = {item.kind for item in clause}
    texts = [item.text for item in clause]
    if ("what", "a") in itertools.pairwise(texts):
        return True
    if kinds & ({Kind.QUANTITY, Kind.FEELING, Kind.TRAIN, Kind.IMPROVE} | {Kind.STOP}):
        return False
    return not _BUSY.isdisjoint(texts)


_BUSY = frozenset(
    [
        *("work", "working on", "job", "task", "system", "process", "session", "program", "tool"),
        *(
            "service",
            "function",
            "feature",
            "workout",
            "help",
            "offer",
            "provide",
            "provides",
            "supply",
        ),
        *("fancy", "wait", "graph", "active", "running", "resting", "sleeping", "like", "likes"),
        *(
            "工 作",
            "任 务",
            "系 统",
            "程 序",
            "服 务",
            "跑",
            "弄",
            "搞",
            "老 师 好",
            "朋 友",
            "师 傅",
        ),
    ]
)


def _is_cause(clause: Sequence[Item]) -> bool:
    """Is it "how does stress affect the heart", "what makes me happy": what acts on what?"""
    makes = any(
        first.text in {"make", "makes", "made"} and second.kind in _SOMEBODY
        for first, second in itertools.pairwise(clause)
    )
    felt = any(item.kind is Kind.FEELING for item in clause)
    stresses = clause[0].text == "what" and any(i.text.startswith("stresses") for i in clause)
    return stresses or (makes and felt) or any(item.text in _CAUSES for item in clause)


def _asks_for_words(clause: Sequence[Item]) -> bool:
    """Is it "what did Anna say about stress"?"""
    kinds = [item.kind for item in clause]
    return any(
        item.text in {"did", "does", "has"}
        and Kind.PERSON in kinds[index : index + 2]
        and {Kind.TELL} & set(kinds[index + 2 : index + 4])
        for index, item in enumerate(clause)
    )


def _deletes_app(clause: Sequence[Item]) -> bool:
    kinds = {item.kind for item in clause}
    return Kind.PHONE in kinds and any(item.text in _DELETING for item in clause)
