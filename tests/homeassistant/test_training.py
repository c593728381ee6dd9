"""Training seen from Home Assistant: progress, the question, the answer, the way back."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.edge_ai import messages as m

from .conftest import FakeHub, entity
from .test_requests import request

WAITING = m.Training(
    state=m.TrainingState.WAITING,
    task="activation",
    candidate="v2",
    baseline=0.7,
    best=0.76,
    gain=0.041,
    gain_error=0.012,
    sentence="A better model waits for your yes.",
)


async def show(hass: HomeAssistant, hub: FakeHub, training: m.Training) -> None:
    hub.send(hub.topics.training, training, retain=True)
    await hass.async_block_till_done()


def issues(hass: HomeAssistant) -> list[str]:
    return [key[1] for key in ir.async_get(hass).issues if key[0] == "edge_ai"]


async def test_progress_is_shown(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    sensor = entity(hass, "sensor", "training")
    assert hass.states.get(sensor).state == "idle"  # type: ignore[union-attr]
    running = m.Training(state=m.TrainingState.RUNNING, task="activation", attempt=2, attempts=8)
    await show(hass, hub, running)
    state = hass.states.get(sensor)
    assert state is not None
    assert state.state == "running"
    assert (state.attributes["attempt"], state.attributes["attempts"]) == (2, 8)
    assert issues(hass) == []


async def test_model_that_waits_is_asked_about_until_it_is_answered(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    await show(hass, hub, WAITING)
    (issue,) = issues(hass)
    found = ir.async_get(hass).async_get_issue("edge_ai", issue)
    assert found is not None
    assert found.is_fixable
    assert found.translation_placeholders == {
        "hub": loaded.title,
        "task": "activation",
        "version": "v2",
        "gain": "4.1",
        "error": "1.2",
    }
    await show(hass, hub, m.Training())
    assert issues(hass) == []


@pytest.mark.parametrize(("choice", "accept"), [("use", True), ("keep", False)])
async def test_answer_by_repair(
    hass: HomeAssistant,
    hub: FakeHub,
    loaded: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    choice: str,
    accept: bool,
) -> None:
    assert await async_setup_component(hass, "repairs", {})
    await show(hass, hub, WAITING)
    client = await hass_client()
    (issue,) = issues(hass)
    answer = await client.post(
        "/api/repairs/issues/fix", json={"handler": "edge_ai", "issue_id": issue}
    )
    assert answer.status == HTTPStatus.OK
    flow: dict[str, Any] = await answer.json()
    assert flow["type"] == "menu"
    assert flow["menu_options"] == ["use", "keep"]
    assert flow["description_placeholders"]["gain"] == "4.1"
    assert "answer-training" not in hub.names()
    done = await client.post(
        f"/api/repairs/issues/fix/{flow['flow_id']}", json={"next_step_id": choice}
    )
    assert done.status == HTTPStatus.OK
    assert (await done.json())["type"] == "create_entry"
    assert hub.last("answer-training").arguments == {"accept": accept}


async def test_repair_of_a_hub_that_is_away_ends_with_a_sentence(
    hass: HomeAssistant,
    hub: FakeHub,
    loaded: MockConfigEntry,
    hass_client: ClientSessionGenerator,
) -> None:
    assert await async_setup_component(hass, "repairs", {})
    await show(hass, hub, WAITING)
    client = await hass_client()
    (issue,) = issues(hass)
    request = {"handler": "edge_ai", "issue_id": issue}
    flow = await (await client.post("/api/repairs/issues/fix", json=request)).json()
    hub.online(False)
    await hass.async_block_till_done()
    done = await client.post(
        f"/api/repairs/issues/fix/{flow['flow_id']}", json={"next_step_id": "use"}
    )
    assert (await done.json())["reason"] == "hub_away"


async def test_actions(hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry) -> None:
    hub.results["train"] = lambda arguments: {"task": "activation"}
    response = await hass.services.async_call(
        "edge_ai", "train", {"quantities": ["mood"]}, blocking=True, return_response=True
    )
    assert response == {"task": "activation"}
    assert hub.last("train").arguments == {"quantities": ["mood"]}
    await hass.services.async_call("edge_ai", "answer_training", {"accept": True}, blocking=True)
    assert hub.last("answer-training").arguments == {"accept": True}
    await hass.services.async_call("edge_ai", "roll_back_model", {}, blocking=True)
    assert hub.last("roll-back-model").arguments == {}


async def test_hub_that_can_not_train_says_why(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    hub.errors["train"] = m.ReplyError(code="no_data", message="This hub has no recordings.")
    with pytest.raises(HomeAssistantError, match="no recordings"):
        await hass.services.async_call("edge_ai", "train", {}, blocking=True)


async def test_training_by_voice_promises_to_ask(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    answer = await request(hass, "train a better mood model")
    assert hub.last("train").arguments == {"quantities": ["mood"]}
    assert "ask you before I replace anything" in str(answer["reply"])
