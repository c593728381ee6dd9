"""What was tried and what came of it: SQLite, written before and after each training.

Every seed's result is stored when it is there, so a loop killed at any moment goes on with the
next seed of the same attempt.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from edge_worker.federated.proposal import Proposal, proposal_sha
from edge_worker.federated.scores import SeedResult

FORMAT = 1
MAX_MESSAGE = 4000

_TABLES = """
CREATE TABLE IF NOT EXISTS run (
    id INTEGER PRIMARY KEY, task TEXT NOT NULL, harness_sha TEXT NOT NULL, proposer TEXT NOT NULL,
    seeds TEXT NOT NULL, limits TEXT NOT NULL, created REAL NOT NULL,
    reason TEXT, sentence TEXT, test TEXT
);
CREATE TABLE IF NOT EXISTS attempt (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES run, number INTEGER NOT NULL,
    parent INTEGER, proposal_sha TEXT, proposal TEXT, status TEXT NOT NULL, message TEXT NOT NULL,
    author TEXT NOT NULL, prompt_sha TEXT, tokens INTEGER NOT NULL, created REAL NOT NULL,
    UNIQUE (run, number)
);
CREATE TABLE IF NOT EXISTS result (
    attempt INTEGER NOT NULL REFERENCES attempt, seed INTEGER NOT NULL, score REAL NOT NULL,
    curve TEXT NOT NULL, train_score REAL NOT NULL, parameters INTEGER NOT NULL,
    cpu_s REAL NOT NULL, wall_s REAL NOT NULL, refused INTEGER NOT NULL,
    PRIMARY KEY (attempt, seed)
);
"""


class JournalError(RuntimeError):
    """A journal that cannot be used; the message is a sentence for people."""


class Status(StrEnum):
    """What became of an attempt."""

    RUNNING = "running"
    OK = "ok"
    CRASH = "crash"
    TIMEOUT = "timeout"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    STOP = "stop"


class Reason(StrEnum):
    """Why a loop ended."""

    STOP = "stop"
    REPEATED = "repeated"
    NO_GAIN = "no_gain"
    ATTEMPTS = "attempts"
    TIME = "time"
    TOKENS = "tokens"
    BASELINE = "baseline"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """When to stop trying."""

    attempts: int = 8
    patience: int = 3
    """Attempts in a row without a gain beyond noise."""
    seconds: float = 7200.0
    """Training time of all attempts together."""
    tokens: int = 200_000


@dataclass(frozen=True, kw_only=True)
class Run:
    """One loop over a task."""

    id: int
    task: str
    harness_sha: str
    proposer: str
    seeds: tuple[int, ...]
    limits: Limits
    created: float
    reason: Reason | None
    """None while it may go on."""
    sentence: str
    test: Mapping[str, Any] | None
    """The test side's scores, once opened."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One proposal and its results so far; number 0 is the hand-tuned baseline."""

    id: int
    number: int
    parent: int | None
    """The number of the best attempt when this one was proposed."""
    proposal: Proposal | None
    sha: str | None
    status: Status
    message: str
    author: str
    tokens: int
    results: tuple[SeedResult, ...]

    @property
    def mean(self) -> float:
        """Mean validation score over seeds."""
        return float(np.mean([result.score for result in self.results]))

    @property
    def sd(self) -> float:
        """Standard deviation over seeds."""
        return float(np.std([result.score for result in self.results], ddof=1))

    @property
    def wall_s(self) -> float:
        """Training time of all seeds together."""
        return sum(result.wall_s for result in self.results)

    def curve(self) -> list[float]:
        """Mean validation score after each round."""
        return [float(v) for v in np.mean([r.curve for r in self.results], axis=0)]


class Journal:
    """All loops of this worker, in one file."""

    def __init__(self, path: Path) -> None:
        """Open or make the file. Raises JournalError when it is damaged or of another format."""
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._open() as database:
                (found,) = database.execute("PRAGMA user_version").fetchone()
                if found == 0:
                    database.executescript(_TABLES)
                    database.execute(f"PRAGMA user_version = {FORMAT}")
                elif found != FORMAT:
                    raise JournalError(f"{path} is of format {found}, this program knows {FORMAT}")
        except OSError as error:
            raise JournalError(f"the journal {path} can't be used: {error}") from error

    # --- Writing -------------------------------------------------------------------------

    def begin(
        self, task: str, harness_sha: str, proposer: str, seeds: Sequence[int], limits: Limits
    ) -> int:
        """Start a run; gives its id."""
        with self._open() as database:
            found = database.execute(
                "INSERT INTO run (task, harness_sha, proposer, seeds, limits, created)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (
                    task,
                    harness_sha,
                    proposer,
                    json.dumps(list(seeds)),
                    json.dumps(asdict(limits)),
                    time.time(),
                ),
            )
            return int(found.lastrowid or 0)

    def extend(self, run: int, limits: Limits) -> None:
        """Let a run that ended go on under these limits."""
        with self._open() as database:
            database.execute(
                "UPDATE run SET limits = ?, reason = NULL, sentence = NULL WHERE id = ?",
                (json.dumps(asdict(limits)), run),
            )

    def add(
        self,
        run: int,
        proposal: Proposal | None,
        status: Status,
        *,
        parent: int | None,
        author: str,
        message: str = "",
        prompt_sha: str | None = None,
        tokens: int = 0,
    ) -> int:
        """Write an attempt down before it runs; gives its id."""
        with self._open() as database:
            (number,) = database.execute(
                "SELECT COALESCE(MAX(number) + 1, 0) FROM attempt WHERE run = ?", (run,)
            ).fetchone()
            found = database.execute(
                "INSERT INTO attempt (run, number, parent, proposal_sha, proposal, status, message,"
                " author, prompt_sha, tokens, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    run,
                    number,
                    parent,
                    None if proposal is None else proposal_sha(proposal),
                    None if proposal is None else proposal.model_dump_json(),
                    status.value,
                    message[:MAX_MESSAGE],
                    author,
                    prompt_sha,
                    tokens,
                    time.time(),
                ),
            )
            return int(found.lastrowid or 0)

    def add_result(self, attempt: int, result: SeedResult) -> None:
        """Store one seed's result. Raises JournalError when that seed has one already."""
        try:
            with self._open() as database:
                database.execute(
                    "INSERT INTO result VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        attempt,
                        result.seed,
                        result.score,
                        json.dumps(list(result.curve)),
                        result.train_score,
                        result.parameters,
                        result.cpu_s,
                        result.wall_s,
                        result.refused,
                    ),
                )
        except sqlite3.IntegrityError as error:
            raise JournalError(f"seed {result.seed} of this attempt ran already") from error

    def finish(self, attempt: int, status: Status, message: str = "") -> None:
        """Say what became of an attempt."""
        with self._open() as database:
            database.execute(
                "UPDATE attempt SET status = ?, message = ? WHERE id = ?",
                (status.value, message[-MAX_MESSAGE:], attempt),
            )

    def end(self, run: int, reason: Reason, sentence: str) -> None:
        """Say why a run ended."""
        with self._open() as database:
            database.execute(
                "UPDATE run SET reason = ?, sentence = ? WHERE id = ?",
                (reason.value, sentence, run),
            )

    def open_test(self, run: int, scores: Mapping[str, Any]) -> None:
        """Store the test side's scores. Raises JournalError when they were opened before."""
        with self._open() as database:
            found = database.execute(
                "UPDATE run SET test = ? WHERE id = ? AND test IS NULL", (json.dumps(scores), run)
            )
            if found.rowcount != 1:
                raise JournalError("the test side of this run was opened before")

    def set_test(self, run: int, scores: Mapping[str, Any]) -> None:
        """Complete what `open_test` began."""
        with self._open() as database:
            database.execute("UPDATE run SET test = ? WHERE id = ?", (json.dumps(scores), run))

    # --- Reading -------------------------------------------------------------------------

    def runs(self, task: str | None = None) -> list[Run]:
        """All runs, oldest first."""
        with self._open() as database:
            rows = database.execute("SELECT * FROM run ORDER BY id").fetchall()
        return [_run(row) for row in rows if task in (None, row["task"])]

    def run(self, run: int) -> Run:
        """One run. Raises JournalError when there is none of this id."""
        for found in self.runs():
            if found.id == run:
                return found
        raise JournalError(f"the journal has no run {run}")

    def attempts(self, run: int) -> list[Attempt]:
        """The attempts of a run in order, with their results so far."""
        with self._open() as database:
            rows = database.execute(
                "SELECT * FROM attempt WHERE run = ? ORDER BY number", (run,)
            ).fetchall()
            results = database.execute(
                "SELECT result.* FROM result JOIN attempt ON attempt.id = result.attempt"
                " WHERE attempt.run = ? ORDER BY result.seed",
                (run,),
            ).fetchall()
        by_attempt: dict[int, list[SeedResult]] = {}
        for row in results:
            by_attempt.setdefault(row["attempt"], []).append(_result(row))
        return [_attempt(row, tuple(by_attempt.get(row["id"], ()))) for row in rows]

    def run_of(self, attempt: int) -> int:
        """The run that an attempt belongs to."""
        with self._open() as database:
            (run,) = database.execute("SELECT run FROM attempt WHERE id = ?", (attempt,)).fetchone()
        return int(run)

    def export(self) -> Iterator[str]:
        """Everything as JSON lines: a run, then its attempts."""
        for run in self.runs():
            yield json.dumps({"kind": "run", **asdict(run)}, ensure_ascii=False)
            for attempt in self.attempts(run.id):
                body = asdict(attempt)
                body["proposal"] = attempt.proposal and attempt.proposal.model_dump(mode="json")
                yield json.dumps({"kind": "attempt", "run": run.id, **body}, ensure_ascii=False)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own for each piece of work: safe from any thread.

        Raises JournalError when the file can't be read or written; what it held, it keeps.
        """
        try:
            with closing(sqlite3.connect(self.path, timeout=10)) as database:
                database.row_factory = sqlite3.Row
                database.execute("PRAGMA journal_mode = WAL")
                database.execute("PRAGMA synchronous = FULL")
                with database:
                    yield database
        except sqlite3.IntegrityError:
            raise  # a rule of the tables: the caller knows what it means
        except sqlite3.Error as error:
            raise JournalError(f"the journal {self.path} can't be used: {error}") from error


def _run(row: sqlite3.Row) -> Run:
    return Run(
        id=row["id"],
        task=row["task"],
        harness_sha=row["harness_sha"],
        proposer=row["proposer"],
        seeds=tuple(json.loads(row["seeds"])),
        limits=Limits(**json.loads(row["limits"])),
        created=row["created"],
        reason=None if row["reason"] is None else Reason(row["reason"]),
        sentence=row["sentence"] or "",
        test=None if row["test"] is None else json.loads(row["test"]),
    )


def _attempt(row: sqlite3.Row, results: tuple[SeedResult, ...]) -> Attempt:
    proposal = row["proposal"]
    return Attempt(
        id=row["id"],
        number=row["number"],
        parent=row["parent"],
        proposal=None if proposal is None else Proposal.model_validate_json(proposal),
        sha=row["proposal_sha"],
        status=Status(row["status"]),
        message=row["message"],
        author=row["author"],
        tokens=row["tokens"],
        results=results,
    )


def _result(row: sqlite3.Row) -> SeedResult:
    values = {name: row[name] for name in row.keys() if name not in ("attempt", "curve")}  # noqa: SIM118 - a Row iterates over values
    return SeedResult(curve=tuple(json.loads(row["curve"])), **values)
