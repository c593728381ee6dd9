"""From a reading on MQTT to the state of an entity."""

from __future__ import annotations

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.edge_ai.const import DOMAIN
from custom_components.edge_ai.messages import Quantity

from .conftest import FakeHub


def state(hass: HomeAssistant, domain: str, unique_id: str) -> str:
    entity_id = er.async_get(hass).async_get_entity_id(domain, DOMAIN, unique_id)
    assert entity_id is not None, unique_id
    found = hass.states.get(entity_id)
    assert found is not None, entity_id
    return found.state


@pytest.mark.parametrize(
    ("quantity", "value", "domain", "key", "shown"),
    [
        (Quantity.MOOD, "content", "sensor", "mood", "content"),
        (Quantity.MOOD, None, "sensor", "mood", "unknown"),
        (Quantity.MOOD, "hungry", "sensor", "mood", "unknown"),
        (Quantity.MOOD, "content", "sensor", "mood_confidence", "80.0"),
        (Quantity.ACTIVATION, 0.42, "sensor", "activation", "0.42"),
        (Quantity.BREATHING_RATE, 14.5, "sensor", "breathing_rate", "14.5"),
        (Quantity.BREATHING_RATE, "14.5", "sensor", "breathing_rate", "unknown"),
        (Quantity.HEART_RATE, 61, "sensor", "heart_rate", "61"),
        (Quantity.STRESS, True, "binary_sensor", "stress", "on"),
        (Quantity.STRESS, 1, "binary_sensor", "stress", "unknown"),
        (Quantity.PRESENCE, True, "binary_sensor", "presence", "on"),
        (Quantity.APP_USAGE, 25.0, "sensor", "app_usage", "25.0"),
    ],
)
async def test_reading_becomes_state(
    hass: HomeAssistant,
    hub: FakeHub,
    loaded: MockConfigEntry,
    quantity: Quantity,
    value: object,
    domain: str,
    key: str,
    shown: str,
) -> None:
    hub.read("person.anna", quantity, value)
    await hass.async_block_till_done()
    assert state(hass, domain, f"home_person.anna_{key}") == shown
