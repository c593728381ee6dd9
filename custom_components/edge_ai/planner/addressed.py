"""Words for somebody else: messages, questions to a person, small talk with the assistant."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from ..messages import Quantity
from .lexicon import WORK, Item, Kind

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


def is_for_somebody_else(clause: Sequence[Item]) -> bool:
    """Is the clause a message, a question to or about somebody whom we do not measure?"""
    return (
        _is_about_you(clause)
        or _is_message(clause)
        or _asks_for_words(clause)
        or _is_about_acquaintance(clause)
        or _asks_somebody(clause)
        or _asks_permission(clause)
    )


def _is_about_you(clause: Sequence[Item]) -> bool:
    """Is it "how are you feeling", 你今天心情怎么样: small talk with the assistant?"""
    kinds = [item.kind for item in clause if item.kind not in {Kind.SMALL, Kind.AUXILIARY}]
    texts = [item.text for item in clause]
    if "your" in texts and Kind.STOP in kinds and _RUNNING.isdisjoint(kinds):
        return True  # "Hold your breath"
    ours = WORK - {Kind.MONITOR, Kind.START}
    if not ours.isdisjoint(kinds):
        return False
    measured = {Kind.QUANTITY, Kind.FEELING}
    others = {Kind.ME, Kind.PERSON, Kind.EVERYONE, Kind.ASK, Kind.MONITOR, Kind.TELL, Kind.NOTIFY}
    if kinds[:1] == [Kind.YOU] and measured & set(kinds) and others.isdisjoint(kinds):
        return True  # "You are never sad"
    if kinds == [Kind.YOU, Kind.ASK, Kind.QUANTITY] and not _HAVING.isdisjoint(texts):
        return True  # 你有没有心跳
    if measured.isdisjoint(kinds) and (Kind.ASK, Kind.YOU) in itertools.pairwise(kinds):
        return True  # "I'm fine, how are you?"
    return any(
        first is Kind.YOU and second in measured for first, second in itertools.pairwise(kinds)
    )


_HAVING = frozenset({"有 没 有", "有"})
_RUNNING = frozenset(
    {Kind.MONITOR, Kind.SENSING, Kind.NOTIFY, Kind.REMIND, Kind.TELL, Kind.FEELING, Kind.ASK}
)


def _is_no_announcement(item: Item) -> bool:
    return item.text not in {"announce", "broadcast"}


def _is_message(clause: Sequence[Item]) -> bool:
    """Is it "tell Ben to stop", "let Anna know", 告诉小雨我压力很大: words for another person?"""
    if [item.kind for item in clause[:2]] == [Kind.PERSON, Kind.STOP]:
        return any(
            item.text in {"your", "yourself"} for item in clause
        )  # "Ben, stop watching your"
    told = [item.text for item in itertools.dropwhile(_is_no_announcement, clause)]
    if "that" in told and all(item.kind is not Kind.IF for item in clause):
        return True  # "Announce in the kitchen that I'm on my way"
    if _is_said_to_another(clause):
        return True
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
        sent = item.text == "给" and (*clause[max(0, index - 1) : index], *behind[:1])
        if sent and any(other.kind in {Kind.NOTIFY, Kind.REMIND} for other in sent):
            return True  # 给Anna发短信, 发短信给Anna
    return False


def _is_said_to_another(clause: Sequence[Item]) -> bool:
    """Is it 压力大就跟爷爷说一声: someone else shall be told? The 跟 is read as an "and"."""
    return any(
        first.kind is Kind.AND
        and second.kind is Kind.PERSON
        and third.text in _SAYING
        and Kind.LEVEL in {item.kind for item in clause} | _felt(clause)
        for first, second, third in zip(clause, clause[1:], clause[2:], strict=False)
    )


def _felt(clause: Sequence[Item]) -> set[Kind]:
    return {Kind.LEVEL for item in clause if item.kind in {Kind.FEELING, Kind.COMPARE}}


_SAYING = frozenset({"说 一 声", "说 声", "说 一 下", "说", "讲 一 声", "打 声 招 呼"})
_TO = Item(Kind.SMALL, None, "to")
_TELL_TO = frozenset({"tell me", "tell us", "remind me", "remind us"})


def _named_at(clause: Sequence[Item], index: int) -> int | None:
    found = index < len(clause) and clause[index].kind in {Kind.PERSON, Kind.PRONOUN}
    return index if found else None


def _speaks(behind: Sequence[Item]) -> bool:
    """Do the words after the name tell that person what to do?"""
    return bool(behind) and behind[0].kind in {Kind.STOP, Kind.TELL, Kind.ENTER, Kind.ME}


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


def _asks_for_words(clause: Sequence[Item]) -> bool:
    """Is it "what did Anna say about stress"?"""
    kinds = [item.kind for item in clause]
    if _is_what_is_said(clause):
        return True
    return any(
        item.text in {"did", "does", "has"}
        and Kind.PERSON in kinds[index : index + 2]
        and {Kind.TELL} & set(kinds[index + 2 : index + 4])
        for index, item in enumerate(clause)
    )


def _is_what_is_said(clause: Sequence[Item]) -> bool:
    """Is it "do you record what we say": words that people say, and no order to tell?"""
    return any(
        first.text.split()[-1:] == ["what"] and second.text in _SPEAKERS and third.text == "say"
        for first, second, third in zip(clause, clause[1:], clause[2:], strict=False)
    )


_SPEAKERS = frozenset({"we", "i", "you", "they", "people", "everyone"})
