"""A Home Assistant with MQTT, and a hub that is played by the test."""

from __future__ import annotations

# Ours first: the test plugin brings an empty `custom_components` of its own.
import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from homeassistant.components import mqtt
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from paho.mqtt.client import topic_matches_sub
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_mqtt_message,
)

from custom_components.edge_ai import coordinator
from custom_components.edge_ai import messages as m
from custom_components.edge_ai.const import CONF_HUB_ID, DOMAIN

HUB_ID = "home"

CATALOGUE = m.Catalogue(
    devices=(
        m.DeviceCard(
            id="hub",
            name="Hub",
            version="0.1.0",
            hub=True,
            capabilities=("person_store", "network_traffic"),
            tools=(
                "activation_forest",
                "app_usage_windows",
                "mood_fusion",
                "traffic_capture",
                "usage_tree",
                "vital_signs",
            ),
        ),
        m.DeviceCard(
            id="pi",
            name="Bedside",
            version="0.1.0",
            area="Bedroom",
            capabilities=("speaker", "microphone"),
            tools=("sonar", "vital_signs"),
        ),
    ),
    tools=(
        m.ToolCard(
            name="sonar",
            version="1",
            summary="Sends a probe and maps its echoes",
            outputs=("range_map",),
            needs=("speaker", "microphone"),
            local_outputs=("range_map",),
        ),
        m.ToolCard(
            name="vital_signs",
            version="1",
            summary="Breathing, heart and presence from echoes",
            inputs=(m.ToolInput(port="range_map"),),
            outputs=("vitals",),
        ),
        m.ToolCard(
            name="activation_forest",
            version="1",
            summary="Calm or activated from vital signs",
            inputs=(m.ToolInput(port="vitals"),),
            outputs=("activation",),
            needs=("person_store",),
        ),
        m.ToolCard(
            name="traffic_capture",
            version="1",
            summary="Watches which servers are talked to",
            outputs=("observations",),
            needs=("network_traffic",),
            local_outputs=("observations",),
        ),
        m.ToolCard(
            name="app_usage_windows",
            version="1",
            summary="Adds up the use of app categories",
            inputs=(m.ToolInput(port="observations"),),
            outputs=("app_usage",),
        ),
        m.ToolCard(
            name="usage_tree",
            version="1",
            summary="Better or worse than usual from app use",
            inputs=(m.ToolInput(port="app_usage"),),
            outputs=("valence",),
            needs=("person_store",),
        ),
        m.ToolCard(
            name="mood_fusion",
            version="1",
            summary="Mood from activation and valence",
            inputs=(
                m.ToolInput(port="valence", required=False),
                m.ToolInput(port="activation", required=False),
            ),
            outputs=("mood",),
            needs=("person_store",),
        ),
    ),
)


class FakeHub:
    """A hub as Home Assistant sees it: what it keeps on the broker, and its replies."""

    def __init__(self, hass: HomeAssistant, hub_id: str = HUB_ID, name: str = "Home hub") -> None:
        self.hass = hass
        self.topics = m.Topics(hub_id)
        self.name = name
        self.retained: dict[str, bytes] = {}
        self.commands: list[m.Command] = []
        self.errors: dict[str, m.ReplyError] = {}
        self.silent = False
        self.monitors: dict[str, m.Monitor] = {}
        self.results: dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
            "start": self._start,
            "stop": self._stop,
        }

    def introduce(self, *, online: bool = True, catalogue: m.Catalogue = CATALOGUE) -> None:
        """Keep on the broker what a running hub keeps."""
        hello = m.Hello(id=self.topics.hub, name=self.name, version="0.1.0")
        self.send(self.topics.hello, hello, retain=True)
        self.send(self.topics.catalogue, catalogue, retain=True)
        self.send(self.topics.monitors, m.Monitors(), retain=True)
        self.online(online)

    def online(self, online: bool = True) -> None:
        self.send(self.topics.status, m.Status(online=online), retain=True)

    def send(self, topic: str, message: Any, *, retain: bool = False) -> None:
        """Publish a message, or raw bytes."""
        payload = message if isinstance(message, bytes) else m.encode(message)
        if retain:
            self.retained[topic] = payload
        async_fire_mqtt_message(self.hass, topic, payload, retain=False)

    def read(
        self,
        subject: str,
        quantity: m.Quantity,
        value: m.Scalar,
        *,
        valid_s: float = 60.0,
        age_s: float = 0.0,
        **fields: Any,
    ) -> None:
        """Publish a reading."""
        now = fields.pop("now", time.time()) - age_s
        reading = m.Reading(
            subject=subject,
            quantity=quantity,
            value=value,
            time=now,
            expires=now + valid_s,
            **{"quality": 0.8, **fields},
        )
        self.send(self.topics.reading(subject, quantity), reading)

    def tell(self, kind: m.EventKind, subject: str, **data: Any) -> None:
        """Publish an event."""
        self.send(
            self.topics.event, m.Event(kind=kind, subject=subject, time=time.time(), data=data)
        )

    def names(self) -> list[str]:
        """Names of the commands that arrived, in order."""
        return [command.name for command in self.commands]

    def last(self, name: str) -> m.Command:
        """Return the last command of this name."""
        return next(command for command in reversed(self.commands) if command.name == name)

    def show_monitors(self) -> None:
        """Publish the list of monitors."""
        monitors = m.Monitors(monitors=tuple(self.monitors.values()))
        self.send(self.topics.monitors, monitors, retain=True)

    def receive(self, payload: bytes | str) -> None:
        """Take a command from Home Assistant and answer it."""
        command = m.decode(m.Command, payload)
        repeated = command.id in {earlier.id for earlier in self.commands}
        self.commands.append(command)
        if self.silent or repeated:
            return
        if error := self.errors.get(command.name):
            reply = m.Reply(id=command.id, ok=False, error=error)
        else:
            result = self.results.get(command.name, lambda arguments: {})(command.arguments)
            reply = m.Reply(id=command.id, ok=True, result=result)
        self.hass.loop.call_soon(self.send, self.topics.reply, reply)

    def _start(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        plan = m.from_dict(m.Plan, arguments["plan"])
        running = next((item for item in self.monitors.values() if item.plan.id == plan.id), None)
        if running is not None:
            return {"monitor": m.to_dict(running), "already_running": True}
        now = time.time()
        duration = plan.goal.duration_s
        monitor = m.Monitor(
            id=f"m{len(self.monitors) + 1}",
            plan=plan,
            state=m.MonitorState.RUNNING,
            created=now,
            ends=None if duration is None else now + duration,
        )
        self.monitors[monitor.id] = monitor
        self.show_monitors()
        return {"monitor": m.to_dict(monitor), "already_running": False}

    def _stop(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        stopped = [
            key
            for key, item in self.monitors.items()
            if arguments.get("monitor", key) == key
            and arguments.get("person", item.plan.person) == item.plan.person
            and arguments.get("area", item.plan.area) == item.plan.area
            and set(arguments.get("quantities", item.plan.goal.quantities))
            & set(item.plan.goal.quantities)
        ]
        for key in stopped:
            del self.monitors[key]
        self.show_monitors()
        return {"stopped": stopped}


@pytest.fixture(autouse=True)
async def _base(hass: HomeAssistant, enable_custom_integrations: None) -> None:
    """Allow our integration, and set up what a real Home Assistant always has."""
    assert await async_setup_component(hass, "homeassistant", {})


@pytest.fixture(autouse=True)
def _nothing_deprecated(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail where Home Assistant complains about what we use of it."""
    yield
    complaints = [
        record.getMessage()
        for when in ("setup", "call")
        for record in caplog.get_records(when)
        if "custom integration 'edge_ai'" in record.getMessage()
    ]
    assert complaints == []


@pytest.fixture(autouse=True)
def _quick_greeting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coordinator, "GREETING_DELAY_S", 0.01)


@pytest.fixture
def expected_lingering_timers() -> bool:
    """The plugin's MQTT mock leaves timers behind; ours are counted by a test of their own."""
    return True


@pytest.fixture
def hubs(
    hass: HomeAssistant, mqtt_mock: Any, monkeypatch: pytest.MonkeyPatch
) -> dict[str, FakeHub]:
    """All hubs on the broker: those in this dict hear commands and keep messages."""
    present: dict[str, FakeHub] = {}
    subscribe = mqtt.async_subscribe

    async def subscribe_and_receive(
        hass: HomeAssistant, topic: str, *args: Any, **kwargs: Any
    ) -> Callable[[], None]:
        """Deliver what the broker keeps, as a real one does."""
        remove = await subscribe(hass, topic, *args, **kwargs)
        for hub in present.values():
            for kept, payload in hub.retained.items():
                if topic_matches_sub(topic, kept):
                    hass.loop.call_soon(async_fire_mqtt_message, hass, kept, payload, 1, False)
        return remove

    async def publish(topic: str, payload: bytes | str, *args: Any, **kwargs: Any) -> None:
        for hub in present.values():
            if topic == hub.topics.command:
                hub.receive(payload)

    monkeypatch.setattr(mqtt, "async_subscribe", subscribe_and_receive)
    mqtt_mock.async_publish.side_effect = publish
    return present


@pytest.fixture
def hub(hass: HomeAssistant, hubs: dict[str, FakeHub]) -> FakeHub:
    """A hub that runs."""
    hubs[HUB_ID] = FakeHub(hass)
    hubs[HUB_ID].introduce()
    return hubs[HUB_ID]


def person(
    name: str = "Anna",
    person_id: str = "anna",
    *,
    area: str | None = None,
    addresses: tuple[str, ...] = (),
    entity: str | None = None,
) -> ConfigSubentryData:
    """Data of a person's subentry."""
    data: dict[str, Any] = {"consent": True, "addresses": list(addresses)}
    if area is not None:
        data["area"] = area
    if entity is not None:
        data["person_entity"] = entity
    return ConfigSubentryData(data=data, subentry_type="person", title=name, unique_id=person_id)


@pytest.fixture
def people() -> list[ConfigSubentryData]:
    """Who takes part; tests override it."""
    return [person(addresses=("192.168.1.20",))]


@pytest.fixture
def entry(hass: HomeAssistant, people: list[ConfigSubentryData]) -> MockConfigEntry:
    """The hub's config entry, not yet set up."""
    item = MockConfigEntry(
        domain=DOMAIN,
        title="Home hub",
        unique_id=HUB_ID,
        data={CONF_HUB_ID: HUB_ID},
        options={"use_ai_task": False, "daily_budget": 50},
        subentries_data=people,
    )
    item.add_to_hass(hass)
    return item


@pytest.fixture
async def loaded(hass: HomeAssistant, hub: FakeHub, entry: MockConfigEntry) -> MockConfigEntry:
    """The hub's config entry, set up and greeted."""
    await set_up(hass, entry)
    await until(lambda: "refresh" in hub.names())
    return entry


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set up an entry and let everything settle."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


async def unload(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Unload an entry while the MQTT client has nothing else to do.

    Newer MQTT clients stumble when topics come and go within their collecting time.
    """
    client = hass.data["mqtt"].client._mock_wraps  # the real one, behind the plugin's mock

    def rests() -> bool:
        waiting = client._pending_subscriptions or client._pending_unsubscribes
        working = client._subscribe_debouncer._task or client._unsubscribe_debouncer._task
        return not waiting and working is None

    await until(rests)
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
    await until(rests)


async def until(condition: Callable[[], Any], timeout_s: float = 5.0) -> None:
    """Wait for a condition instead of a time."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.01)


def entity(hass: HomeAssistant, domain: str, key: str) -> str:
    """Return the entity id of `<hub>_<key>`; how ids are made differs between versions."""
    entity_id = er.async_get(hass).async_get_entity_id(domain, DOMAIN, f"{HUB_ID}_{key}")
    assert entity_id is not None, key
    return entity_id


def shown(hass: HomeAssistant, entity_id: str) -> str:
    """Return the state of an entity that must exist."""
    state = hass.states.get(entity_id)
    assert state is not None, entity_id
    return state.state
