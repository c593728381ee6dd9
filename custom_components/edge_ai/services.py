"""The actions of the integration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import voluptuous as vol
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import config_validation as cv

from .const import DOMAIN
from .coordinator import EdgeCoordinator
from .messages import GOAL_QUANTITIES, CommandName
from .requests import Answer, Ask, async_handle, async_understand, entry_for, language_of

ATTR_CONFIG_ENTRY_ID = "config_entry_id"
ATTR_TEXT = "text"
ATTR_LANGUAGE = "language"
ATTR_MONITOR = "monitor"
ATTR_PERSON = "person"
ATTR_AREA = "area"
ATTR_QUANTITIES = "quantities"
ATTR_VALUE = "value"
ATTR_ACCEPT = "accept"

_ENTRY: dict[Any, Any] = {vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string}
# An empty list, as a template may give it, must not stop everything.
_QUANTITIES = vol.All(
    cv.ensure_list,
    vol.Length(min=1, msg="name at least one quantity, or leave the field out"),
    [vol.In([str(item) for item in GOAL_QUANTITIES])],
)
_TEXT_SCHEMA = vol.Schema(
    {
        **_ENTRY,
        vol.Required(ATTR_TEXT): vol.All(cv.string, vol.Length(min=1, max=500)),
        vol.Optional(ATTR_LANGUAGE): cv.string,
    }
)


def _monitor_or_filters(data: dict[str, Any]) -> dict[str, Any]:
    """A monitor's id says all: the hub would not look at the other fields."""
    if ATTR_MONITOR in data and data.keys() & {ATTR_PERSON, ATTR_AREA, ATTR_QUANTITIES}:
        raise vol.Invalid("name either one monitor, or person, area and quantities")
    return data


_STOP_SCHEMA = vol.All(
    vol.Schema(
        {
            **_ENTRY,
            vol.Optional(ATTR_MONITOR): cv.string,
            vol.Optional(ATTR_PERSON): cv.string,
            vol.Optional(ATTR_AREA): cv.string,
            vol.Optional(ATTR_QUANTITIES): _QUANTITIES,
        }
    ),
    _monitor_or_filters,
)
_PERSON_SCHEMA = vol.Schema({**_ENTRY, vol.Required(ATTR_PERSON): cv.string})
_CHECK_IN_SCHEMA = _PERSON_SCHEMA.extend(
    {vol.Required(ATTR_VALUE): vol.All(vol.Coerce(int), vol.Range(min=1, max=5))}
)
_ANSWER_SCHEMA = vol.Schema({**_ENTRY, vol.Required(ATTR_ACCEPT): cv.boolean})
_TRAIN_SCHEMA = vol.Schema({**_ENTRY, vol.Optional(ATTR_QUANTITIES): _QUANTITIES})


@callback
def async_register_actions(hass: HomeAssistant) -> None:
    """Register all actions, once."""
    register = hass.services.async_register
    register(
        DOMAIN, "request", _async_request, _TEXT_SCHEMA, supports_response=SupportsResponse.OPTIONAL
    )
    register(DOMAIN, "plan", _async_plan, _TEXT_SCHEMA, supports_response=SupportsResponse.ONLY)
    register(DOMAIN, "stop", _async_stop, _STOP_SCHEMA, supports_response=SupportsResponse.OPTIONAL)
    register(DOMAIN, "check_in", _async_check_in, _CHECK_IN_SCHEMA)
    register(DOMAIN, "calibrate", _async_calibrate, _PERSON_SCHEMA)
    register(
        DOMAIN, "train", _async_train, _TRAIN_SCHEMA, supports_response=SupportsResponse.OPTIONAL
    )
    register(DOMAIN, "answer_training", _async_answer_training, _ANSWER_SCHEMA)
    register(DOMAIN, "roll_back_model", _async_roll_back_model, _TRAIN_SCHEMA)
    register(DOMAIN, "delete_data", _async_delete_data, _PERSON_SCHEMA)


async def _async_request(call: ServiceCall) -> ServiceResponse:
    """Understand a sentence and do what it says."""
    entry = entry_for(call.hass, call.data[ATTR_TEXT], call.data.get(ATTR_CONFIG_ENTRY_ID))
    answer = await async_handle(call.hass, entry, _ask(call))
    return answer.as_dict()


async def _async_plan(call: ServiceCall) -> ServiceResponse:
    """Understand a sentence and plan it, without doing anything."""
    entry = entry_for(call.hass, call.data[ATTR_TEXT], call.data.get(ATTR_CONFIG_ENTRY_ID))
    understanding = await async_understand(call.hass, entry, _ask(call))
    return Answer(
        reply="", understood=bool(understanding.goals), understanding=understanding
    ).as_dict()


async def _async_stop(call: ServiceCall) -> ServiceResponse:
    """Stop one monitor, or all that match."""
    coordinator = _coordinator(call)
    arguments: dict[str, Any] = {
        key: call.data[key] for key in (ATTR_MONITOR, ATTR_QUANTITIES) if key in call.data
    }
    if ATTR_AREA in call.data:
        arguments[ATTR_AREA] = _area(call)
    if ATTR_PERSON in call.data:
        arguments[ATTR_PERSON] = _person(coordinator, call.data)
    result = await coordinator.async_command(CommandName.STOP, arguments)
    return {"stopped": [str(item) for item in result.get("stopped", ())]}


async def _async_check_in(call: ServiceCall) -> None:
    """Tell how a person feels."""
    coordinator = _coordinator(call)
    await coordinator.async_command(
        CommandName.CHECK_IN,
        {"person": _person(coordinator, call.data), "value": call.data[ATTR_VALUE]},
    )


async def _async_calibrate(call: ServiceCall) -> None:
    """Learn what is usual for a person at rest."""
    coordinator = _coordinator(call)
    await coordinator.async_command(
        CommandName.CALIBRATE, {"person": _person(coordinator, call.data)}
    )


async def _async_train(call: ServiceCall) -> ServiceResponse:
    """Start the learning loop; the task that it works on comes back."""
    return {**await _coordinator(call).async_command(CommandName.TRAIN, _quantities(call))}


async def _async_answer_training(call: ServiceCall) -> None:
    """Take the model that waits into use, or leave it."""
    await _coordinator(call).async_command(
        CommandName.ANSWER_TRAINING, {ATTR_ACCEPT: call.data[ATTR_ACCEPT]}
    )


async def _async_roll_back_model(call: ServiceCall) -> None:
    """Return to the model that was in use before."""
    await _coordinator(call).async_command(CommandName.ROLL_BACK_MODEL, _quantities(call))


def _quantities(call: ServiceCall) -> dict[str, Any]:
    return {key: call.data[key] for key in (ATTR_QUANTITIES,) if key in call.data}


async def _async_delete_data(call: ServiceCall) -> None:
    """Delete what the hub has learned and kept about a person."""
    coordinator = _coordinator(call)
    await coordinator.async_command(
        CommandName.DELETE_DATA, {"person": _person(coordinator, call.data)}
    )


def _ask(call: ServiceCall) -> Ask:
    text = call.data[ATTR_TEXT]
    hint = call.data.get(ATTR_LANGUAGE, call.hass.config.language)
    return Ask(text=text, language=language_of(text, hint), user_id=call.context.user_id)


def _coordinator(call: ServiceCall) -> EdgeCoordinator:
    entry = entry_for(
        call.hass, call.data.get(ATTR_PERSON, ""), call.data.get(ATTR_CONFIG_ENTRY_ID)
    )
    return entry.runtime_data.coordinator


def _area(call: ServiceCall) -> str:
    """Return the id of the area with this id or name."""
    registry, wanted = ar.async_get(call.hass), call.data[ATTR_AREA].strip()
    area = registry.async_get_area(wanted) or registry.async_get_area_by_name(wanted)
    if area is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="unknown_area",
            translation_placeholders={"area": wanted},
        )
    return area.id


def _person(coordinator: EdgeCoordinator, data: Mapping[str, Any]) -> str:
    """Return the id of the person with this id or name."""
    wanted = data[ATTR_PERSON].strip().casefold()
    for person in coordinator.people:
        if wanted in (person.id.casefold(), person.name.casefold()):
            return person.id
    raise ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="unknown_person",
        translation_placeholders={"person": data[ATTR_PERSON]},
    )
