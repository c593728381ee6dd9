"""The command line: sentences instead of tracebacks, exit codes that say what."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge_worker.cli import ExitCode, app
from edge_worker.settings import MqttSettings

WaitFor = Callable[..., None]


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("COLUMNS", "200")
    return CliRunner()


def test_wrong_settings_are_a_sentence(runner: CliRunner, tmp_path: Path) -> None:
    path = tmp_path / "worker.toml"
    path.write_text("[mqtt]\nport = 'x'\n")
    result = runner.invoke(app, ["run", "--config", str(path)])
    assert result.exit_code == ExitCode.SETTINGS
    assert "mqtt.port" in result.output


def test_doctor_says_what_is_missing(runner: CliRunner, tmp_path: Path) -> None:
    path = tmp_path / "worker.toml"
    path.write_text(
        f'data_dir = "{tmp_path}"\n[mqtt]\nport = 1\n[device]\ncapabilities = ["network_traffic"]\n'
    )
    result = runner.invoke(app, ["doctor", "--config", str(path)])
    assert result.exit_code == ExitCode.FAILED
    assert "nothing answers at 127.0.0.1:1" in result.output
    assert "set [mqtt] host and port" in result.output
    assert "no microphone and no speaker" in result.output


def test_doctor_is_content_with_a_complete_computer(
    runner: CliRunner, tmp_path: Path, mqtt: MqttSettings
) -> None:
    path = tmp_path / "worker.toml"
    path.write_text(f'data_dir = "{tmp_path}"\n[mqtt]\nport = {mqtt.port}\n')
    result = runner.invoke(app, ["doctor", "--config", str(path)])
    assert result.exit_code == ExitCode.OK, result.output


def test_unwritable_data_folder_is_a_sentence(runner: CliRunner, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    path = tmp_path / "worker.toml"
    path.write_text(f'data_dir = "{blocked}/data"\n')
    result = runner.invoke(app, ["run", "--config", str(path)])
    assert result.exit_code == ExitCode.FAILED
    assert "Cannot use the data folder" in result.output


def test_run_waits_for_a_broker_and_ends_on_request(tmp_path: Path, wait_for: WaitFor) -> None:
    log = tmp_path / "log"
    with log.open("wb") as output:
        worker = subprocess.Popen(
            [sys.executable, "-m", "edge_worker", "run"],
            env={
                **os.environ,
                "EDGE_WORKER_MQTT__PORT": "1",
                "EDGE_WORKER_DATA_DIR": str(tmp_path / "data"),
            },
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(lambda: "Trying again" in log.read_text(), "the complaint")
        assert worker.poll() is None
    finally:
        worker.send_signal(signal.SIGINT)
    assert worker.wait(60) == 0
    assert "Traceback" not in log.read_text()
