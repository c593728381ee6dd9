"""What has to be said twice, and who may say it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from edge_ai.messages import Catalogue, Goal, Intent, Plan, PlanStep, Quantity, ToolCard
from edge_ai.planner.confirm import WAIT_S, Confirmations, Reason, reason_to_ask
from edge_ai.planner.home import Home, Named

HOME = Home(people=(Named("anna", "Anna"), Named("ben", "Ben")), speaker="anna")
TOOLS = Catalogue(
    tools=(
        ToolCard(name="sonar", version="1", summary="", outputs=("vitals",), needs=("microphone",)),
        ToolCard(name="usage", version="1", summary="", outputs=("app_usage",)),
    )
)


def plan(person: str = "anna", tool: str = "usage", duration_s: int | None = None) -> Plan:
    goal = Goal(
        intent=Intent.MONITOR, quantities=(Quantity.MOOD,), person=person, duration_s=duration_s
    )
    step = PlanStep(id="s1", tool=tool, device="hub")
    return Plan(id=f"{person}-{tool}-{duration_s}", goal=goal, steps=(step,), person=person)


@pytest.mark.parametrize(
    ("wanted", "proposed", "reason"),
    [
        (plan(), False, None),
        (plan("ben", "sonar"), False, None),
        (plan(duration_s=86_400), False, None),
        (plan(duration_s=86_401), False, Reason.LONG),
        (plan(), True, None),
        (plan("ben"), True, Reason.PERSON),
        (plan(tool="sonar"), True, Reason.MICROPHONE),
    ],
)
def test_only_the_unusual_is_asked(wanted: Plan, proposed: bool, reason: Reason | None) -> None:
    found = reason_to_ask(wanted, proposed=proposed, catalogue=TOOLS, home=HOME)
    assert found is reason


def test_an_unknown_speaker_is_another_person() -> None:
    home = replace(HOME, speaker=None)
    assert reason_to_ask(plan(), proposed=True, catalogue=TOOLS, home=home) is Reason.PERSON


def test_the_same_plan_from_the_same_place_confirms_once() -> None:
    waiting = Confirmations()
    waiting.ask("u", "kitchen", plan(), 0.0)
    assert not waiting.take("u", "bedroom", plan(), 1.0)
    assert not waiting.take("u", "kitchen", plan("ben"), 1.0)
    assert waiting.take("u", "kitchen", plan(), 1.0)
    assert not waiting.take("u", "kitchen", plan(), 2.0)


def test_a_second_word_comes_too_late() -> None:
    waiting = Confirmations()
    waiting.ask("u", None, plan(), 0.0)
    assert not waiting.take("u", None, plan(), WAIT_S + 1.0)
