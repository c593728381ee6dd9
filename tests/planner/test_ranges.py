"""Numbers that are a range, and how often in place of how long."""

from __future__ import annotations

import pytest
from edge_ai.messages import Condition, Goal, Intent, Quantity
from edge_ai.planner.grammar import parse
from edge_ai.planner.home import Home, Named

HOME = Home(people=(Named("anna", "Anna"),), areas=(Named("kitchen", "kitchen"),))
HEART = Quantity.HEART_RATE


@pytest.mark.parametrize(
    "text",
    [
        "tell me if my heart rate isn't between 50 and 120",
        "alert me if my heart rate is outside 120 to 50",
        "warn me if my heart rate leaves the range of 50-120",
        "我的心率不在五十到一百二之间就告诉我",
        "我的心率超出50到120的范围就报警",
    ],
)
def test_outside_a_range_is_below_or_above_it(text: str) -> None:
    low, high = (
        Condition(quantity=HEART, op="<", value=50.0),
        Condition(quantity=HEART, op=">", value=120.0),
    )
    alerts = [Goal(intent=Intent.ALERT, quantities=(HEART,), condition=c) for c in (low, high)]
    assert list(parse(text, HOME)) == alerts


@pytest.mark.parametrize(
    "text",
    [
        # No single comparison tells that a number is inside.
        "alert me if my heart rate is between 100 and 120",
        "心率在一百到一百二之间就告诉我",
        # One end is none.
        "alert me if my heart rate is outside 50",
        "tell me if anyone is between the kitchen and the bedroom",
        "what is the heart rate range for running",
    ],
)
def test_other_ranges_are_declined(text: str) -> None:
    assert parse(text, HOME) == ()


@pytest.mark.parametrize(
    ("text", "duration_s"),
    [
        ("check my heart rate every ten minutes", None),
        ("monitor my heart rate every 5 minutes for an hour", 3_600),
        ("measure my heart rate once an hour", None),
        ("every half hour, check my heart rate", None),
        ("每十分钟测一下我的心率", None),
        ("每隔一刻钟测一次心率，测两个小时", 7_200),
        ("monitor my heart rate for ten minutes", 600),
    ],
)
def test_how_often_is_not_how_long(text: str, duration_s: int | None) -> None:
    (goal,) = parse(text, HOME)
    assert goal == Goal(intent=Intent.MONITOR, quantities=(HEART,), duration_s=duration_s)
