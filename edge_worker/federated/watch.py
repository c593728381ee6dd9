"""The live view of a loop: attempt, round, time left and accuracy, in a terminal."""

from __future__ import annotations

import time

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from edge_worker.federated import harness
from edge_worker.federated.journal import Attempt, Status
from edge_worker.federated.report import config_words

LINE_EVERY_S = 30.0


class LiveView:
    """A bar over the rounds of all seeds; a plain line now and then where there is no terminal."""

    def __init__(self, console: Console, seeds: tuple[int, ...]) -> None:
        self._console = console
        self._seeds = seeds
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("round {task.completed:.0f}/{task.total:.0f}"),
            TimeRemainingColumn(),
            TextColumn("accuracy {task.fields[score]}"),
            console=console,
            transient=True,
        )
        self._bar: TaskID | None = None
        self._last_line = 0.0

    def __enter__(self) -> LiveView:
        self._bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bars.stop()

    def proposed(self, attempt: Attempt) -> None:
        """Start a bar."""
        assert attempt.proposal is not None
        words = attempt.proposal.rationale or config_words(attempt)
        self._start(attempt, words, len(attempt.results))

    def retraining(self, attempt: Attempt) -> None:
        """Start a bar for the training after the search."""
        self._start(attempt, "trained once more, on everybody but the test side", 0)

    def progress(self, attempt: Attempt, progress: harness.Progress) -> None:
        """Move it."""
        if self._bar is None:
            return
        done = self._seeds.index(progress.seed) * progress.rounds + progress.round
        score = f"in training {progress.train:.3f}"
        if progress.validation is not None:
            score = f"{progress.validation:.3f} (training {progress.train:.3f})"
        self._bars.update(self._bar, completed=done, score=score)
        if not self._console.is_terminal and time.monotonic() - self._last_line > LINE_EVERY_S:
            self._last_line = time.monotonic()
            self._console.print(
                f"{_name(attempt)}, seed {progress.seed}, round {progress.round} of "
                f"{progress.rounds}: accuracy {score}",
                highlight=False,
            )

    def finished(self, attempt: Attempt, best: Attempt | None) -> None:
        """Say what came of it."""
        self._end()
        if attempt.status is Status.OK:
            outcome = f"{attempt.mean:.3f} ± {attempt.sd:.3f}"
            if best is not None and best.id == attempt.id:
                outcome += ", best so far"
        else:
            outcome = f"{attempt.status}: {attempt.message}"
        self._bars.print(escape(f"{_name(attempt)}: {outcome}"))

    def _start(self, attempt: Attempt, words: str, seeds_done: int) -> None:
        self._end()
        assert attempt.proposal is not None
        assert attempt.proposal.config is not None
        rounds = attempt.proposal.config.rounds
        self._bars.print(escape(f"{_name(attempt)}: {words}"))
        self._bar = self._bars.add_task(
            _name(attempt),
            total=rounds * len(self._seeds),
            completed=rounds * seeds_done,
            score="",
        )

    def _end(self) -> None:
        if self._bar is not None:
            self._bars.remove_task(self._bar)
            self._bar = None


def _name(attempt: Attempt) -> str:
    return "baseline" if attempt.number == 0 else f"attempt {attempt.number}"
