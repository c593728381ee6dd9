"""What is told to be bad about our work: 呼吸检测不准, "your stress readings are off"."""

from __future__ import annotations

from collections.abc import Sequence

from .lexicon import NAMING, Item, Kind


def is_complaint(clause: Sequence[Item]) -> bool:
    """Is it "the stress detection is always wrong": our work, and that it is bad?"""
    for index, item in enumerate(clause):
        ahead = clause[:index]
        if item.text in _BAD or (item.text in _ODD and any(map(_is_ours, ahead))):
            kinds = {other.kind for other in ahead}
            return Kind.QUANTITY in kinds and kinds <= _NAMED_WORK
    return False


def _is_ours(item: Item) -> bool:
    return item.kind in _WORK or item.text in {"reading", "readings", "data", "values", "numbers"}


_WORK = frozenset({Kind.MONITOR, Kind.SENSING, Kind.MODEL, Kind.YOU})
_NAMED_WORK = NAMING | _WORK | {Kind.UNIT, Kind.SMALL}
_BAD = frozenset(
    [
        *("wrong", "inaccurate", "incorrect", "imprecise", "unreliable", "bad"),
        *("sucks", "suck", "stinks", "rubbish", "useless", "crap", "pants", "hopeless"),
        *("不 准", "测 得 不 准", "不 准 确", "不 太 准", "不 够 准", "测 不 准", "总 不 准"),
        *("总 测 不 准", "老 测 不 准", "测 得 不 太 准", "测 得 老 不 准"),
        *("太 烂", "很 烂", "太 差 劲", "差 劲", "拉 胯", "不 灵", "不 给 力", "太 拉 胯"),
        *("老 不 准", "一 直 不 准", "老 是 不 准", "总 是 不 准", "经 常 不 准"),
    ]
)
# Of a rate they may tell what it does; of our readings, that they are bad.
_ODD = frozenset({"is off", "are off", "seems off", "looks off", "is wrong", "is not right"})
