"""Sets the stage: broker, hub, device and Home Assistant, set up as a person would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo_home import broker, story
from demo_home.home_assistant import HomeAssistant, HomeAssistantError, prepare, wait_until_up
from demo_home.processes import Processes, free_port

ROOT = Path(__file__).resolve().parents[2]
WORKER = ROOT / ".venv/worker/bin/edge-worker"
HASS = ROOT / ".venv/homeassistant/bin/hass"
INTEGRATION = ROOT / "custom_components/edge_ai"

# Home Assistant ends with this code when its user asks for a restart.
_RESTART = 100
_START_S = 180
_READY_S = 30

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A home that runs and waits for requests."""

    home: HomeAssistant
    processes: Processes
    folder: Path
    broker_port: int
    entry: str

    def keep_home_assistant(self) -> None:
        """Start it again when its user asked for that. Raises HomeAssistantError if it ended."""
        code = self.processes.exit_code("homeassistant")
        if code == _RESTART:
            _start_home_assistant(self.processes, self.folder)
        elif code is not None:
            raise HomeAssistantError(f"Home Assistant ended (exit code {code}).")

    async def entities(self) -> dict[str, dict[str, Any]]:
        """State objects of our entities, by what they show: `person.anna_mood` and so on."""
        registry = await self.home.command("config/entity_registry/list")
        unique_ids = {
            item["entity_id"]: item["unique_id"]
            for item in registry
            if item["platform"] == "edge_ai"
        }
        return {
            unique_ids[entity_id].removeprefix(f"{story.HUB}_"): state
            for entity_id, state in (await self.home.states()).items()
            if entity_id in unique_ids
        }


@asynccontextmanager
async def set_up(folder: Path, plot: story.Story, say: Say) -> AsyncIterator[Stage]:
    """Start everything and go through the real flows; stop everything at the end.

    Raises StartError or HomeAssistantError with a sentence.
    """
    logs = folder / "logs"
    logs.mkdir(parents=True)
    with Processes(logs) as processes:
        broker_port, web_port = free_port(1883), free_port(8123)
        say(f"Broker: {broker.start(processes, folder, broker_port)} on port {broker_port}")
        prepare(folder / "homeassistant", INTEGRATION, web_port)
        _start_home_assistant(processes, folder)
        start_worker(processes, folder, "hub", story.hub_settings(folder, broker_port))
        start_worker(processes, folder, "device", story.device_settings(folder, broker_port, plot))
        say("Hub and device: started. Home Assistant: starting (10 to 60 seconds)")
        async with HomeAssistant.connect(f"http://127.0.0.1:{web_port}") as home:
            await wait_until_up(home, lambda: processes.alive("homeassistant"), _START_S)
            await home.onboard(story.PERSON)
            say("Home Assistant: onboarded")
            entry = await _furnish(home, broker_port, plot)
            say(f"Integration: set up through its config flow; {story.PERSON} opted in")
            yield Stage(
                home=home,
                processes=processes,
                folder=folder,
                broker_port=broker_port,
                entry=entry,
            )


def _start_home_assistant(processes: Processes, folder: Path) -> None:
    processes.start("homeassistant", [HASS, "-c", folder / "homeassistant"])


def start_worker(processes: Processes, folder: Path, name: str, settings: str) -> None:
    """Start `edge-worker run` with these settings."""
    path = folder / f"{name}.toml"
    path.write_text(settings)
    processes.start(name, [WORKER, "run", "--config", path])


async def _furnish(home: HomeAssistant, broker_port: int, plot: story.Story) -> str:
    """MQTT, our integration, one person; returns the id of our config entry."""
    areas = await home.command("config/area_registry/list")  # onboarding made the usual rooms
    area = next(item for item in areas if item["name"] == story.AREA)
    await home.set_up("mqtt", {"broker": "127.0.0.1", "port": broker_port})
    entry = await home.set_up("edge_ai", {})
    await home.add_subentry(
        entry,
        "person",
        {
            "name": story.PERSON,
            "person_entity": f"person.{story.PERSON.lower()}",
            "addresses": [plot.client],
            "area": area["area_id"],
            "consent": True,
        },
    )
    return entry


async def until_planned(stage: Stage, text: str) -> dict[str, Any]:
    """Wait until the request could be met whole (all devices announced); returns the plan."""
    deadline = asyncio.get_running_loop().time() + _READY_S
    answer: object = None
    while asyncio.get_running_loop().time() < deadline:
        try:
            found = await stage.home.act("edge_ai.plan", {"text": text}, response=True)
        except HomeAssistantError as error:  # the entry may still be reloading
            answer = error
        else:
            if found.get("plans") and not found.get("refused"):
                return found
            answer = found
        await asyncio.sleep(0.2)
    raise HomeAssistantError(f"No complete plan for {text!r}: {answer}")
