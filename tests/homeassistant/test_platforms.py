"""What entities there are, what persons can do with them, and what events look like."""

from __future__ import annotations

import pytest
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    mock_restore_cache,
)

from custom_components.edge_ai import messages as m
from custom_components.edge_ai.messages import Quantity

from .conftest import FakeHub, entity, set_up, shown
from .test_requests import request

CHECK_IN = "select.anna_how_do_you_feel"

# domain, unique id after that of the hub, device class, unit, category, enabled
ENTITIES = """
binary_sensor area.bedroom_presence occupancy - - yes
binary_sensor connected connectivity - diagnostic yes
binary_sensor device.pi_connected connectivity - diagnostic yes
binary_sensor person.anna_stress - - - yes
button person.anna_calibrate - - config yes
conversation agent - - - yes
event area.bedroom_alert - - - yes
event area.bedroom_breathing_event - - - yes
event hub_event - - - yes
event person.anna_alert - - - yes
event person.anna_breathing_event - - - yes
event person.anna_calibration_event - - - yes
event person.anna_mood_event - - - yes
select person.anna_check_in - - - yes
select placement_policy - - config yes
sensor area.bedroom_breathing_rate - br/min - yes
sensor area.bedroom_heart_rate - bpm - yes
sensor area.bedroom_signal_quality - % diagnostic yes
sensor monitors - - - yes
sensor person.anna_activation - - diagnostic yes
sensor person.anna_app_usage duration min - yes
sensor person.anna_breathing_rate - br/min - yes
sensor person.anna_heart_rate - bpm - yes
sensor person.anna_mood enum - - yes
sensor person.anna_mood_confidence - % diagnostic yes
sensor person.anna_signal_quality - % diagnostic yes
sensor person.anna_valence - - diagnostic no
sensor training enum - diagnostic yes
switch area.bedroom_sensing - - - yes
switch person.anna_sensing - - - yes
switch sensing - - - yes
"""


async def call(hass: HomeAssistant, domain: str, action: str, entity_id: str, **data: str) -> None:
    await hass.services.async_call(domain, action, {"entity_id": entity_id, **data}, blocking=True)
    await hass.async_block_till_done()


async def test_entities(hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry) -> None:
    hub.read("area.bedroom", Quantity.PRESENCE, True)
    await hass.async_block_till_done()
    registered = er.async_entries_for_config_entry(er.async_get(hass), loaded.entry_id)
    table = [
        " ".join(
            str(part or "-")
            for part in (
                item.domain,
                item.unique_id.removeprefix("home_"),
                item.original_device_class,
                item.unit_of_measurement,
                item.entity_category,
                "no" if item.disabled_by else "yes",
            )
        )
        for item in registered
    ]
    assert sorted(table) == ENTITIES.strip().splitlines()
    assert all(item.has_entity_name and item.device_id for item in registered)
    persons = [item for item in registered if "person.anna" in item.unique_id]
    (anna,) = loaded.subentries
    assert {item.config_subentry_id for item in persons} == {anna}


async def test_devices(hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry) -> None:
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), loaded.entry_id)
    assert {(item.name, item.model, item.area_id) for item in devices} == {
        ("Home hub", "Hub", None),
        ("Bedside", "Device", "bedroom"),
        ("Anna", "Person", None),
    }
    by_name = {item.name: item for item in devices}
    assert by_name["Bedside"].via_device_id == by_name["Home hub"].id
    machines = {item.name for item in devices if item.entry_type is None}
    assert machines == {"Bedside"}


async def test_a_worker_that_was_heard_of_before_its_hub_is_linked_later(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    registry = dr.async_get(hass)

    def bedside() -> dr.DeviceEntry:
        devices = dr.async_entries_for_config_entry(registry, loaded.entry_id)
        return next(item for item in devices if item.name == "Bedside")

    registry.async_update_device(bedside().id, via_device_id=None)
    hub.send(
        hub.topics.hello, m.Hello(id=hub.topics.hub, name="New name", version="0.1.0"), retain=True
    )
    await hass.async_block_till_done()
    assert bedside().via_device_id is not None


# --- Check-in, calibration, sensing ----------------------------------------------------


async def test_check_in_is_sent_and_shown(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    assert shown(hass, CHECK_IN) == "unknown"
    await call(hass, "select", "select_option", CHECK_IN, option="good")
    assert hub.last("check-in").arguments == {"person": "anna", "value": 4}
    assert shown(hass, CHECK_IN) == "good"


async def test_check_in_that_fails_is_not_shown(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    hub.errors["check-in"] = m.ReplyError(code="unknown_person", message="Who is that?")
    with pytest.raises(HomeAssistantError):
        await call(hass, "select", "select_option", CHECK_IN, option="good")
    assert shown(hass, CHECK_IN) == "unknown"


@pytest.mark.parametrize(("last", "expected"), [("bad", "bad"), ("superb", "unknown")])
async def test_last_check_in_survives_a_restart(
    hass: HomeAssistant, hub: FakeHub, entry: MockConfigEntry, last: str, expected: str
) -> None:
    mock_restore_cache(hass, [State(CHECK_IN, last)])
    await set_up(hass, entry)
    assert shown(hass, CHECK_IN) == expected


async def test_calibration_begins_and_ends(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    await call(hass, "button", "press", "button.anna_calibrate")
    assert hub.last("calibrate").arguments == {"person": "anna"}
    hub.tell(m.EventKind.CALIBRATION_FINISHED, "person.anna", minutes=5)
    state = hass.states.get("event.anna_calibration")
    assert state is not None
    assert state.attributes["event_type"] == "calibration_finished"
    assert state.attributes["minutes"] == 5


async def test_calibration_that_failed_is_not_called_finished(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    hub.tell(m.EventKind.CALIBRATION_FINISHED, "person.anna", ok=False, reason="try again")
    state = hass.states.get("event.anna_calibration")
    assert state is not None
    assert state.attributes["event_type"] == "calibration_failed"
    assert state.attributes["reason"] == "try again"


async def test_nothing_is_switched_before_the_hub_told_its_monitors(
    hass: HomeAssistant, hub: FakeHub, entry: MockConfigEntry
) -> None:
    # Else each start and reload would turn sensing off and on, for automations as well.
    told = hub.retained.pop(hub.topics.monitors)
    await set_up(hass, entry)
    entities = ("switch.anna_sensing", "switch.home_hub_sensing", "sensor.home_hub_monitors")
    assert {shown(hass, item) for item in entities} == {"unknown"}
    hub.send(hub.topics.monitors, told)
    assert [shown(hass, item) for item in entities] == ["off", "off", "0"]


@pytest.mark.parametrize("switch", ["switch.anna_sensing", "switch.home_hub_sensing"])
async def test_sensing_is_paused_and_resumed(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry, switch: str
) -> None:
    assert shown(hass, switch) == "off"
    with pytest.raises(ServiceValidationError) as caught:
        await call(hass, "switch", "turn_on", switch)
    assert caught.value.translation_key == "nothing_to_resume"

    await request(hass, "monitor my mood")
    await hass.async_block_till_done()
    assert shown(hass, switch) == "on"
    await call(hass, "switch", "turn_off", switch)
    assert hub.last("pause").arguments == {"monitor": "m1"}
    show_state(hub, m.MonitorState.PAUSED)
    assert shown(hass, switch) == "off"
    await call(hass, "switch", "turn_off", switch)
    assert hub.names().count("pause") == 1
    await call(hass, "switch", "turn_on", switch)
    assert hub.last("resume").arguments == {"monitor": "m1"}
    show_state(hub, m.MonitorState.RUNNING)
    await call(hass, "switch", "turn_on", switch)
    assert hub.names().count("resume") == 1


async def test_sensing_of_a_room(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    hub.read("area.bedroom", Quantity.PRESENCE, True)
    await hass.async_block_till_done()
    assert shown(hass, entity(hass, "switch", "area.bedroom_sensing")) == "off"
    await request(hass, "monitor presence in the bedroom")
    await hass.async_block_till_done()
    assert shown(hass, entity(hass, "switch", "area.bedroom_sensing")) == "on"


def show_state(hub: FakeHub, state: m.MonitorState) -> None:
    old = hub.monitors["m1"]
    hub.monitors["m1"] = m.Monitor(id="m1", plan=old.plan, state=state, created=old.created)
    hub.show_monitors()


async def test_monitors_are_counted_and_described(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    await request(hass, "monitor my mood for two hours")
    await hass.async_block_till_done()
    state = hass.states.get("sensor.home_hub_monitors")
    assert state is not None
    assert state.state == "1"
    (described,) = state.attributes["monitors"]
    assert described["quantities"] == ["mood"]
    assert described["person"] == "anna"
    assert {"tool": "sonar", "device": "pi"} in described["steps"]
    assert described["ends"] > described["started"]


# --- Events ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "subject", "entity_id"),
    [
        (m.EventKind.MOOD_CHANGED, "person.anna", "event.anna_mood_event"),
        (m.EventKind.BREATHING_PAUSE, "person.anna", "event.anna_breathing_event"),
        (m.EventKind.MONITOR_ENDED, "person.anna", "event.home_hub_event"),
        (m.EventKind.TRAINING_FINISHED, "hub", "event.home_hub_event"),
    ],
)
async def test_event_is_told_where_it_belongs(
    hass: HomeAssistant,
    hub: FakeHub,
    loaded: MockConfigEntry,
    kind: m.EventKind,
    subject: str,
    entity_id: str,
) -> None:
    events = hass.states.async_entity_ids("event")
    hub.tell(kind, subject, why="test")
    await hass.async_block_till_done()
    told = [item for item in events if shown(hass, item) != "unknown"]
    assert told == [entity_id]
    state = hass.states.get(entity_id)
    assert state is not None
    assert state.attributes["event_type"] == str(kind)
    assert state.attributes["why"] == "test"


async def test_event_of_a_stranger_is_not_told(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    hub.tell(m.EventKind.MOOD_CHANGED, "person.eve")
    hub.send(hub.topics.event, b'{"v":1,"kind":"fire","subject":"person.anna","time":1}')
    await hass.async_block_till_done()
    assert {shown(hass, item) for item in hass.states.async_entity_ids("event")} == {"unknown"}
