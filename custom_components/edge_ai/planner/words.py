"""Words for people that chains, checks and replies share, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping

from ..messages import Quantity

# Quantity or port → (English, Chinese). Ports without a quantity are named too, since a
# refusal may have to say that one is missing.
NAMES: Mapping[str, tuple[str, str]] = {
    Quantity.MOOD: ("mood", "情绪"),
    Quantity.STRESS: ("stress", "压力"),
    Quantity.BREATHING_RATE: ("breathing rate", "呼吸频率"),
    Quantity.HEART_RATE: ("heart rate", "心率"),
    Quantity.PRESENCE: ("presence", "有没有人"),
    Quantity.APP_USAGE: ("app usage", "应用使用情况"),
    Quantity.ACTIVATION: ("activation", "激活程度"),
    Quantity.VALENCE: ("valence", "情绪效价"),
    "vitals": ("breathing and heartbeat", "呼吸和心跳"),
}

CAPABILITIES: Mapping[str, tuple[str, str]] = {
    "microphone": ("microphone", "麦克风"),
    "speaker": ("speaker", "扬声器"),
    "network_traffic": ("view of the network traffic", "网络流量访问"),
    "person_store": ("store for personal data", "个人数据存储"),
}


def is_chinese(language: str | None) -> bool:
    """True for zh in any spelling (zh-CN, zh_Hans, ZH-tw)."""
    return (language or "").casefold().replace("_", "-").split("-")[0] == "zh"


def say(language: str | None, english: str, chinese: str) -> str:
    """Choose the sentence of the language."""
    return chinese if is_chinese(language) else english


def name_of(word: str, language: str | None) -> str:
    """A quantity, port or capability as people call it."""
    english, chinese = NAMES.get(word) or CAPABILITIES.get(word) or (word, word)
    return say(language, english.replace("_", " "), chinese)


def join(items: list[str], language: str | None) -> str:
    """A, B and C."""
    if len(items) < 2:
        return "".join(items)
    comma, last = say(language, ", ", "、"), say(language, " and ", "和")
    return comma.join(items[:-1]) + last + items[-1]
