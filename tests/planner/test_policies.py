from __future__ import annotations

from dataclasses import replace

import pytest
from edge_ai.messages import Catalogue, PolicyCard, Quantity
from edge_ai.planner.answer import AnswerError, read_goals
from edge_ai.planner.home import Home
from edge_ai.planner.policies import split_policy
from edge_ai.planner.prompt import make_prompt
from edge_ai.planner.request import understand

CARDS = (
    PolicyCard(
        name="energy", title="Least energy", summary="Spare it.", phrases=("save battery", "省电")
    ),
    PolicyCard(name="latency", title="Quickest", summary="Fast.", phrases=("as fast as possible",)),
)


@pytest.mark.parametrize(
    ("text", "rest", "policy"),
    [
        ("Monitor my breathing and save battery", "Monitor my breathing", "energy"),
        ("save  battery, monitor my mood", "monitor my mood", "energy"),
        ("monitor my mood as fast as possible", "monitor my mood", "latency"),
        ("监测我的呼吸并省电", "监测我的呼吸", "energy"),
        ("monitor my mood", "monitor my mood", None),
        ("monitor battery", "monitor battery", None),
    ],
)
def test_a_phrase_of_a_card_is_taken_out_of_the_request(
    text: str, rest: str, policy: str | None
) -> None:
    assert split_policy(text, Catalogue(policies=CARDS)) == (rest, policy)


def test_without_cards_a_request_is_left_as_it_is() -> None:
    assert split_policy("save battery", Catalogue()) == ("save battery", None)


async def test_a_request_chooses_its_policy(home: Home, catalogue: Catalogue) -> None:
    with_cards = replace(catalogue, policies=CARDS)
    found = await understand(
        "monitor my breathing and save battery", home=home, catalogue=with_cards, language="en"
    )
    plain = await understand("monitor my breathing", home=home, catalogue=with_cards, language="en")
    assert found.goals[0].quantities == (Quantity.BREATHING_RATE,)
    assert (found.goals[0].policy, plain.goals[0].policy) == ("energy", None)
    one, other = found.plans[0], plain.plans[0]
    assert one is not None
    assert other is not None
    assert one.steps == other.steps
    # The policy is the hub's: the monitor that already runs is renewed, not doubled.
    assert one.id == other.id


def test_a_language_model_may_choose_a_listed_policy_only(home: Home) -> None:
    prompt = make_prompt("x", home, Catalogue(policies=CARDS), "en", may_plan=True)
    assert "Spare it." in prompt.messages[1]["content"]
    answer = {"intent": "monitor", "quantities": ["mood"], "policy": "energy"}
    assert read_goals(answer, prompt, "monitor my mood", home)[0].policy == "energy"
    with pytest.raises(AnswerError, match="policy must be one of"):
        read_goals({**answer, "policy": "wild"}, prompt, "monitor my mood", home)
