from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from edge_worker.catalogue.model_store import ModelStore
from edge_worker.federated import interrupt
from edge_worker.federated.aggregation import AggregationError
from edge_worker.federated.fedavg import RoundResult
from edge_worker.federated.harness import Harness, Progress
from edge_worker.federated.interrupt import Cancelled
from edge_worker.federated.journal import Attempt, Journal, Limits
from edge_worker.federated.loop import Loop, Silent
from edge_worker.federated.promotion import NoCandidate, open_test_side
from edge_worker.federated.proposal import Family, TrainingConfig
from edge_worker.federated.proposers.heuristic import Heuristic
from edge_worker.federated.tasks.task import Task
from edge_worker.federated.watch import LiveView


@pytest.fixture
def slow_start(task: Task) -> Harness:
    """A baseline that learns too slowly, so that the first rule of thumb wins."""
    slow = TrainingConfig(family=Family.LOGISTIC, lr=0.1, rounds=1, batch_size=8)
    return Harness(task=Task(**{**vars(task), "baseline": slow}))


@pytest.fixture
def ended(slow_start: Harness, tmp_path: Path) -> Loop:
    """A run with a winner, number 1 of the journal."""
    loop = Loop(
        harness=slow_start,
        proposer=Heuristic(),
        journal=Journal(tmp_path / "j.sqlite"),
        listener=Silent(),
        stop=threading.Event(),
    )
    loop.go_on(loop.begin(Limits(attempts=1)))
    return loop


class Watching(Silent):
    """Keeps what it is told, and may say stop in the third round."""

    def __init__(self, stop: threading.Event | None = None) -> None:
        self.trained: list[int] = []
        self.seen: list[Progress] = []
        self._stop = stop

    def retraining(self, attempt: Attempt) -> None:
        self.trained.append(attempt.number)

    def progress(self, attempt: Attempt, progress: Progress) -> None:
        self.seen.append(progress)
        if self._stop is not None and len(self.seen) == 3:
            self._stop.set()


def test_the_training_after_the_search_is_shown_and_shows_no_score(
    ended: Loop, tmp_path: Path
) -> None:
    listener = Watching()
    opened = open_test_side(1, ended.harness, ended.journal, ModelStore(tmp_path), None)
    again = Loop(**vars(ended))
    number = again.begin(Limits(attempts=1))
    again.go_on(number)
    same = open_test_side(
        number, ended.harness, ended.journal, ModelStore(tmp_path), listener=listener
    )
    assert same.winner_score == opened.winner_score  # watching changes nothing
    assert listener.trained == [1, 0]
    assert {progress.validation for progress in listener.seen} == {None}
    assert {progress.seed for progress in listener.seen} == {0, 1, 2}


def test_who_says_stop_before_the_test_side_opens_leaves_it_closed(
    ended: Loop, tmp_path: Path
) -> None:
    stop, store = threading.Event(), ModelStore(tmp_path)
    listener = Watching(stop)
    with pytest.raises(Cancelled):
        open_test_side(1, ended.harness, ended.journal, store, listener=listener, stop=stop)
    assert len(listener.seen) == 3
    assert ended.journal.run(1).test is None
    opened = open_test_side(1, ended.harness, ended.journal, store)
    assert opened.candidate is not None


def test_a_winner_that_diverges_on_more_people_is_a_sentence_and_spends_no_test(
    ended: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def diverge(self: Harness, *arguments: Any) -> Mapping[str, Any]:
        raise AggregationError("only 2 usable updates of 12; 3 are needed")

    monkeypatch.setattr(Harness, "_train", diverge)
    with pytest.raises(NoCandidate, match="attempt 1 failed when it was trained on everybody"):
        open_test_side(1, ended.harness, ended.journal, ModelStore(tmp_path))
    assert ended.journal.run(1).test is None


def test_the_live_view_shows_the_training_after_the_search(ended: Loop, tmp_path: Path) -> None:
    console = Console(record=True, width=120, force_terminal=False)
    with LiveView(console, ended.harness.seeds) as view:
        open_test_side(1, ended.harness, ended.journal, ModelStore(tmp_path), listener=view)
    shown = console.export_text()
    assert "attempt 1: trained once more, on everybody but the test side" in shown
    assert "in training 0." in shown


# --- Ctrl-C ------------------------------------------------------------------------------


@pytest.fixture
def stop(capfd: pytest.CaptureFixture[str]) -> Iterator[threading.Event]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield interrupt.listen()
    for number, handler in before.items():
        signal.signal(number, handler)


def test_the_first_interrupt_is_answered_and_the_second_ends_at_once(
    stop: threading.Event, capfd: pytest.CaptureFixture[str]
) -> None:
    os.kill(os.getpid(), signal.SIGINT)
    assert stop.is_set()
    assert "once more ends at once" in capfd.readouterr().err
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)


def test_a_round_that_takes_for_ever_can_be_left(
    stop: threading.Event, slow_start: Harness, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The journal then holds what a killed process leaves: the run goes on."""

    def endless(*arguments: Any, **settings: Any) -> RoundResult:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("the second interrupt was not heard")

    loop = Loop(
        harness=slow_start,
        proposer=Heuristic(),
        journal=Journal(tmp_path / "j.sqlite"),
        listener=Silent(),
        stop=stop,
    )
    number = loop.begin(Limits(attempts=1))
    with monkeypatch.context() as patch:
        patch.setattr("edge_worker.federated.fedavg.fit", endless)
        with pytest.raises(KeyboardInterrupt):
            loop.go_on(number)
    stop.clear()
    loop.go_on(number)
    assert len(loop.journal.attempts(number)) == 2
