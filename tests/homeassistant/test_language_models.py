"""How language models reach us, and how we reach one."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest
import voluptuous as vol
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import Context, HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import llm
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.test_util.aiohttp import AiohttpClientMocker

from custom_components.edge_ai import compat
from custom_components.edge_ai.language_model import AiTask, Endpoint, LanguageModels, read_json
from custom_components.edge_ai.llm import async_get_tools
from custom_components.edge_ai.messages import Quantity
from custom_components.edge_ai.planner.language_model import (
    CompletionRequest,
    Mode,
    TransportError,
)

from .conftest import FakeHub, unload
from .test_requests import request

URL = "http://llm.local/v1/chat/completions"
MODEL = {"use_ai_task": False, "base_url": "http://llm.local/v1/", "model": "qwen3"}


def llm_context(**more: Any) -> llm.LLMContext:
    """Build a context; the fields differ between Home Assistant versions."""
    names = set(llm.LLMContext.__dataclass_fields__)
    fields = {
        "platform": "test",
        "context": Context(),
        "user_prompt": None,
        "language": "en",
        "assistant": "conversation",
        "device_id": None,
        "agent_id": None,
        **more,
    }
    return llm.LLMContext(**{key: value for key, value in fields.items() if key in names})


def plain(result: Any) -> dict[str, Any]:
    """Unwrap what a tool returns."""
    data = getattr(result, "data", result)
    assert isinstance(data, dict)
    json.dumps(data)
    return data


async def use(hass: HomeAssistant, tool: str, **args: Any) -> dict[str, Any]:
    api = await llm.async_get_api(hass, "edge_ai", llm_context())
    return plain(await api.async_call_tool(llm.ToolInput(tool_name=tool, tool_args=args)))


# --- Tools for agents ------------------------------------------------------------------


async def test_agent_starts_and_reads_what_runs(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    planned = await use(hass, "edge_ai__plan", text="monitor my mood")
    assert {"tool": "sonar", "device": "pi"} in planned["plans"][0]["steps"]
    assert "start" not in hub.names()
    done = await use(hass, "edge_ai__request", text="monitor my mood")
    assert done["monitors"] == ["m1"]
    await hass.async_block_till_done()
    running = await use(hass, "edge_ai__monitors")
    assert [item["id"] for item in running["monitors"]] == ["m1"]
    hub.read("person.anna", Quantity.MOOD, "content")
    readings = await use(hass, "edge_ai__readings")
    assert readings["readings"] == [
        {
            "subject": "person.anna",
            "quantity": "mood",
            "value": "content",
            "unit": None,
            "state": "ok",
        }
    ]


async def test_agent_is_told_when_a_sentence_is_not_ours(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    with pytest.raises(HomeAssistantError):
        await use(hass, "edge_ai__request", text="turn on the light")
    with pytest.raises(vol.Invalid):
        await use(hass, "edge_ai__request", words="monitor my mood")


async def test_tools_say_whether_they_only_read(
    hass: HomeAssistant,
    hub: FakeHub,
    loaded: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(llm, "ToolAnnotations", dict, raising=False)
    api = await llm.async_get_api(hass, "edge_ai", llm_context())
    tools: list[Any] = api.tools
    assert {tool.name: tool.annotations["read_only"] for tool in tools} == {
        "edge_ai__request": False,
        "edge_ai__plan": True,
        "edge_ai__readings": True,
        "edge_ai__monitors": True,
    }
    assert {tool.integration for tool in tools} == {"edge_ai"}
    assert not any(tool.annotations["destructive"] for tool in tools)


async def test_tool_result_is_wrapped_where_a_wrapper_exists(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(llm, "ToolResult", None, raising=False)
    assert compat.tool_result({"a": 1}) == {"a": 1}
    monkeypatch.setattr(llm, "ToolResult", lambda data: ("wrapped", data), raising=False)
    assert compat.tool_result({"a": 1}) == ("wrapped", {"a": 1})


async def test_assist_gets_the_tools_but_only_exposed_readings(
    hass: HomeAssistant,
    hub: FakeHub,
    loaded: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compat, "llm_tools", lambda tools, prompt: tools)
    hub.read("person.anna", Quantity.MOOD, "content")
    hub.read("person.anna", Quantity.HEART_RATE, 61.0)
    async_expose_entity(hass, "conversation", "sensor.anna_mood", False)
    async_expose_entity(hass, "conversation", "sensor.anna_heart_rate", True)
    assert async_get_tools(hass, llm_context(), "other") is None
    tools = async_get_tools(hass, llm_context(), llm.LLM_API_ASSIST)
    (readings,) = [tool for tool in tools if tool.name == "edge_ai__readings"]
    found = await readings.async_call(
        hass, llm.ToolInput(tool_name=readings.name, tool_args={}), llm_context()
    )
    assert [item["quantity"] for item in plain(found)["readings"]] == ["heart_rate"]
    hub.read("person.anna", Quantity.PRESENCE, True)  # an entity that comes only now
    found = await readings.async_call(
        hass, llm.ToolInput(tool_name=readings.name, tool_args={}), llm_context()
    )
    assert len(plain(found)["readings"]) == 1
    await unload(hass, loaded)
    assert async_get_tools(hass, llm_context(), llm.LLM_API_ASSIST) is None
    with pytest.raises(HomeAssistantError):
        await llm.async_get_api(hass, "edge_ai", llm_context())


# --- Models that we ask ----------------------------------------------------------------


def completion(text: str = "{}") -> dict[str, Any]:
    return {
        "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5},
    }


def question(timeout_s: float = 5.0) -> CompletionRequest:
    return CompletionRequest(
        messages=(
            {"role": "system", "content": "You read requests."},
            {"role": "user", "content": "hello"},
        ),
        mode=Mode.TEXT,
        schema={},
        max_tokens=50,
        timeout_s=timeout_s,
    )


def endpoint(hass: HomeAssistant, key: str | None = None) -> Endpoint:
    return Endpoint(async_get_clientsession(hass), "http://llm.local/v1/", key, "qwen3")


async def test_endpoint_is_asked_in_openais_way(
    hass: HomeAssistant, aioclient_mock: AiohttpClientMocker
) -> None:
    aioclient_mock.post(URL, json=completion("hi"))
    answer = await endpoint(hass, "secret").complete(question())
    assert answer.text == "hi"
    _method, _url, body, headers = aioclient_mock.mock_calls[0]
    assert body["model"] == "qwen3"
    assert body["messages"][1] == {"role": "user", "content": "hello"}
    assert headers == {"Authorization": "Bearer secret"}


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"status": 400, "text": "secret"}, 400),
        ({"status": 503}, 503),
        ({"text": "no json"}, None),
        ({"text": "[]"}, None),
        ({"text": "x" * 1_000_001}, 200),
    ],
)
async def test_what_a_server_does_wrong_is_a_transport_error(
    hass: HomeAssistant,
    aioclient_mock: AiohttpClientMocker,
    answer: dict[str, Any],
    status: int | None,
) -> None:
    aioclient_mock.post(URL, **answer)
    with pytest.raises(TransportError) as caught:
        await endpoint(hass, "secret").complete(question())
    assert caught.value.status == status
    assert "secret" not in str(caught.value)


async def test_absent_server_is_a_transport_error(
    hass: HomeAssistant, aioclient_mock: AiohttpClientMocker
) -> None:
    aioclient_mock.post(URL, exc=aiohttp.ClientConnectionError)
    with pytest.raises(TransportError):
        await endpoint(hass).complete(question())


def test_deeply_nested_answer_is_no_answer() -> None:
    with pytest.raises(TransportError):
        read_json(b"[" * 100_000)


async def test_free_text_is_understood_by_the_configured_model(
    hass: HomeAssistant,
    hub: FakeHub,
    entry: MockConfigEntry,
    aioclient_mock: AiohttpClientMocker,
) -> None:
    hass.config_entries.async_update_entry(entry, options=MODEL)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    aioclient_mock.post(
        URL,
        json=completion(
            json.dumps({"goals": [{"intent": "monitor", "quantities": ["heart_rate"]}]})
        ),
    )
    text = "I would sleep better if somebody minded my pulse from now on"
    answer = await request(hass, text)
    assert len(aioclient_mock.mock_calls) == 1
    assert answer["source"] == "language_model", answer
    # What only a model understood needs a second word before anything listens.
    assert answer["monitors"] == []
    assert "start" not in hub.names()
    assert (await request(hass, text))["monitors"] == ["m1"]
    assert len(aioclient_mock.mock_calls) == 1
    sent = json.dumps(aioclient_mock.mock_calls[0][2])
    assert "192.168.1.20" not in sent


async def test_no_model_is_asked_without_options(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    assert loaded.runtime_data.models.present is None


async def test_ai_task_is_preferred_where_there_is_one(hass: HomeAssistant) -> None:
    models = LanguageModels(hass, {**MODEL, "use_ai_task": True})
    first = models.present
    assert first is not None
    hass.states.async_set("ai_task.local", "unknown")
    hass.services.async_register("ai_task", "generate_data", lambda call: None)
    assert models.present is not None
    assert models.present is not first
    assert LanguageModels(hass, MODEL).present is not None


async def test_ai_task_gets_instructions_and_gives_text(hass: HomeAssistant) -> None:
    asked: list[dict[str, Any]] = []

    async def generate(call: ServiceCall) -> dict[str, Any]:
        asked.append(dict(call.data))
        return {"data": "hi", "conversation_id": "1"}

    hass.services.async_register(
        "ai_task", "generate_data", generate, supports_response=SupportsResponse.ONLY
    )
    answer = await AiTask(hass).complete(question())
    assert answer.text == "hi"
    assert asked[0]["instructions"] == "You read requests.\n\nhello"


@pytest.mark.parametrize("outcome", [HomeAssistantError("quota"), {"data": 5}, {}])
async def test_what_an_ai_task_does_wrong_is_a_transport_error(
    hass: HomeAssistant, outcome: Any
) -> None:
    async def generate(call: ServiceCall) -> Any:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    hass.services.async_register(
        "ai_task", "generate_data", generate, supports_response=SupportsResponse.ONLY
    )
    with pytest.raises(TransportError):
        await AiTask(hass).complete(question())
