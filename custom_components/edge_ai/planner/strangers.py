"""What has our words in it and is not for us: small talk, messages, shopping, advice, displays."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from .addressed import is_for_somebody_else
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
    )


def _is_statement(clause: Sequence[Item]) -> bool:
    """Is it 我呼吸挺好的, "my breathing fine": praise at the end, and nothing asked?"""
    kinds = {item.kind for item in clause}
    asked = kinds & (WORK | {Kind.ASK, Kind.QUESTION_MARK, Kind.TELL, Kind.NOTIFY, Kind.IF})
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


def _only_complains(clause: Sequence[Item]) -> bool:
    """Is it 呼吸检测不准: what is bad, and nothing asked for?"""
    kinds = {item.kind for item in clause}
    return is_complaint(clause) and kinds.isdisjoint({Kind.TRAIN, Kind.IMPROVE, Kind.STOP})


def _asks_about_work(clause: Sequence[Item]) -> bool:
    """Is it 你还在监测我的压力吗: whether a monitor runs, and no order to start one?"""
    running = any(
        first.text in _RUNNING and second.kind is Kind.MONITOR
        for first, second in itertools.pairwise(clause)
    )
    return running and any(item.kind is Kind.ASK and item.text in _WHETHER for item in clause)


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
