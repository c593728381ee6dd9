"""The demo's home when its visitor restarts Home Assistant, or looks at it for hours."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from demo_home import stage as demo_stage
from demo_home.home_assistant import CONFIGURATION, HomeAssistant, HomeAssistantError, prepare
from demo_home.processes import Processes, free_port
from demo_home.stage import Stage


def test_the_frontend_can_open_assist() -> None:
    # Without the pipelines its button on the dashboard does nothing at all.
    assert "assist_pipeline" in yaml.safe_load(CONFIGURATION.format(port=1))


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """A stage whose Home Assistant ends at once with a given exit code."""

    def make(code: int, processes: Processes) -> Stage:
        program = tmp_path / "hass"
        program.write_text(f"#!{sys.executable}\nraise SystemExit({code})\n")
        program.chmod(0o755)
        monkeypatch.setattr(demo_stage, "HASS", program)
        processes.start("homeassistant", [program])
        processes._running["homeassistant"].wait()
        unused: Any = SimpleNamespace()
        return Stage(
            home=unused, processes=processes, folder=tmp_path, broker_port=0, entry="entry"
        )

    return make


def test_restart_by_the_user_starts_it_again(home: Any, tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        stage = home(100, processes)
        before = processes._running["homeassistant"].pid
        stage.keep_home_assistant()
        assert processes._running["homeassistant"].pid != before


def test_any_other_end_is_said_in_a_sentence(home: Any, tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        stage = home(1, processes)
        with pytest.raises(HomeAssistantError, match=r"ended \(exit code 1\)"):
            stage.keep_home_assistant()


@pytest.mark.usefixtures("socket_enabled")
async def test_home_assistant_that_is_away_is_one_kind_of_error() -> None:
    async with HomeAssistant.connect(f"http://127.0.0.1:{free_port(0)}") as away:
        for call in (away.states(), away.command("get_states"), away.act("a.b", {})):
            with pytest.raises(HomeAssistantError, match="does not answer"):
                await call


@pytest.mark.usefixtures("socket_enabled")
async def test_restart_in_the_middle_of_an_answer_is_that_error_too() -> None:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, HomeAssistant.connect(f"http://127.0.0.1:{port}") as home:
        with pytest.raises(HomeAssistantError, match="does not answer"):
            await home.command("get_states")


def test_each_run_of_the_demo_has_the_same_assistant(tmp_path: Path) -> None:
    ids = set()
    for run in ("first", "second"):
        prepare(tmp_path / run, tmp_path / "edge_ai", 8123)
        stored = tmp_path / run / ".storage/assist_pipeline.pipelines"
        found = json.loads(stored.read_text())["data"]
        assert found["preferred_item"] == found["items"][0]["id"]
        ids.add(found["preferred_item"])
    assert len(ids) == 1
