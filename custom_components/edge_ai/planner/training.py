"""Whether a clause asks for a model to be trained, or for exercise, lessons and gadgets."""

from __future__ import annotations

from collections.abc import Sequence

from ..messages import Intent, Quantity
from .lexicon import Item, Kind


def training(items: Sequence[Item], kinds: set[Kind]) -> Intent | None:
    """TRAIN for a clause that has a word for it; None when something else shall be trained."""
    if Kind.STOP in kinds or Kind.NOTIFY in kinds:
        return None
    if kinds.isdisjoint({Kind.QUANTITY, Kind.FEELING, Kind.ANYONE}):
        # "Trained" alone tells, "build a model" is work of others.
        odd = any(item.text in {"build", "trained"} for item in items)
        if odd or not kinds <= _ALL_MODELS:
            return None
    named = kinds & {Kind.MODEL, Kind.SENSING}
    if kinds & {Kind.QUANTITY, Kind.ANYONE}:
        # "Learn to detect my stress", 训练一下有人没人的检测.
        named |= kinds & {Kind.MONITOR}
    meant = (
        bool(named)
        or _is_of_the_mind(items, kinds)
        or _is_machine_learning(items)
        or _is_about_accuracy(items, kinds)
        or _starts_over(items, kinds)
        or _is_terse(items)
    )
    return Intent.TRAIN if meant else None


def _is_of_the_mind(items: Sequence[Item], kinds: set[Kind]) -> bool:
    """Is it "train my mood"? "Train my breathing" is exercise.

    学习我的情绪: there is nothing else to learn about a mood than to see it.
    """
    if not any(
        item.kind is Kind.QUANTITY and _OF_THE_MIND.issuperset(item.value) for item in items
    ):
        return False
    studies = bool(kinds & {Kind.ME, Kind.PERSON}) and any(i.text.startswith("学") for i in items)
    return Kind.TRAIN in kinds or studies or any(item.text in _LEARNING for item in items)


def _is_machine_learning(items: Sequence[Item]) -> bool:
    """Is it "a training round", 微调: people don't exercise in these words?"""
    return any(
        item.kind is Kind.TRAIN and any(word in item.text for word in _MACHINE) for item in items
    )


def _is_about_accuracy(items: Sequence[Item], kinds: set[Kind]) -> bool:
    """Is it "make your heart rate readings more reliable": only a measurement can be?"""
    if Kind.QUANTITY not in kinds or Kind.ASK in kinds or items[0].kind is Kind.AUXILIARY:
        return False
    return any(item.kind is Kind.IMPROVE and item.text.endswith(_EXACT) for item in items)


def _starts_over(items: Sequence[Item], kinds: set[Kind]) -> bool:
    """Is it "retrain everything", 全部重新训练?"""
    again = any(item.text.startswith(("retrain", "重 新", "再")) for item in items)
    return again and kinds == {Kind.TRAIN, Kind.ALL}


def _is_terse(items: Sequence[Item]) -> bool:
    """Is it "train breathing": two words for one of our models, and of nobody's exercise?"""
    kinds = [item.kind for item in items]
    return kinds == [Kind.TRAIN, Kind.QUANTITY] and items[0].text in {"train", "retrain"}


_OF_THE_MIND = frozenset({Quantity.MOOD, Quantity.STRESS})
_LEARNING = frozenset({"get smarter about", "get smarter at", "smarter", "更 懂", "更 了 解"})
_EXACT = (
    *("accurate", "precise", "reliable", "accurately", "precisely", "reliably", "calibrate"),
    *("calibrate please", "准", "准 点", "校 准 一 下"),
)
_MACHINE = (
    *("round of", "learning round", "training round", "learning loop", "training run"),
    *("fine", "federated", "联 邦", "微 调", "一 轮"),
)
# "Train the model" without a quantity means all models: nothing else may stand beside it.
_ALL_MODELS = frozenset(
    {
        *(Kind.TRAIN, Kind.IMPROVE, Kind.MODEL, Kind.SENSING, Kind.ME, Kind.ALL, Kind.OF),
        *(Kind.OWNER, Kind.AUXILIARY, Kind.START, Kind.AND, Kind.PERSON, Kind.EVERYONE),
    }
)
