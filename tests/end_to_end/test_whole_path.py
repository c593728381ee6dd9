"""Real broker, hub, device and Home Assistant: asked by text, answered by entities."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from demo_home import screen, story
from demo_home.processes import Processes
from demo_home.stage import Stage, set_up, start_worker, until_planned

pytestmark = pytest.mark.asyncio(loop_scope="module")

MOOD = "person.anna_mood"
BREATHING = "person.anna_breathing_rate"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A home in which Anna said "monitor my mood"."""
    folder: Path = tmp_path_factory.mktemp("home")
    async with set_up(folder / "stage", story.Story(), print) as stage:
        await until_planned(stage, "monitor my mood")
        yield stage


async def eventually(
    condition: Callable[[], Awaitable[Any]], what: str, timeout_s: float = 90
) -> Any:
    """Wait until a condition gives something true; fail with `what`."""
    deadline = time.monotonic() + timeout_s
    while not (found := await condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"waited {timeout_s} s in vain for: {what}")
        await asyncio.sleep(0.2)
    return found


async def state(stage: Stage, key: str) -> str:
    entities = await stage.entities()
    return str(entities[key]["state"]) if key in entities else "missing"


async def has_value(stage: Stage, key: str) -> bool:
    return await state(stage, key) not in ("missing", "unknown", "unavailable")


async def test_request_by_text_fills_all_entities(stage: Stage) -> None:
    reply = await stage.home.say("monitor my mood")
    assert "mood" in reply.lower()
    entities = await stage.entities()
    await stage.home.act(
        "button.press", {"entity_id": entities["person.anna_calibrate"]["entity_id"]}
    )
    await stage.home.act(
        "select.select_option",
        {"entity_id": entities["person.anna_check_in"]["entity_id"], "option": "good"},
    )

    async def complete() -> bool:
        return not screen.missing(await stage.entities())

    await eventually(complete, "values of all required entities", 150)


async def test_query_is_answered_from_readings(stage: Stage) -> None:
    await eventually(lambda: has_value(stage, BREATHING), "a breathing rate")
    answer = await stage.home.say("what is my breathing rate")
    assert any(char.isdigit() for char in answer), answer


async def test_same_in_chinese(stage: Stage) -> None:
    answer = await stage.home.say("监测我的心情", language="zh-CN")
    assert any("\u4e00" <= char <= "\u9fff" for char in answer), answer


async def test_sentence_of_others_reaches_home_assistant(stage: Stage) -> None:
    assert "mood" not in (await stage.home.say("what time is it")).lower()


async def test_device_cut_off_is_told_and_comes_back(stage: Stage) -> None:
    stage.processes.kill("device")

    async def degraded() -> bool:
        monitors = (await stage.entities())["monitors"]
        return "offline" in str(monitors["attributes"])

    async def silent() -> bool:
        return not await has_value(stage, BREATHING)

    await eventually(degraded, "the monitor to say that its device is offline")
    await eventually(silent, "breathing to expire to unknown", 40)
    restart(stage.processes, stage, "device")
    await eventually(lambda: has_value(stage, BREATHING), "breathing after the device's return")


async def test_hub_cut_off_makes_entities_unavailable_and_monitors_survive(stage: Stage) -> None:
    stage.processes.kill("hub")

    async def unavailable() -> bool:
        return await state(stage, MOOD) == "unavailable"

    await eventually(unavailable, "mood to be unavailable")
    restart(stage.processes, stage, "hub")
    await eventually(lambda: has_value(stage, BREATHING), "breathing after the hub's return")


async def test_stop_by_text_ends_everything(stage: Stage) -> None:
    await stage.home.say("stop monitoring my mood")

    async def none_left() -> bool:
        return await state(stage, "monitors") == "0"

    await eventually(none_left, "no monitor")


def restart(processes: Processes, stage: Stage, name: str) -> None:
    settings = (stage.folder / f"{name}.toml").read_text()
    start_worker(processes, stage.folder, name, settings)
