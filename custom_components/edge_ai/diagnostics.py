"""Diagnostics: how the link is doing, without who lives where and how they feel."""

from __future__ import annotations

from typing import Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.core import HomeAssistant

from .const import CONF_API_KEY, CONF_BASE_URL
from .messages import to_dict
from .runtime import EdgeConfigEntry

# Values of readings tell how somebody feels, monitors and goals name persons and areas.
TO_REDACT = {
    CONF_API_KEY,
    CONF_BASE_URL,
    "area",
    "details",
    "person",
    "problems",
    "reason",
    "subject",
    "value",
}


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: EdgeConfigEntry
) -> dict[str, Any]:
    """Return what helps to find a fault."""
    coordinator = entry.runtime_data.coordinator
    data = coordinator.data
    return {
        "available": coordinator.available,
        "hello": None if data.hello is None else to_dict(data.hello),
        "people": len(coordinator.people),
        "options": async_redact_data(dict(entry.options), TO_REDACT),
        "catalogue": async_redact_data(to_dict(data.catalogue), TO_REDACT),
        "monitors": [async_redact_data(to_dict(item), TO_REDACT) for item in data.monitors],
        "readings": [async_redact_data(to_dict(item), TO_REDACT) for item in coordinator.readings],
    }
