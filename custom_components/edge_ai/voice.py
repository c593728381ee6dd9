"""Sentences in Assist: they run before any agent, and need no language model."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from homeassistant.components import conversation
from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import intent
from homeassistant.helpers.script import ScriptRunResult
from homeassistant.helpers.trigger import (
    async_initialize_triggers,
    async_validate_trigger_config,
)

from . import compat
from .const import DOMAIN
from .planner import reply
from .planner.sentences import TEMPLATES
from .requests import Ask, async_handle, entry_for, language_of
from .shared import async_share

_LOGGER = logging.getLogger(__name__)


async def async_register_sentences(hass: HomeAssistant) -> CALLBACK_TYPE:
    """Register our sentences once for all hubs; returns how to give them up."""
    return await async_share(hass, "sentences", lambda: _async_attach(hass))


async def async_answer(hass: HomeAssistant, user_input: Mapping[str, Any]) -> str:
    """Do what a sentence says, and return what to say.

    A matched trigger can no longer decline: without text Assist would say "Done". So what
    passed the templates and is not ours after all ("how's the stock market's mood") is
    passed on from here.
    """
    text = str(user_input["text"])
    language = language_of(text, user_input.get("language") or hass.config.language)
    try:
        entry = entry_for(hass, text)
    except ServiceValidationError:  # unloaded while somebody spoke
        return reply.hub_away(language)
    answer = await async_handle(
        hass,
        entry,
        Ask(
            text=text,
            language=language,
            user_id=(user_input.get("context") or {}).get("user_id"),
            device_id=user_input.get("device_id"),
        ),
    )
    return (
        answer.reply if answer.understood else await _async_pass_on(hass, user_input, answer.reply)
    )


async def _async_pass_on(hass: HomeAssistant, user_input: Mapping[str, Any], otherwise: str) -> str:
    """Let whoever would have been asked without us answer; else say `otherwise`.

    Home Assistant's own agent would come back to our sentences, so its intents are asked
    directly, also in the place of our own agent.
    """
    agent = str(user_input.get("agent_id") or conversation.HOME_ASSISTANT_AGENT)
    try:
        if _asks_another(hass, agent):
            result = await conversation.async_converse(
                hass,
                str(user_input["text"]),
                user_input.get("conversation_id"),
                Context(user_id=(user_input.get("context") or {}).get("user_id")),
                language=user_input.get("language"),
                agent_id=agent,
                device_id=user_input.get("device_id"),
            )
            response: intent.IntentResponse | None = result.response
        else:
            response = await compat.answer_of_intents(hass, user_input)
    except (HomeAssistantError, ValueError) as failure:  # an agent that is gone or failed
        _LOGGER.debug("Passing a sentence on: %s", failure)
        return otherwise
    spoken = response.speech.get("plain", {}).get("speech") if response is not None else None
    return str(spoken or otherwise)


def _asks_another(hass: HomeAssistant, agent: str) -> bool:
    """Tell whether the agent is neither Home Assistant's own nor ours."""
    entity = er.async_get(hass).async_get(agent)
    own = entity is not None and entity.platform == DOMAIN
    return not own and agent not in {conversation.HOME_ASSISTANT_AGENT, "homeassistant"}


async def _async_attach(hass: HomeAssistant) -> CALLBACK_TYPE:
    async def sentence_heard(
        run_variables: dict[str, Any], context: Context | None = None
    ) -> ScriptRunResult:
        said = await async_answer(hass, run_variables["trigger"]["user_input"])
        return ScriptRunResult(conversation_response=said, service_response=None, variables={})

    config = await async_validate_trigger_config(
        hass, [{"platform": "conversation", "command": list(TEMPLATES)}]
    )
    remove = await async_initialize_triggers(
        hass, config, sentence_heard, DOMAIN, "Edge AI", _LOGGER.log
    )
    if remove is None:  # Home Assistant has logged why
        return lambda: None
    return remove
