"""The commands: their fields, their errors."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge_worker.bench.traffic_fuzz import fuzz, seeds
from edge_worker.sensing.traffic.cli import main
from edge_worker.sensing.traffic.frames import Frame
from edge_worker.sensing.traffic.generator import AppSession, generate


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a command left behind."""

    exit_code: int
    stdout: str
    stderr: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    def run_command(*arguments: str) -> Answer:
        try:
            code = main(arguments)
        except SystemExit as end:
            code = int(end.code or 0)
        shown = capsys.readouterr()
        return Answer(exit_code=code, stdout=shown.out, stderr=shown.err)

    return run_command


Run = Callable[..., Answer]


@pytest.fixture(name="capture")
def capture_fixture(tmp_path: Path, pcap: Callable[[Iterable[Frame]], bytes]) -> str:
    path = tmp_path / "one.pcap"
    sessions = [
        AppSession(app="bank", start_s=0, duration_s=30),
        AppSession(app="update", start_s=35, duration_s=10),
    ]
    path.write_bytes(pcap(generate(sessions, start=1.7e9)))
    return str(path)


def test_flows_as_json(run: Run, capture: str) -> None:
    answer = run("analyze", capture, "--flows", "--json")
    assert answer.exit_code == 0
    flows = json.loads(answer.stdout)
    (flow,) = (f for f in flows if f["name"] == "secure.chase.com" and f["server_port"] == 443)
    assert flow["client"] == "192.168.1.23"
    assert flow["transport"] == "tcp"
    assert flow["category"] == "finance"
    assert flow["bytes"] == flow["bytes_up"] + flow["bytes_down"] > 0
    assert {"server", "client_port", "packets"} <= set(flow)


def test_windows_as_json(run: Run, capture: str) -> None:
    answer = run("analyze", capture, "--window", "20", "--json")
    windows = json.loads(answer.stdout)
    assert [window["t1"] - window["t0"] for window in windows] == [20] * len(windows)
    assert {window["client"] for window in windows} == {"192.168.1.23"}
    assert 25 <= sum(window["seconds"].get("finance", 0) for window in windows) <= 42
    assert sum(window["bytes"].get("finance", 0) for window in windows) > 30_000
    assert sum(window["background_bytes"] for window in windows) > 500_000
    assert all("builtin" not in window["seconds"] for window in windows)


def test_text_for_people(run: Run, capture: str) -> None:
    assert "finance" in run("analyze", capture).stdout
    assert "secure.chase.com" in run("analyze", capture, "--flows").stdout
    assert run("clients", capture).stdout.startswith("192.168.1.23")


def test_clients_busiest_first(run: Run, tmp_path: Path, pcap: Callable[..., bytes]) -> None:
    quiet = generate([AppSession(app="bank", start_s=0, duration_s=5)], client="10.0.0.5")
    busy = generate([AppSession(app="zoom", start_s=0, duration_s=5)], client="10.0.0.6")
    path = tmp_path / "two.pcap"
    path.write_bytes(pcap([*quiet, *busy]))
    found = json.loads(run("clients", str(path), "--json").stdout)
    assert [client["client"] for client in found] == ["10.0.0.6", "10.0.0.5"]


def test_generate_writes_what_analyze_reads(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "new.pcap"
    written = run(
        "generate", "--out", str(out), "--session", "weather:0:10", "--client", "10.1.1.1"
    )
    assert written.exit_code == 0
    assert "simulated" in written.stdout
    found = json.loads(run("clients", str(out), "--json").stdout)
    assert found[0]["client"] == "10.1.1.1"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["analyze", "/does/not/exist.pcap"], "No such file"),
        (["analyze", __file__], "neither a pcap nor a pcapng"),
        (["generate", "--out", "new.pcap", "--client", "anna"], "not an IP address"),
        (["generate", "--out", "/no/such/folder/x.pcap"], "No such file"),
        (["generate", "--out", "new.pcap", "--session", "chess"], "app:start:duration"),
        (["live", "--person", "anna"], "NAME=ADDRESS"),
        (["live", "--person", "anna=10.0.0.1"], "interface"),
    ],
)
def test_errors_are_one_sentence(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = run(*arguments)
    assert answer.exit_code == 2
    assert words in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_live_shows_windows(run: Run, capture: str) -> None:
    source = ["--source", "pcap", "--path", capture, "--speed", "20"]
    window = ["--window", "1", "--json"]
    answer = run("live", "--person", "anna=192.168.1.23", *source, *window)
    assert answer.exit_code == 0
    usages = [json.loads(line) for line in answer.stdout.splitlines()]
    assert usages
    assert {usage["person"] for usage in usages} == {"anna"}
    assert any(usage["seconds"].get("finance") for usage in usages)


def test_damaged_capture_is_told(run: Run, tmp_path: Path, capture: str) -> None:
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(Path(capture).read_bytes()[:-3])
    answer = run("analyze", str(cut))
    assert answer.exit_code == 0
    assert "damaged" in answer.stderr


def test_mutants_of_generated_captures_do_no_harm() -> None:
    result = fuzz(seeds(), first=0, count=150)
    assert result.failures == ()
    assert result.slowest_s < 5


def test_mutants_of_real_captures_do_no_harm(captures: list[Path]) -> None:
    result = fuzz(seeds(captures[0].parent), first=20_000, count=200)
    assert result.failures == ()
    assert result.slowest_s < 5
