"""The vitals network in the catalogue: found by its measured quality, run with the receiver."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_worker.catalogue.ports import Port, Vitals
from edge_worker.catalogue.tool import SourceError, ToolContext
from edge_worker.messages import ReadingState
from edge_worker.offload.vitals.grid import BREATHING_RATES, HEART_RATES
from edge_worker.runtime import combined_tools
from edge_worker.runtime.toolbox import load_tools


def context(tmp_path: Path, **settings: object) -> ToolContext:
    return ToolContext(settings=settings, data_dir=tmp_path)


def test_a_simulated_person_is_read_end_to_end(tmp_path: Path) -> None:
    tools = load_tools()
    sonar, network = tools["sonar"], tools["vitals_network"]
    assert sonar.make_source is not None
    assert network.make_step is not None
    step = network.make_step(context(tmp_path))
    stop = threading.Event()
    found: list[Vitals] = []

    def emit(port: str, value: object) -> None:
        found.extend(vitals for _, vitals in step.update(port, value))
        if len(found) >= 20:
            stop.set()

    scenario = {"distance_m": 0.5, "noise_db": 53.0}
    source = sonar.make_source(
        context(tmp_path, source="simulator", speed=100.0, scenario=scenario)
    )
    source.run(emit, stop)
    assert found[-1].breathing_rate == pytest.approx(13, abs=1.5)


def test_the_hub_can_finish_what_the_step_says() -> None:
    tool = load_tools()["vitals_network"]
    assert tool.make_finish is not None
    sure = np.where(np.arange(len(BREATHING_RATES)) == 40, 20.0, 0.0)
    outputs = {
        "breathing": sure[None].astype(np.float32),
        "heart": np.zeros((1, len(HEART_RATES)), np.float32),
        "state": np.array([[9.0, 0.0]], np.float32),
    }
    said = Vitals(t=1.0, state=ReadingState.LOW_QUALITY, present=True, heart_rate=61.0)
    finished = tool.make_finish()(said, outputs)
    assert finished.breathing_rate == pytest.approx(BREATHING_RATES[40], rel=0.02)
    assert (finished.heart_rate, finished.state) == (61.0, ReadingState.OK)


def test_its_map_stays_on_the_device_and_its_headline_beats_the_receiver() -> None:
    tools = load_tools()
    network, receiver = tools["vitals_network"].card, tools["vital_signs"].card
    assert [item.port for item in network.inputs] == [Port.RANGE_MAP]
    assert Port.RANGE_MAP not in network.outputs
    assert network.quality[0].metric == receiver.quality[0].metric
    assert network.quality[0].value > receiver.quality[0].value


def test_a_wrong_setting_is_said_in_a_sentence(tmp_path: Path) -> None:
    make = load_tools()["vitals_network"].make_step
    assert make is not None
    with pytest.raises(SourceError, match="true or false"):
        make(context(tmp_path, raw_may_leave="yes"))


def test_where_a_hub_shares_models_the_map_stays_unless_the_owner_says_otherwise(
    tmp_path: Path,
) -> None:
    opened: list[tuple[Path, bool]] = []

    class Sharing:
        def open(self, bundle: Path, *, raw_may_leave: bool = False) -> Any:
            opened.append((bundle, raw_may_leave))

    make = load_tools()["vitals_network"].make_step
    assert make is not None
    for settings in ({}, {"raw_may_leave": True}):
        make(ToolContext(settings=settings, data_dir=tmp_path, offload=Sharing()))
    assert [(bundle.name, allowed) for bundle, allowed in opened] == [
        ("vitals_network", False),
        ("vitals_network", True),
    ]


def test_missing_runtime_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(combined_tools.importlib.util, "find_spec", lambda name: None)
    problem = load_tools()["vitals_network"].problem({})
    assert problem is not None
    assert "onnxruntime" in problem.lower() or "ONNX Runtime" in problem
