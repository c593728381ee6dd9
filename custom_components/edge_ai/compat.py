"""What differs between the supported Home Assistant versions, found by looking for it.

Every helper asks whether a name exists, never which version runs, so that a test can
take either branch by adding or removing the name.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from typing import Any

from homeassistant.components import conversation, mqtt
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import chat_session, intent, llm
from homeassistant.helpers import device_registry as dr

from .const import DOMAIN


def mqtt_connected(hass: HomeAssistant) -> bool:
    """Tell whether the MQTT integration is connected; False where it is not set up."""
    try:
        return bool(mqtt.is_connected(hass))
    except KeyError:  # no MQTT config entry was ever loaded
        return False


def device_by_identifier(
    hass: HomeAssistant, identifier: str, entry_id: str
) -> dr.DeviceEntry | None:
    """Find a device of ours. Home Assistant 2026.8 scopes identifiers to their entry."""
    registry = dr.async_get(hass)
    scoped: Any = getattr(registry, "async_get_device_by_identifier", None)
    if scoped is not None:
        found: dr.DeviceEntry | None = scoped((DOMAIN, identifier), entry_id)
        return found
    return registry.async_get_device(identifiers={(DOMAIN, identifier)})


def ai_task_available(hass: HomeAssistant) -> bool:
    """Tell whether an AI task entity can be asked; the action is new in 2025.7."""
    return hass.services.has_service("ai_task", "generate_data") and bool(
        hass.states.async_entity_ids("ai_task")
    )


def tool_result(data: dict[str, Any]) -> Any:
    """Wrap what an LLM tool returns; bare JSON stops working where the wrapper exists."""
    wrapper: Any = getattr(llm, "ToolResult", None)
    return data if wrapper is None else wrapper(data=data)


def describe_tool(tool: llm.Tool, *, read_only: bool) -> None:
    """Say which integration a tool belongs to and whether it changes anything.

    Newest Home Assistant takes a tool without annotations for destructive.
    """
    annotations: Any = getattr(llm, "ToolAnnotations", None)
    details: dict[str, Any] = {"integration": DOMAIN}
    if annotations is not None:
        details["annotations"] = annotations(
            read_only=read_only, destructive=False, idempotent=True, open_world=False
        )
    for name, value in details.items():
        setattr(tool, name, value)


def llm_tools(tools: list[llm.Tool], prompt: str) -> Any:
    """Build what the LLM platform of newer versions asks an integration for."""
    # The component exists only where that platform does, and so does our caller.
    from homeassistant.components import llm as llm_component  # type: ignore[attr-defined]

    return llm_component.LLMTools(tools=tools, prompt=prompt)


async def answer_of_intents(
    hass: HomeAssistant, said: Mapping[str, Any]
) -> intent.IntentResponse | None:
    """Ask Home Assistant's built-in intents, without any sentence trigger.

    `said`: what a sentence trigger tells as `user_input`. None when no intent matches.
    Newer versions want the log of the conversation too.
    """
    given: dict[str, Any] = dict(said) | {
        "context": Context(user_id=(said.get("context") or {}).get("user_id"))
    }
    fields = dataclasses.fields(conversation.ConversationInput)
    values: dict[str, Any] = {field.name: given.get(field.name) for field in fields}
    heard = conversation.ConversationInput(**values)
    handle: Any = conversation.async_handle_intents
    answer: intent.IntentResponse | None
    if "chat_log" not in inspect.signature(handle).parameters:
        answer = await handle(hass, heard)
        return answer
    with (
        chat_session.async_get_chat_session(hass, heard.conversation_id) as session,
        conversation.async_get_chat_log(hass, session, heard) as chat_log,
    ):
        answer = await handle(hass, heard, chat_log)
    return answer
