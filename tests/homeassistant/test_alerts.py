"""Alerts: told once, after they held, and again only after a recovery."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    async_mock_service,
)

from custom_components.edge_ai import messages as m
from custom_components.edge_ai.alerts import Alert, holds, recovered
from custom_components.edge_ai.messages import Condition, Quantity

from .conftest import FakeHub
from .test_requests import request, say

RATE = Quantity.HEART_RATE
STRESS = Quantity.STRESS


# --- The rules by themselves -----------------------------------------------------------


@pytest.mark.parametrize(
    ("op", "wanted", "value", "expected"),
    [
        (">", 100, 100.5, True),
        (">", 100, 100, False),
        (">=", 100, 100, True),
        ("<", 10, 9, True),
        ("<=", 10, 11, False),
        ("==", "stressed", "stressed", True),
        ("==", "stressed", "down", False),
        ("!=", "content", "down", True),
        ("==", True, True, True),
        ("==", True, 1, False),
        ("==", 1, True, False),
        (">", 100, "many", False),
        ("==", "stressed", None, False),
        ("~", 1, 1, False),
    ],
)
def test_condition_holds(op: str, wanted: Any, value: Any, expected: bool) -> None:
    assert holds(Condition(quantity=RATE, op=op, value=wanted), value) is expected


@pytest.mark.parametrize(
    ("op", "wanted", "value", "expected"),
    [
        (">", 100, 99, False),
        (">", 100, 94.9, True),
        ("<", 10, 10.4, False),
        ("<", 10, 10.6, True),
        ("==", 10, 10, False),
        ("==", 10, 11, True),
        ("==", "stressed", "down", True),
        ("==", True, False, True),
        ("==", True, True, False),
    ],
)
def test_recovery_needs_a_margin(op: str, wanted: Any, value: Any, expected: bool) -> None:
    assert recovered(Condition(quantity=RATE, op=op, value=wanted), value) is expected


def follow(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    condition: Condition,
    course: Sequence[tuple[float, Any]],
) -> list[Any]:
    """Feed (seconds to wait before, value) to an alert and return what it told."""
    told: list[Any] = []
    alert = Alert(hass, condition, told.append)
    for wait_s, value in course:
        freezer.tick(timedelta(seconds=wait_s))
        async_fire_time_changed(hass)
        alert.async_update(value)
    alert.async_cancel()
    return told


@pytest.mark.parametrize(
    ("course", "told"),
    [
        # Told once, however long it lasts and however it hovers.
        ([(0, 105), (5, 110), (5, 99), (5, 104), (5, 120)], [105]),
        # Told again after a real recovery.
        ([(0, 105), (5, 90), (5, 106)], [105, 106]),
        # What is missing neither tells nor recovers.
        ([(0, None), (5, 105), (5, None), (5, 107)], [105]),
    ],
)
async def test_rate_is_told_once(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, course: Any, told: list[Any]
) -> None:
    assert follow(hass, freezer, Condition(quantity=RATE, op=">", value=100), course) == told


@pytest.mark.parametrize(
    ("course", "told"),
    [
        ([(0, 105), (300, 106), (301, 107)], [106]),
        ([(0, 105), (300, 99), (301, 107)], []),
        ([(0, 105), (300, None), (30, 106), (280, 107)], [106]),
        # Nobody was measured for too long: the ten minutes begin anew.
        ([(0, 105), (300, None), (120, 106), (190, 107)], []),
        ([(0, 105), (300, None), (120, 106), (590, 107), (20, 108)], [107]),
        # The time is over while a value is missing: told with the next one.
        ([(0, 105), (590, None), (20, 108)], [108]),
        ([(0, 105), (590, None), (20, 90)], []),
    ],
)
async def test_condition_must_be_held(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, course: Any, told: list[Any]
) -> None:
    condition = Condition(quantity=RATE, op=">", value=100, for_s=600)
    assert follow(hass, freezer, condition, course) == told


@pytest.mark.parametrize(
    ("course", "told"),
    [
        ([(0, True), (5, False), (5, True), (5, False), (61, True)], [True, True]),
        ([(0, True), (5, False), (59, True), (5, False), (59, True)], [True]),
    ],
)
async def test_label_must_stay_away_before_it_is_told_again(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, course: Any, told: list[Any]
) -> None:
    condition = Condition(quantity=STRESS, op="==", value=True)
    assert follow(hass, freezer, condition, course) == told


# --- From a sentence to a notification -------------------------------------------------


def notifications(hass: HomeAssistant) -> list[str]:
    return [item["message"] for item in hass.data.get("persistent_notification", {}).values()]


async def test_alert_is_told_once_everywhere(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    announced = async_mock_service(hass, "assist_satellite", "announce")
    satellite = satellite_device(hass, loaded)
    said = await say(hass, "tell me when my heart rate is above 100", device_id=satellite)
    assert said
    goal = m.from_dict(m.Plan, hub.last("start").arguments["plan"]).goal
    assert goal.intent is m.Intent.ALERT
    assert goal.condition == Condition(quantity=RATE, op=">", value=100)
    hub.read("person.anna", RATE, 90.0)
    await hass.async_block_till_done()
    assert shown_event(hass) == "unknown"
    for value in (101.0, 104.0, 99.0, 120.0):
        hub.read("person.anna", RATE, value)
        await hass.async_block_till_done(wait_background_tasks=True)
    event = hass.states.get("event.anna_alert")
    assert event is not None
    assert event.attributes["event_type"] == "alert"
    assert event.attributes["value"] == 101.0
    (message,) = notifications(hass)
    assert message == event.attributes["message"]
    (call,) = announced
    assert call.data == {"entity_id": "assist_satellite.kitchen", "message": message}


async def test_alert_survives_a_restart_and_is_not_told_twice(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await request(hass, "tell me when my heart rate is above 100")
    hub.read("person.anna", RATE, 101.0)
    await hass.async_block_till_done()
    first = hass.states.get("event.anna_alert")
    freezer.tick(timedelta(seconds=5))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done()
    hub.read("person.anna", RATE, 102.0)
    await hass.async_block_till_done()
    after = hass.states.get("event.anna_alert")
    assert first is not None
    assert after is not None
    assert after.state == first.state
    freezer.tick(timedelta(seconds=5))
    hub.read("person.anna", RATE, 80.0)
    freezer.tick(timedelta(seconds=5))
    hub.read("person.anna", RATE, 103.0)
    await hass.async_block_till_done()
    again = hass.states.get("event.anna_alert")
    assert again is not None
    assert again.attributes["value"] == 103.0


async def test_breathing_pause_is_what_stops_breathing_means(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    await request(hass, "tell me if Anna stops breathing")
    hub.read("person.anna", Quantity.BREATHING_RATE, 14.0)
    hub.tell(m.EventKind.BREATHING_PAUSE, "person.ben")
    await hass.async_block_till_done()
    assert notifications(hass) == []
    for _ in range(2):  # told once for each pause
        hub.tell(m.EventKind.BREATHING_PAUSE, "person.anna")
        hub.tell(m.EventKind.BREATHING_PAUSE, "person.anna")
        await hass.async_block_till_done()
        (message,) = notifications(hass)
        assert message == "A breathing pause of Anna was seen."
        hub.read("person.anna", Quantity.BREATHING_RATE, 14.0)
        await hass.async_block_till_done()


async def test_stopped_alert_is_silent(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    await request(hass, "tell me when my heart rate is above 100 for ten minutes")
    hub.read("person.anna", RATE, 101.0)
    await hass.services.async_call("edge_ai", "stop", {}, blocking=True)
    hub.read("person.anna", RATE, 120.0)
    await hass.async_block_till_done()
    assert shown_event(hass) == "unknown"


async def test_alert_in_chinese(hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry) -> None:
    await request(hass, "我的心率超过100时提醒我")
    hub.read("person.anna", RATE, 101.0)
    await hass.async_block_till_done()
    (message,) = notifications(hass)
    assert "心率" in message


async def test_end_of_a_monitor_is_said_where_it_was_asked(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    announced = async_mock_service(hass, "assist_satellite", "announce")
    satellite = satellite_device(hass, loaded)
    await say(hass, "monitor my mood for two hours", device_id=satellite)
    assert hub.monitors["m1"].plan.goal.duration_s == 7200
    hub.monitors.clear()
    hub.show_monitors()
    hub.tell(m.EventKind.MONITOR_ENDED, "person.anna", monitor="m1")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert len(announced) == 1
    hub.tell(m.EventKind.MONITOR_ENDED, "person.anna", monitor="m1")
    hub.tell(m.EventKind.MONITOR_ENDED, "person.anna", monitor="unheard of")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert len(announced) == 1


async def test_busy_satellite_does_no_harm(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    async def busy(call: ServiceCall) -> None:
        raise HomeAssistantError("busy")

    hass.services.async_register("assist_satellite", "announce", busy)
    satellite = satellite_device(hass, loaded)
    await say(hass, "tell me when my heart rate is above 100", device_id=satellite)
    hub.read("person.anna", RATE, 101.0)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert len(notifications(hass)) == 1
    assert "Traceback" not in caplog.text


async def test_device_that_cannot_speak_is_left_alone(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    announced = async_mock_service(hass, "assist_satellite", "announce")
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=loaded.entry_id, identifiers={("test", "phone")}
    )
    await say(hass, "tell me when my heart rate is above 100", device_id=device.id)
    hub.read("person.anna", RATE, 101.0)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert len(notifications(hass)) == 1
    assert announced == []


def shown_event(hass: HomeAssistant) -> str:
    state = hass.states.get("event.anna_alert")
    assert state is not None
    return state.state


def satellite_device(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Add a voice satellite, and return its device."""
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={("test", "satellite")}
    )
    er.async_get(hass).async_get_or_create(
        "assist_satellite",
        "test",
        "kitchen",
        device_id=device.id,
        suggested_object_id="kitchen",
    )
    return device.id
