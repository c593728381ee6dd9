"""Whoever is in a room that is named, and words cut short."""

from __future__ import annotations

import pytest
from edge_ai.planner.grammar import parse
from edge_ai.planner.home import Home, Named

HOME = Home(
    people=(Named("anna", "Anna"),),
    areas=(Named("nursery", "nursery"), Named("office", "office"), Named("宝", "婴儿房")),
)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("watch the baby's breathing in the nursery", "watch the breathing in the nursery"),
        ("is the baby in the nursery breathing fast", "is the breathing in the nursery fast"),
        ("婴儿房里宝宝的呼吸现在多少", "婴儿房的呼吸现在多少"),
        (
            "stop the breathing monitor in the nursery, she's awake",
            "stop the breathing monitor in the nursery",
        ),
        (
            "the baby is asleep, monitor breathing in the nursery",
            "monitor breathing in the nursery",
        ),
        (
            "Anna's up, stop tracking breathing in the nursery",
            "stop tracking breathing in the nursery",
        ),
        ("mon br nursery 60s", "monitor breathing in the nursery for 60 seconds"),
        ("stop mon", "stop monitoring"),
        ("record my pulse while I study", "record my pulse"),
    ],
)
def test_the_room_says_whose_breathing_it_is(said: str, meant: str) -> None:
    assert parse(meant, HOME)
    assert parse(said, HOME) == parse(meant, HOME)


@pytest.mark.parametrize(
    "text",
    [
        "watch the baby's breathing",  # in which room?
        "she's awake, stop monitoring the breathing",
        "watch the baby's mood in the nursery",
        "turn on the baby monitor in the nursery",
        "monitor the dog's breathing in the nursery",
        "monitor me while I'm in the study",
        "track my mood on mon",
        "is anyone in the br",
        "婴儿房的宝宝心情怎么样",
    ],
)
def test_without_a_room_or_with_another_being_it_is_declined(text: str) -> None:
    assert parse(text, HOME) == ()


def test_a_story_still_says_who_is_to_be_measured_in_a_room() -> None:
    """Consent is asked of the person who is told of, not of the one who speaks."""
    told = parse("Anna is asleep, monitor the breathing in the nursery", HOME)
    assert told == parse("monitor Anna's breathing in the nursery", HOME)
