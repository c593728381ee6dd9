"""Questions that no sensor answers: advice, causes, norms, meanings, prices, sleep."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from .lexicon import WORK, Item, Kind

_ADVICE = frozenset({"do", "can", "should", "could", "would", "to", "does", "shall", "must"})
_HOW_OR_WHAT = (["how"], ["what"])
_MODALS = (["can"], ["could"], ["should"], ["shall"], ["must"], ["to"])
_NORMS = frozenset({"should", "should be", "ought to", "应 该", "应 当", "该"})
_PRICES = frozenset({"how much", "which", "where", "多 少", "哪 个", "哪 种", "what kind of"})
_SLEEPING = ("asleep", "awake", "睡 着", "醒", "sleep", "slept", "nap", "睡", "休 息", "rest")
_SOMEBODY = frozenset({Kind.ME, Kind.PERSON, Kind.EVERYONE, Kind.TELL})
_NORMAL = frozenset({"normal", "正 常 吗", "正 常 么", "正 常 不", "正 不 正 常", "正 常"})
_CAUSES = frozenset({"affect", "affects", "cause", "causes", "influence", "influences", "mean"})
_AFFAIRS = frozenset({"day", "the day", "work", "job", "workout", "score", "task", "system"})


def asks_for_knowledge(clause: Sequence[Item]) -> bool:
    """Is the clause a question that the readings of this home cannot answer?"""
    return (
        _asks_advice(clause)
        or _is_shopping(clause)
        or _is_about_life(clause)
        or _is_cause(clause)
        or _is_about_people(clause)
        or _asks_what_should_be(clause)
        or _defines(clause)
        or _asks_how_good(clause)
        or _asks_about_devices(clause)
    )


def _asks_about_devices(clause: Sequence[Item]) -> bool:
    """Is it "can the speaker hear what we say", "does the microphone ...": how the thing works?"""
    texts = [item.text for item in clause if item.text not in {"the", "your", "this", "that"}]
    led = next((i for i, text in enumerate(texts[:2]) if text in _ABLE | _DOING), None)
    if led is None or texts[led + 1 : led + 2] == [] or texts[led + 1] not in _DEVICES:
        return False
    verb = next((i.text for i in clause[led + 2 :] if i.kind in _VERBS), "")
    # "Can the speaker in the bedroom watch Anna's breathing" asks for it.
    return texts[led] in _DOING or verb.startswith(("hear", "listen"))


_ABLE = frozenset({"can", "could", "will", "would"})
_DOING = frozenset({"does", "do", "did", "is", "are", "has"})
_VERBS = frozenset({Kind.MONITOR, Kind.ASK, Kind.TELL, Kind.NOTIFY, Kind.START, Kind.STOP})
_DEVICES = frozenset(
    {"speaker", "speakers", "smart speaker", "microphone", "microphones", "mic", "sensor"}
    | {"sensors", "detector", "app"}
)


def _asks_how_good(clause: Sequence[Item]) -> bool:
    """Is it "how accurate is the stress reading": about our work, not about a rate?"""
    texts = [item.text for item in clause]
    return any(
        first == "how" and second in _QUALITIES for first, second in itertools.pairwise(texts)
    )


_QUALITIES = frozenset({"accurate", "reliable", "precise", "exact", "correct", "good", "right"})


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
            and _first_content(clause[index + 1 :]) in WORK | _WAYS_TO
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
        if behind and behind[0].kind in WORK | {Kind.MOVE, Kind.ASK, Kind.USE, Kind.TELL}:
            return behind[0].kind is not Kind.USE or behind[0].text != "do"
    return False


def _first_content(items: Sequence[Item]) -> Kind | None:
    skipped = {Kind.SMALL, Kind.ME, Kind.YOU, Kind.PERSON, Kind.EVERYONE, Kind.OWNER}
    return next((item.kind for item in items if item.kind not in skipped), None)


_WAYS = frozenset({"怎 么", "如 何", "怎 样", "咋"})
_WAYS_TO = frozenset({Kind.MOVE, Kind.TELL, Kind.NOTIFY, Kind.FEELING, Kind.NOT})


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
    if kinds & {Kind.QUANTITY, Kind.FEELING} | kinds & WORK:
        return False
    return any(item.text.startswith(_SLEEPING) or item.text in _AFFAIRS for item in clause)


def _is_about_people(clause: Sequence[Item]) -> bool:
    """Is it "is it normal to feel anxious", "how do people calm down": about nobody here?"""
    kinds = {item.kind for item in clause}
    if Kind.FEELING not in kinds or kinds & _SOMEBODY or kinds & WORK or Kind.NOTIFY in kinds:
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


def _defines(clause: Sequence[Item]) -> bool:
    """Is it 什么是压力, 心率是什么: what a word means?"""
    content = [item for item in clause if item.kind is not Kind.SMALL or item.text not in _TONES]
    kinds = [item.kind for item in content if item.kind is not Kind.QUESTION_MARK]
    first = content[0].text if content else ""
    asked = kinds == [Kind.ASK, Kind.AUXILIARY, Kind.QUANTITY] and first in {"什 么", "啥"}
    named = kinds == [Kind.QUANTITY, Kind.ASK] and content[1].text in {"是 什 么", "是 啥"}
    return asked or named or _defines_rate(content)


def _defines_rate(content: Sequence[Item]) -> bool:
    """Is it "what is resting heart rate": nobody's, and without the "the" of this home's?"""
    words = [item.text for item in content if item.kind is not Kind.QUESTION_MARK]
    if words[:2] not in (["what", "is"], ["what", "'s"]) or len(words) < 4:
        return False
    kinds = [item.kind for item in content[2:] if item.kind is not Kind.QUESTION_MARK]
    return kinds[-1] is Kind.QUANTITY and set(words[2:-1]) <= _KINDS_OF_RATE


_KINDS_OF_RATE = frozenset(
    {"resting", "sleeping", "active", "regular", "steady", "constant", "actual", "basic"}
)
_TONES = frozenset("啊呀呢呐哦")


def _is_cause(clause: Sequence[Item]) -> bool:
    """Is it "how does stress affect the heart", "what makes me happy": what acts on what?"""
    makes = any(
        first.text in {"make", "makes", "made"} and second.kind in _SOMEBODY
        for first, second in itertools.pairwise(clause)
    )
    felt = any(item.kind is Kind.FEELING for item in clause)
    stresses = clause[0].text == "what" and any(i.text.startswith("stresses") for i in clause)
    good = any(
        first.text == "什 么" and second.text == "对"
        for first, second in itertools.pairwise(clause)
    )
    return good or stresses or (makes and felt) or any(item.text in _CAUSES for item in clause)
