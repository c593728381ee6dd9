"""What is said in answer, in English and Chinese.

`language` is any BCP 47 tag: Chinese for zh in any spelling, English for all others.
Sentences are made for the ear: no ids, no symbols, whole numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..messages import (
    Condition,
    Goal,
    Intent,
    Mood,
    Plan,
    Quantity,
    ReadingState,
    Refusal,
    Scalar,
)
from .conditions import is_breathing_pause
from .confirm import Reason
from .home import Home
from .words import is_chinese, join, name_of, say

_MOODS: Mapping[str, tuple[str, str]] = {
    Mood.EXCITED: ("excited", "兴奋"),
    Mood.CONTENT: ("content", "愉快"),
    Mood.STRESSED: ("stressed", "烦躁"),
    Mood.DOWN: ("down", "低落"),
    Mood.NEUTRAL: ("neutral", "平和"),
}
_OPERATORS: Mapping[str, tuple[str, str]] = {
    ">": ("above", "高于"),
    ">=": ("at least", "达到"),
    "<": ("below", "低于"),
    "<=": ("at most", "不高于"),
    "==": ("at", "等于"),
    "!=": ("other than", "不是"),
}
_STATES: Mapping[ReadingState, tuple[str, str]] = {
    ReadingState.NO_PROBE: ("the sound probe can't be heard", "听不到探测声"),
    ReadingState.NO_PERSON: ("nobody is in front of the sensor", "传感器前没有人"),
    ReadingState.MOTION: ("there is too much movement", "活动太多"),
    ReadingState.NOISY: ("it is too noisy", "环境太嘈杂"),
    ReadingState.CLIPPING: ("the microphone is overloaded", "麦克风过载"),
    ReadingState.DROPOUT: ("the sound keeps breaking off", "声音断断续续"),
    ReadingState.SKEW_UNLOCKED: ("the sound clocks are not yet aligned", "声音时钟尚未同步"),
    ReadingState.TWO_TARGETS: ("more than one person is there", "有不止一个人在场"),
    ReadingState.LOW_QUALITY: ("the signal is too weak", "信号太弱"),
    ReadingState.WARMING_UP: ("the measurement has only just begun", "测量刚刚开始"),
    ReadingState.NO_BASELINE: ("there is no resting baseline yet", "还没有静息基线"),
    ReadingState.NO_EVIDENCE: ("there is no evidence yet", "还没有足够的依据"),
    ReadingState.SOURCE_FAILED: ("the sensor has failed", "传感器出现故障"),
}


def started(plan: Plan, home: Home, language: str) -> str:
    """A monitor or an alert has begun; names what was refused as well."""
    goal = plan.goal
    lost = {refusal.quantity for refusal in plan.refused}
    running = [quantity for quantity in goal.quantities if quantity not in lost]
    what = _what(plan, running, home, language)
    until = say(language, f" for {_span(goal.duration_s, language)}", "") if goal.duration_s else ""
    if goal.intent is Intent.ALERT and goal.condition is not None:
        when = _when(plan, home, language)
        text = say(language, f"I'll tell you when {when}{until}.", f"好的，{when}时我会告诉您。")
    elif goal.intent is Intent.ALERT:
        text = say(
            language,
            f"I'll tell you when {what} changes{until}.",
            f"好的，{what}变化时我会告诉您。",
        )
    else:
        text = say(language, f"I'm now monitoring {what}{until}.", f"好的，开始监测{what}。")
    if goal.duration_s and is_chinese(language):
        text = text[:-1] + f"，持续{_span(goal.duration_s, language)}。"
    return _sentences([text, *(refusal.reason for refusal in plan.refused)], language)


def confirm(plan: Plan, reason: Reason, home: Home, language: str, *, by_model: bool) -> str:
    """Nothing has begun: say what would, and how to allow it."""
    what = _what(plan, plan.goal.quantities, home, language)
    span = _span(plan.goal.duration_s, language)
    english = {
        Reason.LONG: f"That would watch {what} for {span}.",
        Reason.PERSON: f"I take it that you mean {what}.",
        Reason.MICROPHONE: f"I would use a microphone for {what}.",
    }[reason]
    chinese = {
        Reason.LONG: f"这会监测{what}，持续{span}。",
        Reason.PERSON: f"我理解您指的是{what}。",
        Reason.MICROPHONE: f"监测{what}需要用到麦克风。",
    }[reason]
    if by_model:
        english += " Please ask Edge AI itself for that; an assistant cannot confirm it."
        chinese += "请直接向 Edge AI 提出，语音助手不能代为确认。"
    else:
        english += " Nothing has started: say it again to confirm."
        chinese += "尚未开始，请再说一遍以确认。"
    return say(language, english, chinese)


def already_running(plan: Plan, home: Home, language: str) -> str:
    """The same request was made before."""
    if plan.goal.intent is Intent.ALERT and plan.goal.condition is not None:
        when = _when(plan, home, language)
        return say(
            language,
            f"I am already waiting to tell you when {when}.",
            f"已经设好了：{when}时我会告诉您。",
        )
    what = _what(plan, plan.goal.quantities, home, language)
    return say(language, f"I am already monitoring {what}.", f"已经在监测{what}了。")


def stopped(goal: Goal, count: int, home: Home, language: str) -> str:
    """`count` monitors were stopped; 0: there was nothing to stop."""
    if goal.quantities:
        what = _owned(goal.quantities, goal.person, goal.area, home, language)
    else:
        who = home.person(goal.person)
        what = say(
            language,
            f"everything about {who.name}" if who else "everything",
            f"{who.name}的所有内容" if who else "所有内容",
        )
    if count == 0:
        return say(language, f"I wasn't monitoring {what}.", f"本来就没有在监测{what}。")
    return say(language, f"I stopped monitoring {what}.", f"已停止监测{what}。")


def refused(refusals: Sequence[Refusal], language: str) -> str:
    """Nothing of the request can be done, and why."""
    sorry = say(language, "I can't do that.", "抱歉，我做不到。")
    return _sentences([sorry, *(refusal.reason for refusal in refusals)], language)


def reading(
    quantity: Quantity,
    value: Scalar,
    unit: str | None,
    state: ReadingState,
    language: str,
    *,
    person: str | None = None,
    area: str | None = None,
) -> str:
    """One value as a sentence; without a value, why there is none.

    person, area: names. Without either it is the asking person's own. `unit` is spoken for
    app usage alone (`min`, `s` or `h`); the rates are per minute.
    """
    whose = _whose(person, area, language)
    if value is None or state is not ReadingState.OK:
        return _no_value(quantity, state, whose, language)
    if quantity is Quantity.PRESENCE:
        return _presence(bool(value), person, area, language)
    if quantity is Quantity.STRESS:
        return _stressed(bool(value), person, language)
    if quantity is Quantity.MOOD:
        english, chinese = _MOODS.get(str(value), (str(value), str(value)))
        return say(language, f"{whose} mood is {english}.", f"{whose}情绪{chinese}。")
    if quantity is Quantity.APP_USAGE:
        return _usage(value, unit, person, language)
    name = name_of(quantity, language)
    number = f"{value:.0f}" if isinstance(value, (int, float)) else str(value)
    per = {Quantity.HEART_RATE: "beats", Quantity.BREATHING_RATE: "breaths"}.get(quantity)
    if per is None:
        return say(language, f"{whose} {name} is {number}.", f"{whose}{name}是{number}。")
    return say(
        language,
        f"{whose} {name} is {number} {per} per minute.",
        f"{whose}{name}是每分钟{number}次。",
    )


def no_reading(quantity: Quantity, language: str) -> str:
    """Nobody measures this at the moment."""
    name = name_of(quantity, language)
    return say(
        language,
        f"I have no {name} at the moment. Ask me to monitor it first.",
        f"目前没有{name}的数据，请先让我开始监测。",
    )


def alert(plan: Plan, value: Scalar, home: Home, language: str) -> str:
    """The condition of an alert has come true; `value` is what it is now."""
    goal = plan.goal
    quantity = goal.condition.quantity if goal.condition else goal.quantities[0]
    person, area = home.person(goal.person), home.area(goal.area)
    if goal.condition and is_breathing_pause(goal.condition):
        place = person or area
        whose, of = (f" of {place.name}", f"{place.name}的") if place else ("", "")
        return say(language, f"A breathing pause{whose} was seen.", f"发现{of}呼吸暂停。")
    return reading(
        quantity,
        value,
        "min" if quantity is Quantity.APP_USAGE else None,
        ReadingState.OK,
        language,
        person=person.name if person else None,
        area=area.name if area else None,
    )


def ended(goal: Goal, home: Home, language: str) -> str:
    """The duration of a monitor is over."""
    what = _owned(goal.quantities, goal.person, goal.area, home, language)
    return say(language, f"The monitoring of {what} is over.", f"{what}的监测已结束。")


def training_started(goal: Goal, language: str) -> str:
    """The learning loop runs; nothing is replaced without a yes."""
    what = join([name_of(quantity, language) for quantity in goal.quantities], language)
    return say(
        language,
        f"I'm training a better{' ' + what if what else ''} model. "
        "I'll ask you before I replace anything.",
        f"开始训练更好的{what}模型。替换之前我会先征得您的同意。",
    )


def not_understood(language: str) -> str:
    """Neither the grammar nor a model could read it."""
    return say(
        language,
        "I didn't understand that. Try, for example: monitor my mood.",
        "我没听懂。您可以试试说：监测我的情绪。",
    )


def hub_away(language: str) -> str:
    """The hub does not answer."""
    return say(language, "The Edge AI hub doesn't answer.", "Edge AI 主机没有响应。")


# --- Parts of sentences ---


def _sentences(parts: Sequence[str], language: str) -> str:
    return say(language, " ", "").join(dict.fromkeys(part for part in parts if part))


def _what(plan: Plan, quantities: Sequence[Quantity], home: Home, language: str) -> str:
    return _owned(quantities, plan.goal.person, plan.area, home, language)


def _owned(
    quantities: Sequence[Quantity],
    person_id: str | None,
    area_id: str | None,
    home: Home,
    language: str,
) -> str:
    """Say "Anna's mood and heart rate in the bedroom"."""
    person, area = home.person(person_id), home.area(area_id)
    names = join([name_of(quantity, language) for quantity in quantities], language)
    personal = person is not None or any(item is not Quantity.PRESENCE for item in quantities)
    if is_chinese(language):
        owner = f"{person.name}的" if person else "您的" if personal else ""
        place = f"{area.name}里" if area else ""
        return f"{place}{owner}{names}"
    owner = f"{person.name}'s " if person else "your " if personal else ""
    return f"{owner}{names}" + (f" in the {area.name}" if area else "")


def _when(plan: Plan, home: Home, language: str) -> str:
    """The condition of an alert as a clause."""
    goal = plan.goal
    assert goal.condition is not None
    condition = goal.condition
    person, area = home.person(goal.person), home.area(goal.area)
    text = _clause(
        condition, person.name if person else None, area.name if area else None, language
    )
    if not condition.for_s:
        return text
    span = _span(condition.for_s, language)
    return say(language, f"{text} for {span}", f"{text}持续{span}")


def _clause(condition: Condition, person: str | None, area: str | None, language: str) -> str:
    quantity, value, op = condition.quantity, condition.value, condition.op
    truth = bool(value) is (op != "!=")
    if quantity is Quantity.STRESS:
        who = person or say(language, "you", "您")
        verb = "is" if person else "are"
        no = "" if truth else "not "
        return say(language, f"{who} {verb} {no}stressed", f"{who}{'' if truth else '没'}有压力")
    if quantity is Quantity.PRESENCE:
        text = _presence(truth, person, area, language).rstrip(".。")
        return text if person or is_chinese(language) else text[0].lower() + text[1:]
    whose = _whose(person, None, language)
    if not is_chinese(language):
        whose = whose[0].lower() + whose[1:] if person is None else whose
    name = name_of(quantity, language)
    if quantity is Quantity.MOOD:
        english, chinese = _MOODS.get(str(value), (str(value), str(value)))
        no = "" if op == "==" else "not "
        return say(
            language,
            f"{whose} mood is {no}{english}",
            f"{whose}情绪{'' if op == '==' else '不再'}{chinese}",
        )
    english, chinese = _OPERATORS[op]
    number = f"{float(value):g}"
    minutes = quantity is Quantity.APP_USAGE
    return say(
        language,
        f"{whose} {name} is {english} {number}{' minutes' if minutes else ''}",
        f"{whose}{name}{chinese}{number}{'分钟' if minutes else ''}",
    )


def _whose(person: str | None, area: str | None, language: str) -> str:
    """Begins a sentence: "Anna's", "Your", "The bedroom's"."""
    if person is not None:
        return say(language, f"{person}'s", f"{person}的")
    if area is not None:
        return say(language, f"In the {area}, the", f"{area}里的")
    return say(language, "Your", "您的")


def _no_value(quantity: Quantity, state: ReadingState, whose: str, language: str) -> str:
    name = name_of(quantity, language)
    why = _STATES.get(state)
    if why is None:
        return say(language, f"{whose} {name} is unknown.", f"{whose}{name}暂时未知。")
    return say(
        language, f"{whose} {name} is unknown: {why[0]}.", f"{whose}{name}暂时未知：{why[1]}。"
    )


def _presence(present: bool, person: str | None, area: str | None, language: str) -> str:
    if is_chinese(language):
        place = f"{area}里" if area else "这里"
        if person is not None:
            return f"{person}{'' if present else '不'}在{area or '这里'}。"
        return f"{place}{'有人' if present else '没有人'}。"
    place = f"in the {area}" if area else "here"
    who = person or ("Somebody" if present else "Nobody")
    negation = " not" if person is not None and not present else ""
    return f"{who} is{negation} {place}."


def _stressed(stressed: bool, person: str | None, language: str) -> str:
    who = person or say(language, "You", "您")
    if is_chinese(language):
        return f"{who}{'看起来有压力' if stressed else '看起来没有压力'}。"
    verb = "seems" if person else "seem"
    return f"{who} {verb} {'stressed' if stressed else 'not to be stressed'}."


def _usage(value: Scalar, unit: str | None, person: str | None, language: str) -> str:
    who = person or say(language, "You", "您")
    have = "has" if person else "have"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        scale = {"min": 60, "s": 1, "h": 3_600}.get(unit or "min", 60)
        span = _span(round(value * scale), language)
        return say(
            language, f"{who} {have} used apps for {span}.", f"{who}使用应用的时间为{span}。"
        )
    return say(language, f"{who} {have} mostly used {value}.", f"{who}主要使用的是{value}。")


def _span(seconds: int | None, language: str) -> str:
    """A length of time in words: the two largest units."""
    rest = seconds or 0
    units = (
        (86_400, "day", "天"),
        (3_600, "hour", "小时"),
        (60, "minute", "分钟"),
        (1, "second", "秒"),
    )
    parts: list[str] = []
    for size, english, chinese in units:
        count, rest = divmod(rest, size)
        if count and len(parts) < 2:
            plural = "" if count == 1 else "s"
            parts.append(say(language, f"{count} {english}{plural}", f"{count}{chinese}"))
    if not parts:
        return say(language, "no time", "0秒")
    return say(language, " and ", "").join(parts)
