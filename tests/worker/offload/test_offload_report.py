"""The co-inference benchmark's page: who is compared with whom, and what counts as right."""

from __future__ import annotations

from typing import Any

import pytest

from edge_worker.bench.offload_report import answered, bars, best, judge, kind, markdown


def arm(latency_s: float, air: float = 0.0, place: str = "split") -> dict[str, Any]:
    return {
        "windows": 5,
        "latency_s": latency_s,
        "p95_s": latency_s,
        "device_s": 0.0,
        "hub_s": 0.0,
        "bytes": 100,
        "places": [place],
        "air_bytes": air,
    }


@pytest.fixture
def cell() -> dict[str, Any]:
    return {
        "model": "net",
        "bandwidth_mbit": 1.0,
        "slowdown": 10.0,
        "memory_mb": 90.0,
        "torch": False,
        "arms": {
            "device": arm(0.200, place="device"),
            "input/int8": arm(0.500, 60_000, "hub"),
            "stream/int8": arm(0.040, 6_000, "hub"),
            "early/float32": arm(0.150, 12_000),
            "early/learned-low": arm(0.080, 1_000),
            "early/learned-high": arm(0.001, 2_000, "local_fallback"),
        },
        "forecast": {
            "device": {"latency_s": 0.19},
            "input/int8": {"latency_s": 0.45},
            "early/float32": {"latency_s": 0.15},
            "early/learned-low": {"latency_s": 0.07},
        },
    }


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ("device", "device"),
        ("input/float32", "hub raw"),
        ("input/int16", "hub compressed"),
        ("stream/int8", "hub streamed"),
        ("early/float32", "split"),
        ("early/learned-low", "split + codec"),
    ],
)
def test_arm_of_a_plan(plan: str, expected: str) -> None:
    assert kind(plan) == expected


def test_windows_that_fell_back_don_t_count(cell: dict[str, Any]) -> None:
    assert "early/learned-high" not in answered(cell)
    assert best(cell, ("split + codec",)) == ("early/learned-low", 0.080)


def test_what_loses_too_much_is_no_rival(cell: dict[str, Any]) -> None:
    cell["forecast"]["input/int8"]["relative_loss"] = 0.05
    assert best(cell, ("hub streamed", "hub compressed")) is None
    cell["forecast"]["early/learned-low"]["relative_loss"] = 0.02
    assert judge(cell, raw_stays=False)["chosen"] == "early/float32"


def test_planner_is_judged_by_what_it_may_choose(cell: dict[str, Any]) -> None:
    found = judge(cell, raw_stays=True)
    assert (found["chosen"], found["quickest"]) == ("early/learned-low", "early/learned-low")
    assert found["ratio"] == 1
    assert found["error"] == pytest.approx(0.07 / 0.08 - 1)


def test_bars_compare_with_every_rival(cell: dict[str, Any]) -> None:
    text = "\n".join(bars([cell]))
    assert "raw stays, device 10-30x: split + codec is 2.50 to 2.50 times as quick" in text
    assert "raw may leave, device 10-30x: split + codec is 0.50 to 0.50 times as quick" in text
    assert "early/learned-low 1000, stream/int8 6000, 6.0 times as many" in text
    page = markdown({"cells": [cell], "link": "shaped", "device": "emulated"})
    assert "| net | 1 | 10x | 200.0 | - | 500.0 | 40.0 | 150.0 | 80.0 | 100 |" in page
