"""Where monitors run, what that costs, and what the owner wants least of."""

from __future__ import annotations

from dataclasses import replace

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.edge_ai import messages as m
from custom_components.edge_ai.const import DOMAIN
from custom_components.edge_ai.placement import SENSORS

from .conftest import FakeHub, entity, set_up, shown, until
from .test_platforms import call
from .test_requests import request

KEYS = ("placement", "latency", "traffic")


def registered(hass: HomeAssistant) -> set[str]:
    prefix = "home_monitor."
    return {
        item.unique_id.removeprefix(prefix)
        for item in er.async_get(hass).entities.values()
        if item.platform == DOMAIN and item.unique_id.startswith(prefix)
    }


@pytest.fixture
def _enabled(monkeypatch: pytest.MonkeyPatch) -> None:
    enabled = tuple(replace(item, entity_registry_enabled_default=True) for item in SENSORS)
    monkeypatch.setattr("custom_components.edge_ai.placement.SENSORS", enabled)


async def test_every_monitor_has_its_sensors_disabled_until_wanted(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    assert registered(hass) == set()
    await request(hass, "monitor my mood")
    await hass.async_block_till_done()
    assert registered(hass) == {f"m1_{key}" for key in KEYS}
    for key in KEYS:
        item = er.async_get(hass).async_get(entity(hass, "sensor", f"monitor.m1_{key}"))
        assert item is not None
        assert item.disabled_by is er.RegistryEntryDisabler.INTEGRATION
        assert item.entity_category == "diagnostic"


@pytest.mark.usefixtures("_enabled")
async def test_placement_latency_and_traffic_are_shown(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    await request(hass, "monitor my mood")
    await hass.async_block_till_done()
    place = entity(hass, "sensor", "monitor.m1_placement")
    assert shown(hass, place) == "split"  # steps on both, no shared model
    assert shown(hass, entity(hass, "sensor", "monitor.m1_latency")) == "unknown"
    state = hass.states.get(place)
    assert state is not None
    assert state.name == "Home hub mood (Anna) placement"

    shared = m.StepPlacement(
        step="s", place=m.Place.LOCAL_FALLBACK, plan="series/int8", latency_ms=12.0, reason="Why"
    )
    hub.monitors["m1"] = replace(hub.monitors["m1"], placements=(shared,), bytes_per_s=42.0)
    hub.show_monitors()
    await hass.async_block_till_done()
    assert shown(hass, place) == "local_fallback"
    assert shown(hass, entity(hass, "sensor", "monitor.m1_latency")) == "12.0"
    assert shown(hass, entity(hass, "sensor", "monitor.m1_traffic")) == "42.0"
    state = hass.states.get(place)
    assert state is not None
    assert state.attributes["placements"][0]["reason"] == "Why"


async def test_sensors_go_with_their_monitor(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    await request(hass, "monitor my mood")
    await hass.async_block_till_done()
    hub.monitors.clear()
    hub.show_monitors()
    await hass.async_block_till_done()
    assert registered(hass) == set()
    await request(hass, "monitor my mood")
    await hass.async_block_till_done()
    assert len(registered(hass)) == len(KEYS)


async def test_sensors_of_a_monitor_that_ended_meanwhile_are_forgotten(
    hass: HomeAssistant, hub: FakeHub, entry: MockConfigEntry
) -> None:
    er.async_get(hass).async_get_or_create(
        "sensor", DOMAIN, "home_monitor.old_placement", config_entry=entry
    )
    await set_up(hass, entry)
    await until(lambda: registered(hass) == set())


async def test_policy_is_shown_and_chosen(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    select = entity(hass, "select", "placement_policy")
    assert shown(hass, select) == "latency"
    await call(hass, "select", "select_option", select, option="energy")
    assert hub.last("set-policy").arguments == {"policy": "energy"}
    hub.send(hub.topics.monitors, m.Monitors(policy="energy"), retain=True)
    await hass.async_block_till_done()
    assert shown(hass, select) == "energy"
    hub.send(hub.topics.monitors, m.Monitors(policy="of a newer hub"), retain=True)
    await hass.async_block_till_done()
    assert shown(hass, select) == "unknown"


async def test_policy_that_the_hub_refuses_is_not_shown(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    select = entity(hass, "select", "placement_policy")
    hub.errors["set-policy"] = m.ReplyError(code="unsupported", message="What is that?")
    with pytest.raises(HomeAssistantError):
        await call(hass, "select", "select_option", select, option="privacy")
    assert shown(hass, select) == "latency"
