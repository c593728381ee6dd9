"""This machine as a device: announces itself, runs what the hub deploys, sends values."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from edge_worker import __version__
from edge_worker.catalogue.notes import Note, write_note
from edge_worker.catalogue.ports import VALUE_TYPES, Port
from edge_worker.catalogue.tool import Tool, ToolContext
from edge_worker.link import LinkMessage, MqttLink
from edge_worker.messages import (
    Catalogue,
    Command,
    CommandName,
    Deploy,
    DeviceCard,
    DeviceState,
    Event,
    MessageError,
    Monitor,
    People,
    PlanStep,
    Status,
    StepValue,
    Topics,
    decode,
    encode,
    from_dict,
    to_dict,
)
from edge_worker.offload.device_side import DeviceSide, StepOffload
from edge_worker.offload.placement import Policy
from edge_worker.runtime.graph import Graph, StepSpec
from edge_worker.runtime.people import PeopleStore
from edge_worker.runtime.toolbox import offered
from edge_worker.settings import Role, Settings

_LOGGER = logging.getLogger(__name__)

# How often placements are looked at; they are published when they changed.
_PLACEMENTS_S = 5.0


class DeviceService:
    """Runs steps of the monitors that name this device."""

    def __init__(self, settings: Settings, tools: Mapping[str, Tool], people: PeopleStore) -> None:
        self._settings = settings
        self._tools = tools
        self._people = people
        self._id = settings.device.id
        self._topics = Topics(settings.hub.id)
        self._lock = threading.Lock()
        self._deployments: tuple[Monitor, ...] = ()
        self._remote: set[str] = set()
        self._used_here: frozenset[str] = frozenset()
        # Grows over restarts too, so that the hub can tell old from new.
        self._sequence = itertools.count(int(time.time() * 1000))
        self._state = DeviceState()
        self._hello = b""
        self._offload = DeviceSide(self._send_frame, note=self._note)
        self._stopped = threading.Event()
        self._teller = threading.Thread(target=self._tell, name="placements", daemon=True)
        self._graph = Graph(publish=self._send, report=self._report)
        self._link = MqttLink(
            settings.mqtt,
            client_id=f"edge-ai-{settings.hub.id}-device-{self._id}",
            will=(self._topic("status"), encode(Status(online=False))),
            on_message=self._receive,
            on_connect=self._announce,
        )

    def start(self) -> None:
        """Connect, and run what comes."""
        self._graph.start()
        self._offload.start()
        self._link.subscribe(
            self._topic("deploy"), self._topics.command, self._topic("frame/down"),
            self._topics.status,
        )  # fmt: skip
        self._link.start()
        self._teller.start()

    def stop(self) -> None:
        """End all tools and say goodbye."""
        self._stopped.set()
        self._graph.stop()
        self._offload.stop()
        self._link.stop((self._topic("status"), encode(Status(online=False))))

    def card(self) -> Catalogue:
        """This device and the tools that it offers."""
        device = self._settings.device
        cards, problems = offered(
            self._tools,
            self._settings.capabilities,
            self._settings.tools,
            self._settings.data_dir,
        )
        return Catalogue(
            devices=(
                DeviceCard(
                    id=self._id,
                    name=device.name,
                    version=__version__,
                    hub=Role.HUB in self._settings.roles,
                    area=device.area,
                    capabilities=tuple(self._settings.capabilities),
                    tools=tuple(card.name for card in cards),
                    problems=tuple(f"{name}: {why}" for name, why in problems.items()),
                ),
            ),
            tools=cards,
        )

    def _topic(self, leaf: str) -> str:
        return self._topics.device(self._id, leaf)

    def _announce(self) -> None:
        self._hello = encode(self.card())
        self._link.publish(self._topic("hello"), self._hello, qos=1, retain=True)
        self._link.publish(self._topic("status"), encode(Status(online=True)), qos=1, retain=True)
        self._report(self._state)

    def _report(self, state: DeviceState) -> None:
        self._state = replace(state, placements=self._offload.placements())
        self._link.publish(self._topic("state"), encode(self._state), qos=1, retain=True)

    def _tell(self) -> None:
        """Report again when models moved."""
        while not self._stopped.wait(_PLACEMENTS_S):
            if self._offload.placements() != self._state.placements:
                self._report(self._state)

    def _send_frame(self, data: bytes) -> None:
        # Not queued while the broker is away: a frame that comes late is worth nothing.
        if self._link.connected:
            self._link.publish(self._topic("frame/up"), data)

    def _send(self, step: str, port: str, value: object) -> None:
        self._link.publish(self._topic(f"data/{step}"), encode(self._numbered(port, value)))

    def _numbered(self, port: str, value: object) -> StepValue:
        return StepValue(port=port, sequence=next(self._sequence), value=to_dict(value))

    def _note(self, step: str, word: tuple[str, Any]) -> Note | None:
        """For the hub, unless another step of this device waits for the value."""
        return None if step in self._used_here else write_note(self._numbered(*word))

    def _event(self, event: Event) -> None:
        self._link.publish(self._topic("event"), encode(event), qos=1)

    def _receive(self, message: LinkMessage) -> None:
        """In the link's thread."""
        if message.topic == self._topic("frame/down"):
            self._offload.receive(message.payload)
            return
        try:
            if message.topic == self._topic("deploy"):
                deploy = decode(Deploy, message.payload)
                self._offload.set_policy(_policy(deploy.policy))
                with self._lock:
                    self._deployments = deploy.deployments
                    self._apply()
                if encode(self.card()) != self._hello:  # a model was taken into use, or back
                    self._announce()
            elif message.topic == self._topics.status:
                if not decode(Status, message.payload).online:
                    self._offload.hub_left()
            elif message.topic == self._topics.command:
                self._obey(decode(Command, message.payload))
            else:
                self._take_value(message)
        except MessageError as error:
            _LOGGER.warning("Ignored a message on %s: %s", message.topic, error)

    def _obey(self, command: Command) -> None:
        """Of all commands a device hears two: who takes part, and whose data must go."""
        if command.name == CommandName.SET_PEOPLE:
            with self._lock:
                # The hub of this process may have stored them already; the same changes nothing.
                self._people.replace(from_dict(People, command.arguments, "arguments"))
                self._apply()
        elif command.name == CommandName.DELETE_DATA:
            person = str(command.arguments.get("person"))
            for tool in self._tools.values():
                if tool.forget:
                    tool.forget(self._settings.data_dir, person)

    def _take_value(self, message: LinkMessage) -> None:
        item = decode(StepValue, message.payload)
        if item.port not in VALUE_TYPES:
            raise MessageError(f"no port {item.port!r:.40}", "port")
        value = from_dict(VALUE_TYPES[Port(item.port)], item.value, "value")
        self._graph.receive(message.topic.rsplit("/", 1)[-1], item.port, value)

    def _apply(self) -> None:
        """Bring the graph and the subscriptions in line with deployments and people."""
        specs: dict[str, StepSpec] = {}
        remote: set[str] = set()
        used: set[str] = set()
        for monitor in self._deployments:
            steps = {step.id: step for step in monitor.plan.steps}
            for step in monitor.plan.steps:
                if step.device != self._id:
                    continue
                spec = self._spec(step, monitor)
                if spec is None:
                    continue
                specs[step.id] = spec
                used.update(step.inputs.values())
                for producer in step.inputs.values():
                    if producer in steps and steps[producer].device != self._id:
                        remote.add(self._topics.device(steps[producer].device, f"data/{producer}"))
        self._link.unsubscribe(*(self._remote - remote))
        self._link.subscribe(*sorted(remote))
        self._remote = remote
        self._used_here = frozenset(used)
        self._graph.want(specs.values())
        self._offload.keep_only(specs)

    def _spec(self, step: PlanStep, monitor: Monitor) -> StepSpec | None:
        tool = self._tools.get(step.tool)
        if tool is None or not set(self._settings.capabilities).issuperset(tool.card.needs):
            _LOGGER.warning("Monitor %s wants the tool %s, not here", monitor.id, step.tool)
            return None
        person = self._people.get(monitor.plan.person) if tool.card.per_person else None
        if tool.card.per_person and person is None:
            _LOGGER.warning("Monitor %s is for a person who did not opt in here", monitor.id)
            return None
        context = ToolContext(
            settings=self._settings.tools.get(step.tool, {}),
            data_dir=self._settings.data_dir,
            person=person,
            area=self._settings.device.area,
            people=self._people.people,
            announce=self._event,
            offload=StepOffload(self._offload, step.id),
        )
        return StepSpec(id=step.id, tool=tool, context=context, inputs=step.inputs)


def _policy(name: str) -> Policy:
    """A hub that is newer may know more of them."""
    try:
        return Policy(name)
    except ValueError:
        return Policy.LATENCY
