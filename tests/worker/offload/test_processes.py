"""A hub process and a real broker; the device without PyTorch; kill -9 in between."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from demo_home.processes import Processes

from edge_worker.bench.offload_arm import TOPICS
from edge_worker.link import MqttLink
from edge_worker.messages import Place
from edge_worker.offload.bundle import load_bundle, shipped_bundles
from edge_worker.offload.bundle_model import BundleModel
from edge_worker.offload.coinference import SharedModel
from edge_worker.offload.costs import example_window
from edge_worker.offload.device_side import DeviceSide
from edge_worker.offload.parts import RAW_CUTS, cut_of
from edge_worker.settings import MqttSettings

WaitFor = Callable[..., None]
WORKER = [sys.executable, "-m", "edge_worker.bench.offload_worker"]
BUNDLE = shipped_bundles()["vitals_network"]


def start_hub(processes: Processes, mqtt: MqttSettings, folder: Path) -> None:
    arguments = ["--port", str(mqtt.port), "--bundles", str(folder), "--arrivals"]
    processes.start("hub", [*WORKER, "hub", *arguments, str(folder / "arrivals")])


@pytest.fixture
def processes(mqtt: MqttSettings, tmp_path: Path) -> Iterator[Processes]:
    with Processes(tmp_path) as found:
        start_hub(found, mqtt, tmp_path)
        yield found


def test_device_without_torch_shares_every_plan(
    processes: Processes, mqtt: MqttSettings, tmp_path: Path
) -> None:
    arguments = ["--port", str(mqtt.port), "--bundle", str(BUNDLE), "--windows", "2"]
    done = subprocess.run(
        [*WORKER, "device", *arguments, "--arrivals", str(tmp_path / "arrivals")],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    found = json.loads(done.stdout)
    assert not found["torch"]
    assert found["memory_mb"] < 150
    assert len(found["arms"]) > 3
    for plan, arm in found["arms"].items():
        assert str(Place.LOCAL_FALLBACK) not in arm["places"], plan
        assert (arm["bytes"] > 0) == (plan != "device")


def test_hub_killed_in_mid_frame_and_started_again(
    processes: Processes, mqtt: MqttSettings, tmp_path: Path, wait_for: WaitFor
) -> None:
    link = MqttLink(
        mqtt,
        client_id="edge-ai-bench-killed",
        will=(TOPICS.device("pi", "status"), b""),
        on_message=lambda message: side.receive(message.payload),
        on_connect=lambda: None,
    )
    side = DeviceSide(lambda data: link.publish(TOPICS.device("pi", "frame/up"), data))
    link.subscribe(TOPICS.device("pi", "frame/down"))
    model = BundleModel(load_bundle(BUNDLE))
    plan = next(item for item in model.plans if cut_of(item) not in RAW_CUTS)
    link.start()
    side.start()
    shared = side.share(model, forced=plan)
    try:
        wait_for(lambda: link.connected, "the broker")
        wait_for(lambda: place(side, shared) is Place.SPLIT, "the hub process", 60)
        processes.kill("hub")
        shared.submit(example_window(model), tag="orphan")
        side.hub_left()  # what the hub's last will says
        wait_for(lambda: shared.last and shared.last.tag == "orphan", "a local result")
        assert shared.last is not None
        assert shared.last.place is Place.LOCAL_FALLBACK
        start_hub(processes, mqtt, tmp_path)
        wait_for(lambda: place(side, shared) is Place.SPLIT, "the hub again", 60)
    finally:
        side.stop()
        link.stop((TOPICS.device("pi", "status"), b""))


def place(side: DeviceSide, shared: SharedModel) -> Place:
    """Where one window is computed; a hub that is silent for a second has left."""
    shared.submit(example_window(shared.model))
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline + 15:
        if found := shared.results():
            return found[-1].place
        if time.monotonic() > deadline:
            side.hub_left()
        time.sleep(0.01)
    raise AssertionError("no result")
