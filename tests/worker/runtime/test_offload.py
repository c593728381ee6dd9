"""A step that shares a model with the hub, over a real broker: placement, traffic, policy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
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
from edge_worker.runtime.device import DeviceService
from edge_worker.settings import MqttSettings

from . import test_service as service
from .test_service import HOME, PLAN, Client, Home, start

WaitFor = Callable[..., None]
BUNDLE = shipped_bundles()["vitals_network"]
WINDOW = example_window(BundleModel(load_bundle(BUNDLE)))

client = service.client


class SharedStep:
    """Runs the shipped network on the same window again and again."""

    def __init__(self, context: ToolContext) -> None:
        assert context.offload is not None
        self._model: CoInference = context.offload.open(BUNDLE)

    def update(self, port: str, value: Any) -> Iterable[Output]:
        self._model.submit(WINDOW)
        return [
            (Port.VITALS, Vitals(t=time.time(), state=ReadingState.OK, present=True))
            for _ in self._model.results()
        ]

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
    ),
}


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
    steps = (
        PLAN.steps[0],
        service.PlanStep(id="s2", tool="network", device="pi", inputs={"vitals": "s1"}),
    )
    assert start(client, service.Plan(**{**vars(PLAN), "steps": steps})).ok

    def placed() -> Any:
        (monitor,) = client.last(HOME.monitors, Monitors).monitors or (None,)
        return monitor and monitor.placements and monitor.placements[0].latency_ms

    wait_for(placed, "a placement with its latency", 60)
    (monitor,) = client.last(HOME.monitors, Monitors).monitors
    assert monitor.placements[0].step == monitor.plan.steps[1].id
    assert monitor.bytes_per_s > 0


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
