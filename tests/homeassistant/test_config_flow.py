"""Each way to set up a hub, a person and a language model, and each error on the way."""

from __future__ import annotations

from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_MQTT, SOURCE_RECONFIGURE, SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.service_info.mqtt import MqttServiceInfo
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.test_util.aiohttp import AiohttpClientMocker

from custom_components.edge_ai import messages as m
from custom_components.edge_ai import probe
from custom_components.edge_ai.const import DOMAIN

from .conftest import CATALOGUE, HUB_ID, FakeHub


@pytest.fixture(autouse=True)
def short_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait five seconds for a hub that is not there."""
    monkeypatch.setattr(probe, "PROBE_S", 0.2)
    monkeypatch.setattr(probe, "BURST_S", 0.05)


def discovery(payload: bytes | str, topic: str = f"edge_ai/{HUB_ID}/hello") -> MqttServiceInfo:
    return MqttServiceInfo(
        topic=topic,
        payload=payload,
        qos=1,
        retain=True,
        subscribed_topic="edge_ai/+/hello",
        timestamp=0.0,
    )


HELLO = m.encode(m.Hello(id=HUB_ID, name="Home hub", version="0.1.0")).decode()


async def begin(hass: HomeAssistant, source: str = SOURCE_USER, data: Any = None) -> Any:
    # Newer versions of the test plugin really discover the hub of the fixture.
    for flow in hass.config_entries.flow.async_progress():
        hass.config_entries.flow.async_abort(flow["flow_id"])
    return await hass.config_entries.flow.async_init(DOMAIN, context={"source": source}, data=data)


async def go_on(hass: HomeAssistant, flow: Any, answers: dict[str, Any]) -> Any:
    return await hass.config_entries.flow.async_configure(flow["flow_id"], answers)


# --- The hub, by hand ------------------------------------------------------------------


@pytest.mark.parametrize("answers", [{}, {"hub_id": HUB_ID}, {"hub_id": f" {HUB_ID} "}])
async def test_user_finds_the_hub(
    hass: HomeAssistant, hub: FakeHub, answers: dict[str, Any]
) -> None:
    flow = await begin(hass)
    assert flow["type"] is FlowResultType.FORM
    assert flow["step_id"] == "user"
    flow = await go_on(hass, flow, answers)
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    assert flow["title"] == "Home hub"
    assert flow["data"] == {"hub_id": HUB_ID}
    assert flow["result"].unique_id == HUB_ID


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda hub: hub.retained.clear(), "no_hub"),
        (lambda hub: hub.online(False), "hub_offline"),
        (
            lambda hub: hub.send(hub.topics.hello, b'{"v": 2, "id": "home"}', retain=True),
            "contract_version",
        ),
        (lambda hub: hub.send(hub.topics.hello, b"\xff\xfe", retain=True), "no_hub"),
        (
            lambda hub: hub.send(
                hub.topics.hello, m.Hello(id="other", name="Other", version="1"), retain=True
            ),
            "no_hub",
        ),
        (lambda hub: hub.send(hub.topics.status, b"on", retain=True), "hub_offline"),
    ],
)
async def test_user_sees_why_there_is_no_hub_and_tries_again(
    hass: HomeAssistant, hub: FakeHub, spoil: Any, error: str
) -> None:
    spoil(hub)
    flow = await go_on(hass, await begin(hass), {})
    assert flow["type"] is FlowResultType.FORM
    assert flow["errors"] == {"base": error}
    hub.introduce()
    flow = await go_on(hass, flow, {})
    assert flow["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize("hub_id", ["a/b", "+", "#", "x" * 65])
async def test_user_names_an_impossible_hub(hass: HomeAssistant, hub: FakeHub, hub_id: str) -> None:
    flow = await go_on(hass, await begin(hass), {"hub_id": hub_id})
    assert flow["errors"] == {"hub_id": "invalid_hub_id"}
    flow = await go_on(hass, flow, {"hub_id": HUB_ID})
    assert flow["type"] is FlowResultType.CREATE_ENTRY


async def test_user_chooses_among_several_hubs(
    hass: HomeAssistant, hub: FakeHub, hubs: dict[str, FakeHub]
) -> None:
    hubs["barn"] = FakeHub(hass, "barn", "Barn hub")
    hubs["barn"].introduce(catalogue=CATALOGUE)
    flow = await go_on(hass, await begin(hass), {})
    assert flow["step_id"] == "pick"
    flow = await go_on(hass, flow, {"hub_id": "barn"})
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    assert flow["title"] == "Barn hub"
    # The other one is all that is left.
    flow = await go_on(hass, await begin(hass), {})
    assert flow["title"] == "Home hub"


async def test_hub_is_set_up_only_once(
    hass: HomeAssistant, hub: FakeHub, entry: MockConfigEntry
) -> None:
    flow = await go_on(hass, await begin(hass), {})
    assert flow["type"] is FlowResultType.ABORT
    assert flow["reason"] == "already_configured"


async def test_without_mqtt_the_user_is_told(hass: HomeAssistant) -> None:
    flow = await begin(hass)
    assert flow["type"] is FlowResultType.ABORT
    assert flow["reason"] == "mqtt_unavailable"


# --- The hub, discovered ---------------------------------------------------------------


async def test_discovered_hub_is_confirmed(hass: HomeAssistant, hub: FakeHub) -> None:
    flow = await begin(hass, SOURCE_MQTT, discovery(HELLO))
    assert flow["step_id"] == "confirm"
    assert flow["description_placeholders"] == {"name": "Home hub"}
    (progress,) = hass.config_entries.flow.async_progress()
    assert progress["context"]["title_placeholders"] == {"name": "Home hub"}
    flow = await go_on(hass, flow, {})
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    assert flow["result"].unique_id == HUB_ID


async def test_discovered_hub_that_left_is_not_set_up(hass: HomeAssistant, hub: FakeHub) -> None:
    hub.online(False)
    flow = await begin(hass, SOURCE_MQTT, discovery(HELLO))
    flow = await go_on(hass, flow, {})
    assert flow["errors"] == {"base": "hub_offline"}
    hub.online()
    flow = await go_on(hass, flow, {})
    assert flow["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("payload", "topic", "reason"),
    [
        ("", f"edge_ai/{HUB_ID}/hello", "invalid_discovery_info"),
        ("not json", f"edge_ai/{HUB_ID}/hello", "invalid_discovery_info"),
        (HELLO, "edge_ai/other/hello", "invalid_discovery_info"),
        (HELLO.replace('"v":1', '"v":2'), f"edge_ai/{HUB_ID}/hello", "contract_version"),
    ],
)
async def test_what_is_no_hub_is_not_discovered(
    hass: HomeAssistant, hub: FakeHub, payload: str, topic: str, reason: str
) -> None:
    flow = await begin(hass, SOURCE_MQTT, discovery(payload, topic))
    assert flow["type"] is FlowResultType.ABORT
    assert flow["reason"] == reason


async def test_known_hub_is_not_discovered_again(
    hass: HomeAssistant, hub: FakeHub, entry: MockConfigEntry
) -> None:
    flow = await begin(hass, SOURCE_MQTT, discovery(HELLO))
    assert flow["reason"] == "already_configured"


# --- Reconfiguring ---------------------------------------------------------------------


async def test_reconfigure_takes_the_new_name(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    hub.name = "Cellar hub"
    hub.introduce(online=False)
    flow = await loaded.start_reconfigure_flow(hass)
    assert flow["step_id"] == "reconfigure"
    flow = await go_on(hass, flow, {})
    assert flow["errors"] == {"base": "hub_offline"}
    hub.online()
    flow = await go_on(hass, flow, {})
    assert flow["type"] is FlowResultType.ABORT
    assert flow["reason"] == "reconfigure_successful"
    assert loaded.title == "Cellar hub"


async def test_reconfigure_without_mqtt(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    flow = await entry.start_reconfigure_flow(hass)
    assert flow["reason"] == "mqtt_unavailable"


# --- People ----------------------------------------------------------------------------


async def begin_person(
    hass: HomeAssistant, entry: MockConfigEntry, subentry_id: str | None = None
) -> Any:
    context = {"source": SOURCE_USER}
    if subentry_id is not None:
        context = {"source": SOURCE_RECONFIGURE, "subentry_id": subentry_id}
    return await hass.config_entries.subentries.async_init(
        (entry.entry_id, "person"), context=context
    )


async def go_on_person(hass: HomeAssistant, flow: Any, answers: dict[str, Any]) -> Any:
    flow = await hass.config_entries.subentries.async_configure(flow["flow_id"], answers)
    await hass.async_block_till_done()
    return flow


async def test_person_is_added_and_the_hub_is_told(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    flow = await begin_person(hass, loaded)
    assert flow["step_id"] == "user"
    flow = await go_on_person(
        hass,
        flow,
        {
            "name": "Ben",
            "addresses": ["AA-BB-CC-00-11-22", "192.168.1.30", "192.168.1.30"],
            "area": "bedroom",
            "consent": True,
        },
    )
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    (ben,) = [item for item in loaded.subentries.values() if item.title == "Ben"]
    assert ben.unique_id == "ben"
    assert ben.data == {
        "addresses": ["aa:bb:cc:00:11:22", "192.168.1.30"],
        "area": "bedroom",
        "consent": True,
    }


async def test_person_takes_the_name_of_home_assistants_person(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    hass.states.async_set("person.zhang", "home", {"friendly_name": "张三"})
    flow = await go_on_person(
        hass,
        await begin_person(hass, loaded),
        {"person_entity": "person.zhang", "consent": True},
    )
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    assert flow["title"] == "张三"
    assert flow["unique_id"] == "zhang_san"


@pytest.mark.parametrize(
    ("wrong", "errors"),
    [
        ({"name": " "}, {"name": "name_required"}),
        ({"name": "anna"}, {"name": "name_taken"}),
        ({"consent": False}, {"consent": "consent_required"}),
        ({"addresses": ["phone"]}, {"addresses": "invalid_address"}),
        ({"addresses": ["127.0.0.1"]}, {"addresses": "invalid_address"}),
        ({"addresses": ["ff:ff:ff:ff:ff:ff"]}, {"addresses": "invalid_address"}),
        ({"addresses": ["192.168.1.20"]}, {"addresses": "address_taken"}),
    ],
)
async def test_person_is_checked(
    hass: HomeAssistant,
    hub: FakeHub,
    loaded: MockConfigEntry,
    wrong: dict[str, Any],
    errors: dict[str, str],
) -> None:
    right = {"name": "Ben", "addresses": ["fe80::1"], "consent": True}
    flow = await begin_person(hass, loaded)
    flow = await go_on_person(hass, flow, {**right, **wrong})
    assert flow["type"] is FlowResultType.FORM
    assert flow["errors"] == errors
    flow = await go_on_person(hass, flow, right)
    assert flow["type"] is FlowResultType.CREATE_ENTRY


async def test_second_person_of_a_name_that_sounds_alike_gets_an_own_id(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    flow = await go_on_person(
        hass, await begin_person(hass, loaded), {"name": "Änna", "consent": True}
    )
    assert flow["unique_id"] == "anna_2"


async def test_person_is_changed_and_keeps_the_id(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    (anna,) = loaded.subentries.values()
    flow = await begin_person(hass, loaded, anna.subentry_id)
    assert flow["step_id"] == "reconfigure"
    flow = await go_on_person(
        hass, flow, {"name": "Anne", "addresses": ["192.168.1.20"], "consent": True}
    )
    assert flow["type"] is FlowResultType.ABORT
    assert flow["reason"] == "reconfigure_successful"
    (anne,) = loaded.subentries.values()
    assert (anne.title, anne.unique_id) == ("Anne", "anna")


# --- Options ---------------------------------------------------------------------------

MODEL = {
    "use_ai_task": False,
    "base_url": "http://llm.local/v1",
    "model": "qwen3",
    "api_key": "secret",
    "daily_budget": 20,
}


async def test_options_take_a_server_that_answers(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry, aioclient_mock: AiohttpClientMocker
) -> None:
    aioclient_mock.get("http://llm.local/v1/models", json={"data": []})
    flow = await hass.config_entries.options.async_init(loaded.entry_id)
    assert flow["step_id"] == "init"
    flow = await hass.config_entries.options.async_configure(flow["flow_id"], MODEL)
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    assert loaded.options == MODEL
    assert aioclient_mock.mock_calls[0][3] == {"Authorization": "Bearer secret"}


@pytest.mark.parametrize(
    ("wrong", "answer", "errors"),
    [
        ({"base_url": ""}, {}, {"base_url": "base_url_required"}),
        ({"model": ""}, {}, {"model": "model_required"}),
        ({}, {"status": 401}, {"base_url": "invalid_auth"}),
        ({}, {"exc": TimeoutError}, {"base_url": "cannot_connect"}),
    ],
)
async def test_options_are_checked(
    hass: HomeAssistant,
    hub: FakeHub,
    loaded: MockConfigEntry,
    aioclient_mock: AiohttpClientMocker,
    wrong: dict[str, Any],
    answer: dict[str, Any],
    errors: dict[str, str],
) -> None:
    aioclient_mock.get("http://llm.local/v1/models", **answer)
    flow = await hass.config_entries.options.async_init(loaded.entry_id)
    flow = await hass.config_entries.options.async_configure(flow["flow_id"], {**MODEL, **wrong})
    assert flow["type"] is FlowResultType.FORM
    assert flow["errors"] == errors
    aioclient_mock.clear_requests()
    aioclient_mock.get("http://llm.local/v1/models", status=404)
    aioclient_mock.post("http://llm.local/v1/chat/completions", status=400)
    flow = await hass.config_entries.options.async_configure(flow["flow_id"], MODEL)
    assert flow["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize("status", [404, 405])
async def test_options_refuse_a_server_without_the_path_that_is_used(
    hass: HomeAssistant,
    hub: FakeHub,
    loaded: MockConfigEntry,
    aioclient_mock: AiohttpClientMocker,
    status: int,
) -> None:
    # As Ollama's address without /v1, or that of Home Assistant itself.
    aioclient_mock.get("http://llm.local/models", status=404)
    aioclient_mock.post("http://llm.local/chat/completions", status=status)
    flow = await hass.config_entries.options.async_init(loaded.entry_id)
    flow = await hass.config_entries.options.async_configure(
        flow["flow_id"], {**MODEL, "base_url": "http://llm.local"}
    )
    assert flow["errors"] == {"base_url": "no_language_model"}


async def test_options_refuse_what_is_no_address(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    flow = await hass.config_entries.options.async_init(loaded.entry_id)
    flow = await hass.config_entries.options.async_configure(
        flow["flow_id"], {**MODEL, "base_url": "localhost:11434/v1"}
    )
    assert flow["errors"] == {"base_url": "invalid_url"}


async def test_options_without_a_model(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    flow = await hass.config_entries.options.async_init(loaded.entry_id)
    flow = await hass.config_entries.options.async_configure(
        flow["flow_id"], {"use_ai_task": False, "daily_budget": 0}
    )
    assert flow["type"] is FlowResultType.CREATE_ENTRY
