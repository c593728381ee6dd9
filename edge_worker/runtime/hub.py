"""The hub: catalogue, commands, monitors and readings of one home."""

from __future__ import annotations

import dataclasses
import logging
import queue
import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any

from edge_worker import __version__
from edge_worker.catalogue.ports import VALUE_TYPES, Port, Value, Vitals
from edge_worker.catalogue.tool import Tool
from edge_worker.link import LinkMessage, MqttLink
from edge_worker.messages import (
    Catalogue,
    Command,
    CommandName,
    DeviceCard,
    DeviceState,
    Event,
    EventKind,
    Goal,
    Hello,
    Intent,
    MessageError,
    Monitor,
    MonitorState,
    People,
    Plan,
    Quantity,
    Reading,
    Status,
    StepValue,
    ToolCard,
    Topics,
    decode,
    encode,
    from_dict,
    to_dict,
)
from edge_worker.mood import commands as mood
from edge_worker.offload.hub_side import TailServer
from edge_worker.offload.model_shelf import ModelShelf
from edge_worker.offload.policies import POLICY_CARDS
from edge_worker.runtime.commands import CommandDesk, CommandError
from edge_worker.runtime.handing_on import HandingOn
from edge_worker.runtime.monitors import MonitorStore
from edge_worker.runtime.people import PeopleStore
from edge_worker.runtime.plans import PlanError, check
from edge_worker.runtime.readings import ReadingMaker, area_subject, person_subject
from edge_worker.runtime.training import TrainingDesk
from edge_worker.settings import Settings

_LOGGER = logging.getLogger(__name__)

_TICK_S = 1.0
_FRAME_UP = "frame/up"
# What the hub's thread is told besides messages.
_TICK, _CONNECTED = "tick", "connected"


class HubService:
    """One thread does all the work, in the order in which messages arrive."""

    def __init__(self, settings: Settings, people: PeopleStore, tools: Mapping[str, Tool]) -> None:
        self._settings = settings
        self._topics = Topics(settings.hub.id)
        self._people = people
        self._monitors = MonitorStore(settings.data_dir)
        self._devices: dict[str, DeviceCard] = {}
        self._device_tools: dict[str, tuple[ToolCard, ...]] = {}
        self._states: dict[str, DeviceState] = {}
        self._sequences: dict[tuple[str, str], int] = {}
        self._maker = ReadingMaker()
        self._latest: dict[tuple[str, Quantity], Reading] = {}
        self._moods: dict[str, str] = {}
        self._pauses: dict[str, bool] = {}
        self._published: dict[str, bytes] = {}
        self._training = TrainingDesk(
            settings,
            publish=lambda training: self._keep(self._topics.training, training),
            tell=lambda kind, data: self._tell(kind, "hub", data),
            # Devices look at their tools again when they hear what to run.
            changed=lambda: self._deploy(tuple(self._devices)),
        )
        self._desk = CommandDesk(
            settings.data_dir,
            {
                CommandName.SET_PEOPLE: self._set_people,
                CommandName.START: self._start,
                CommandName.STOP: self._stop,
                CommandName.PAUSE: lambda arguments: self._pause(arguments, True),
                CommandName.RESUME: lambda arguments: self._pause(arguments, False),
                CommandName.REFRESH: self._refresh,
                CommandName.CHECK_IN: self._check_in,
                CommandName.CALIBRATE: self._calibrate,
                CommandName.TRAIN: self._training.start,
                CommandName.ANSWER_TRAINING: self._training.answer,
                CommandName.ROLL_BACK_MODEL: self._training.roll_back,
                CommandName.DELETE_DATA: self._delete_data,
                CommandName.SET_POLICY: self._set_policy,
            },
        )
        shelf = ModelShelf(settings.data_dir / "bundles")
        self._handing_on = HandingOn(tools, self._send_value)
        self._tails = TailServer(shelf.get, self._send_frame, self._handing_on.take)
        self._inbox: queue.Queue[LinkMessage | str | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="hub", daemon=True)
        self._link = MqttLink(
            settings.mqtt,
            client_id=f"edge-ai-{settings.hub.id}-hub",
            will=(self._topics.status, encode(Status(online=False))),
            on_message=self._sort,
            on_connect=lambda: self._inbox.put(_CONNECTED),
        )

    def start(self) -> None:
        """Connect, and serve."""
        self._thread.start()
        self._tails.start()
        self._link.subscribe(
            self._topics.command,
            *(self._topics.device("+", leaf) for leaf in ("hello", "status", "state", "event")),
            self._topics.device("+", "data/+"),
            self._topics.device("+", _FRAME_UP),
        )
        self._link.start()

    def stop(self) -> None:
        """Finish what was begun and say goodbye; monitors stay for the next start."""
        self._inbox.put(None)
        self._thread.join(timeout=5)
        self._training.stop()
        self._tails.stop()
        self._link.stop((self._topics.status, encode(Status(online=False))))

    def _sort(self, message: LinkMessage) -> None:
        """In the link's thread: frames don't wait behind messages."""
        if message.topic.endswith(f"/{_FRAME_UP}"):
            self._tails.receive(message.topic.split("/")[-3], message.payload)
        else:
            self._inbox.put(message)

    def _send_frame(self, device: str, data: bytes) -> None:
        if self._link.connected:
            self._link.publish(self._topics.device(device, "frame/down"), data)

    def _send_value(self, device: str, step: str, data: bytes) -> None:
        """Over the broker: other devices may wait for it as well as this hub."""
        self._link.publish(self._topics.device(device, f"data/{step}"), data)

    # --- in the hub's thread ---

    def _run(self) -> None:
        next_tick = time.monotonic()
        while True:
            try:
                item = self._inbox.get(timeout=max(0.0, next_tick - time.monotonic()))
            except queue.Empty:
                next_tick = time.monotonic() + _TICK_S
                item = _TICK
            if item is None:
                return
            try:
                self._handle(item)
            except Exception:
                # Whatever is wrong with one message, the hub goes on with the next.
                _LOGGER.exception("Something could not be handled")

    def _handle(self, item: LinkMessage | str) -> None:
        if isinstance(item, LinkMessage):
            self._receive(item)
        elif item == _CONNECTED:
            self._announce()
        else:
            self._tick(time.time())

    def _announce(self) -> None:
        hub = self._settings.hub
        self._published.clear()
        self._keep(self._topics.hello, Hello(id=hub.id, name=hub.name, version=__version__))
        self._publish_state()
        self._keep(self._topics.training, self._training.state)
        self._keep(self._topics.status, Status(online=True))

    def _keep(self, topic: str, message: Any) -> None:
        """Publish a retained message, unless the broker has it already."""
        payload = encode(message)
        if self._published.get(topic) != payload:
            self._published[topic] = payload
            self._link.publish(topic, payload, qos=1, retain=True)

    def _publish_state(self) -> None:
        self._handing_on.expect(self._monitors.all())
        self._keep(self._topics.catalogue, self._catalogue())
        self._keep(self._topics.monitors, self._monitors.message())

    def _catalogue(self) -> Catalogue:
        newest: dict[str, ToolCard] = {}
        for name in sorted(self._device_tools):
            for card in self._device_tools[name]:
                if card.name not in newest or newest[card.name].version < card.version:
                    newest[card.name] = card
        return Catalogue(
            devices=tuple(self._devices[name] for name in sorted(self._devices)),
            tools=tuple(newest[name] for name in sorted(newest)),
            policies=POLICY_CARDS,
        )

    def _tick(self, now: float) -> None:
        for monitor in self._monitors.ended(now):
            self._end(monitor)
            self._tell(EventKind.MONITOR_ENDED, _subject(monitor), {"monitor": monitor.id})
        self._training.tick()
        self._assess()

    def _assess(self) -> None:
        self._monitors.assess(self._devices, self._states)
        self._publish_state()

    def _receive(self, message: LinkMessage) -> None:
        try:
            if message.topic == self._topics.command:
                reply = self._desk.answer(decode(Command, message.payload))
                self._link.publish(self._topics.reply, encode(reply), qos=1)
                return
            device, leaf = message.topic.removeprefix(f"{self._topics.root}/device/").split("/", 1)
            if leaf == "hello":
                self._meet(device, decode(Catalogue, message.payload))
            elif leaf == "status":
                self._set_online(device, decode(Status, message.payload).online)
            elif leaf == "state":
                self._states[device] = decode(DeviceState, message.payload)
                self._assess()
            elif leaf == "event":
                event = decode(Event, message.payload)
                self._link.publish(self._topics.event, encode(event), qos=1)
            elif leaf.startswith("data/"):
                value = decode(StepValue, message.payload)
                self._take(device, leaf.removeprefix("data/"), value, len(message.payload))
        except MessageError as error:
            _LOGGER.warning("Ignored a message on %s: %s", message.topic, error)

    # --- devices ---

    def _meet(self, device: str, card: Catalogue) -> None:
        if len(card.devices) != 1 or card.devices[0].id != device:
            raise MessageError("a device announces itself, once", "devices")
        known = self._devices.get(device)
        if known is None or dataclasses.replace(known, online=True) != card.devices[0]:
            _LOGGER.info(
                "Device %s offers %s", device, ", ".join(card.devices[0].tools) or "nothing"
            )
        self._devices[device] = dataclasses.replace(
            card.devices[0], online=known.online if known else True
        )
        self._device_tools[device] = card.tools
        self._deploy({device})

    def _set_online(self, device: str, online: bool) -> None:
        known = self._devices.get(device)
        if known is not None and known.online != online:
            _LOGGER.info("Device %s is %s", device, "online" if online else "offline")
            self._devices[device] = dataclasses.replace(known, online=online)
            if online:
                self._deploy({device})
            self._assess()

    def _deploy(self, devices: Iterable[str]) -> None:
        for device in devices:
            payload = encode(self._monitors.deployment(device))
            self._link.publish(self._topics.device(device, "deploy"), payload, qos=1)
        self._assess()

    # --- values ---

    def _take(self, device: str, step: str, item: StepValue, size: int) -> None:
        if item.port not in VALUE_TYPES:
            raise MessageError(f"no port {item.port!r:.40}", "port")
        if item.sequence <= self._sequences.get((device, step), -1):
            return  # a repetition, or older than what is known
        self._sequences[device, step] = item.sequence
        self._monitors.note_sent(step, size)
        value: Value = from_dict(VALUE_TYPES[Port(item.port)], item.value, "value")
        seen: set[tuple[str | None, str | None]] = set()
        for monitor in self._monitors.all():
            if not any(s.id == step and s.device == device for s in monitor.plan.steps):
                continue
            area = monitor.plan.area or self._area_of(device)
            if (monitor.plan.person, area) in seen:
                continue
            seen.add((monitor.plan.person, area))
            for reading in self._maker.readings(value, person=monitor.plan.person, area=area):
                self._publish_reading(reading)
            if isinstance(value, Vitals):
                self._notice_pause(value, _subject(monitor))

    def _area_of(self, device: str) -> str | None:
        """Where a device stands: as arranged in Home Assistant, else by its own settings."""
        card = self._devices.get(device)
        return self._people.area_of(device) or (card.area if card else None)

    def _publish_reading(self, reading: Reading) -> None:
        self._latest[reading.subject, reading.quantity] = reading
        topic = self._topics.reading(reading.subject, reading.quantity)
        self._link.publish(topic, encode(reading))
        if reading.quantity is Quantity.MOOD and isinstance(reading.value, str):
            before = self._moods.get(reading.subject)
            self._moods[reading.subject] = reading.value
            if before not in (None, reading.value):
                data = {"from": before, "to": reading.value, "confidence": reading.quality}
                self._tell(EventKind.MOOD_CHANGED, reading.subject, data)

    def _notice_pause(self, value: Vitals, subject: str) -> None:
        if value.breathing_pause and not self._pauses.get(subject):
            self._tell(EventKind.BREATHING_PAUSE, subject, {})
        self._pauses[subject] = value.breathing_pause

    def _tell(self, kind: EventKind, subject: str, data: Mapping[str, Any]) -> None:
        event = Event(kind=kind, subject=subject, time=time.time(), data=data)
        self._link.publish(self._topics.event, encode(event), qos=1)

    # --- commands ---

    def _set_people(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        self._people.replace(from_dict(People, arguments, "arguments"))
        gone = [
            monitor
            for monitor in self._monitors.all()
            if monitor.plan.person and self._people.get(monitor.plan.person) is None
        ]
        for monitor in gone:
            self._end(monitor)
        # Nor would `refresh` tell their last values when they take part again.
        present = {person_subject(person.id) for person in self._people.people}
        self._latest = {
            key: reading
            for key, reading in self._latest.items()
            if key[0] in present or not key[0].startswith("person.")
        }
        return {"people": len(self._people.people), "stopped": [item.id for item in gone]}

    def _start(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        plan = from_dict(Plan, arguments.get("plan"), "plan")
        if plan.person is not None and self._people.get(plan.person) is None:
            raise CommandError("unknown_person", "This person has not opted in on this hub.")
        try:
            plan = check(plan, self._catalogue())
        except PlanError as error:
            raise CommandError("invalid_plan", str(error)) from None
        if plan.goal.policy is not None:  # "... and save battery"
            self._set_policy({"policy": plan.goal.policy})
        monitor, running = self._monitors.start(plan, time.time())
        _LOGGER.info("Monitor %s: %s", monitor.id, "renewed" if running else "started")
        self._deploy({step.device for step in plan.steps})
        return {"monitor": to_dict(self._monitors.get(monitor.id)), "already_running": running}

    def _stop(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        if "monitor" in arguments:
            name = str(arguments["monitor"])
            monitors = tuple(filter(None, (self._monitors.get(name),)))
            if not monitors:
                raise CommandError("unknown_monitor", "There is no such monitor.")
        else:
            wanted = {
                key: arguments[key] for key in ("person", "area", "quantities") if key in arguments
            }
            goal = from_dict(Goal, {"intent": Intent.STOP, **wanted}, "arguments")
            monitors = self._monitors.matching(goal)
        for monitor in monitors:
            self._end(monitor)
        return {"stopped": [monitor.id for monitor in monitors]}

    def _pause(self, arguments: Mapping[str, Any], paused: bool) -> dict[str, Any]:
        monitor = self._monitors.pause(str(arguments.get("monitor")), paused)
        if monitor is None:
            raise CommandError("unknown_monitor", "There is no such monitor.")
        self._deploy({step.device for step in monitor.plan.steps})
        return {"monitor": to_dict(monitor)}

    def _end(self, monitor: Monitor) -> None:
        self._monitors.remove(monitor.id)
        _LOGGER.info("Monitor %s: ended", monitor.id)
        self._deploy({step.device for step in monitor.plan.steps})

    def _refresh(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Send again what still counts: Home Assistant has just (re)started."""
        now = time.time()
        valid = [reading for reading in self._latest.values() if reading.expires > now]
        for reading in valid:
            topic = self._topics.reading(reading.subject, reading.quantity)
            self._link.publish(topic, encode(reading))
        return {"readings": len(valid)}

    def _check_in(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        person = self._known_person(arguments)
        value = arguments.get("value")
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 5:
            raise CommandError("invalid", "A check-in is a whole number from 1 to 5.")
        mood.check_in(self._settings.data_dir, person, value)
        return {}

    def _calibrate(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        person = self._known_person(arguments)
        judges = {card.name for card in self._catalogue().tools if Port.ACTIVATION in card.outputs}
        if not any(
            step.tool in judges
            for monitor in self._monitors.all()
            if monitor.plan.person == person and monitor.state is not MonitorState.PAUSED
            for step in monitor.plan.steps
        ):
            # It would lapse without a word: the person would sit still for nothing.
            raise CommandError(
                "nothing_to_calibrate",
                "Nothing measures this person now: monitor the mood first, then calibrate.",
            )
        mood.start_calibration(self._settings.data_dir, person)
        return {}

    def _delete_data(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        person = self._known_person(arguments)
        mood.delete_person(self._settings.data_dir, person)
        subject = person_subject(person)
        self._latest = {key: item for key, item in self._latest.items() if key[0] != subject}
        self._moods.pop(subject, None)
        return {}

    def _set_policy(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """What placements of neural models shall spare, from now on and after a restart."""
        policy = arguments.get("policy")
        names = [card.name for card in POLICY_CARDS]
        if policy not in names:
            raise CommandError("invalid", f"The policies are {', '.join(names)}.")
        self._monitors.set_policy(str(policy))
        self._deploy(self._devices)
        return {"policy": policy}

    def _known_person(self, arguments: Mapping[str, Any]) -> str:
        person = self._people.get(str(arguments.get("person")))
        if person is None:
            raise CommandError("unknown_person", "This person has not opted in on this hub.")
        return person.id


def _subject(monitor: Monitor) -> str:
    if monitor.plan.person:
        return person_subject(monitor.plan.person)
    return area_subject(monitor.plan.area or "home")
