"""Hub and device over a real broker, with a source of known values in place of sensors."""

from __future__ import annotations

import dataclasses
import errno
import queue
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from edge_worker.catalogue.model_store import ModelStore
from edge_worker.catalogue.ports import Port, Vitals
from edge_worker.catalogue.tool import Emit, Tool
from edge_worker.messages import (
    Catalogue,
    Command,
    CommandName,
    Event,
    EventKind,
    Goal,
    Hello,
    Intent,
    Monitors,
    MonitorState,
    People,
    Person,
    Plan,
    PlanStep,
    Quantity,
    Reading,
    ReadingState,
    Reply,
    Status,
    ToolCard,
    Topics,
    Training,
    TrainingState,
    decode,
    encode,
    to_dict,
)
from edge_worker.runtime import files
from edge_worker.runtime.device import DeviceService
from edge_worker.runtime.hub import HubService
from edge_worker.runtime.people import PeopleStore
from edge_worker.runtime.service import run
from edge_worker.settings import DeviceSettings, HubSettings, MqttSettings, Settings

WaitFor = Callable[..., None]
HOME = Topics("home")
ANNA = Person(id="anna", name="Anna", area="bedroom", addresses=("192.0.2.23",))


class KnownBreath:
    """A source whose answer is known: 14 breaths per minute, with one long pause."""

    def run(self, emit: Emit, stop: threading.Event) -> None:
        count = 0
        while not stop.wait(0.02):
            count += 1
            emit(
                Port.VITALS,
                Vitals(
                    t=time.time(),
                    state=ReadingState.OK,
                    present=True,
                    breathing_rate=14.0,
                    breathing_quality=0.9,
                    breathing_pause=10 <= count < 20,
                ),
            )


def forget(data_dir: Path, person: str) -> None:
    (data_dir / "forgotten").write_text(person)


TOOLS = {
    "breath": Tool(
        card=ToolCard(name="breath", version="1", summary="", outputs=("vitals",)),
        make_source=lambda context: KnownBreath(),
        forget=forget,
    )
}
PLAN = Plan(
    id="from-planner",
    goal=Goal(intent=Intent.MONITOR, quantities=(Quantity.BREATHING_RATE,)),
    person="anna",
    area="bedroom",
    steps=(PlanStep(id="s1", tool="breath", device="pi"),),
)

# What the plan measures: each is a message of its own, and they come one after the other.
READINGS = (
    ("person.anna", "breathing_rate"),
    ("person.anna", "heart_rate"),
    ("area.bedroom", "presence"),
)


class Client:
    """Home Assistant's side: sees everything, sends commands."""

    def __init__(self, mqtt: MqttSettings) -> None:
        self.messages: queue.Queue[paho.MQTTMessage] = queue.Queue()
        self.seen: list[paho.MQTTMessage] = []
        self.count = 0
        self._paho = paho.Client(CallbackAPIVersion.VERSION2)
        self._paho.on_message = lambda client, userdata, message: self.seen.append(message)
        ready = threading.Event()
        self._paho.on_subscribe = lambda *_: ready.set()
        self._paho.connect(mqtt.host, mqtt.port)
        self._paho.subscribe("edge_ai/#", qos=1)
        self._paho.loop_start()
        assert ready.wait(30)

    def close(self) -> None:
        for topic in {message.topic for message in self.seen}:  # leave the broker clean
            self._paho.publish(topic, b"", qos=1, retain=True).wait_for_publish(5)
        self._paho.disconnect()
        self._paho.loop_stop()

    def publish(self, topic: str, payload: bytes) -> None:
        self._paho.publish(topic, payload, qos=1).wait_for_publish(5)

    def payloads(self, topic: str) -> list[bytes]:
        return [bytes(m.payload) for m in list(self.seen) if m.topic == topic and m.payload]

    def last(self, topic: str, kind: type[Any]) -> Any:
        found = self.payloads(topic)
        return decode(kind, found[-1]) if found else None

    def command(self, name: str, arguments: dict[str, Any] | None = None, id: str = "") -> Reply:
        self.count += 1
        command = Command(id=id or f"c{self.count}", name=name, arguments=arguments or {})
        before = len(self.payloads(HOME.reply))
        self.publish(HOME.command, encode(command))
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for payload in self.payloads(HOME.reply)[before:]:
                reply = decode(Reply, payload)
                if reply.id == command.id:
                    return reply
            time.sleep(0.01)
        raise AssertionError(f"no reply to {name}")

    def readings(self, subject: str, quantity: str) -> list[Reading]:
        return [decode(Reading, p) for p in self.payloads(HOME.reading(subject, quantity))]


class Home:
    """A hub and a device that can be restarted."""

    def __init__(self, mqtt: MqttSettings, folder: Path) -> None:
        self._mqtt, self._folder = mqtt, folder
        self.hub: HubService | None = None
        self.device: DeviceService | None = None
        self.start_hub()
        self.start_device()

    def _settings(self, name: str) -> Settings:
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        return Settings(
            mqtt=self._mqtt,
            data_dir=folder,
            hub=HubSettings(id="home", name="Home"),
            device=DeviceSettings(id="pi", name="Bedroom Pi", area="Bedroom"),
        )

    def start_hub(self) -> None:
        settings = self._settings("hub")
        self.hub = HubService(settings, PeopleStore(settings.data_dir), TOOLS)
        self.hub.start()

    def start_device(self) -> None:
        settings = self._settings("device")
        self.device = DeviceService(settings, TOOLS, PeopleStore(settings.data_dir))
        self.device.start()

    def stop_hub(self) -> None:
        if self.hub:
            self.hub.stop()
            self.hub = None

    def stop_device(self) -> None:
        if self.device:
            self.device.stop()
            self.device = None

    def stop(self) -> None:
        self.stop_device()
        self.stop_hub()


@pytest.fixture
def client(mqtt: MqttSettings) -> Iterator[Client]:
    client = Client(mqtt)
    yield client
    client.close()


@pytest.fixture
def home(mqtt: MqttSettings, tmp_path: Path, client: Client, wait_for: WaitFor) -> Iterator[Home]:
    """A home whose device has been met and in which Anna opted in."""
    home = Home(mqtt, tmp_path)
    wait_for(lambda: client.payloads(HOME.status), "the hub")
    wait_for(
        lambda: (seen := client.last(HOME.catalogue, Catalogue)) and seen.tools,
        "the device's tools",
    )
    client.command(CommandName.SET_PEOPLE, to_dict(People(people=(ANNA,))))
    yield home
    home.stop()


def start(client: Client, plan: Plan = PLAN) -> Reply:
    return client.command(CommandName.START, {"plan": to_dict(plan)})


def monitors(client: Client) -> tuple[Any, ...]:
    found = client.last(HOME.monitors, Monitors)
    return found.monitors if found else ()


def test_hub_introduces_itself_without_a_time_stamp(home: Home, client: Client) -> None:
    (payload,) = set(client.payloads(HOME.hello))
    hello = decode(Hello, payload)
    assert (hello.id, hello.name) == ("home", "Home")
    assert client.last(HOME.status, Status).online


def test_catalogue_holds_device_and_tool(home: Home, client: Client) -> None:
    catalogue = client.last(HOME.catalogue, Catalogue)
    assert [device.id for device in catalogue.devices] == ["pi"]
    assert [tool.name for tool in catalogue.tools] == ["breath"]


def test_start_leads_to_readings_until_stop(home: Home, client: Client, wait_for: WaitFor) -> None:
    reply = start(client)
    assert reply.ok
    assert reply.result["already_running"] is False
    for subject, quantity in READINGS:
        wait_for(partial(client.readings, subject, quantity), quantity)
    reading = client.readings("person.anna", "breathing_rate")[-1]
    assert (reading.value, reading.unit, reading.state) == (14.0, "br/min", ReadingState.OK)
    assert reading.expires > reading.time
    heart = client.readings("person.anna", "heart_rate")[-1]
    assert heart.value is None
    assert heart.state is ReadingState.LOW_QUALITY
    assert client.readings("area.bedroom", "presence")[-1].value is True

    stopped = client.command(CommandName.STOP, {"person": "anna"})
    assert stopped.result["stopped"] == [reply.result["monitor"]["id"]]
    wait_for(lambda: monitors(client) == (), "no monitor")
    state = Topics("home").device("pi", "state")
    wait_for(lambda: b'"running":[]' in client.payloads(state)[-1], "an idle device")


def test_a_request_may_choose_the_policy(home: Home, client: Client, wait_for: WaitFor) -> None:
    wild = dataclasses.replace(PLAN, goal=dataclasses.replace(PLAN.goal, policy="wild"))
    refused = start(client, wild)
    assert refused.error is not None
    assert "The policies are latency" in refused.error.message
    assert monitors(client) == ()
    assert start(
        client, dataclasses.replace(PLAN, goal=dataclasses.replace(PLAN.goal, policy="energy"))
    ).ok
    wait_for(lambda: client.last(HOME.monitors, Monitors).policy == "energy", "the policy")
    assert start(client).result["already_running"] is True
    assert client.last(HOME.monitors, Monitors).policy == "energy"


def test_breathing_pause_is_told_once(home: Home, client: Client, wait_for: WaitFor) -> None:
    start(client)
    wait_for(lambda: len(client.readings("person.anna", "breathing_rate")) > 30, "many readings")
    events = [decode(Event, payload) for payload in client.payloads(HOME.event)]
    assert [(event.kind, event.subject) for event in events] == [
        (EventKind.BREATHING_PAUSE, "person.anna")
    ]


def test_same_request_twice_is_one_monitor(home: Home, client: Client) -> None:
    first, second = start(client), start(client)
    assert second.result["already_running"] is True
    assert first.result["monitor"]["id"] == second.result["monitor"]["id"]
    assert len(monitors(client)) == 1


def test_command_is_applied_once_however_often_it_arrives(
    home: Home, client: Client, wait_for: WaitFor
) -> None:
    start(client)
    first = client.command(CommandName.STOP, {}, id="once")
    assert len(first.result["stopped"]) == 1
    start(client)
    again = client.command(CommandName.STOP, {}, id="once")
    assert again.ok
    assert len(monitors(client)) == 1, "the repetition stopped the new monitor"
    home.stop_hub()
    wait_for(lambda: not client.last(HOME.status, Status).online, "the farewell")
    home.start_hub()
    # A hub that has not subscribed yet hears no command.
    wait_for(lambda: client.last(HOME.status, Status).online, "the hub")
    assert client.command(CommandName.STOP, {}, id="once").ok
    assert len(monitors(client)) == 1, "the repetition after a restart was applied"


@pytest.mark.parametrize("part", ["hub", "device"])
def test_monitor_survives_a_restart(
    home: Home, client: Client, wait_for: WaitFor, part: str
) -> None:
    start(client)
    wait_for(lambda: client.readings("person.anna", "breathing_rate"), "a reading")
    getattr(home, f"stop_{part}")()
    before = len(client.readings("person.anna", "breathing_rate"))
    getattr(home, f"start_{part}")()
    wait_for(
        lambda: len(client.readings("person.anna", "breathing_rate")) > before + 3,
        "readings after the restart",
    )
    assert [monitor.state for monitor in monitors(client)] == [MonitorState.RUNNING]


def test_absent_device_makes_the_monitor_degraded(
    home: Home, client: Client, wait_for: WaitFor
) -> None:
    start(client)
    wait_for(lambda: client.readings("person.anna", "breathing_rate"), "a reading")
    home.stop_device()
    wait_for(
        lambda: [item.state for item in monitors(client)] == [MonitorState.DEGRADED], "degraded"
    )
    assert monitors(client)[0].problem == "Bedroom Pi is offline."


def test_pause_stops_sensing_and_resume_goes_on(
    home: Home, client: Client, wait_for: WaitFor
) -> None:
    name = start(client).result["monitor"]["id"]
    wait_for(lambda: client.readings("person.anna", "breathing_rate"), "a reading")
    client.command(CommandName.PAUSE, {"monitor": name})
    state = HOME.device("pi", "state")
    wait_for(lambda: b'"running":[]' in client.payloads(state)[-1], "an idle device")
    before = len(client.readings("person.anna", "breathing_rate"))
    client.command(CommandName.RESUME, {"monitor": name})
    wait_for(lambda: len(client.readings("person.anna", "breathing_rate")) > before, "new readings")


def test_monitor_ends_when_its_time_is_over(home: Home, client: Client, wait_for: WaitFor) -> None:
    goal = Goal(intent=Intent.MONITOR, quantities=(Quantity.BREATHING_RATE,), duration_s=1)
    start(client, Plan(id="p", goal=goal, person="anna", steps=PLAN.steps))
    wait_for(
        lambda: (event := client.last(HOME.event, Event)) and event.kind is EventKind.MONITOR_ENDED,
        "the event",
    )
    wait_for(lambda: monitors(client) == (), "no monitor")


def test_refresh_sends_valid_readings_again(home: Home, client: Client, wait_for: WaitFor) -> None:
    name = start(client).result["monitor"]["id"]
    for subject, quantity in READINGS:
        wait_for(partial(client.readings, subject, quantity), quantity)
    client.command(CommandName.PAUSE, {"monitor": name})
    wait_for(lambda: b'"running":[]' in client.payloads(HOME.device("pi", "state"))[-1], "idle")
    before = len(client.readings("person.anna", "breathing_rate"))
    assert client.command(CommandName.REFRESH).result["readings"] == 3
    wait_for(lambda: len(client.readings("person.anna", "breathing_rate")) > before, "one more")


def test_person_who_leaves_is_watched_no_longer(
    home: Home, client: Client, wait_for: WaitFor
) -> None:
    start(client)
    for subject, quantity in READINGS:
        wait_for(partial(client.readings, subject, quantity), quantity)
    reply = client.command(CommandName.SET_PEOPLE, to_dict(People()))
    assert len(reply.result["stopped"]) == 1
    assert monitors(client) == ()
    # Who comes back is not met by what was measured before; the room's presence still counts.
    client.command(CommandName.SET_PEOPLE, to_dict(People(people=(ANNA,))))
    assert client.command(CommandName.REFRESH).result["readings"] == 1


def test_every_tool_forgets_a_person_who_asks_for_it(
    home: Home, client: Client, tmp_path: Path, wait_for: WaitFor
) -> None:
    assert client.command(CommandName.DELETE_DATA, {"person": "anna"}).ok
    wait_for(lambda: (tmp_path / "device" / "forgotten").exists(), "the device's tools to forget")
    assert (tmp_path / "device" / "forgotten").read_text() == "anna"


def test_addresses_stay_in_a_private_file(home: Home, client: Client, tmp_path: Path) -> None:
    start(client)
    for name in ("hub", "device"):
        kept = tmp_path / name / "people.json"
        assert "192.0.2.23" in kept.read_text()
        assert kept.stat().st_mode & 0o077 == 0
    told = [m for m in client.seen if b"192.0.2.23" in m.payload and m.topic != HOME.command]
    assert told == []


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        (CommandName.START, {"plan": {**to_dict(PLAN), "person": "eve"}}, "unknown_person"),
        (CommandName.START, {"plan": {**to_dict(PLAN), "steps": []}}, "invalid_plan"),
        (CommandName.START, {"plan": 7}, "invalid"),
        (CommandName.START, {}, "invalid"),
        (CommandName.STOP, {"monitor": "none"}, "unknown_monitor"),
        (CommandName.STOP, {"quantities": ["love"]}, "invalid"),
        (CommandName.PAUSE, {}, "unknown_monitor"),
        (CommandName.CHECK_IN, {"person": "eve", "value": 3}, "unknown_person"),
        (CommandName.CHECK_IN, {"person": "anna", "value": 9}, "invalid"),
        (CommandName.CHECK_IN, {"person": "anna", "value": True}, "invalid"),
        (CommandName.CALIBRATE, {"person": "eve"}, "unknown_person"),
        (CommandName.CALIBRATE, {"person": "anna"}, "nothing_to_calibrate"),
        (CommandName.DELETE_DATA, {"person": "eve"}, "unknown_person"),
        ("format-disk", {}, "unsupported"),
    ],
)
def test_bad_command_is_answered_with_a_code_and_a_sentence(
    home: Home, client: Client, name: str, arguments: dict[str, Any], code: str
) -> None:
    reply = client.command(name, arguments)
    assert not reply.ok
    assert reply.error is not None
    assert reply.error.code == code
    assert reply.error.message.endswith(".")


@pytest.mark.parametrize(
    "leaf", ["command", "device/pi/hello", "device/pi/data/s1", "device/x/status"]
)
def test_nonsense_on_any_topic_changes_nothing(home: Home, client: Client, leaf: str) -> None:
    nonsense = (b"\xff", b"[]", b'{"v":2}', b'{"v":1}', b"{" * 5000, b"x" * 300_000, b"")
    for payload in nonsense:
        client.publish(f"edge_ai/home/{leaf}", payload)
    assert start(client).ok


def test_full_disk_is_told_and_the_hub_goes_on(
    home: Home, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, message: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("edge_worker.runtime.monitors.files.save", full)
        reply = start(client)
    assert reply.error is not None
    assert reply.error.code == "storage"
    assert "No space left" in reply.error.message
    assert start(client).ok


def test_hub_and_device_of_one_process_share_their_people(
    mqtt: MqttSettings, client: Client, tmp_path: Path, wait_for: WaitFor
) -> None:
    stop = threading.Event()
    settings = Settings(
        mqtt=mqtt,
        data_dir=tmp_path / "both",
        hub=HubSettings(id="home", name="Home"),
        device=DeviceSettings(id="pi", name="Pi"),
    )
    thread = threading.Thread(target=run, args=(settings, stop))
    thread.start()
    try:
        wait_for(lambda: client.payloads(HOME.status), "the hub")
        for number in range(20):
            people = People(people=(Person(id="anna", name=f"Anna {number}"),))
            assert client.command(CommandName.SET_PEOPLE, to_dict(people)).ok
    finally:
        stop.set()
        thread.join(20)
    assert "Anna 19" in (tmp_path / "both" / "people.json").read_text()


def test_broker_never_keeps_people_commands_or_readings(
    home: Home, client: Client, mqtt: MqttSettings, wait_for: WaitFor
) -> None:
    start(client)
    wait_for(lambda: client.readings("person.anna", "breathing_rate"), "a reading")
    late = Client(mqtt)
    own = {HOME.hello, HOME.status, HOME.catalogue, HOME.monitors, HOME.training}
    expected = own | {HOME.device("pi", leaf) for leaf in ("hello", "status", "state")}

    def kept() -> set[str]:
        return {message.topic for message in late.seen if message.retain}

    wait_for(lambda: expected <= kept(), "retained messages")
    # The broker sends what it keeps before it answers anything new.
    assert late.command(CommandName.REFRESH, id="late").ok
    late._paho.disconnect()
    late._paho.loop_stop()
    assert kept() == expected


def test_an_accepted_model_is_in_the_catalogue_at_once(
    mqtt: MqttSettings, tmp_path: Path, wait_for: WaitFor
) -> None:
    """The hub promotes, its own device tells anew what it can do."""
    card = ToolCard(name="trained", version="", summary="", outputs=(Port.VITALS,))
    store = ModelStore(tmp_path)

    def promoted(card: ToolCard, folder: Path) -> ToolCard | None:
        model = ModelStore(folder).active("activation_network")
        return None if model is None else dataclasses.replace(card, version=model.version)

    tools = {"trained": Tool(card=card, make_source=lambda _: KnownBreath(), promoted=promoted)}
    settings = Settings(
        mqtt=mqtt, data_dir=tmp_path, hub=HubSettings(id="home"), device=DeviceSettings(id="pi")
    )
    store.add("activation_network", b"weights", {})
    files.save(
        tmp_path / "training.json",
        Training(state=TrainingState.WAITING, task="activation", candidate="v1"),
    )
    people = PeopleStore(tmp_path)
    hub = HubService(settings, people, tools)
    device = DeviceService(settings, tools, people)
    hub.start()
    device.start()
    client = Client(mqtt)

    def versions() -> list[str]:
        payloads = client.payloads(HOME.catalogue)
        return [tool.version for tool in decode(Catalogue, payloads[-1]).tools] if payloads else []

    try:
        wait_for(lambda: client.payloads(HOME.device("pi", "hello")), "the device")
        assert versions() == []
        assert client.command(CommandName.ANSWER_TRAINING, {"accept": True}).ok
        wait_for(lambda: versions() == ["v1"], "the new version")
        assert client.command(CommandName.ROLL_BACK_MODEL, {}).ok
        wait_for(lambda: versions() == [], "the way back")
    finally:
        device.stop()
        hub.stop()
