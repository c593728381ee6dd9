"""From a sentence to a command on MQTT and an answer, by each way a person may take."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest
import voluptuous as vol
from homeassistant.components import conversation
from homeassistant.config_entries import ConfigSubentry, ConfigSubentryData
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import intent
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.edge_ai import messages as m
from custom_components.edge_ai.const import DOMAIN
from custom_components.edge_ai.messages import Quantity
from custom_components.edge_ai.planner import reply
from custom_components.edge_ai.requests import Ask, async_handle
from custom_components.edge_ai.voice import async_answer

from .conftest import FakeHub, person, unload


async def request(hass: HomeAssistant, text: str, **more: Any) -> dict[str, Any]:
    context = more.pop("context", None)
    answer = await hass.services.async_call(
        DOMAIN,
        more.pop("action", "request"),
        {"text": text, **more},
        blocking=True,
        return_response=True,
        context=context,
    )
    assert answer is not None
    return dict(answer)


async def say(
    hass: HomeAssistant,
    text: str,
    language: str = "en",
    *,
    agent: str = "conversation.home_assistant",
    device_id: str | None = None,
) -> str:
    result = await conversation.async_converse(
        hass, text, None, Context(), language=language, agent_id=agent, device_id=device_id
    )
    return str(result.response.speech.get("plain", {}).get("speech", ""))


# --- The action ------------------------------------------------------------------------


async def test_monitor_my_mood_starts_the_two_branches(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    answer = await request(hass, "monitor my mood")
    assert answer["understood"] is True
    assert answer["source"] == "grammar"
    assert answer["monitors"] == ["m1"]
    assert answer["error"] is None
    plan = m.from_dict(m.Plan, hub.last("start").arguments["plan"])
    assert plan.person == "anna"
    assert {(step.tool, step.device) for step in plan.steps} == {
        ("sonar", "pi"),
        ("vital_signs", "pi"),
        ("activation_forest", "hub"),
        ("traffic_capture", "hub"),
        ("app_usage_windows", "hub"),
        ("usage_tree", "hub"),
        ("mood_fusion", "hub"),
    }
    assert m.to_dict(plan) == answer["plans"][0]
    again = await request(hass, "monitor my mood")
    assert again["monitors"] == ["m1"]
    assert again["reply"] != answer["reply"]


async def test_more_than_a_day_starts_when_it_is_said_again(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    first = await request(hass, "monitor my mood for three days")
    assert first["monitors"] == []
    assert "again" in first["reply"]
    assert "start" not in hub.names()
    again = await request(hass, "keep an eye on my mood for 3 days")
    assert again["monitors"] == ["m1"]


async def test_a_language_model_cannot_confirm(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    ask = Ask(text="monitor my mood for three days", language="en", by_model=True)
    for _ in range(3):
        answer = await async_handle(hass, loaded, ask)
        assert answer.monitors == ()
    assert "start" not in hub.names()


async def test_plan_starts_nothing(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    answer = await request(hass, "monitor my mood", action="plan")
    assert len(answer["plans"][0]["steps"]) == 7
    assert "start" not in hub.names()


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("monitor my mood", "zh-Hans", "en"),
        ("监测我的心情", "en", "zh"),
        ("监测我的心情", "zh-Hans", "zh"),
    ],
)
async def test_reply_is_in_the_language_of_the_request(
    hass: HomeAssistant,
    hub: FakeHub,
    loaded: MockConfigEntry,
    text: str,
    language: str,
    expected: str,
) -> None:
    answer = await request(hass, text, language=language)
    chinese = any("\u4e00" <= char <= "\u9fff" for char in answer["reply"])
    assert chinese is (expected == "zh")
    assert answer["monitors"] == ["m1"]


async def test_what_is_not_ours_leaves_no_trace(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    before = hub.names()
    answer = await request(hass, "turn on the kitchen light")
    assert answer["understood"] is False
    assert answer["goals"] == []
    assert hub.names() == before


async def test_missing_device_is_refused_with_a_reason(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    hub.send(hub.topics.catalogue, m.Catalogue(), retain=True)
    answer = await request(hass, "monitor my heart rate")
    assert answer["refused"]
    assert answer["refused"][0]["reason"] in answer["reply"]
    assert "start" not in hub.names()


async def test_hub_away_is_said(hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry) -> None:
    hub.online(False)
    answer = await request(hass, "monitor my mood and my heart rate")
    assert answer["error"] == "hub_offline"
    assert "hub" in answer["reply"].casefold()


async def test_refusal_of_the_hub_is_said(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    hub.errors["start"] = m.ReplyError(code="device_gone", message="The Bedside is away.")
    answer = await request(hass, "monitor my mood")
    assert answer["error"] == "device_gone"
    assert answer["reply"] == "The Bedside is away."


@pytest.mark.parametrize(
    ("code", "reply"),
    [("unsupported", "中枢还不支持这个请求。"), ("flooded", "中枢拒绝了：Wet feet.")],
)
async def test_refusal_of_the_hub_is_said_in_chinese(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry, code: str, reply: str
) -> None:
    hub.errors["start"] = m.ReplyError(code=code, message="Wet feet.")
    answer = await request(hass, "监测我的心情")
    assert answer["reply"] == reply


async def test_repeated_answer_without_a_result_is_enough(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    hub.results["start"] = lambda arguments: {}
    answer = await request(hass, "monitor my mood")
    assert answer["error"] is None
    assert answer["monitors"] == []
    assert answer["reply"]


async def test_stop_by_sentence(hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry) -> None:
    await request(hass, "monitor my mood")
    answer = await request(hass, "stop monitoring my mood")
    assert answer["stopped"] == ["m1"]
    assert hub.last("stop").arguments == {"quantities": ["mood"]}
    nothing = await request(hass, "stop monitoring my mood")
    assert nothing["stopped"] == []
    assert nothing["reply"] != answer["reply"]


async def test_query_is_answered_from_the_readings(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    hub.read("person.anna", Quantity.HEART_RATE, 61.0, unit="bpm")
    answer = await request(hass, "what is my heart rate")
    assert "61" in answer["reply"]
    nothing = await request(hass, "what is my breathing rate")
    assert "61" not in nothing["reply"]
    assert "start" not in hub.names()


async def test_query_about_a_room(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    hub.read("area.bedroom", Quantity.PRESENCE, True)
    answer = await request(hass, "is anyone in the bedroom")
    assert answer["understood"], answer
    assert "Bedroom" in answer["reply"] or "bedroom" in answer["reply"]


async def test_training_is_asked_of_the_hub(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    answer = await request(hass, "train a better mood model")
    assert hub.last("train").arguments == {"quantities": ["mood"]}
    assert answer["error"] is None
    hub.errors["train"] = m.ReplyError(code="unsupported", message="Not on this hub.")
    answer = await request(hass, "train a better mood model")
    assert answer["error"] == "unsupported"
    assert answer["reply"] == "Not on this hub."


# --- Who asks --------------------------------------------------------------------------


async def test_my_means_the_user_who_asks(
    hass: HomeAssistant, hub: FakeHub, hass_admin_user: MockUser, entry: MockConfigEntry
) -> None:
    hass.config_entries.async_add_subentry(
        entry,
        _subentry(person("Ben", "ben", entity="person.ben")),
    )
    hass.states.async_set(
        "person.ben", "home", {"friendly_name": "Ben", "user_id": hass_admin_user.id}
    )
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    context = Context(user_id=hass_admin_user.id)
    answer = await request(hass, "monitor my mood", context=context)
    assert answer["plans"][0]["person"] == "ben"
    # Somebody unknown says "my": whose it is cannot be guessed among two.
    answer = await request(hass, "monitor my mood")
    assert answer["monitors"] == []
    assert answer["refused"][0]["code"] == "ambiguous"


async def test_user_who_did_not_opt_in_is_refused(
    hass: HomeAssistant, hub: FakeHub, hass_admin_user: MockUser, loaded: MockConfigEntry
) -> None:
    hass.states.async_set(
        "person.eve", "home", {"friendly_name": "Eve", "user_id": hass_admin_user.id}
    )
    answer = await request(hass, "monitor my mood", context=Context(user_id=hass_admin_user.id))
    assert answer["monitors"] == []
    assert answer["refused"][0]["code"] == "no_consent"
    assert "Eve" in answer["reply"]


def _subentry(data: ConfigSubentryData) -> ConfigSubentry:
    return ConfigSubentry(
        data=MappingProxyType(data["data"]),
        subentry_type=data["subentry_type"],
        title=data["title"],
        unique_id=data["unique_id"],
    )


# --- Assist ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("monitor my mood", "en"),
        ("Please monitor my mood.", "en"),
        ("监测我的心情", "zh-CN"),
        ("请监测我的心情", "zh-Hans"),
    ],
)
async def test_assist_understands_without_a_language_model(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry, text: str, language: str
) -> None:
    said = await say(hass, text, language)
    assert hub.last("start")
    assert said
    chinese = any("\u4e00" <= char <= "\u9fff" for char in said)
    assert chinese is language.startswith("zh")


async def test_sentences_go_with_the_last_hub(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    await unload(hass, loaded)
    await say(hass, "monitor my mood")
    assert "start" not in hub.names()
    # And come back with it.
    assert await hass.config_entries.async_setup(loaded.entry_id)
    await hass.async_block_till_done()
    await say(hass, "monitor my mood")
    assert hub.names().count("start") == 1
    await unload(hass, loaded)


async def test_own_agent_does_ours_and_passes_on_the_rest(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    agent = er.async_get(hass).async_get_entity_id("conversation", DOMAIN, "home_agent")
    assert agent is not None
    state = hass.states.get(agent)
    assert state is not None
    # The dialog asks for it before it says "This assistant cannot control your home".
    assert state.attributes["supported_features"] == conversation.ConversationEntityFeature.CONTROL
    assert await async_setup_component(hass, "light", {})
    assert await say(hass, "could you please keep an eye on my heart rate", agent=agent)
    assert "start" in hub.names()
    said = await say(hass, "what time is it", agent=agent)
    assert said
    assert hub.names().count("start") == 1


async def test_speaking_while_no_hub_is_loaded(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    await unload(hass, loaded)
    assert await async_answer(hass, {"text": "monitor my mood", "language": "en"})


class _OtherAgent(conversation.AbstractConversationAgent):
    """Answers anything, and remembers what it was asked."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    @property
    def supported_languages(self) -> list[str]:
        return ["en"]

    async def async_process(
        self, user_input: conversation.ConversationInput
    ) -> conversation.ConversationResult:
        self.heard.append(user_input.text)
        response = intent.IntentResponse(language=user_input.language)
        response.async_set_speech("Bullish.")
        return conversation.ConversationResult(response=response)


STOCKS = "how's the stock market's mood"


async def test_what_only_passed_the_templates_is_answered_by_the_chosen_agent(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    entry = MockConfigEntry(domain="other_agent")
    entry.add_to_hass(hass)
    agent = _OtherAgent()
    conversation.async_set_agent(hass, entry, agent)
    heard = {"text": STOCKS, "language": "en", "agent_id": entry.entry_id}
    assert await async_answer(hass, heard) == "Bullish."
    assert agent.heard == [STOCKS]
    # What is ours stays ours, whoever was chosen.
    await async_answer(hass, heard | {"text": "monitor my mood"})
    assert agent.heard == [STOCKS]
    assert hub.names().count("start") == 1


async def test_home_assistants_intents_get_what_is_not_ours(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    own = er.async_get(hass).async_get_entity_id("conversation", DOMAIN, "home_agent")
    for agent in ("conversation.home_assistant", own, None):
        heard = {"text": "what time is it", "language": "en", "agent_id": agent}
        assert ":" in await async_answer(hass, heard)
        # Nobody knows: our own words, and no second round through the sentences.
        sorry = await async_answer(hass, heard | {"text": STOCKS})
        assert sorry == reply.not_understood("en")
    assert "start" not in hub.names()


async def test_an_agent_that_is_gone_leaves_our_own_words(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    heard = {"text": STOCKS, "language": "en", "agent_id": "conversation.gone"}
    assert await async_answer(hass, heard) == reply.not_understood("en")


async def test_newer_intents_get_the_log_of_the_conversation(
    hass: HomeAssistant, loaded: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs: list[conversation.ChatLog] = []

    async def newer(
        hass: HomeAssistant,
        user_input: conversation.ConversationInput,
        chat_log: conversation.ChatLog,
    ) -> intent.IntentResponse:
        logs.append(chat_log)
        response = intent.IntentResponse(language=user_input.language)
        response.async_set_speech(f"heard: {user_input.text}")
        return response

    monkeypatch.setattr(conversation, "async_handle_intents", newer)
    said = await async_answer(hass, {"text": STOCKS, "language": "en", "conversation_id": None})
    assert said == f"heard: {STOCKS}"
    assert isinstance(logs[0], conversation.ChatLog)


async def test_a_slip_through_assist_ends_in_an_answer(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    assert await say(hass, STOCKS) == reply.not_understood("en")


# --- Other actions ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "data", "command", "arguments"),
    [
        ("check_in", {"person": "Anna", "value": 4}, "check-in", {"person": "anna", "value": 4}),
        ("calibrate", {"person": "anna"}, "calibrate", {"person": "anna"}),
        ("delete_data", {"person": "ANNA"}, "delete-data", {"person": "anna"}),
        ("train", {"quantities": ["mood"]}, "train", {"quantities": ["mood"]}),
        ("train", {}, "train", {}),
        ("stop", {}, "stop", {}),
        ("stop", {"monitor": "m1"}, "stop", {"monitor": "m1"}),
        (
            "stop",
            {"person": "Anna", "area": "bedroom", "quantities": "mood"},
            "stop",
            {"person": "anna", "area": "bedroom", "quantities": ["mood"]},
        ),
    ],
)
async def test_action_becomes_command(
    hass: HomeAssistant,
    hub: FakeHub,
    loaded: MockConfigEntry,
    action: str,
    data: dict[str, Any],
    command: str,
    arguments: dict[str, Any],
) -> None:
    await hass.services.async_call(DOMAIN, action, data, blocking=True)
    assert hub.last(command).arguments == arguments


async def test_stop_returns_what_was_stopped(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    await request(hass, "monitor my mood")
    answer = await hass.services.async_call(DOMAIN, "stop", {}, blocking=True, return_response=True)
    assert answer == {"stopped": ["m1"]}


@pytest.mark.parametrize("area", ["bedroom", "Bedroom", " bedroom "])
async def test_area_to_stop_may_be_named(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry, area: str
) -> None:
    await hass.services.async_call(DOMAIN, "stop", {"area": area}, blocking=True)
    assert hub.last("stop").arguments == {"area": "bedroom"}


@pytest.mark.parametrize(
    ("data", "error", "why"),
    [
        ({"area": "nowhere"}, ServiceValidationError, "unknown_area"),
        ({"config_entry_id": "nope"}, ServiceValidationError, "hub_not_loaded"),
        ({"quantities": []}, vol.Invalid, "at least one quantity"),
        ({"monitor": "m1", "person": "Anna"}, vol.Invalid, "either one monitor"),
    ],
)
async def test_stop_that_is_unclear_stops_nothing(
    hass: HomeAssistant,
    hub: FakeHub,
    loaded: MockConfigEntry,
    data: dict[str, Any],
    error: type[Exception],
    why: str,
) -> None:
    with pytest.raises(error) as caught:
        await hass.services.async_call(DOMAIN, "stop", data, blocking=True)
    # Newer versions of the schema library give their own keys.
    assert why in f"{caught.value} {getattr(caught.value, 'translation_key', '')}"
    assert "stop" not in hub.names()


async def test_unknown_person_is_refused(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    with pytest.raises(ServiceValidationError) as caught:
        await hass.services.async_call(DOMAIN, "calibrate", {"person": "Eve"}, blocking=True)
    assert caught.value.translation_key == "unknown_person"


async def test_without_a_hub_actions_say_so(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    await unload(hass, loaded)
    with pytest.raises(ServiceValidationError) as caught:
        await request(hass, "monitor my mood")
    assert caught.value.translation_key == "no_hub_loaded"


async def test_with_several_hubs_the_named_person_decides(
    hass: HomeAssistant, hub: FakeHub, hubs: dict[str, FakeHub], loaded: MockConfigEntry
) -> None:
    hubs["barn"] = FakeHub(hass, "barn", "Barn hub")
    hubs["barn"].introduce()
    barn = MockConfigEntry(
        domain=DOMAIN,
        title="Barn hub",
        unique_id="barn",
        data={"hub_id": "barn"},
        options={"use_ai_task": False},
        subentries_data=[person("Ben", "ben")],
    )
    barn.add_to_hass(hass)
    assert await hass.config_entries.async_setup(barn.entry_id)
    await hass.async_block_till_done()
    await request(hass, "monitor Ben's mood")
    assert "start" in hubs["barn"].names()
    assert "start" not in hub.names()
    await request(hass, "monitor my mood", config_entry_id=loaded.entry_id)
    assert "start" in hub.names()
    # One sentence is heard once, though two hubs share the sentences.
    await unload(hass, barn)
    await say(hass, "monitor my heart rate")
    assert hub.names().count("start") == 2
