"""Edge AI: a home that senses, infers and learns by itself, shown in Home Assistant."""

from __future__ import annotations

import logging
from uuid import uuid4

from homeassistant.components import mqtt
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.typing import ConfigType

from .alerts import AlertWatcher, told_store
from .const import CONF_HUB_ID, DOMAIN, PLATFORMS
from .coordinator import EdgeCoordinator
from .issues import async_withdraw_issues
from .language_model import LanguageModels
from .llm import async_register_llm_api
from .messages import Command, CommandName, People, Topics, encode, to_dict
from .people import hub_identifier
from .planner.grammar import prepare
from .runtime import EdgeConfigEntry, EdgeRuntime
from .services import async_register_actions
from .voice import async_register_sentences

_LOGGER = logging.getLogger(__name__)

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions, which exist whether or not a hub is loaded."""
    async_register_actions(hass)
    # Some tenths of a second, once: neither in the event loop nor in somebody's first request.
    await hass.async_add_executor_job(prepare)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: EdgeConfigEntry) -> bool:
    """Connect to a hub and show what it tells."""
    coordinator = EdgeCoordinator(hass, entry)
    # Before the platforms and before the catalogue, whose devices belong to it.
    dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={(DOMAIN, coordinator.hub_id)},
        name=entry.title,
        manufacturer="Edge AI",
        model="Hub",
        entry_type=dr.DeviceEntryType.SERVICE,
    )
    await coordinator.async_config_entry_first_refresh()
    alerts = AlertWatcher(hass, coordinator)
    entry.runtime_data = EdgeRuntime(
        coordinator=coordinator, alerts=alerts, models=LanguageModels(hass, entry.options)
    )
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    await alerts.async_start()
    entry.async_on_unload(await async_register_sentences(hass))
    entry.async_on_unload(await async_register_llm_api(hass))
    seen = _identity(entry)

    async def entry_updated(hass: HomeAssistant, entry: EdgeConfigEntry) -> None:
        # A new title or discovery key is no reason to start anew.
        if _identity(entry) != seen:
            hass.config_entries.async_schedule_reload(entry.entry_id)

    entry.async_on_unload(entry.add_update_listener(entry_updated))
    return True


async def async_unload_entry(hass: HomeAssistant, entry: EdgeConfigEntry) -> bool:
    """Take everything away again."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: EdgeConfigEntry) -> None:
    """End what runs: afterwards nobody could see or stop it here, and nobody takes part."""
    await told_store(hass, entry).async_remove()
    async_withdraw_issues(hass, entry)
    topic = Topics(entry.data[CONF_HUB_ID]).command
    for name, arguments in (
        (CommandName.STOP, {}),
        (CommandName.SET_PEOPLE, to_dict(People())),
    ):
        command = Command(id=uuid4().hex, name=name.value, arguments=arguments)
        try:
            await mqtt.async_publish(hass, topic, encode(command).decode(), 1, False)
        except HomeAssistantError as error:
            _LOGGER.warning(
                "%s could not be told to stop; it goes on until its worker is stopped: %s",
                entry.title,
                error,
            )
            return


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: EdgeConfigEntry, device: dr.DeviceEntry
) -> bool:
    """Allow the user to remove what the hub no longer has; persons go with their subentry."""
    coordinator = entry.runtime_data.coordinator
    hub_id = coordinator.hub_id
    present = {hub_identifier(hub_id, card) for card in coordinator.data.catalogue.devices}
    present.add(hub_id)
    present |= {f"{hub_id}_person.{person.id}" for person in coordinator.people}
    present |= {f"{hub_id}_{reading.subject}" for reading in coordinator.readings}
    removable = not any(
        domain == DOMAIN and identifier in present for domain, identifier in device.identifiers
    )
    if removable:
        coordinator.async_forget_area(device)
    return removable


def _identity(entry: EdgeConfigEntry) -> tuple[object, ...]:
    """Return what the integration was set up from."""
    return (
        dict(entry.data),
        dict(entry.options),
        {key: (subentry.title, dict(subentry.data)) for key, subentry in entry.subentries.items()},
    )
