"""A step that shares a model with the hub, over a real broker: placement, traffic, policy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from edge_worker.catalogue.coinference import CoInference
from edge_worker.catalogue.ports import Port, Vitals
from edge_worker.catalogue.tool import Output, Tool, ToolContext
from edge_worker.messages import (
    CommandName,
    Monitors,
    ReadingState,
    ToolCard,
    ToolInput,
)
from edge_worker.offload.bundle import load_bundle, shipped_bundles
from edge_worker.offload.bundle_model import BundleModel
from edge_worker.offload.costs import example_window
from edge_worker.offload.device_side import DeviceSide
from edge_worker.offload.parts import RAW_CUTS, cut_of
from edge_worker.runtime.device import DeviceService
from edge_worker.settings import MqttSettings

from . import test_service as service
from .test_service import HOME, PLAN, Client, Home, start

WaitFor = Callable[..., None]
BUNDLE = shipped_bundles()["vitals_network"]
MODEL = BundleModel(load_bundle(BUNDLE))
WINDOW = example_window(MODEL)

client = service.client


FINISHED_HERE, FINISHED_THERE = 11.5, 12.5


class SharedStep:
    """Runs the shipped network on the same window again and again."""

    def __init__(self, context: ToolContext) -> None:
        assert context.offload is not None
        self._model: CoInference = context.offload.open(BUNDLE)

    def update(self, port: str, value: Any) -> Iterable[Output]:
        said = Vitals(t=time.time(), state=ReadingState.OK, present=True)
        self._model.submit(WINDOW, word=(Port.VITALS, said))
        answers = [result for result in self._model.results() if not result.handed_on]
        return [(Port.VITALS, replace(said, breathing_rate=FINISHED_HERE)) for _ in answers]

    def tick(self, now: float) -> Iterable[Output]:
        return ()


def finish(said: Vitals, outputs: Mapping[str, Any]) -> Vitals:
    assert set(outputs) == {"breathing", "heart", "state"}
    return replace(said, breathing_rate=FINISHED_THERE)


class Sink:
    """A step on the device that needs what the network says."""

    def update(self, port: str, value: Any) -> Iterable[Output]:
        return ()

    def tick(self, now: float) -> Iterable[Output]:
        return ()


TOOLS = {
    **service.TOOLS,
    "network": Tool(
        card=ToolCard(
            name="network",
            version="1",
            summary="",
            inputs=(ToolInput(port="vitals"),),
            outputs=("vitals",),
        ),
        make_step=SharedStep,
        make_finish=lambda: finish,
    ),
    "sink": Tool(
        card=ToolCard(
            name="sink",
            version="1",
            summary="",
            inputs=(ToolInput(port="vitals"),),
            outputs=("activation",),
        ),
        make_step=lambda context: Sink(),
    ),
}
NETWORK = service.PlanStep(id="s2", tool="network", device="pi", inputs={"vitals": "s1"})
SINK = service.PlanStep(id="s3", tool="sink", device="pi", inputs={"vitals": "s2"})


@pytest.fixture
def home(
    mqtt: MqttSettings,
    tmp_path: Path,
    client: Client,
    wait_for: WaitFor,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Home]:
    monkeypatch.setattr(service, "TOOLS", TOOLS)
    monkeypatch.setattr("edge_worker.runtime.device._PLACEMENTS_S", 0.3)
    yield from service.home.__wrapped__(mqtt, tmp_path, client, wait_for)  # type: ignore[attr-defined]


def test_placement_and_traffic_of_a_shared_model_are_told(
    home: Home, client: Client, wait_for: WaitFor
) -> None:
    assert start(client, replace(PLAN, steps=(*PLAN.steps, NETWORK))).ok

    def placed() -> Any:
        (monitor,) = client.last(HOME.monitors, Monitors).monitors or (None,)
        return monitor and monitor.placements and monitor.placements[0].latency_ms

    wait_for(placed, "a placement with its latency", 60)
    (monitor,) = client.last(HOME.monitors, Monitors).monitors
    assert monitor.placements[0].step == monitor.plan.steps[1].id
    assert monitor.bytes_per_s > 0


def rates(client: Client) -> set[object]:
    """What was read of the network's step; its source says something else."""
    found = {reading.value for reading in client.readings("person.anna", "breathing_rate")}
    return found & {FINISHED_HERE, FINISHED_THERE}


@pytest.fixture
def split(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every model is split, however quick this computer is."""
    plan = next(plan for plan in MODEL.plans if cut_of(plan) not in RAW_CUTS)
    share = partial(DeviceSide.share, forced=plan, deadline_s=60.0)
    monkeypatch.setattr(DeviceSide, "share", lambda self, model, **options: share(self, model))


def test_what_the_hub_has_computed_it_publishes(
    split: None, home: Home, client: Client, wait_for: WaitFor
) -> None:
    assert start(client, replace(PLAN, steps=(*PLAN.steps, NETWORK))).ok
    wait_for(lambda: FINISHED_THERE in rates(client), "a reading that the hub finished")
    assert FINISHED_HERE not in rates(client)


def test_what_another_step_of_the_device_needs_returns_to_it(
    split: None, home: Home, client: Client, wait_for: WaitFor
) -> None:
    assert start(client, replace(PLAN, steps=(*PLAN.steps, NETWORK, SINK))).ok
    wait_for(lambda: FINISHED_HERE in rates(client), "a reading that the device finished")
    assert FINISHED_THERE not in rates(client)


def test_policy_is_kept_over_a_restart_and_reaches_the_device(
    home: Home, client: Client, wait_for: WaitFor
) -> None:
    assert client.command(CommandName.SET_POLICY, {"policy": "energy"}).ok
    wait_for(lambda: client.last(HOME.monitors, Monitors).policy == "energy", "the policy")
    home.stop_hub()
    home.start_hub()
    device: DeviceService | None = home.device
    assert device is not None
    wait_for(lambda: device._offload._policy == "energy", "the device to know")
    assert client.last(HOME.monitors, Monitors).policy == "energy"


@pytest.mark.parametrize("policy", [None, 3, "cheapest", ["latency"]])
def test_unknown_policy_is_refused_with_a_sentence(
    home: Home, client: Client, policy: object
) -> None:
    reply = client.command(CommandName.SET_POLICY, {"policy": policy})
    assert not reply.ok
    assert reply.error is not None
    assert reply.error.message == "The policies are latency, traffic, energy, privacy."
