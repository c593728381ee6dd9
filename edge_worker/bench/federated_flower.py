"""FedAvg in one process beside Flower's simulation, and what a node of either takes in memory.

    scripts/setup simulation
    .venv/federated/bin/python -m edge_worker.bench.federated_flower --out docs/federated-flower

Both arms train the task `digits` with its baseline, ten clients, the same seed and averaging, on
the same machine: the one process both before and after the simulation. Only their ratio means
something, seconds depend on what else runs. The memory of real nodes is read while
`scripts/flower-demo` runs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from edge_worker.bench.environment import environment
from edge_worker.bench.process_memory import watched

ARMS = "edge_worker.bench.federated_flower_arms"
DEMO = Path(__file__).resolve().parents[2] / "scripts" / "flower-demo"
# Flower's programs as the demonstration starts them; ClientApp and ServerApp are their children.
NODE_PROGRAMS = (
    "flower-superlink",
    "flower-supernode",
    "flower-superexec",
    "flwr-serverapp",
    "flwr-clientapp",
)
BAR = 1 / 5
MAX_SECONDS = 3600.0
# Ray gives up on its own processes within a minute, which a busy machine does not keep.
PATIENT_RAY = {
    "RAY_raylet_start_wait_time_s": "900",
    "RAY_health_check_timeout_ms": "120000",
    "RAY_health_check_failure_threshold": "50",
}

app = typer.Typer()


@app.command()
def main(
    rounds: Annotated[int, typer.Option(min=3)] = 10,
    nodes: Annotated[bool, typer.Option(help="Also run real nodes, for their memory.")] = True,
    out: Annotated[Path | None, typer.Option(help="Write OUT.json and OUT.md.")] = None,
) -> None:
    """Measure and print."""
    result: dict[str, Any] = {"environment": environment("torch", "flwr", "ray"), "rounds": rounds}
    before = run_arm("in-process", rounds)
    result["simulation"] = run_arm("simulation", rounds)
    after = run_arm("in-process", rounds)
    # On both sides of the other: what else the machine does changes by the minute.
    result["in-process"] = {**before, "rounds_s": before["rounds_s"] + after["rounds_s"][1:]}
    if nodes:
        result["nodes_mb"] = nodes_memory()
    page = markdown(result)
    if out is not None:
        out.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        out.with_suffix(".md").write_text(page, encoding="utf-8")
    sys.stdout.write(page)


def run_arm(name: str, rounds: int) -> dict[str, Any]:
    """One arm in a fresh process: its answer, and its memory as seen from outside.

    Raises RuntimeError when it fails or takes too long.
    """
    command = [sys.executable, "-m", ARMS, name, str(rounds)]
    quiet = {**os.environ, **PATIENT_RAY, "FLWR_TELEMETRY_ENABLED": "0"}
    with (
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=quiet
        ) as process,
        watched(process.pid) as memory,
    ):
        try:
            answer, errors = process.communicate(timeout=MAX_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise RuntimeError(f"{name} took more than {MAX_SECONDS:.0f} s") from None
    lines = [line for line in answer.splitlines() if line.startswith('{"rounds_s"')]
    if process.returncode or not lines:
        raise RuntimeError(f"{name} failed:\n{errors[-2000:]}")
    return {**json.loads(lines[-1]), "memory_mb": memory}


def nodes_memory(rounds: int = 3) -> dict[str, float]:
    """Largest resident MB of each of Flower's programs during a training over three nodes.

    Raises RuntimeError when the demonstration does not finish.
    """
    with (
        subprocess.Popen(
            [str(DEMO)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "ROUNDS": str(rounds)},
        ) as process,
        watched(process.pid) as memory,
    ):
        said, _ = process.communicate(timeout=MAX_SECONDS)
    if process.returncode:
        raise RuntimeError(f"{DEMO.name} failed:\n{said[-2000:]}")
    return {name: memory[name] for name in NODE_PROGRAMS if name in memory}


def settled(rounds_s: list[float]) -> float:
    """Median seconds of a round. The first is left out: it loads torch, and starts the actors."""
    return float(np.median(rounds_s[1:]))


def markdown(result: Mapping[str, Any]) -> str:
    """The page."""
    own, flower = result["in-process"], result["simulation"]
    ratio = settled(own["rounds_s"]) / settled(flower["rounds_s"])
    lines = [
        "# Federated averaging: one process, Flower's simulation, nodes",
        "",
        "Made by `python -m edge_worker.bench.federated_flower --out docs/federated-flower` in the "
        "environment of `scripts/setup simulation`; do not edit.",
        f"{result['environment']}. Task `digits`, ten clients, {result['rounds']} rounds.",
        "",
        "| way | round, median | first round | in all | score | memory of the largest process |",
        "|---|---|---|---|---|---|",
        _arm("in one process", own),
        _arm("Flower's simulation (Ray)", flower),
        "",
        f"Round in one process over round in Flower's simulation: **{ratio:.3f}**; the bar is "
        f"{BAR:.2f}: {'met' if ratio <= BAR else 'missed'}. In all: "
        f"{own['total_s'] / flower['total_s']:.3f}. Both ways judge after each round.",
        "",
        "Memory by program, largest process of each, resident MB (pages shared with others count "
        "in each):",
        "",
        "| way | program | MB |",
        "|---|---|---|",
    ]
    tables = {
        "in one process": own["memory_mb"],
        "simulation": flower["memory_mb"],
        "nodes": result.get("nodes_mb", {}),
    }
    for way, memory in tables.items():
        lines += [f"| {way} | {name} | {size:.0f} |" for name, size in sorted(memory.items())]
    return "\n".join(lines) + "\n"


def _arm(name: str, arm: Mapping[str, Any]) -> str:
    rounds = arm["rounds_s"]
    return (
        f"| {name} | {settled(rounds):.2f} s | {rounds[0]:.1f} s | {arm['total_s']:.1f} s | "
        f"{arm['score']:.4f} | {max(arm['memory_mb'].values()):.0f} MB |"
    )


if __name__ == "__main__":
    app()
