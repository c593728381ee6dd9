"""What has our words in it and is not for us: small talk, messages, shopping, advice, displays."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from ..messages import Quantity
from .addressed import is_for_somebody_else
from .clauses import actions
from .complaints import is_complaint
from .knowledge import asks_for_knowledge
from .lexicon import WORK, Item, Kind

_DELETING = frozenset({"delete", "remove", "uninstall", "close", "删 除", "删 掉", "移 除"})


def is_strange(clause: Sequence[Item]) -> bool:
    """Is the clause, with all its words, meant for somebody or something else?"""
    return (
        is_for_somebody_else(clause)
        or asks_for_knowledge(clause)
        or _deletes_app(clause)
        or _is_statement(clause)
        or _is_mode(clause)
        or _only_complains(clause)
        or _asks_about_work(clause)
        or _is_loose(clause)
        or _ends_for_another(clause)
    )


def _is_statement(clause: Sequence[Item]) -> bool:
    """Is it 我呼吸挺好的, "my breathing fine": praise at the end, and nothing asked?"""
    kinds = {item.kind for item in clause}
    asked = kinds & (WORK | {Kind.ASK, Kind.QUESTION_MARK, Kind.TELL, Kind.NOTIFY, Kind.IF})
    last = clause[-1].text if clause else ""
    if next((i.kind for i in clause if i.kind is not Kind.SMALL), None) is Kind.AUXILIARY:
        return False
    if _tells_of_habit(clause, kinds):
        return True
    return not asked and Kind.QUANTITY in kinds and last in _PRAISE


def _tells_of_habit(clause: Sequence[Item], kinds: set[Kind]) -> bool:
    """Is it 小雨老是刷手机, "Ben's always on his phone": what somebody does too often?"""
    usage = any(item.value == (Quantity.APP_USAGE,) for item in clause) or Kind.PHONE in kinds
    often = any(item.text in _OFTEN for item in clause)
    return usage and often and kinds <= _OF_A_HABIT


_OFTEN = frozenset(
    [
        *("always", "constantly", "all the time", "all day", "老 是", "总 是", "老", "总", "天 天"),
        *("整 天", "成 天", "一 天 到 晚", "一 直", "又", "又 在", "动 不 动", "动 不 动 就"),
        *("每 天", "老 在"),
    ]
)
_OF_A_HABIT = frozenset(
    {Kind.PERSON, Kind.ME, Kind.EVERYONE, Kind.SMALL, Kind.QUANTITY, Kind.USE, Kind.PHONE}
    | {Kind.AUXILIARY, Kind.PRONOUN, Kind.HOLD}
)
_PRAISE = frozenset(
    [
        *("fine", "ok", "okay", "alright", "normal", "all good", "good", "well"),
        *("好 的", "正 常", "稳 定", "平 稳", "还 好", "还 行", "好", "可 以 的", "可 以"),
    ]
)


def _only_complains(clause: Sequence[Item]) -> bool:
    """Is it 呼吸检测不准: what is bad, and nothing asked for?"""
    kinds = {item.kind for item in clause}
    return is_complaint(clause) and kinds.isdisjoint({Kind.TRAIN, Kind.IMPROVE, Kind.STOP})


def _ends_for_another(clause: Sequence[Item]) -> bool:
    """Is it "stop tracking my mood and do my pulse": one ends, but what shall begin?"""
    return actions(clause) == {"stop"} and any(
        first.kind is Kind.AND and second.text == "do" and third.kind is not Kind.NOT
        for first, second, third in zip(clause, clause[1:], clause[2:], strict=False)
    )


def _asks_about_work(clause: Sequence[Item]) -> bool:
    """Is it 你还在监测我的压力吗: whether a monitor runs, and no order to start one?"""
    running = any(
        first.text in _RUNNING and second.kind is Kind.MONITOR
        for first, second in itertools.pairwise(clause)
    )
    asked = any(item.kind is Kind.ASK and item.text in _WHETHER for item in clause)
    return (running and asked) or _asks_for_an_end(clause)


def _asks_for_an_end(clause: Sequence[Item]) -> bool:
    """Is it 监测结束了吗, "has it stopped": whether it has? 能停止监测吗 asks for it politely."""
    said = [item for item in clause if item.kind not in {Kind.QUESTION_MARK, Kind.SMALL}]
    if len(said) < 2 or any(item.text.startswith(_POLITE) for item in clause):
        return False
    if said[0].text in _PERFECT and Kind.STOP in {item.kind for item in said}:
        return said[0].text != "have" or said[1].kind is Kind.YOU  # "have it stopped" orders
    ended = said[-2].kind is Kind.STOP and said[-1].text in _WHETHER
    done = said[-1].text in _ENDED and Kind.STOP in {item.kind for item in said}
    led = said[0].text in _IS_IT and said[1].kind is Kind.STOP
    return ended or done or led


_PERFECT = frozenset({"has", "have", "had", "did", "is", "are", "was", "were", "does"})
_IS_IT = frozenset({"是 不 是", "是 否", "有 没 有", "难 道"})
_ENDED = frozenset({"了 吗", "了 没", "了 没 有", "没 有"})
_POLITE = ("能", "可", "请", "麻 烦", "帮")


_RUNNING = frozenset({"在", "正 在"})
_WHETHER = frozenset({"吗", "么", "嘛", "没", "有 没 有", "是 不 是", "是 否"})


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


def _deletes_app(clause: Sequence[Item]) -> bool:
    kinds = {item.kind for item in clause}
    return Kind.PHONE in kinds and any(item.text in _DELETING for item in clause)
