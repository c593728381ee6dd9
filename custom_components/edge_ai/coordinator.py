"""The link to one hub: its state, its readings, and commands to it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from homeassistant.components import mqtt
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryNotReady, HomeAssistantError
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from . import compat
from . import messages as m
from .const import CONF_HUB_ID, DOMAIN
from .issues import (
    async_ask_about_model,
    async_clear_version_issue,
    async_raise_version_issue,
)
from .people import (
    areas_of_devices,
    areas_with_entities,
    hub_identifier,
    located_catalogue,
    people,
    planner_home,
    set_people_arguments,
)
from .planner.home import Home
from .readings import Readings

_LOGGER = logging.getLogger(__name__)

# A hub answers within milliseconds. A command is sent a second time after the first
# wait (the hub applies each id once), since MQTT may lose it around a reconnect.
REPLY_WAIT_S = 5.0
ATTEMPTS = 2
# Status, catalogue and monitors arrive together after subscribing: greet once for all.
GREETING_DELAY_S = 0.2

# Subject, kind of event, and its data. `alert` comes from our own watcher, all other
# kinds from the hub.
EventListener = Callable[[str, str, Mapping[str, Any]], None]


# Refusals that always mean the same are translated; in all others the hub's own sentence,
# which is English, says what exactly is wrong.
TRANSLATED_REFUSALS = frozenset(
    {
        "busy",
        "no_data",
        "nothing_to_calibrate",
        "nothing_to_undo",
        "nothing_waits",
        "unknown_monitor",
        "unknown_person",
    }
)


class CommandRefused(HomeAssistantError):
    """The hub answered with an error: a code for programs, a sentence for people."""

    def __init__(self, error: m.ReplyError) -> None:
        self.code = error.code
        self.sentence = error.message
        known = error.code in TRANSLATED_REFUSALS
        super().__init__(
            error.message,
            translation_domain=DOMAIN,
            translation_key="hub_refused" if not known else f"refused_{error.code}",
            translation_placeholders={"message": error.message},
        )


@dataclass(frozen=True, kw_only=True)
class HubState:
    """What the hub keeps on the broker about itself."""

    online: bool = False
    hello: m.Hello | None = None
    catalogue: m.Catalogue = field(default_factory=m.Catalogue)
    monitors: tuple[m.Monitor, ...] = ()
    monitors_told: bool = False
    """Has the hub told its monitors? Before that nobody knows whether any runs."""
    policy: str | None = None
    """For placing neural models; None until the hub told what it runs."""
    training: m.Training = field(default_factory=m.Training)


class EdgeCoordinator(DataUpdateCoordinator[HubState]):
    """Owns the subscriptions of one hub; entities listen to it and to its readings."""

    config_entry: ConfigEntry[Any]

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
        super().__init__(hass, _LOGGER, config_entry=entry, name=entry.title)
        self.hub_id: str = entry.data[CONF_HUB_ID]
        self.topics = m.Topics(self.hub_id)
        self.readings = Readings(hass)
        self.data = HubState()
        self.areas = areas_with_entities(hass, entry, self.hub_id)
        """Areas that have, or had before the last restart, a reading of their own."""
        self._connected = False
        self._hub_device_id: str | None = None
        self._last_places: dict[str, str | None] = {}
        self._complained: set[str] = set()
        self._pending: dict[str, asyncio.Future[m.Reply]] = {}
        self._event_listeners: list[EventListener] = []
        self._greeting_due = False
        self._greeting: asyncio.Task[None] | None = None

    # --- What others ask ---------------------------------------------------------------

    @property
    def available(self) -> bool:
        """Tell whether broker and hub can be reached."""
        return self._connected and self.data.online

    @property
    def catalogue(self) -> m.Catalogue:
        """The hub's catalogue, with its devices in the areas of Home Assistant."""
        return located_catalogue(self.data.catalogue, self.places())

    @property
    def people(self) -> tuple[m.Person, ...]:
        """All who opted in."""
        return people(self.config_entry)

    def places(self) -> dict[str, str | None]:
        """Map each device of the catalogue to the area where it stands."""
        return areas_of_devices(self.hass, self.config_entry, self.hub_id, self.data.catalogue)

    def home(self, *, user_id: str | None = None, device_id: str | None = None) -> Home:
        """Return what the planner may know, seen by the user who asks at a device."""
        return planner_home(
            self.hass, self.config_entry, self.places(), user_id=user_id, device_id=device_id
        )

    def monitors_of(self, subject: str) -> list[m.Monitor]:
        """Return the monitors that were started for a person or an area."""
        kind, _, name = subject.partition(".")
        return [
            monitor
            for monitor in self.data.monitors
            if (monitor.plan.person if kind == "person" else monitor.plan.area) == name
        ]

    async def async_command(
        self, name: m.CommandName, arguments: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        """Send a command and return the result of the hub's reply.

        Raises CommandRefused with the hub's reason, HomeAssistantError when the hub is
        away or silent.
        """
        if not self.available:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="hub_offline",
                translation_placeholders={"hub": self.config_entry.title},
            )
        # A hub that was not greeted yet knows nobody: what is asked now comes after that.
        if self._greeting is not None and self._greeting is not asyncio.current_task():
            await asyncio.wait((self._greeting,), timeout=ATTEMPTS * REPLY_WAIT_S)
        command = m.Command(id=uuid4().hex, name=name.value, arguments=arguments or {})
        payload = m.encode(command).decode()
        future: asyncio.Future[m.Reply] = self.hass.loop.create_future()
        self._pending[command.id] = future
        try:
            for _ in range(ATTEMPTS):
                await mqtt.async_publish(self.hass, self.topics.command, payload, 1, False)
                done, _pending = await asyncio.wait((future,), timeout=REPLY_WAIT_S)
                if done:
                    break
        finally:
            del self._pending[command.id]
        if not future.done():
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="hub_silent",
                translation_placeholders={"hub": self.config_entry.title},
            )
        reply = future.result()
        if not reply.ok:
            raise CommandRefused(reply.error or m.ReplyError(code="failed", message=""))
        return reply.result

    @callback
    def async_listen_events(self, listener: EventListener) -> CALLBACK_TYPE:
        """Call `listener(subject, kind, data)` with each event."""
        self._event_listeners.append(listener)
        return lambda: self._event_listeners.remove(listener)

    @callback
    def async_tell(self, subject: str, kind: str, data: Mapping[str, Any]) -> None:
        """Tell an event to all who listen."""
        for listener in tuple(self._event_listeners):
            listener(subject, kind, data)

    @callback
    def async_forget_area(self, device: dr.DeviceEntry) -> None:
        """Forget an area whose device was removed, so that a new reading brings it back."""
        prefix = f"{self.hub_id}_area."
        for _, identifier in device.identifiers:
            self.areas.discard(identifier.removeprefix(prefix))

    # --- Life --------------------------------------------------------------------------

    async def _async_setup(self) -> None:
        """Wait for MQTT and subscribe."""
        if not await mqtt.async_wait_for_mqtt_client(self.hass):
            raise ConfigEntryNotReady(translation_domain=DOMAIN, translation_key="mqtt_unavailable")
        self._connected = compat.mqtt_connected(self.hass)
        entry = self.config_entry
        entry.async_on_unload(
            mqtt.async_subscribe_connection_status(self.hass, self._connection_changed)
        )
        handlers: dict[str, Callable[[mqtt.ReceiveMessage], None]] = {
            self.topics.hello: self._hello_received,
            self.topics.status: self._status_received,
            self.topics.catalogue: self._catalogue_received,
            self.topics.monitors: self._monitors_received,
            self.topics.training: self._training_received,
            self.topics.reply: self._reply_received,
            self.topics.event: self._event_received,
            self.topics.reading("+", "+"): self._reading_received,
        }
        # Each topic by itself, since below the hub's root devices also exchange frames
        # that are none of our business. Bytes, so that bad UTF-8 reaches our own check.
        for topic, handler in handlers.items():
            entry.async_on_unload(
                await mqtt.async_subscribe(
                    self.hass, topic, self._guarded(handler), qos=1, encoding=None
                )
            )
        for registry_event in (
            dr.EVENT_DEVICE_REGISTRY_UPDATED,
            ar.EVENT_AREA_REGISTRY_UPDATED,
        ):
            entry.async_on_unload(self.hass.bus.async_listen(registry_event, self._rooms_changed))
        entry.async_on_unload(self._stop)

    async def _async_update_data(self) -> HubState:
        """Return what has arrived; the hub pushes."""
        return self.data

    @callback
    def _stop(self) -> None:
        self.readings.async_forget()
        for future in self._pending.values():
            future.cancel()

    @callback
    def _greet_soon(self) -> None:
        """Greet once for all reasons that come together, and again for a later one."""
        self._greeting_due = True
        if self._greeting is None or self._greeting.done():
            self._greeting = self.config_entry.async_create_background_task(
                self.hass, self._async_greet_while_due(), f"{DOMAIN} greets {self.hub_id}"
            )

    async def _async_greet_while_due(self) -> None:
        while self._greeting_due:
            await asyncio.sleep(GREETING_DELAY_S)
            self._greeting_due = False
            await self._async_greet()

    async def _async_greet(self) -> None:
        """Tell the hub who opted in, then ask for the readings that are still valid."""
        if not self.available:
            return
        arguments = set_people_arguments(self.config_entry, self.places())
        try:
            await self.async_command(m.CommandName.SET_PEOPLE, m.to_dict(arguments))
            await self.async_command(m.CommandName.REFRESH)
        except HomeAssistantError as error:
            _LOGGER.warning("%s did not take the list of people: %s", self.name, error)

    # --- What arrives ------------------------------------------------------------------

    def _guarded(
        self, handler: Callable[[mqtt.ReceiveMessage], None]
    ) -> Callable[[mqtt.ReceiveMessage], None]:
        """Turn a bad payload into one line of log, or into a repair issue."""

        @callback
        def receive(message: mqtt.ReceiveMessage) -> None:
            if not message.payload:  # a retained topic was cleared
                return
            try:
                handler(message)
            except m.ContractVersionError as error:
                async_raise_version_issue(self.hass, self.config_entry, error)
            except m.MessageError as error:
                if message.topic not in self._complained:
                    self._complained.add(message.topic)
                    _LOGGER.warning("Ignoring messages on %s: %s", message.topic, error)
            else:
                self._complained.discard(message.topic)

        return receive

    @callback
    def _connection_changed(self, connected: bool) -> None:
        was_available = self.available
        self._connected = connected
        self._availability_changed(was_available)

    @callback
    def _availability_changed(self, was_available: bool) -> None:
        if self.available != was_available:
            _LOGGER.info("%s is %s", self.name, "available" if self.available else "unavailable")
            self.async_update_listeners()
        if self.available:
            self._greet_soon()

    @callback
    def _hello_received(self, message: mqtt.ReceiveMessage) -> None:
        hello = m.decode(m.Hello, message.payload)
        if hello.id != self.hub_id:
            raise m.MessageError(f"belongs on {m.Topics(hello.id).hello}", "id")
        async_clear_version_issue(self.hass, self.config_entry)
        self.async_set_updated_data(replace(self.data, hello=hello))
        device = dr.async_get(self.hass).async_get_or_create(
            config_entry_id=self.config_entry.entry_id,
            identifiers={(DOMAIN, self.hub_id)},
            name=hello.name,
            manufacturer="Edge AI",
            model="Hub",
            sw_version=hello.version,
            # A program, not a machine: no "firmware" on its page.
            entry_type=dr.DeviceEntryType.SERVICE,
        )
        self._hub_device_id = device.id
        for card in self.data.catalogue.devices:  # heard of before their hub
            self._register_device(card)

    @callback
    def _status_received(self, message: mqtt.ReceiveMessage) -> None:
        status = m.decode(m.Status, message.payload)
        was_available = self.available
        self.async_set_updated_data(replace(self.data, online=status.online))
        self._availability_changed(was_available)

    @callback
    def _catalogue_received(self, message: mqtt.ReceiveMessage) -> None:
        catalogue = m.decode(m.Catalogue, message.payload)
        known = {card.id for card in self.data.catalogue.devices}
        self.data = replace(self.data, catalogue=catalogue)
        for card in catalogue.devices:
            self._register_device(card)
        self.async_set_updated_data(self.data)
        if self.available and any(card.id not in known for card in catalogue.devices):
            self._greet_soon()

    @callback
    def _register_device(self, card: m.DeviceCard) -> None:
        """Show a worker as a device; the hub's own was made from its hello."""
        if card.hub:
            return
        registry = dr.async_get(self.hass)
        worker = registry.async_get_or_create(
            config_entry_id=self.config_entry.entry_id,
            identifiers={(DOMAIN, hub_identifier(self.hub_id, card))},
            name=card.name,
            manufacturer="Edge AI",
            model="Device",
            sw_version=card.version,
            suggested_area=card.area,
        )
        # Not by `via_device`: newer versions want the id, older ones take it only here.
        if self._hub_device_id is not None:
            registry.async_update_device(worker.id, via_device_id=self._hub_device_id)

    @callback
    def _monitors_received(self, message: mqtt.ReceiveMessage) -> None:
        found = m.decode(m.Monitors, message.payload)
        self.async_set_updated_data(
            replace(self.data, monitors=found.monitors, monitors_told=True, policy=found.policy)
        )

    @callback
    def _training_received(self, message: mqtt.ReceiveMessage) -> None:
        training = m.decode(m.Training, message.payload)
        self.async_set_updated_data(replace(self.data, training=training))
        async_ask_about_model(self.hass, self.config_entry, training)

    @callback
    def _reply_received(self, message: mqtt.ReceiveMessage) -> None:
        reply = m.decode(m.Reply, message.payload)
        future = self._pending.get(reply.id)
        # Others may send commands as well, and a reply may come twice.
        if future is not None and not future.done():
            future.set_result(reply)

    @callback
    def _event_received(self, message: mqtt.ReceiveMessage) -> None:
        event = m.decode(m.Event, message.payload)
        self.async_tell(event.subject, event.kind, event.data)

    @callback
    def _reading_received(self, message: mqtt.ReceiveMessage) -> None:
        reading = m.decode(m.Reading, message.payload)
        if message.topic != self.topics.reading(reading.subject, reading.quantity):
            raise m.MessageError("is not the one of the topic", "subject")
        if not self._is_known(reading.subject):
            raise m.MessageError("nobody who takes part, and no area", "subject")
        self.readings.async_add(reading)
        kind, _, name = reading.subject.partition(".")
        if kind == "area" and name not in self.areas:
            self.areas.add(name)
            self.async_update_listeners()

    def _is_known(self, subject: str) -> bool:
        kind, _, name = subject.partition(".")
        if kind == "area":
            return ar.async_get(self.hass).async_get_area(name) is not None
        return kind == "person" and any(p.id == name for p in self.people)

    @callback
    def _rooms_changed(self, event: Event[Any]) -> None:
        """Tell the hub when one of its devices was moved to another room."""
        places = self.places()
        if places != self._last_places and self.available:
            self._greet_soon()
        self._last_places = places
