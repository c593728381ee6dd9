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
    ],
)
def test_messages_advice_and_shopping_are_declined(text: str) -> None:
    assert parse(text, HOME) == ()


def test_let_somebody_be_is_no_message() -> None:
    assert parse("let Anna be, stop monitoring her", HOME)


def test_an_order_may_take_up_the_question_before_it() -> None:
    asked = "I want to see my stress, start tracking it for two hours"
    assert parse(asked, HOME) == parse("monitor my stress for two hours", HOME)
