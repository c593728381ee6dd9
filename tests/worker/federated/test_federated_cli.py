from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from edge_worker.catalogue.model_store import ModelStore
from edge_worker.cli import app
from edge_worker.federated.loop import Loop
from edge_worker.federated.proposal import Family, TrainingConfig
from edge_worker.federated.tasks import registry
from edge_worker.federated.tasks.task import Task

ALL_TASKS = tuple(registry.TASKS)


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch, task: Task) -> None:
    """A task whose baseline learns too slowly."""
    slow = TrainingConfig(family=Family.LOGISTIC, lr=0.1, rounds=1, batch_size=8)
    made = Task(**{**vars(task), "baseline": slow})
    monkeypatch.setattr(registry, "TASKS", {"toy": lambda folder: made})


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """The commands set handlers of their own, as in a process that ends with them."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def call(folder: Path, *arguments: str) -> Any:
    return CliRunner().invoke(app, ["federated", *arguments, "--data-dir", str(folder)])


def test_from_a_first_try_to_a_promoted_model_and_back(tmp_path: Path) -> None:
    assert "No run yet" in call(tmp_path, "status").output
    picture = tmp_path / "curves.png"
    found = call(tmp_path, "improve", "-t", "toy", "--attempts", "1", "--plot", str(picture))
    assert found.exit_code == 0, found.output
    assert "| baseline |" in found.output
    assert "Candidate v1 waits" in found.output
    assert picture.stat().st_size > 10_000
    store = ModelStore(tmp_path)
    assert store.active("toy_network") is None
    (candidate,) = store.versions("toy_network")
    card = candidate.card
    assert card["quality"][0]["value"] > 0.8
    assert card["quality"][0]["people"] == 5
    assert len(card["test"]["by_seed"]) == 3
    assert "toy_network v1 is in use" in call(tmp_path, "promote", "-t", "toy").output
    assert "(in use)" in call(tmp_path, "status").output
    again = call(tmp_path, "improve", "-t", "toy", "--resume")
    assert "opened before" in again.output
    assert "back to no network" in call(tmp_path, "rollback", "-t", "toy").output
    lines = [json.loads(line) for line in call(tmp_path, "export").output.splitlines()]
    assert lines[0]["test"]["candidate"] == "v1"
    assert "Test side, opened once" in call(tmp_path, "report").output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("improve", "-t", "nothing"), "there is no task"),
        (("improve", "-t", "toy", "--proposer", "language-model"), "--base-url and --model"),
        (("improve", "-t", "toy", "--resume"), "there is no run yet"),
        (("improve", "-t", "toy", "--noise", "1"), "noise needs clip_norm"),
        (("promote", "-t", "toy"), "no candidate"),
        (("rollback", "-t", "toy"), "nothing to undo"),
        (("promote", "-t", "../../etc"), "no name of a model"),
        (("report", "--run", "7"), "no run 7"),
        (("improve", "-t", "toy", "--plot", "/nowhere/at/all.png"), "there is no folder"),
        (("improve", "-t", "toy", "--plot", "curves.doc"), "kinds of pictures are"),
        (("report", "--plot", "curves.doc"), "kinds of pictures are"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    found = call(tmp_path, *arguments)
    assert found.exit_code == 1
    assert words in found.output
    assert "Traceback" not in found.output


def test_a_data_folder_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    for command in (("improve", "-t", "toy"), ("status",), ("export",)):
        found = call(tmp_path / "file", *command)
        assert found.exit_code == 1
        assert isinstance(found.exception, SystemExit), found.exception
        assert "file" in found.output


def test_an_end_asked_for_twice_is_a_sentence_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(loop: Loop, run: int) -> None:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(Loop, "_add_baseline", interrupt)
        found = call(tmp_path, "improve", "-t", "toy", "--attempts", "1")
    assert found.exit_code == 1
    assert "stopped at once; --resume goes on" in found.output
    assert call(tmp_path, "improve", "-t", "toy", "--resume").exit_code == 0


def test_the_help_names_every_task() -> None:
    shown = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["federated", "improve", "--help"]).output
    assert all(name in shown for name in ALL_TASKS)
