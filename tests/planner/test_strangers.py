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
