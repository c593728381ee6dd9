from __future__ import annotations

import resource
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from edge_worker.federated.harness import Harness, Progress
from edge_worker.federated.journal import Attempt, Journal, JournalError, Limits, Reason, Status
from edge_worker.federated.loop import Loop, Silent
from edge_worker.federated.proposers.heuristic import Heuristic


def test_reading_writes_nothing_and_waits_for_no_writer(tmp_path: Path) -> None:
    """The hub looks once a second: each look must not cost a write to an SD card."""
    path = tmp_path / "j.sqlite"
    Journal(path).begin("toy", "sha", "nobody", (0, 1, 2), Limits())
    before = path.read_bytes()
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        assert len(Journal(path).runs()) == 1
        assert time.monotonic() - began < 5
    assert path.read_bytes() == before


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process may grow. Python ignores the signal, so writing fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    with pytest.raises(JournalError, match="can't be used"), full_disk():
        journal.begin("toy", "sha", "nobody", (0, 1, 2), Limits())
    assert journal.runs() == []


class FillsTheDisk(Silent):
    """From the third seed of the baseline on nothing can be written."""

    def __init__(self) -> None:
        self.hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]

    def progress(self, attempt: Attempt, progress: Progress) -> None:
        if progress.seed == 2:
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, self.hard))


def test_a_disk_that_fills_up_blames_no_attempt_and_the_run_goes_on_later(
    harness: Harness, tmp_path: Path
) -> None:
    loop = Loop(
        harness=harness,
        proposer=Heuristic(),
        journal=Journal(tmp_path / "j.sqlite"),
        listener=FillsTheDisk(),
        stop=threading.Event(),
    )
    number = loop.begin(Limits(attempts=1))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with pytest.raises(JournalError, match="can't be used"):
            loop.go_on(number)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    (baseline,) = loop.journal.attempts(number)
    assert baseline.status is Status.RUNNING
    assert [result.seed for result in baseline.results] == [0, 1]
    Loop(**{**vars(loop), "listener": Silent()}).go_on(number)
    assert loop.journal.run(number).reason is Reason.ATTEMPTS
    assert [a.status for a in loop.journal.attempts(number)] == [Status.OK] * 2


@pytest.mark.parametrize(
    "code",
    [
        # What the hub looks at once a second: it has to stay small and must not wait for torch.
        "import edge_worker.federated.journal, edge_worker.federated.standing",
        "import edge_worker.runtime.training",
        # A machine that only holds models can show them and take them back.
        "from typer.testing import CliRunner; from edge_worker.cli import app;"
        "found = CliRunner().invoke(app, ['federated', 'status', '--data-dir', '{folder}']);"
        "assert 'No run yet' in found.output, found.output",
        "from typer.testing import CliRunner; from edge_worker.cli import app;"
        "found = CliRunner().invoke("
        "app, ['federated', 'rollback', '-t', 'activation', '--data-dir', '{folder}']);"
        "assert 'nothing to undo' in found.output, found.output",
    ],
)
def test_looking_and_taking_back_load_no_torch(tmp_path: Path, code: str) -> None:
    program = f"{code}; import sys; sys.exit('torch' in sys.modules)".replace(
        "{folder}", str(tmp_path)
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
