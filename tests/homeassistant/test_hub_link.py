"""The link to a hub: greeting, availability, expiry, commands, and bad input."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components import mqtt
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.edge_ai import compat, coordinator
from custom_components.edge_ai import messages as m
from custom_components.edge_ai.const import DOMAIN
from custom_components.edge_ai.coordinator import CommandRefused
from custom_components.edge_ai.messages import Quantity

from .conftest import CATALOGUE, FakeHub, entity, person, set_up, shown, unload, until
from .test_requests import request

MOOD = "sensor.anna_mood"


# --- Greeting --------------------------------------------------------------------------


async def test_hub_learns_who_takes_part_and_then_repeats_its_readings(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    assert hub.names() == ["set-people", "refresh"]
    people = m.from_dict(m.People, hub.commands[0].arguments)
    assert people.people == (
        m.Person(id="anna", name="Anna", area=None, addresses=("192.168.1.20",)),
    )
    # The device's own settings name the room; Home Assistant made an area of it.
    assert people.area_devices == {"bedroom": ("pi",)}


async def test_hub_is_greeted_again_after_it_was_away(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    hub.commands.clear()
    hub.online(False)
    await hass.async_block_till_done()
    assert hub.names() == []
    hub.online()
    await until(lambda: hub.names() == ["set-people", "refresh"])


async def test_new_device_is_shown_and_placed(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    hub.commands.clear()
    radar = m.DeviceCard(id="radar", name="Radar", version="1", area="Hall", online=False)
    hub.send(hub.topics.catalogue, m.Catalogue(devices=(*CATALOGUE.devices, radar)), retain=True)
    await until(lambda: "refresh" in hub.names())
    people = m.from_dict(m.People, hub.last("set-people").arguments)
    assert people.area_devices == {"bedroom": ("pi",), "hall": ("radar",)}
    assert shown(hass, entity(hass, "binary_sensor", "device.radar_connected")) == "off"
    assert shown(hass, entity(hass, "binary_sensor", "device.pi_connected")) == "on"


async def test_moved_device_is_told_to_the_hub(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    hub.commands.clear()
    attic = ar.async_get(hass).async_create("Attic")
    device = compat.device_by_identifier(hass, "home_device.pi", loaded.entry_id)
    assert device is not None
    dr.async_get(hass).async_update_device(device.id, area_id=attic.id)
    await until(lambda: "refresh" in hub.names())
    people = m.from_dict(m.People, hub.last("set-people").arguments)
    assert people.area_devices == {"attic": ("pi",)}


async def test_hub_that_refuses_the_greeting_is_logged(
    hass: HomeAssistant,
    hub: FakeHub,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    hub.errors["set-people"] = m.ReplyError(code="disk_full", message="No space left.")
    await set_up(hass, entry)
    await until(lambda: "No space left." in caplog.text)
    assert entry.state is ConfigEntryState.LOADED


# --- Availability and expiry -----------------------------------------------------------


async def test_last_will_makes_entities_unavailable(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    hub.read("person.anna", Quantity.MOOD, "content")
    assert shown(hass, MOOD) == "content"
    hub.online(False)
    assert shown(hass, MOOD) == "unavailable"
    assert shown(hass, "binary_sensor.home_hub_connectivity") == "off"
    hub.online()
    assert shown(hass, MOOD) == "content"
    assert shown(hass, "binary_sensor.home_hub_connectivity") == "on"


async def test_lost_broker_makes_entities_unavailable(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    hub.read("person.anna", Quantity.MOOD, "content")
    for _ in range(2):
        async_dispatcher_send(hass, mqtt.MQTT_CONNECTION_STATE, False)
        await hass.async_block_till_done()
    assert shown(hass, MOOD) == "unavailable"
    assert caplog.text.count("Home hub is unavailable") == 1
    async_dispatcher_send(hass, mqtt.MQTT_CONNECTION_STATE, True)
    await hass.async_block_till_done()
    assert shown(hass, MOOD) == "content"


async def test_hub_that_never_answers_leaves_entities_unavailable(
    hass: HomeAssistant, hubs: dict[str, FakeHub], entry: MockConfigEntry
) -> None:
    await set_up(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert shown(hass, MOOD) == "unavailable"


async def test_without_mqtt_setup_is_tried_again(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state in (ConfigEntryState.SETUP_RETRY, ConfigEntryState.SETUP_ERROR)


async def test_reading_expires_to_unknown(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    hub.read("person.anna", Quantity.MOOD, "content", valid_s=60)
    freezer.tick(timedelta(seconds=59))
    async_fire_time_changed(hass)
    assert shown(hass, MOOD) == "content"
    freezer.tick(timedelta(seconds=2))
    async_fire_time_changed(hass)
    assert shown(hass, MOOD) == "unknown"


async def test_each_reading_renews_the_validity(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    for _ in range(3):
        hub.read("person.anna", Quantity.MOOD, "content", valid_s=60)
        freezer.tick(timedelta(seconds=45))
        async_fire_time_changed(hass)
    assert shown(hass, MOOD) == "content"


async def test_clock_of_the_hub_may_be_wrong(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    hub.read("person.anna", Quantity.MOOD, "content", valid_s=60, age_s=86_400)
    assert shown(hass, MOOD) == "content"
    freezer.tick(timedelta(seconds=61))
    async_fire_time_changed(hass)
    assert shown(hass, MOOD) == "unknown"


async def test_late_and_repeated_readings_change_nothing(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    hub.read("person.anna", Quantity.MOOD, "content", now=1000.0)
    hub.read("person.anna", Quantity.MOOD, "down", now=990.0)
    assert shown(hass, MOOD) == "content"
    freezer.tick(timedelta(seconds=45))
    async_fire_time_changed(hass)
    hub.read("person.anna", Quantity.MOOD, "content", now=1000.0)
    freezer.tick(timedelta(seconds=30))
    async_fire_time_changed(hass)
    assert shown(hass, MOOD) == "unknown"


async def test_reading_without_a_value_says_why(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    hub.read("person.anna", Quantity.MOOD, "content", state=m.ReadingState.MOTION, details={"n": 3})
    state = hass.states.get(MOOD)
    assert state is not None
    assert state.state == "unknown"
    assert state.attributes["state_reason"] == "motion"
    assert state.attributes["evidence"] == {"n": 3}


# --- Areas and categories --------------------------------------------------------------


async def test_area_appears_with_its_first_reading_and_stays(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    before = set(hass.states.async_entity_ids())
    hub.read("area.bedroom", Quantity.PRESENCE, True)
    await hass.async_block_till_done()
    hub.read("area.bedroom", Quantity.BREATHING_RATE, 14.0)
    await hass.async_block_till_done()
    assert any("occupancy" in item for item in set(hass.states.async_entity_ids()) - before)
    assert shown(hass, entity(hass, "binary_sensor", "area.bedroom_presence")) == "on"
    assert shown(hass, entity(hass, "sensor", "area.bedroom_breathing_rate")) == "14.0"
    # After a restart it is there at once, and knows nothing yet.
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done()
    assert shown(hass, entity(hass, "binary_sensor", "area.bedroom_presence")) == "unknown"


async def test_app_categories_appear_as_they_are_used(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    hub.read(
        "person.anna",
        Quantity.APP_USAGE,
        30.0,
        details={"minutes": {"social": 20.0, "gardening": 10.0, "No Name!": 1.0}},
    )
    await hass.async_block_till_done()
    assert shown(hass, "sensor.anna_app_usage_social_media") == "20.0"
    assert shown(hass, "sensor.anna_app_usage_gardening") == "10.0"
    names = [item for item in hass.states.async_entity_ids("sensor") if "app_usage" in item]
    assert len(names) == 3
    hub.read("person.anna", Quantity.APP_USAGE, 5.0, details={"minutes": {"social": 5.0}})
    await hass.async_block_till_done()
    assert shown(hass, "sensor.anna_app_usage_gardening") == "0"
    hub.read("person.anna", Quantity.APP_USAGE, 5.0, details={"minutes": 5.0})
    assert shown(hass, "sensor.anna_app_usage_social_media") == "0"
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done()
    assert shown(hass, "sensor.anna_app_usage_gardening") == "unknown"


# --- Bad input -------------------------------------------------------------------------

GOOD = m.encode(
    m.Reading(subject="person.anna", quantity=Quantity.MOOD, value="down", time=1.0, expires=61.0)
)


@pytest.mark.parametrize(
    "payload",
    [
        b"not json",
        b"\xff\xfe\x00",
        b"[]",
        b'{"v":1}',
        b'{"v":1' + b" " * m.MAX_PAYLOAD_BYTES + b"}",
        b"[" * 100_000,
        GOOD.replace(b'"down"', b"1e999"),
        GOOD.replace(b"61.0", b"1e999"),
        GOOD.replace(b"61.0", b"1.0"),
        GOOD.replace(b"61.0", b"1e9"),
        GOOD.replace(b"person.anna", b"person.eve"),
        GOOD.replace(b"person.anna", b"area.moon"),
        GOOD.replace(b'"mood"', b'"taste"'),
    ],
)
async def test_bad_reading_is_ignored_and_logged_once(
    hass: HomeAssistant,
    hub: FakeHub,
    loaded: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    payload: bytes,
) -> None:
    topic = hub.topics.reading("person.anna", "mood")
    for _ in range(3):
        hub.send(topic, payload)
    await hass.async_block_till_done()
    assert shown(hass, MOOD) == "unknown"
    assert caplog.text.count("Ignoring messages on") == 1
    assert "Traceback" not in caplog.text
    hub.send(topic, GOOD)
    assert shown(hass, MOOD) == "down"


@pytest.mark.parametrize("subject", ["person.eve", "area.moon", "planet.mars"])
async def test_nobody_who_did_not_opt_in_is_shown(
    hass: HomeAssistant,
    hub: FakeHub,
    loaded: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    subject: str,
) -> None:
    before = len(hass.states.async_all())
    hub.read(subject, Quantity.PRESENCE, True)
    await hass.async_block_till_done()
    assert len(hass.states.async_all()) == before
    assert "nobody who takes part" in caplog.text


async def test_bad_retained_messages_keep_what_was_known(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    data = loaded.runtime_data.coordinator.data
    for topic in (hub.topics.catalogue, hub.topics.monitors, hub.topics.status, hub.topics.hello):
        for payload in (b"", b"{}x", b'{"v":1,"devices":[{"id":7}],"monitors":3,"online":"y"}'):
            hub.send(topic, payload)
    hub.send(hub.topics.hello, m.Hello(id="other", name="x", version="1"))
    hub.send(hub.topics.reply, m.Reply(id="nobody asked", ok=True))
    await hass.async_block_till_done()
    assert loaded.runtime_data.coordinator.data == data


@pytest.mark.parametrize(
    ("found", "key"), [("2", "contract_newer_hub"), ('"0"', "contract_older_hub")]
)
async def test_other_contract_version_is_a_repair_issue(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry, found: str, key: str
) -> None:
    issues = ir.async_get(hass)
    issue_id = f"contract_version_{loaded.entry_id}"
    hub.send(hub.topics.hello, f'{{"v":{found},"id":"home"}}'.encode())
    issue = issues.async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert issue.translation_key == key
    # An update of the hub clears it.
    hub.introduce()
    await hass.async_block_till_done()
    assert issues.async_get_issue(DOMAIN, issue_id) is None


# --- Commands --------------------------------------------------------------------------


async def test_silent_hub_is_asked_twice_and_then_given_up(
    hass: HomeAssistant,
    hub: FakeHub,
    loaded: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(coordinator, "REPLY_WAIT_S", 0.05)
    hub.commands.clear()
    hub.silent = True
    with pytest.raises(HomeAssistantError) as caught:
        await loaded.runtime_data.coordinator.async_command(m.CommandName.REFRESH)
    assert caught.value.translation_key == "hub_silent"
    first, second = hub.commands
    assert first.id == second.id


async def test_absent_hub_is_not_asked(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    hub.online(False)
    hub.commands.clear()
    with pytest.raises(HomeAssistantError) as caught:
        await loaded.runtime_data.coordinator.async_command(m.CommandName.REFRESH)
    assert caught.value.translation_key == "hub_offline"
    assert hub.commands == []


@pytest.mark.parametrize("error", [m.ReplyError(code="busy", message="Try later."), None])
async def test_refusal_carries_the_hubs_reason(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry, error: m.ReplyError | None
) -> None:
    hub.silent = True
    hub.commands.clear()
    command = hass.async_create_task(
        loaded.runtime_data.coordinator.async_command(m.CommandName.REFRESH)
    )
    await until(lambda: hub.commands)
    for _ in range(2):  # delivered twice
        hub.send(hub.topics.reply, m.Reply(id=hub.commands[0].id, ok=False, error=error))
    with pytest.raises(CommandRefused) as caught:
        await command
    assert caught.value.code == ("busy" if error else "failed")
    assert caught.value.translation_key == ("refused_busy" if error else "hub_refused")


# --- Several hubs, people who come and go, unloading -----------------------------------


async def test_two_hubs_do_not_mix(
    hass: HomeAssistant, hub: FakeHub, hubs: dict[str, FakeHub], loaded: MockConfigEntry
) -> None:
    hubs["barn"] = FakeHub(hass, "barn", "Barn hub")
    hubs["barn"].introduce(catalogue=m.Catalogue())
    second = MockConfigEntry(
        domain=DOMAIN,
        title="Barn hub",
        unique_id="barn",
        data={"hub_id": "barn"},
        options={"use_ai_task": False},
        subentries_data=[person("Ben", "ben"), person("Anna", "anna")],
    )
    second.add_to_hass(hass)
    await set_up(hass, second)
    await until(lambda: "refresh" in hubs["barn"].names())
    hubs["barn"].read("person.anna", Quantity.MOOD, "down")
    hub.read("person.anna", Quantity.MOOD, "content")
    registry = er.async_get(hass)
    for hub_id, mood in (("home", "content"), ("barn", "down")):
        entity_id = registry.async_get_entity_id("sensor", DOMAIN, f"{hub_id}_person.anna_mood")
        assert entity_id is not None
        assert shown(hass, entity_id) == mood
    hubs["barn"].online(False)
    assert shown(hass, MOOD) == "content"
    await unload(hass, second)
    await unload(hass, loaded)


async def test_added_person_gets_entities_and_removed_person_loses_them(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    flow = await hass.config_entries.subentries.async_init(
        (loaded.entry_id, "person"), context={"source": "user"}
    )
    hub.commands.clear()
    await hass.config_entries.subentries.async_configure(
        flow["flow_id"], {"name": "Ben", "consent": True}
    )
    await until(lambda: "refresh" in hub.names())
    hub.read("person.ben", Quantity.MOOD, "excited")
    assert shown(hass, "sensor.ben_mood") == "excited"
    people = m.from_dict(m.People, hub.last("set-people").arguments)
    assert [item.id for item in people.people] == ["anna", "ben"]

    hub.commands.clear()
    (ben,) = [item for item in loaded.subentries.values() if item.title == "Ben"]
    hass.config_entries.async_remove_subentry(loaded, ben.subentry_id)
    await until(lambda: "refresh" in hub.names())
    assert hass.states.get("sensor.ben_mood") is None
    people = m.from_dict(m.People, hub.last("set-people").arguments)
    assert [item.id for item in people.people] == ["anna"]


async def test_new_title_does_not_reload(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    before = loaded.runtime_data
    hass.config_entries.async_update_entry(loaded, title="Other name")
    await hass.async_block_till_done()
    assert loaded.runtime_data is before
    hass.config_entries.async_update_entry(loaded, options={**loaded.options, "daily_budget": 3})
    await hass.async_block_till_done()
    assert loaded.runtime_data is not before


async def test_unloading_leaves_nothing_behind(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry, mqtt_mock: Any
) -> None:
    hub.read("person.anna", Quantity.MOOD, "content")
    link = loaded.runtime_data.coordinator
    assert len(list(link.readings)) == 1
    await unload(hass, loaded)
    await hass.async_block_till_done()
    assert loaded.state is ConfigEntryState.NOT_LOADED
    assert list(link.readings) == []
    ours = [
        handle
        for handle in hass.loop._scheduled  # type: ignore[attr-defined]
        if not handle.cancelled() and "edge_ai" in repr(handle)
    ]
    assert ours == []
    hub.commands.clear()
    hub.online()
    hub.read("person.anna", Quantity.MOOD, "content")
    await hass.async_block_till_done()
    assert hub.names() == []
    assert shown(hass, MOOD) == "unavailable"


async def test_removing_the_integration_ends_the_sensing(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    # The hub would go on for ever, and nobody could see or stop it in Home Assistant.
    await until(lambda: "refresh" in hub.names())
    await request(hass, "monitor my mood")
    assert hub.monitors
    hub.commands.clear()
    await hass.config_entries.async_remove(loaded.entry_id)
    await hass.async_block_till_done()
    assert hub.names() == ["stop", "set-people"]
    assert hub.last("stop").arguments == {}
    assert m.from_dict(m.People, hub.last("set-people").arguments).people == ()
    assert not hub.monitors


async def test_removing_the_integration_leaves_no_question_and_no_file(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    hub.send(hub.topics.hello, b'{"v":99,"id":"home","name":"Home hub","version":"9"}')
    await request(hass, "tell me when my heart rate is above 100")
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=5))
    await hass.async_block_till_done()
    key = f"edge_ai.{loaded.entry_id}"
    assert key in hass_storage
    assert [item.domain for item in ir.async_get(hass).issues.values()] == [DOMAIN]
    await hass.config_entries.async_remove(loaded.entry_id)
    assert key not in hass_storage
    assert not ir.async_get(hass).issues


async def test_removing_the_integration_without_a_broker_says_what_goes_on(
    hass: HomeAssistant,
    hub: FakeHub,
    loaded: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(*args: Any, **kwargs: Any) -> None:
        raise HomeAssistantError("no broker")

    monkeypatch.setattr(mqtt, "async_publish", fail)
    await hass.config_entries.async_remove(loaded.entry_id)
    assert "it goes on until its worker is stopped" in caplog.text


async def test_only_what_the_hub_no_longer_has_can_be_removed(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    hub.read("area.bedroom", Quantity.PRESENCE, True, valid_s=60)
    await hass.async_block_till_done()
    component = hass.data["integrations"][DOMAIN]
    module = await component.async_get_component()
    remove = module.async_remove_config_entry_device

    async def removable(identifier: str) -> bool:
        device = compat.device_by_identifier(hass, identifier, loaded.entry_id)
        assert device is not None, identifier
        return bool(await remove(hass, loaded, device))

    for present in ("home", "home_device.pi", "home_person.anna", "home_area.bedroom"):
        assert not await removable(present)
    hub.send(hub.topics.catalogue, m.Catalogue(), retain=True)
    loaded.runtime_data.coordinator.readings.async_forget()
    assert await removable("home_device.pi")
    assert await removable("home_area.bedroom")
    assert loaded.runtime_data.coordinator.areas == set()
