"""Ends that are a time of day: "until half past nine tomorrow morning", 到晚上十点."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from .numbers import read_number

Tokens = Sequence[str]

_UNTIL = (
    *("until", "till", "til", "up until", "through to", "through until", "right up until"),
    *("直到", "一直到", "到", "至"),
)
# Words for a day, and how many days away it is.
_DAYS = {
    "today": 0,
    "tonight": 0,
    "tomorrow": 1,
    "今天": 0,
    "今晚": 0,
    "明天": 1,
    "明早": 1,
    "明晚": 1,
}
# Parts of a day: the hour meant without a figure, and whether figures count from noon.
_PARTS = {
    "morning": (8, False),
    "noon": (12, False),
    "midday": (12, False),
    "afternoon": (18, True),
    "evening": (21, True),
    "tonight": (23, True),
    "night": (23, True),
    "midnight": (24, False),
    "dawn": (6, False),
    "早上": (8, False),
    "上午": (12, False),
    "明早": (8, False),
    "中午": (12, False),
    "下午": (18, True),
    "傍晚": (19, True),
    "晚上": (23, True),
    "今晚": (23, True),
    "明晚": (23, True),
    "午夜": (24, False),
    "半夜": (24, False),
    "天亮": (6, False),
}
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            ("monday", "周一", "星期一", "礼拜一"),
            ("tuesday", "周二", "星期二", "礼拜二"),
            ("wednesday", "周三", "星期三", "礼拜三"),
            ("thursday", "周四", "星期四", "礼拜四"),
            ("friday", "周五", "星期五", "礼拜五"),
            ("saturday", "周六", "星期六", "礼拜六"),
            ("sunday", "周日", "周天", "星期日", "星期天", "礼拜天"),
        )
    )
    for name in names
}
_SMALL = frozenset({"the", "at", "in", "this", "about", "around", "的"})


class _Time:
    """What has been read of a time of day."""

    def __init__(self) -> None:
        self.days: int | None = None
        self.weekday: int | None = None
        self.hour: int | None = None
        self.minute = 0
        self.part: tuple[int, bool] | None = None

    def after(self, now: datetime) -> datetime | None:
        """The next moment that is meant; None when nothing was read."""
        if self.weekday is not None:
            # The next such day; said on a Sunday, "until Sunday" is a week away.
            self.days = (self.weekday - now.weekday() - 1) % 7 + 1
        if self.hour is None and self.part is None:
            # "Until tomorrow": until that day begins.
            return None if not self.days else _at(now, self.days, 0, 0)
        hour = self.part[0] if self.hour is None and self.part else self.hour or 0
        afternoon = self.part is not None and self.part[1]
        if self.hour is not None and afternoon and hour < 12:
            hour += 12
        if self.hour == 12 and self.part is not None and self.part[0] > 20:
            hour = 24  # 晚上十二点 is midnight
        end = _at(now, self.days or 0, hour, self.minute)
        if end <= now and self.hour is not None and self.part is None and hour < 12:
            # "Until nine", said at noon, is nine in the evening.
            end += timedelta(hours=12)
        return end if end > now else end + timedelta(days=1)


def read_until(tokens: Tokens, start: int, now: datetime | None) -> tuple[int, int | None] | None:
    """An end with a time of day: the position behind it and seconds from `now`.

    Seconds are None without `now`. None when the tokens are no such end.
    """
    position = _marker(tokens, start)
    if position is None:
        return None
    time = _Time()
    end = position
    while end < len(tokens):
        step = _read(tokens, end, time, chinese=not tokens[start].isascii())
        if step is None:
            break
        end = step
    moment = time.after(now or datetime(2000, 1, 1))
    if moment is None:
        return None
    return end, None if now is None else round((moment - now).total_seconds())


def _at(now: datetime, days: int, hour: int, minute: int) -> datetime:
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return day + timedelta(days=days, hours=hour, minutes=minute)


def _marker(tokens: Tokens, start: int) -> int | None:
    for text in sorted(_UNTIL, key=len, reverse=True):
        words = _words(text)
        if tuple(tokens[start : start + len(words)]) == words:
            return start + len(words)
    return None


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split()) if text.isascii() else tuple(text)


def _read(tokens: Tokens, start: int, time: _Time, *, chinese: bool) -> int | None:
    """Take one word of a time; the position behind it, None when it is none."""
    if tokens[start] in _SMALL:
        return start + 1
    for text in (*_DAYS, *_PARTS, *_WEEKDAYS):
        words = _words(text)
        if tuple(tokens[start : start + len(words)]) == words:
            time.days = _DAYS.get(text, time.days)
            time.part = _PARTS.get(text, time.part)
            time.weekday = _WEEKDAYS.get(text, time.weekday)
            return start + len(words)
    return _read_hour(tokens, start, time, chinese=chinese)


def _read_hour(tokens: Tokens, start: int, time: _Time, *, chinese: bool) -> int | None:
    if time.hour is not None:
        return None
    if tuple(tokens[start : start + 2]) == ("half", "past"):
        number = read_number(tokens, start + 2)
        if number is None:
            return None
        time.hour, time.minute = int(number[1]), 30
        return _behind_hour(tokens, number[0], time)
    if ":" in tokens[start]:
        hour, minute = (int(part) for part in tokens[start].split(":"))
        if hour > 24 or minute > 59:
            return None
        time.hour, time.minute = hour, minute
        return _behind_hour(tokens, start + 1, time)
    number = read_number(tokens, start)
    if number is None or number[1] > 24 or number[1] != int(number[1]):
        return None
    end, hour = number[0], int(number[1])
    if end < len(tokens) and tokens[end] == "点":
        time.hour = hour
        return _chinese_minutes(tokens, end + 1, time)
    if chinese or not tokens[start].isascii():
        # 心率到120 names no hour.
        return None
    time.hour = hour
    return _behind_hour(tokens, end, time)


def _behind_hour(tokens: Tokens, position: int, time: _Time) -> int:
    word = tokens[position] if position < len(tokens) else ""
    if word in {"o'clock", "oclock"}:
        return position + 1
    if word in {"pm", "am"}:
        time.part = (0, word == "pm")
        return position + 1
    return position


def _chinese_minutes(tokens: Tokens, position: int, time: _Time) -> int:
    word = tokens[position] if position < len(tokens) else ""
    if word == "半":
        time.minute = 30
        return position + 1
    if word in {"钟", "整"}:
        return position + 1
    number = read_number(tokens, position)
    if number is not None and number[1] < 60:
        behind = number[0]
        minutes = tuple(tokens[behind : behind + 1]) == ("分",)
        if number[1] < 10 and word not in {"零", "0"} and not minutes:
            return position  # the 一 of 十二点一直
        time.minute = int(number[1])
        return behind + 1 if minutes else behind
    return position
