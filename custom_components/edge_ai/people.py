"""Who opted in, and which device stands in which room."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import device_registry as dr

from . import compat
from .const import (
    CONF_ADDRESSES,
    CONF_AREA,
    CONF_PERSON_ENTITY,
    DOMAIN,
    SUBENTRY_PERSON,
)
from .messages import Catalogue, DeviceCard, People, Person
from .planner.home import Home, Named


def person_subentries(entry: ConfigEntry) -> Iterator[tuple[ConfigSubentry, Person]]:
    """Yield each person who opted in, with the subentry that says so."""
    for subentry in entry.subentries.values():
        if subentry.subentry_type == SUBENTRY_PERSON and subentry.unique_id:
            yield (
                subentry,
                Person(
                    id=subentry.unique_id,
                    name=subentry.title,
                    area=subentry.data.get(CONF_AREA),
                    addresses=tuple(subentry.data.get(CONF_ADDRESSES, ())),
                ),
            )


def people(entry: ConfigEntry) -> tuple[Person, ...]:
    """Return all who opted in."""
    return tuple(person for _, person in person_subentries(entry))


@callback
def strangers(hass: HomeAssistant, entry: ConfigEntry) -> tuple[Named, ...]:
    """Return the persons of Home Assistant who did not opt in, by their entity ids.

    The planner knows them only to refuse them by name.
    """
    linked = {subentry.data.get(CONF_PERSON_ENTITY) for subentry, _ in person_subentries(entry)}
    names = {person.name.casefold() for person in people(entry)}
    return tuple(
        Named(state.entity_id, state.name)
        for state in hass.states.async_all("person")
        if state.entity_id not in linked and state.name.casefold() not in names
    )


@callback
def person_of_user(hass: HomeAssistant, entry: ConfigEntry, user_id: str | None) -> str | None:
    """Return the id of the person who is this Home Assistant user.

    It is the entity id of one who did not opt in, and None when nobody is this user.
    """
    state = next(
        (
            state
            for state in hass.states.async_all("person")
            if user_id is not None and state.attributes.get("user_id") == user_id
        ),
        None,
    )
    if state is None:
        return None
    for subentry, person in person_subentries(entry):
        entity = subentry.data.get(CONF_PERSON_ENTITY)
        same_name = entity is None and person.name.casefold() == state.name.casefold()
        if entity == state.entity_id or same_name:
            return person.id
    return state.entity_id


def hub_identifier(hub_id: str, device: DeviceCard) -> str:
    """Return the registry identifier of a worker; the hub's own is the hub itself."""
    return hub_id if device.hub else f"{hub_id}_device.{device.id}"


@callback
def areas_of_devices(
    hass: HomeAssistant, entry: ConfigEntry, hub_id: str, catalogue: Catalogue
) -> dict[str, str | None]:
    """Map each worker's id to the area where it stands, as the user arranged it.

    What the user chose in Home Assistant outranks what the device's settings say.
    """
    places: dict[str, str | None] = {}
    for card in catalogue.devices:
        entry_device = compat.device_by_identifier(
            hass, hub_identifier(hub_id, card), entry.entry_id
        )
        places[card.id] = entry_device.area_id if entry_device else _area_id(hass, card.area)
    return places


@callback
def areas_with_entities(hass: HomeAssistant, entry: ConfigEntry, hub_id: str) -> set[str]:
    """Return the areas that got entities of their own before the last restart."""
    prefix = f"{hub_id}_area."
    return {
        identifier.removeprefix(prefix)
        for device in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
        for domain, identifier in device.identifiers
        if domain == DOMAIN and identifier.startswith(prefix)
    }


def located_catalogue(catalogue: Catalogue, places: dict[str, str | None]) -> Catalogue:
    """Return the catalogue with Home Assistant's area ids in place of free text."""
    return replace(
        catalogue,
        devices=tuple(replace(card, area=places.get(card.id)) for card in catalogue.devices),
    )


@callback
def planner_home(
    hass: HomeAssistant,
    entry: ConfigEntry,
    places: dict[str, str | None],
    *,
    user_id: str | None = None,
    device_id: str | None = None,
) -> Home:
    """Return what the planner may know, seen by the user who asks at a device."""
    device = dr.async_get(hass).async_get(device_id) if device_id else None
    present = people(entry)
    return Home(
        people=tuple(Named(person.id, person.name) for person in present),
        person_areas={person.id: person.area for person in present if person.area},
        without_consent=strangers(hass, entry),
        areas=tuple(
            Named(area.id, area.name, tuple(sorted(area.aliases)))
            for area in ar.async_get(hass).async_list_areas()
        ),
        area_devices=rooms(places),
        speaker=person_of_user(hass, entry, user_id),
        satellite_area=device.area_id if device else None,
    )


def rooms(places: dict[str, str | None]) -> dict[str, tuple[str, ...]]:
    """Turn device → area into area → devices."""
    found: dict[str, tuple[str, ...]] = {}
    for device, area in sorted(places.items()):
        if area is not None:
            found[area] = (*found.get(area, ()), device)
    return found


def set_people_arguments(entry: ConfigEntry, places: dict[str, str | None]) -> People:
    """Build the arguments of the command `set-people`."""
    return People(people=people(entry), area_devices=rooms(places))


def _area_id(hass: HomeAssistant, name: str | None) -> str | None:
    if not name:
        return None
    registry = ar.async_get(hass)
    area = registry.async_get_area(name) or registry.async_get_area_by_name(name)
    return area.id if area else None
