"""Figures of the whole path, printed as a Markdown page: `scripts/benchmark > docs/benchmarks.md`.

Every figure stands beside a reference measured in the same run on the same computer.
"""

from __future__ import annotations

import asyncio
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from demo_home import story
from demo_home.stage import HASS, ROOT, Stage, set_up, until_planned
from edge_worker.messages import Quantity, Reading, Topics, encode

_READINGS = 200
_IMPORTS = 7
# What a running Home Assistant has loaded before it imports us: our dependencies.
_IMPORT = """
import importlib, time
import homeassistant.bootstrap
from homeassistant.components import (
    binary_sensor, button, conversation, diagnostics, event, mqtt, persistent_notification,
    select, sensor, switch,
)
import homeassistant.components.mqtt.config_flow
import homeassistant.helpers.llm
began = time.perf_counter()
from custom_components.edge_ai.const import PLATFORMS
for name in ("config_flow", *PLATFORMS):
    importlib.import_module(f"custom_components.edge_ai.{name}")
print(1000 * (time.perf_counter() - began))
"""


async def main() -> int:
    """Measure and print."""
    _import_ms()  # the first one compiles
    import_ms = [_import_ms() for _ in range(_IMPORTS)]
    with tempfile.TemporaryDirectory(prefix="edge-ai-benchmark-") as folder:
        async with set_up(Path(folder), story.Story(), lambda line: None) as stage:
            await until_planned(stage, "monitor my mood")
            state_ms, echo_ms = await _latency(stage)
    print(_page(import_ms, state_ms, echo_ms))
    return 0


def _import_ms() -> float:
    answer = subprocess.run(
        [HASS.with_name("python"), "-c", _IMPORT],
        cwd=ROOT,
        # As in a Home Assistant that was started before: compiled files are kept.
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(answer.stdout)


async def _latency(stage: Stage) -> tuple[list[float], list[float]]:
    """Milliseconds from publishing to the new state, and to a bare subscriber's callback."""
    loop = asyncio.get_running_loop()
    echoes: asyncio.Queue[float] = asyncio.Queue()
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda *_: loop.call_soon_threadsafe(echoes.put_nowait, time.perf_counter())
    client.connect("127.0.0.1", stage.broker_port)
    topic = Topics(story.HUB).reading("person.anna", Quantity.BREATHING_RATE)
    client.subscribe(topic)
    client.loop_start()
    entity = (await stage.entities())["person.anna_breathing_rate"]["entity_id"]
    state_ms, echo_ms = [], []
    async with stage.home.changes(entity) as changes:
        for number in range(_READINGS):
            value = round(20 + number / 10, 1)
            payload = encode(_reading(value))
            began = time.perf_counter()
            client.publish(topic, payload)
            async for shown in changes:
                if float(shown) == value:
                    break
            state_ms.append(1000 * (time.perf_counter() - began))
            echo_ms.append(1000 * (await echoes.get() - began))
            await asyncio.sleep(0.02)
    client.disconnect()
    client.loop_stop()
    return state_ms, echo_ms


def _reading(value: float) -> Reading:
    now = time.time()
    return Reading(
        subject="person.anna",
        quantity=Quantity.BREATHING_RATE,
        value=value,
        unit="br/min",
        quality=1.0,
        time=now,
        expires=now + 15,
    )


def _page(import_ms: list[float], state_ms: list[float], echo_ms: list[float]) -> str:
    def row(name: str, values: list[float], bar: str) -> str:
        ordered = sorted(values)
        p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
        return f"| {name} | {statistics.median(values):.1f} | {p95:.1f} | {len(values)} | {bar} |"

    return "\n".join(
        [
            "# Benchmarks of the whole path",
            "",
            "Printed by `scripts/benchmark`; do not edit.",
            f"Python {platform.python_version()} on {platform.machine()}, {platform.system()},"
            " one computer for broker, hub, device, Home Assistant and the measuring client.",
            "",
            "| milliseconds | median | p95 | runs | bar |",
            "|---|---|---|---|---|",
            row("reading published → state seen over the WebSocket", state_ms, "median ≤ 100"),
            row("the same message → bare MQTT subscriber", echo_ms, "reference"),
            row("importing the integration with config flow and all platforms", import_ms, "≤ 150"),
        ]
    )


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
