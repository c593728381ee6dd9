"""The article's Fig. 5 for this software: where a model runs best, measured between processes.

    python -m edge_worker.bench.offload --out docs/offload-bench

Device and hub are processes in two network namespaces with a shaped link, and mosquitto
beside the hub. A slow device is emulated: each part's own processor time is stretched.
"""

from __future__ import annotations

import json
import math
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge_worker.bench.offload_network import (
    BROKER_PORT,
    RELAY_PORT,
    Network,
    loopback,
    namespaces_possible,
    relay_command,
    two_namespaces,
)
from edge_worker.bench.offload_report import write_report

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Mbit/s → round trip in ms, as the links of a home have them.
LINKS: Mapping[float, float] = {0.1: 50, 0.25: 30, 1: 20, 5: 10, 20: 5, 100: 3}
# Of the rooms that no training saw.
_ROOMS = (260_000, 260_003)
_ROOM_S, _HOP_S = 68.0, 2.0
SLOWDOWNS = (1.0, 3.0, 10.0, 30.0)
ARRIVALS = "arrivals.log"
REFERENCE = "edge_worker.offload.reference_models"
MODELS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "vitals_network": ("vitals_network", ()),
    "resnet18": (f"{REFERENCE}:resnet18", ("1,3,224,224",)),
    "mobilenet_v2": (f"{REFERENCE}:mobilenet_v2", ("1,3,224,224",)),
    "traffic_net": ("edge_worker.bench.offload_models:traffic_net", ("1,3,100",)),
}

app = typer.Typer()


@app.command()
def main(
    out: Annotated[Path | None, typer.Option(help="Write OUT.json, OUT.md, OUT.png.")] = None,
    models: Annotated[str, typer.Option(help="Comma-separated.")] = ",".join(MODELS),
    bandwidths: Annotated[str, typer.Option(help="Mbit/s.")] = ",".join(f"{b:g}" for b in LINKS),
    slowdowns: Annotated[str, typer.Option()] = ",".join(f"{k:g}" for k in SLOWDOWNS),
    windows: Annotated[int, typer.Option(min=1)] = 5,
    resume: Annotated[bool, typer.Option(help="Keep the cells that OUT.json holds.")] = False,
    software: Annotated[bool, typer.Option(help="Shape in software even with rights.")] = False,
) -> None:
    """Measure every arm of every cell, and compare with what the planner foretold."""
    # An end by signal takes the servers and the namespaces with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    grid, speeds = _numbers(bandwidths, "bandwidths"), _numbers(slowdowns, "slowdowns")
    names = _names(models)
    result = _begun(out) if resume else _new()
    if out is not None:
        _writable(out)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        bundles = prepare(names, folder / "bundles")
        examples = simulated_windows(folder / "windows.npz")
        cells: list[dict[str, Any]] = result["cells"]
        result["small_round_trip_ms"] = small_round_trip_ms(folder)
        have = {(c["model"], c["bandwidth_mbit"], c["slowdown"]) for c in cells}
        for bandwidth in grid:
            with stage(folder, bandwidth, software=software) as network:
                result["link"] = network.shaped
                result["round_trip_ms"][f"{bandwidth:g}"] = round_trip_ms(bandwidth)
                for name, bundle in bundles.items():
                    for speed in speeds:
                        if (name, bandwidth, speed) in have:
                            continue
                        found = run_device(network, bundle, speed, windows, examples)
                        cells.append({"model": name, "bandwidth_mbit": bandwidth, **found})
                        typer.echo(f"{name} {bandwidth:g} Mbit/s {speed:g}x: done", err=True)
                        if out is not None:  # hours of measuring survive an interruption
                            out.with_suffix(".json").write_text(json.dumps(result, indent=1))
    cells.sort(key=lambda c: (c["model"], c["bandwidth_mbit"], c["slowdown"]))
    typer.echo(write_report(result, out))


def _numbers(text: str, what: str) -> list[float]:
    try:
        found = [float(item) for item in text.split(",")]
    except ValueError:
        found = []
    if not found or not all(0 < item < math.inf for item in found):
        raise typer.BadParameter(f"--{what} wants numbers above 0, with commas between them.")
    return found


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in MODELS]:
        raise typer.BadParameter(f"There is no {unknown[0]!r}: --models has {', '.join(MODELS)}.")
    return names


def _writable(out: Path) -> None:
    """Hours of measuring shall not end at a folder that isn't there."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.with_suffix(".json").open("a").close()
    except OSError as error:
        raise typer.BadParameter(f"Can't write {out}.json: {error.strerror}.") from error


def _new() -> dict[str, Any]:
    return {
        "link": "",
        "device": "emulated: each part's own processor time, stretched",
        "processor": platform.machine(),
        "python": platform.python_version(),
        "round_trip_ms": {},
        "cells": [],
    }


def _begun(out: Path | None) -> dict[str, Any]:
    """What an interrupted run left; an empty file is a run that measured nothing."""
    place = None if out is None else out.with_suffix(".json")
    if place is None or not place.exists() or not place.stat().st_size:
        return _new()
    try:
        found: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
        if {*_new()} <= {*found}:
            return found
    except (ValueError, TypeError):
        pass
    raise typer.BadParameter(f"{place} holds no results: --resume can't go on with it.")


def round_trip_ms(bandwidth: float) -> float:
    """Of the link with this bandwidth; of the next slower one for others."""
    return LINKS[max((b for b in LINKS if b <= bandwidth), default=min(LINKS))]


def prepare(names: Sequence[str], folder: Path) -> dict[str, Path]:
    """Bundles of these models, each in a folder of its own."""
    from edge_worker.offload.bundle import shipped_bundles
    from edge_worker.offload.opening import open_model

    found = {}
    for name in names:
        text, shapes = MODELS[name]
        if text == name and name not in shipped_bundles():
            typer.echo(f"{name} is not shipped with this version: left out", err=True)
            continue
        with tempfile.TemporaryDirectory() as scratch:
            bundle = open_model(text, shapes, Path(scratch))
            found[name] = Path(shutil.copytree(bundle.folder, folder / name))
    return found


@contextmanager
def stage(folder: Path, bandwidth: float, *, software: bool) -> Iterator[Network]:
    """Link, broker, relay and hub for one bandwidth."""
    bps = bandwidth * 1e6
    delay_s = round_trip_ms(bandwidth) / 2000
    if namespaces_possible() and not software:
        with two_namespaces("offload-bench") as network:
            network.shape(bps)
            with _servers(folder, network, delay_s, bps):
                yield network
    else:
        network = loopback()
        with _servers(folder, network, delay_s, bps):
            yield network


@contextmanager
def _servers(folder: Path, network: Network, delay_s: float, bps: float) -> Iterator[None]:
    mosquitto = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if mosquitto is None:
        raise SystemExit("The benchmark needs mosquitto (Debian: apt install mosquitto).")
    settings = folder / "mosquitto.conf"
    settings.write_text(
        f"listener {BROKER_PORT} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n"
    )
    hub = worker(
        "hub", "--port", str(BROKER_PORT), "--bundles", str(folder / "bundles"),
        "--arrivals", str(folder / ARRIVALS),
    )  # fmt: skip
    commands = [
        [mosquitto, "-c", str(settings)],
        list(relay_command(network, delay_s, bps)),
        hub,
    ]
    running = []
    try:
        for command in commands:
            running.append(
                subprocess.Popen(
                    [*network.hub_prefix, *command],
                    stdout=subprocess.DEVNULL,
                    stderr=(folder / "servers.log").open("ab"),
                )
            )
            time.sleep(0.7)
        yield
    finally:
        for process in reversed(running):
            process.terminate()
        for process in running:
            process.wait()


def worker(*arguments: str) -> list[str]:
    """The command of one of the two processes."""
    return [sys.executable, "-m", "edge_worker.bench.offload_worker", *arguments]


def simulated_windows(path: Path) -> Path:
    """Windows of simulated rooms for the vitals network, each moved on by two seconds."""
    import numpy as np

    from edge_worker.bench.vitals_rooms import sketch, training_scene
    from edge_worker.offload.vitals.step import Filler

    windows = []
    for number in range(*_ROOMS):
        filler = Filler()
        room = sketch(training_scene(number), _ROOM_S)
        for echoes in np.split(room.echoes, round(_ROOM_S / _HOP_S)):
            filler.push(_Hop(echoes=echoes))
            if (window := filler.window()) is not None:
                windows.append(window)
    np.savez(path, range_map=np.stack(windows))
    return path


@dataclass(kw_only=True)
class _Hop:
    echoes: NDArray[np.complex64]
    continuous: bool = True


def small_round_trip_ms(folder: Path) -> float:
    """There and back between device and hub over mosquitto on one computer, without a link."""
    network = loopback()
    with _servers(folder, network, 0.0, 0.0):
        found = _run(network, worker("ping", "--port", str(BROKER_PORT)))
    return float(1000 * statistics.median(found["seconds"]))


def run_device(
    network: Network, bundle: Path, slowdown: float, windows: int, examples: Path
) -> dict[str, Any]:
    """All arms of one cell; raises SystemExit with the device's last words."""
    options = ["--slowdown", str(slowdown), "--windows", str(windows)]
    options += ["--arrivals", str(examples.with_name(ARRIVALS))]
    if bundle.name == "vitals_network":
        options += ["--examples", str(examples)]
    return _device(network, RELAY_PORT, bundle, *options)


def _device(network: Network, port: int, bundle: Path, *options: str) -> dict[str, Any]:
    return _run(
        network,
        worker(
            "device", "--host", network.host, "--port", str(port), "--bundle", str(bundle), *options
        ),
    )


def _run(network: Network, command: Sequence[str]) -> dict[str, Any]:
    """What a device's process prints. Raises SystemExit with its last words."""
    done = subprocess.run(
        [*network.device_prefix, *command], capture_output=True, text=True, timeout=900, check=False
    )
    if done.returncode:
        raise SystemExit(f"The device process failed: {done.stderr[-800:]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


if __name__ == "__main__":
    app()
