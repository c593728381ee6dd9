"""Tools for language models: for any agent by our own API, for Assist where it asks us."""

from __future__ import annotations

from typing import Any

import voluptuous as vol
from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import llm

from . import compat
from .const import DOMAIN
from .requests import Ask, async_handle, async_understand, entry_for, language_of, loaded_entries
from .sensor import describe_monitor
from .shared import async_share

PROMPT = (
    "Edge AI senses mood, stress, breathing, heart rate, presence and app use at home. "
    "Pass what the user says about them to the tool edge_ai__request, word for word."
)


async def async_register_llm_api(hass: HomeAssistant) -> CALLBACK_TYPE:
    """Offer our API to language models, once for all hubs."""

    async def make() -> CALLBACK_TYPE:
        return llm.async_register_api(hass, EdgeAPI(hass=hass, id=DOMAIN, name="Edge AI"))

    return await async_share(hass, "llm_api", make)


@callback
def async_get_tools(hass: HomeAssistant, llm_context: llm.LLMContext, api_id: str) -> Any:
    """Give Assist's language models our tools; newer Home Assistant calls this by name."""
    if api_id != llm.LLM_API_ASSIST or not loaded_entries(hass):
        return None
    return compat.llm_tools(_tools(only_exposed=True), PROMPT)


class EdgeAPI(llm.API):
    """Our tools alone, for an agent or an MCP client that the user gives them to."""

    async def async_get_api_instance(self, llm_context: llm.LLMContext) -> llm.APIInstance:
        """Return the tools for one conversation."""
        return llm.APIInstance(
            api=self,
            api_prompt=PROMPT,
            llm_context=llm_context,
            tools=_tools(only_exposed=False),
        )


def _tools(*, only_exposed: bool) -> list[llm.Tool]:
    return [RequestTool(), PlanTool(), ReadingsTool(only_exposed), MonitorsTool()]


class _SentenceTool(llm.Tool):
    """A tool that takes what the user said. Its text is trusted no more than speech."""

    parameters = vol.Schema({vol.Required("text"): str})

    def _ask(self, args: dict[str, Any], hass: HomeAssistant, context: llm.LLMContext) -> Ask:
        text = str(args["text"])[:500]
        return Ask(
            text=text,
            language=language_of(text, context.language or hass.config.language),
            user_id=context.context.user_id if context.context else None,
            device_id=context.device_id,
            by_model=True,
        )


class RequestTool(_SentenceTool):
    """Does what the user asks."""

    name = f"{DOMAIN}__request"
    description = (
        "Start, stop or ask about monitoring of mood, stress, breathing rate, heart rate, "
        "presence or app use, or set an alert on them. `text` is the user's sentence."
    )

    def __init__(self) -> None:
        compat.describe_tool(self, read_only=False)

    async def async_call(
        self, hass: HomeAssistant, tool_input: llm.ToolInput, llm_context: llm.LLMContext
    ) -> Any:
        """Handle the sentence."""
        ask = self._ask(self.parameters(tool_input.tool_args), hass, llm_context)
        answer = await async_handle(hass, entry_for(hass, ask.text), ask)
        if not answer.understood:
            raise HomeAssistantError(answer.reply)
        return compat.tool_result(
            {
                "reply": answer.reply,
                "monitors": list(answer.monitors),
                "stopped": list(answer.stopped),
            }
        )


class PlanTool(_SentenceTool):
    """Tells what a sentence would start."""

    name = f"{DOMAIN}__plan"
    description = (
        "Tell which sensors and models on which devices a monitoring request would use, "
        "without starting anything. `text` is the user's sentence."
    )

    def __init__(self) -> None:
        compat.describe_tool(self, read_only=True)

    async def async_call(
        self, hass: HomeAssistant, tool_input: llm.ToolInput, llm_context: llm.LLMContext
    ) -> Any:
        """Plan the sentence."""
        ask = self._ask(self.parameters(tool_input.tool_args), hass, llm_context)
        understanding = await async_understand(hass, entry_for(hass, ask.text), ask)
        return compat.tool_result(
            {
                "plans": [
                    {
                        "quantities": [str(item) for item in goal.quantities],
                        "steps": [
                            {"tool": step.tool, "device": step.device}
                            for step in (plan.steps if plan else ())
                        ],
                    }
                    for goal, plan in zip(understanding.goals, understanding.plans, strict=True)
                ],
                "refused": [refusal.reason for refusal in understanding.refusals],
            }
        )


class ReadingsTool(llm.Tool):
    """Tells what is measured now."""

    name = f"{DOMAIN}__readings"
    description = "List what Edge AI measures now: mood, stress, breathing, heart rate and so on."

    def __init__(self, only_exposed: bool) -> None:
        self._only_exposed = only_exposed
        compat.describe_tool(self, read_only=True)

    async def async_call(
        self, hass: HomeAssistant, tool_input: llm.ToolInput, llm_context: llm.LLMContext
    ) -> Any:
        """List the readings that are valid now."""
        found = [
            {
                "subject": reading.subject,
                "quantity": str(reading.quantity),
                "value": reading.value,
                "unit": reading.unit,
                "state": str(reading.state),
            }
            for entry in loaded_entries(hass)
            for reading in entry.runtime_data.coordinator.readings
            if not self._only_exposed
            or _is_exposed(
                hass,
                f"{entry.runtime_data.coordinator.hub_id}_{reading.subject}_{reading.quantity}",
            )
        ]
        return compat.tool_result({"readings": found})


class MonitorsTool(llm.Tool):
    """Tells what runs."""

    name = f"{DOMAIN}__monitors"
    description = "List the monitors that run, with their persons, rooms and devices."

    def __init__(self) -> None:
        compat.describe_tool(self, read_only=True)

    async def async_call(
        self, hass: HomeAssistant, tool_input: llm.ToolInput, llm_context: llm.LLMContext
    ) -> Any:
        """List the monitors."""
        return compat.tool_result(
            {
                "monitors": [
                    describe_monitor(monitor)
                    for entry in loaded_entries(hass)
                    for monitor in entry.runtime_data.coordinator.data.monitors
                ]
            }
        )


def _is_exposed(hass: HomeAssistant, unique_id: str) -> bool:
    """Tell whether the user lets Assist see the entity of a reading."""
    registry = er.async_get(hass)
    for domain in ("sensor", "binary_sensor"):
        if entity_id := registry.async_get_entity_id(domain, DOMAIN, unique_id):
            return async_should_expose(hass, "conversation", entity_id)
    return False
