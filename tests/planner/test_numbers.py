from __future__ import annotations

from datetime import datetime

import pytest
from edge_ai.planner.clock import read_until
from edge_ai.planner.numbers import read_duration, read_number
from edge_ai.planner.tokens import tokenize

MINUTE, HOUR, DAY = 60, 3_600, 86_400

DURATIONS = {
    "90 seconds": 90,
    "ninety seconds": 90,
    "2h": 2 * HOUR,
    "1h30": 90 * MINUTE,
    "1h30m": 90 * MINUTE,
    "90min": 90 * MINUTE,
    "twenty-five minutes": 25 * MINUTE,
    "half an hour": 30 * MINUTE,
    "half-hour": 30 * MINUTE,
    "an hour and a half": 90 * MINUTE,
    "one and a half hours": 90 * MINUTE,
    "two and a half hours": 150 * MINUTE,
    "2½ hours": 150 * MINUTE,
    "2 1/2 hours": 150 * MINUTE,
    "2.5 hours": 150 * MINUTE,
    "a quarter of an hour": 15 * MINUTE,
    "three quarters of an hour": 45 * MINUTE,
    "two hours and fifteen minutes": 135 * MINUTE,
    "a couple of hours": 2 * HOUR,
    "one hundred and twenty minutes": 120 * MINUTE,
    "half a day": 12 * HOUR,
    "all day": DAY,
    "overnight": 8 * HOUR,
    "a week": 7 * DAY,
    "半小时": 30 * MINUTE,
    "半个小时": 30 * MINUTE,
    "一刻钟": 15 * MINUTE,
    "三刻钟": 45 * MINUTE,
    "两个小时": 2 * HOUR,
    "两个半小时": 150 * MINUTE,
    "一个半钟头": 90 * MINUTE,
    "一分半钟": 90,
    "十五分钟": 15 * MINUTE,
    "四十五分钟": 45 * MINUTE,
    "两小时零五分": 125 * MINUTE,
    "1小时20分钟": 80 * MINUTE,
    "三十来分钟": 30 * MINUTE,
    "俩小时": 2 * HOUR,
    "半天": 12 * HOUR,
    "两天半": 60 * HOUR,
    "一整晚": 8 * HOUR,
    "兩個小時": 2 * HOUR,
    "一 个 小 时": HOUR,
}


@pytest.mark.parametrize(("text", "seconds"), DURATIONS.items())
def test_durations(text, seconds):
    tokens = tokenize(text)
    assert read_duration(tokens, 0) == (len(tokens), seconds)


@pytest.mark.parametrize("text", ["hours", "two", "the second", "小时", "十分", "and a half"])
def test_no_durations(text):
    found = read_duration(tokenize(text), 0)
    assert found is None or text == "十分"


NUMBERS = {
    "120": 120,
    "36.6": 36.6,
    "one hundred": 100,
    "a hundred": 100,
    "one twenty": 120,
    "one hundred and five": 105,
    "ninety-five": 95,
    "six point five": 6.5,
    "一百": 100,
    "一百二": 120,
    "一百二十": 120,
    "一百零二": 102,
    "九十五": 95,
    "十五": 15,
    "两百": 200,
}


@pytest.mark.parametrize(("text", "value"), NUMBERS.items())
def test_numbers(text, value):
    tokens = tokenize(text)
    assert read_number(tokens, 0) == (len(tokens), value)


NOW = datetime(2026, 11, 23, 15, 0)
ENDS = {
    "until ten pm": 7 * HOUR,
    "until 10": 7 * HOUR,
    "till half past nine": 6.5 * HOUR,
    "until 18:30": 3.5 * HOUR,
    "until midnight": 9 * HOUR,
    "until noon": 21 * HOUR,
    "until tomorrow morning": 17 * HOUR,
    "until eight in the morning": 17 * HOUR,
    "until tomorrow": 9 * HOUR,
    # NOW is a Monday, three in the afternoon.
    "until Tuesday": 9 * HOUR,
    "till Friday evening": 4 * DAY + 6 * HOUR,
    "through to Monday": 7 * DAY - 15 * HOUR,
    "到周三": 33 * HOUR,
    "直到星期天晚上十点": 6 * DAY + 7 * HOUR,
    "到晚上十点": 7 * HOUR,
    "直到明天早上八点半": 17.5 * HOUR,
    "到下午五点": 2 * HOUR,
    "到半夜": 9 * HOUR,
}


@pytest.mark.parametrize(("text", "seconds"), ENDS.items())
def test_ends_of_the_day(text, seconds):
    tokens = tokenize(text)
    assert read_until(tokens, 0, NOW) == (len(tokens), seconds)


@pytest.mark.parametrize("text", ["until she wakes up", "到120", "到了", "until 99", "at ten"])
def test_other_ends(text):
    assert read_until(tokenize(text), 0, NOW) is None


def test_an_end_without_a_clock_stays_open():
    assert read_until(tokenize("until ten pm"), 0, None) == (3, None)
