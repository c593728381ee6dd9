from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge_worker.federated.feedback import history_text
from edge_worker.federated.harness import Harness, Progress
from edge_worker.federated.interrupt import Cancelled
from edge_worker.federated.journal import Attempt, Journal, JournalError, Limits, Reason, Status
from edge_worker.federated.lock import alone
from edge_worker.federated.loop import Loop, Silent
from edge_worker.federated.proposers.heuristic import Heuristic
from edge_worker.federated.proposers.proposer import Answer, ProposerError
from edge_worker.federated.proposers.random_search import RandomSearch
from edge_worker.federated.standing import oscillates, oscillation, standing
from edge_worker.federated.tasks.task import Task


def config(lr: float, **more: Any) -> dict[str, Any]:
    return {"rationale": f"try {lr}", "config": {"family": "logistic", "lr": lr, **more}}


STOP = {"action": "stop", "rationale": "nothing new"}
# The article's four attempts: not better, oscillating, better, stop.
STORY = [config(0.01), config(0.5), config(0.3), STOP]


class Script:
    """Answers in order; goes on where a resumed run stands."""

    name = "script"

    def __init__(self, answers: Sequence[Any]) -> None:
        self.answers = answers
        self.complaints: list[str] = []
        self.mended = 0

    def propose(self, task: Task, attempts: Sequence[Attempt], complaints: Sequence[str]) -> Answer:
        self.complaints += complaints
        self.mended += bool(complaints)
        return Answer(
            content=self.answers[len(attempts) - 1 + self.mended], author="script", tokens=10
        )


def make_loop(harness: Harness, journal: Journal, answers: Sequence[Any]) -> Loop:
    return Loop(
        harness=harness,
        proposer=Script(answers),
        journal=journal,
        listener=Silent(),
        stop=threading.Event(),
    )


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.sqlite")


def run(loop: Loop, limits: Limits | None = None) -> tuple[list[Attempt], Reason | None]:
    number = loop.begin(limits or Limits())
    loop.go_on(number)
    return loop.journal.attempts(number), loop.journal.run(number).reason


def test_the_articles_story_runs_to_its_end(scripted: Harness, journal: Journal) -> None:
    attempts, reason = run(make_loop(scripted, journal, STORY))
    assert [a.status for a in attempts] == [Status.OK] * 4 + [Status.STOP]
    assert reason is Reason.STOP
    assert attempts[1].mean < attempts[0].mean
    assert oscillates(attempts[2])
    assert not oscillates(attempts[3])
    best = standing(attempts).best
    assert best is not None
    assert best.number == 3
    assert "oscillates" in history_text(attempts)


@pytest.mark.parametrize(
    ("answers", "limits", "expected"),
    [
        ([config(0.01), config(0.01), config(0.01)], Limits(), Reason.REPEATED),
        ([config(0.01), config(0.2), config(0.5)], Limits(), Reason.NO_GAIN),
        ([config(0.3), config(0.01)], Limits(attempts=2), Reason.ATTEMPTS),
        ([config(0.3)], Limits(seconds=1.0), Reason.TIME),
        ([config(0.3), config(0.01)], Limits(tokens=20), Reason.TOKENS),
        ([STOP], Limits(), Reason.STOP),
    ],
)
def test_every_rule_ends_the_loop(
    scripted: Harness, journal: Journal, answers: list[Any], limits: Limits, expected: Reason
) -> None:
    attempts, reason = run(make_loop(scripted, journal, answers), limits)
    assert reason is expected
    assert len(attempts) == len(answers) + 1


def test_a_crash_is_written_down_and_never_becomes_the_best(
    scripted: Harness, journal: Journal
) -> None:
    attempts, _ = run(make_loop(scripted, journal, [config(0.9), STOP]))
    assert attempts[1].status is Status.CRASH
    assert "the training broke" in attempts[1].message
    best = standing(attempts).best
    assert best is not None
    assert best.number == 0


def test_a_gain_within_noise_does_not_count(scripted: Harness, journal: Journal) -> None:
    attempts, _ = run(make_loop(scripted, journal, [config(0.2), STOP]))
    found = standing(attempts)
    assert found.best is not None
    assert (found.best.number, found.without_gain) == (0, 1)


def test_a_wrong_answer_may_be_mended_twice(scripted: Harness, journal: Journal) -> None:
    loop = make_loop(scripted, journal, [config(7), "no json", config(0.3), STOP])
    attempts, _ = run(loop)
    assert [a.status for a in attempts] == [Status.OK, Status.OK, Status.STOP]
    assert attempts[1].tokens == 30
    assert isinstance(loop.proposer, Script)
    assert "config.lr" in loop.proposer.complaints[0]


def test_an_answer_wrong_three_times_is_journalled_as_rejected(
    scripted: Harness, journal: Journal
) -> None:
    attempts, _ = run(make_loop(scripted, journal, [config(7), config(8), config(9), STOP]))
    assert attempts[1].status is Status.REJECTED
    assert "config.lr" in attempts[1].message


def test_feedback_holds_no_test_score_no_person_and_quotes_foreign_text(
    scripted: Harness, journal: Journal
) -> None:
    loop = make_loop(scripted, journal, [config(0.9), STOP])
    run(loop)
    number = journal.runs()[0].id
    journal.open_test(number, {"score": 0.98765})
    text = history_text(journal.attempts(number))
    assert "0.98765" not in text
    assert not any(person in text for person in scripted.task.data.people)
    assert '"RuntimeError: Traceback: the training broke"' in text


def test_the_test_side_is_opened_once(scripted: Harness, journal: Journal) -> None:
    number = make_loop(scripted, journal, [STOP]).begin(Limits())
    journal.open_test(number, {"score": 0.5})
    with pytest.raises(JournalError, match="opened before"):
        journal.open_test(number, {"score": 0.6})


def test_cancelling_keeps_what_ran(scripted: Harness, journal: Journal) -> None:
    loop = make_loop(scripted, journal, STORY)
    number = loop.begin(Limits())
    seen: list[int] = []

    class Impatient(Silent):
        def progress(self, attempt: Attempt, progress: Progress) -> None:
            seen.append(attempt.number)
            if attempt.number == 1 and progress.seed == 1:
                loop.stop.set()

    with pytest.raises(Cancelled):
        Loop(**{**vars(loop), "listener": Impatient()}).go_on(number)
    halfway = journal.attempts(number)
    assert halfway[-1].status is Status.RUNNING
    assert len(halfway[-1].results) == 1
    loop.stop.clear()
    loop.go_on(number)
    assert [len(a.results) for a in journal.attempts(number)] == [3, 3, 3, 3, 0]


def test_a_run_does_not_go_on_with_other_data(
    scripted: Harness, harness: Harness, journal: Journal
) -> None:
    number = make_loop(scripted, journal, STORY).begin(Limits())
    other = Harness(task=harness.task, seeds=(0, 1, 2, 3))
    with pytest.raises(JournalError, match="start a new run"):
        make_loop(other, journal, STORY).go_on(number)


def test_two_loops_in_one_folder_are_refused(tmp_path: Path) -> None:
    with (
        alone(tmp_path),
        pytest.raises(JournalError, match="another loop"),
        alone(tmp_path),
    ):
        pass
    with alone(tmp_path):
        pass


def test_a_damaged_journal_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "j.sqlite").write_bytes(b"this is no database at all, but text" * 50)
    with pytest.raises(JournalError, match="can't be used"):
        Journal(tmp_path / "j.sqlite")


def test_the_export_holds_everything(scripted: Harness, journal: Journal) -> None:
    attempts, _ = run(make_loop(scripted, journal, STORY))
    lines = [json.loads(line) for line in journal.export()]
    assert [line["kind"] for line in lines] == ["run"] + ["attempt"] * 5
    assert lines[4]["proposal"]["config"]["lr"] == 0.3
    assert len(lines[4]["results"]) == 3
    assert lines[4]["sha"] == attempts[3].sha


def test_oscillation_tells_a_climb_from_a_zigzag() -> None:
    assert oscillation([0.1 * n for n in range(10)]) < 0.01
    assert oscillation([0.5, 0.7] * 5) > 0.1
    assert oscillation([0.5]) == 0.0


# --- Proposers that need no model --------------------------------------------------------


def test_random_search_proposes_what_fits_and_the_same_again(
    harness: Harness, journal: Journal
) -> None:
    loop = Loop(
        harness=harness,
        proposer=RandomSearch(1),
        journal=journal,
        listener=Silent(),
        stop=threading.Event(),
    )
    attempts, _ = run(loop, Limits(attempts=1))
    assert [a.status for a in attempts] == [Status.OK] * 2
    again = RandomSearch(1).propose(harness.task, attempts[:1], ())
    assert attempts[1].proposal is not None
    assert attempts[1].proposal.config is not None
    assert again.content["config"]["lr"] == attempts[1].proposal.config.lr


def test_the_heuristic_improves_a_poor_start_and_never_repeats_itself(
    harness: Harness, journal: Journal
) -> None:
    task = Task(
        **{**vars(harness.task), "baseline": harness.task.baseline.model_copy(update={"lr": 1e-3})}
    )
    loop = Loop(
        harness=Harness(task=task),
        proposer=Heuristic(),
        journal=journal,
        listener=Silent(),
        stop=threading.Event(),
    )
    attempts, _ = run(loop, Limits(attempts=4, patience=4))
    assert len({a.sha for a in attempts}) == len(attempts) == 5
    best = standing(attempts).best
    assert best is not None
    assert best.mean > attempts[0].mean + 0.1


def test_the_heuristic_proposes_nothing_that_is_too_large(
    harness: Harness, journal: Journal
) -> None:
    """What the loop refuses leaves no hash behind, and would come again and again."""
    task = harness.task
    tight = Task(**{**vars(task), "space": replace(task.space, max_parameters=20)})
    loop = Loop(
        harness=Harness(task=tight),
        proposer=Heuristic(),
        journal=journal,
        listener=Silent(),
        stop=threading.Event(),
    )
    attempts, _ = run(loop, Limits(attempts=20, patience=20))
    assert Status.REJECTED not in [a.status for a in attempts]
    assert len(attempts) > 5


class Unreachable:
    name = "nobody"

    def propose(self, task: Task, attempts: Sequence[Attempt], complaints: Sequence[str]) -> Answer:
        raise ProposerError("the language model can't be reached")


def test_a_run_whose_proposer_is_away_can_be_resumed(scripted: Harness, journal: Journal) -> None:
    loop = make_loop(scripted, journal, STORY)
    number = loop.begin(Limits())
    with pytest.raises(ProposerError):
        Loop(**{**vars(loop), "proposer": Unreachable()}).go_on(number)
    assert journal.run(number).reason is None
    loop.go_on(number)
    assert journal.run(number).reason is Reason.STOP


# --- kill -9 -----------------------------------------------------------------------------

WORKER = """
import sys, time, threading
from pathlib import Path
sys.path.insert(0, {tests!r})
import conftest as parts
import test_loop as story
from edge_worker.federated.harness import Harness
from edge_worker.federated.journal import Journal, Limits
from edge_worker.federated.lock import alone

class Slow(parts.ScriptedHarness):
    def run(self, config, seed, on_progress=lambda progress: None):
        with open({log!r}, "a") as file:
            file.write(f"begin {{config.lr}} {{seed}}\\n")
        time.sleep(0.15)
        return super().run(config, seed, on_progress)

journal = Journal(Path({folder!r}) / "journal.sqlite")
loop = story.make_loop(Slow(task=parts.make_task()), journal, story.STORY)
runs = journal.runs()
with alone(Path({folder!r})):
    loop.go_on(runs[0].id if runs else loop.begin(Limits()))
"""


def test_a_loop_killed_again_and_again_loses_nothing_and_runs_nothing_twice(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    code = WORKER.format(tests=str(Path(__file__).parent), log=str(log), folder=str(tmp_path))
    finished_before: list[tuple[int, int]] = []
    for after in (2, 8, None):
        process = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[3])
        deadline = time.monotonic() + 60
        while after is not None and time.monotonic() < deadline:
            if log.exists() and len(log.read_text().splitlines()) >= after:
                os.kill(process.pid, signal.SIGKILL)
                break
            time.sleep(0.01)
        code_of_end = process.wait(timeout=60)
        assert code_of_end == (0 if after is None else -signal.SIGKILL)
        attempts = Journal(tmp_path / "journal.sqlite").attempts(1)
        finished = [(a.number, r.seed) for a in attempts for r in a.results]
        assert finished[: len(finished_before)] == finished_before
        finished_before = finished
    assert finished_before == [(number, seed) for number in range(4) for seed in range(3)]
    assert [a.status for a in attempts] == [Status.OK] * 4 + [Status.STOP]
    assert len({a.sha for a in attempts[:4]}) == 4
    # Each kill can repeat the one seed that it interrupted, never one that had its result.
    begun = log.read_text().splitlines()
    assert len(set(begun)) == 12
    assert len(begun) <= 12 + 2
