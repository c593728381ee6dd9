"""Stories and reasons beside a request, and clauses that would themselves have to be watched."""

from __future__ import annotations

import pytest
from edge_ai.messages import Condition, Goal, Intent, Quantity
from edge_ai.planner.grammar import parse
from edge_ai.planner.home import Home, Named

HOME = Home(
    people=(Named("anna", "Anna"), Named("ye", "爷爷")),
    areas=(Named("kitchen", "kitchen"), Named("study", "书房")),
)


@pytest.mark.parametrize(
    ("text", "goal"),
    [
        (
            "I've got a big presentation coming up so keep an eye on my stress",
            Goal(intent=Intent.MONITOR, quantities=(Quantity.STRESS,)),
        ),
        (
            "Anna had a bit of a funny turn, so keep monitoring her heart rate",
            Goal(intent=Intent.MONITOR, quantities=(Quantity.HEART_RATE,), person="anna"),
        ),
        (
            "爷爷不太舒服 你在书房监测他的呼吸",
            Goal(
                intent=Intent.MONITOR,
                quantities=(Quantity.BREATHING_RATE,),
                person="ye",
                area="study",
            ),
        ),
        (
            "我明天有面试所以帮我监测一下压力",
            Goal(intent=Intent.MONITOR, quantities=(Quantity.STRESS,)),
        ),
        # The verbs of a story are no orders.
        (
            "I stopped smoking last week so keep an eye on my stress",
            Goal(intent=Intent.MONITOR, quantities=(Quantity.STRESS,)),
        ),
        # Of whom the story tells, unless somebody else is named.
        (
            "爷爷停药了，监测心率",
            Goal(intent=Intent.MONITOR, quantities=(Quantity.HEART_RATE,), person="ye"),
        ),
        (
            "爷爷停药了，监测我的心率",
            Goal(intent=Intent.MONITOR, quantities=(Quantity.HEART_RATE,)),
        ),
        (
            "monitor my stress while I cook in the kitchen",
            Goal(intent=Intent.MONITOR, quantities=(Quantity.STRESS,), area="kitchen"),
        ),
    ],
)
def test_a_story_is_left_out_and_the_request_kept(text: str, goal: Goal) -> None:
    assert parse(text, HOME) == (goal,)


@pytest.mark.parametrize(
    "text",
    [
        # A story, and an order for others.
        "I've got a meeting so dim the lights",
        "I'm stressed so play some music",
        "爷爷不太舒服你打电话给医生",
        # Whoever cannot be known is not the one who asks.
        "Peter isn't well so monitor his heart rate",
        "奶奶不舒服你看着她的心率",
        "奶奶能玩手机吗",
        "mum is ill, monitor the breathing",
        "女儿发烧，看看呼吸",
        # What somebody thought or said.
        "我以为你在监测我的心率",
        "Peter asked can you monitor my stress",
        # Where somebody is would be a condition.
        "monitor my heart rate while I'm in the kitchen",
        "monitor my heart rate while I'm at home",
        "我在家的时候监测我的心率",
        "爷爷在书房的时候监测他的呼吸",
    ],
)
def test_what_matters_is_not_taken_for_a_story(text: str) -> None:
    assert parse(text, HOME) == ()


def test_a_departure_is_no_condition_of_an_alert_that_has_its_own() -> None:
    (goal,) = parse("I'm leaving the house, alert me if someone comes into the kitchen", HOME)
    assert goal.condition == Condition(quantity=Quantity.PRESENCE, op="==", value=True)


def test_an_order_behind_a_forbidden_one_is_not_forbidden() -> None:
    stopped, begun = parse("don't track my stress, track my mood", HOME)
    assert (stopped.intent, stopped.quantities) == (Intent.STOP, (Quantity.STRESS,))
    assert (begun.intent, begun.quantities) == (Intent.MONITOR, (Quantity.MOOD,))
