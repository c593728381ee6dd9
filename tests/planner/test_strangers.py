"""What only sounds like us, and orders that take up what was said before."""

from __future__ import annotations

import pytest
from edge_ai.planner.grammar import parse
from edge_ai.planner.home import Home, Named

HOME = Home(people=(Named("anna", "Anna"),), areas=(Named("bed", "bedroom"),))


@pytest.mark.parametrize(
    "text",
    [
        "tell Anna I'm stressed",
        "let Anna know about my mood",
        "don't tell Anna about her mood",
        "告诉Anna我压力很大",
        "how do I lower my heart rate",
        "how much is a heart rate monitor",
        "did Anna sleep well",
        "how does stress affect the heart",
        "delete the screen time app",
        "How accurate is the stress reading?",
        "how reliable is the heart rate you measure",
        "Announce in the bedroom that I'm on my way down.",
        "broadcast in the bedroom that I'm happy",
        "你有没有心跳",
        "what is resting heart rate",
        "Can the speaker hear what we say when it measures breathing?",
        "Do you record what we say when you measure my heart rate?",
        "Anna心跳太快就给Anna发短信",
        "心率过高就发短信给Anna",
        "Anna老是刷手机",
        "Anna's always on her phone",
        "show me last month's heart rate",
    ],
)
def test_messages_advice_and_shopping_are_declined(text: str) -> None:
    assert parse(text, HOME) == ()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("announce when Anna is stressed", "alert me when Anna is stressed"),
        ("how good is my mood", "how is my mood"),
        ("你查查我的心跳", "查查我的心跳"),
        ("卧室有没有人", "卧室有人吗"),
    ],
)
def test_what_only_looks_like_a_message_or_like_doubt_is_ours(said: str, meant: str) -> None:
    home = Home(people=(Named("anna", "Anna"),), areas=(Named("bed", "卧室"),))
    assert parse(said, home)
    assert parse(said, home) == parse(meant, home)


def test_let_somebody_be_is_no_message() -> None:
    assert parse("let Anna be, stop monitoring her", HOME)


def test_an_order_may_take_up_the_question_before_it() -> None:
    asked = "I want to see my stress, start tracking it for two hours"
    assert parse(asked, HOME) == parse("monitor my stress for two hours", HOME)


@pytest.mark.parametrize(
    "text",
    [
        "监测结束了吗",
        "心率监测停了没有",
        "停止监测了吗",
        "是不是停止监测了",
        "has the monitoring stopped?",
        "did you stop tracking my pulse",
        "is the heart rate monitor off",
        "stop tracking my mood and do my pulse instead",
        "track my pulse instead of my mood",
    ],
)
def test_a_question_for_an_end_and_an_exchange_stop_nothing(text: str) -> None:
    assert parse(text, HOME) == ()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("卧室的呼吸要是停了叫我", "如果卧室的呼吸停了，叫醒我"),
        ("wake me if the breathing in the bedroom stops", "如果卧室的呼吸停了，叫醒我"),
        ("我正在打游戏，帮我测着心率", "帮我测着心率"),
        ("打坐结束了，停止监测呼吸", "停止监测呼吸"),
        ("we're watching a scary movie, monitor my pulse", "monitor my pulse"),
    ],
)
def test_what_happens_is_told_apart_from_what_is_ordered(said: str, meant: str) -> None:
    assert parse(meant, HOME)
    assert parse(said, HOME) == parse(meant, HOME)


@pytest.mark.parametrize(
    "text", ["can you stop monitoring?", "能停止监测吗", "麻烦停一下监测好吗", "心率监测可以关了吗"]
)
def test_a_polite_order_to_stop_is_one(text: str) -> None:
    assert [goal.intent for goal in parse(text, HOME)] == ["stop"]
