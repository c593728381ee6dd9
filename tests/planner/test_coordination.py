"""Several sentences under one verb: each keeps its own person, room, state and length."""

from __future__ import annotations

import pytest
from edge_ai.messages import Goal, Intent
from edge_ai.planner.grammar import parse
from edge_ai.planner.home import Home, Named

HOME = Home(
    people=(Named("anna", "Anna"), Named("yu", "小雨")),
    areas=(Named("kitchen", "kitchen"), Named("study", "书房")),
)


def told(text: str) -> list[tuple[str | None, str | None, object]]:
    """Person, area and the value compared with, of each alert."""
    goals = parse(text, HOME)
    assert all(goal.intent is Intent.ALERT and goal.condition for goal in goals)
    return [(goal.person, goal.area, goal.condition.value) for goal in goals if goal.condition]


def asked(goal: Goal) -> tuple[str, str | None, str | None]:
    return "+".join(goal.quantities), goal.person, goal.area


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "tell me if Anna is sad or 小雨 is angry",
            [("anna", None, "down"), ("yu", None, "stressed")],
        ),
        (
            "let me know when Anna gets stressed and when I'm calm",
            [("anna", None, True), (None, None, False)],
        ),
        (
            "alert me if my heart rate is over 120 or Anna's is over 110",
            [(None, None, 120.0), ("anna", None, 110.0)],
        ),
        (
            "Anna离开kitchen或者小雨离开书房就告诉我",
            [("anna", "kitchen", False), ("yu", "study", False)],
        ),
        # One state of two persons, and two states of one.
        (
            "tell me if Anna or 小雨 is sad",
            [("anna", None, "down"), ("yu", None, "down")],
        ),
        (
            "tell me if Anna is sad or angry",
            [("anna", None, "down"), ("anna", None, "stressed")],
        ),
    ],
)
def test_each_event_keeps_its_own_subject(
    text: str, expected: list[tuple[str | None, str | None, object]]
) -> None:
    assert told(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "what's my heart rate and is anyone in the kitchen",
            [("heart_rate", None, None), ("presence", None, "kitchen")],
        ),
        (
            "小雨在书房吗，Anna在kitchen吗",
            [("presence", "yu", "study"), ("presence", "anna", "kitchen")],
        ),
        ("is Anna stressed and what's her heart rate", [("stress+heart_rate", "anna", None)]),
        ("is anyone in the kitchen or is it empty", [("presence", None, "kitchen")]),
    ],
)
def test_each_question_keeps_its_own_room(
    text: str, expected: list[tuple[str, str | None, str | None]]
) -> None:
    assert [asked(goal) for goal in parse(text, HOME)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "monitor my heart rate for an hour and my breathing overnight",
        "监测我的心率一小时，呼吸整晚",
    ],
)
def test_each_quantity_keeps_its_own_length(text: str) -> None:
    heart, breathing = parse(text, HOME)
    assert (heart.quantities, heart.duration_s) == (("heart_rate",), 3_600)
    assert (breathing.quantities, breathing.duration_s) == (("breathing_rate",), 28_800)
