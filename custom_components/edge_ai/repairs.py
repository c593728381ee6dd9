"""The repair that asks before a trained model is taken into use."""

from __future__ import annotations

from typing import Any

from homeassistant.components.repairs import RepairsFlow
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResult
from homeassistant.exceptions import HomeAssistantError

from .issues import model_placeholders
from .messages import CommandName
from .runtime import EdgeConfigEntry


class ModelWaitsFlow(RepairsFlow):
    """Use the better model, or keep the present one."""

    def __init__(self, entry_id: str) -> None:
        self._entry_id = entry_id

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> FlowResult:
        """Offer both."""
        entry = self._entry()
        if entry is None:
            return self.async_abort(reason="hub_away")
        training = entry.runtime_data.coordinator.data.training
        return self.async_show_menu(
            step_id="init",
            menu_options=["use", "keep"],
            description_placeholders=model_placeholders(entry, training),
        )

    async def async_step_use(self, user_input: dict[str, str] | None = None) -> FlowResult:
        """Take the model into use."""
        return await self._async_answer(True)

    async def async_step_keep(self, user_input: dict[str, str] | None = None) -> FlowResult:
        """Leave everything as it is."""
        return await self._async_answer(False)

    async def _async_answer(self, accept: bool) -> FlowResult:
        entry = self._entry()
        if entry is None:
            return self.async_abort(reason="hub_away")
        try:
            await entry.runtime_data.coordinator.async_command(
                CommandName.ANSWER_TRAINING, {"accept": accept}
            )
        except HomeAssistantError:
            return self.async_abort(reason="hub_away")
        return self.async_create_entry(title="", data={})

    def _entry(self) -> EdgeConfigEntry | None:
        entry: EdgeConfigEntry | None = self.hass.config_entries.async_get_entry(self._entry_id)
        return entry if entry is not None and hasattr(entry, "runtime_data") else None


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, Any] | None
) -> RepairsFlow:
    """Return the flow of an issue that can be mended here."""
    return ModelWaitsFlow(str((data or {}).get("entry_id")))
