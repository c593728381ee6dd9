from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from edge_worker.bench.federated_flower import markdown, run_arm, settled
from edge_worker.bench.process_memory import program, watched


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (b"/x/bin/python3.11\0/x/bin/flower-supernode\0--superlink\0h", "flower-supernode"),
        (b"/x/python\0-m\0edge_worker.bench.arms\0in-process", "edge_worker.bench.arms"),
        (b"ray::ClientAppActor.run\0", "ray::ClientAppActor.run"),
        (b"/x/raylet/raylet\0--gcs=1", "raylet"),
        (b"", ""),
    ],
)
def test_a_process_is_named_by_what_it_runs(line: bytes, name: str) -> None:
    assert program(line) == name


def test_memory_of_a_grandchild_is_seen_while_it_lives() -> None:
    statement = "import time; kept = bytearray(90_000_000); time.sleep(2)"
    arguments = ["-m", "timeit", "-n1", "-r1", statement]
    code = f"import subprocess, sys; subprocess.run([sys.executable, *{arguments!r}])"
    with (
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL) as process,
        watched(process.pid) as memory,
    ):
        process.wait()
    assert memory["timeit"] > 85


def result(own: float, flower: float) -> dict[str, Any]:
    def arm(seconds: float) -> dict[str, Any]:
        return {
            "rounds_s": [9.0, seconds, seconds, seconds * 3],
            "total_s": 20 * seconds,
            "score": 0.9,
            "memory_mb": {"x": 400.0},
        }

    return {
        "environment": "here",
        "rounds": 4,
        "in-process": arm(own),
        "simulation": arm(flower),
        "nodes_mb": {"flower-supernode": 135.0},
    }


def test_the_ratio_is_of_settled_rounds_and_judged_by_the_bar() -> None:
    assert settled([9.0, 1.0, 1.0, 3.0]) == 1.0
    met, missed = markdown(result(1.0, 10.0)), markdown(result(1.0, 4.0))
    assert "**0.100**; the bar is 0.20: met" in met
    assert "**0.250**; the bar is 0.20: missed" in missed
    assert "| nodes | flower-supernode | 135 |" in met


def test_the_arm_in_one_process_trains_and_is_watched() -> None:
    found = run_arm("in-process", 3)
    assert len(found["rounds_s"]) == 3
    assert 0 < found["score"] < 1
    assert found["memory_mb"]["edge_worker.bench.federated_flower_arms"] > 100
    json.dumps(found)
