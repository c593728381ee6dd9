"""What the hub remembers of a person: check-ins, rests, hours of app use, own parameters."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import Any

import numpy as np

from edge_worker.mood.history import Report
from edge_worker.mood.vitals_features import SUMMARY_NAMES, Rest, merge_rests

FILE_NAME = "mood.sqlite"
HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
KEEP_USAGE_S = 120 * DAY_S
# The median of the last five rests follows a person slowly and shrugs off one bad evening.
RESTS_USED = 5
LOWEST, HIGHEST = 1, 5

_SCHEMA = """
CREATE TABLE IF NOT EXISTS check_in (
    person TEXT NOT NULL, time REAL NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (person, time));
CREATE TABLE IF NOT EXISTS rest (
    person TEXT NOT NULL, time REAL NOT NULL, summary TEXT NOT NULL, windows INTEGER NOT NULL,
    PRIMARY KEY (person, time));
CREATE TABLE IF NOT EXISTS calibration (person TEXT PRIMARY KEY, requested REAL NOT NULL);
CREATE TABLE IF NOT EXISTS usage_hour (
    person TEXT NOT NULL, hour INTEGER NOT NULL, category TEXT NOT NULL, seconds REAL NOT NULL,
    PRIMARY KEY (person, hour, category));
CREATE TABLE IF NOT EXISTS personal (
    person TEXT PRIMARY KEY, time REAL NOT NULL, parameters TEXT NOT NULL);
"""
_TABLES = ("check_in", "rest", "calibration", "usage_hour", "personal")
# An hour that was watched and silent still is a recording; it has this category and 0 seconds.
_WATCHED = ""


@dataclass(frozen=True, kw_only=True)
class CheckIn:
    """One answer to "How do you feel?", 1 (very bad) to 5 (very good), at Unix time `time`."""

    time: float
    value: int


class MoodStore:
    """One SQLite file, private to the hub's user. Safe to use from several threads."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE_NAME
        if not self._path.exists():
            self._path.touch(mode=0o600)
        with self._open() as database:
            database.executescript(_SCHEMA)

    # --- Check-ins ---------------------------------------------------------------------

    def add_check_in(self, person: str, check_in: CheckIn) -> None:
        """Remember an answer; the same one arriving again changes nothing.

        Raises ValueError for an answer outside 1..5 or a time that is none.
        """
        if not LOWEST <= check_in.value <= HIGHEST or not math.isfinite(check_in.time):
            raise ValueError(f"a check-in is a number from {LOWEST} to {HIGHEST}")
        with self._open() as database:
            database.execute(
                "INSERT OR REPLACE INTO check_in VALUES (?, ?, ?)",
                (person, check_in.time, check_in.value),
            )

    def check_ins(self, person: str) -> list[CheckIn]:
        """All answers, oldest first."""
        with self._open() as database:
            rows = database.execute(
                "SELECT time, value FROM check_in WHERE person = ? ORDER BY time", (person,)
            ).fetchall()
        return [CheckIn(time=time, value=value) for time, value in rows]

    # --- Rest --------------------------------------------------------------------------

    def ask_for_rest(self, person: str, requested: float) -> None:
        """Ask the running activation step to take the next two minutes as rest."""
        with self._open() as database:
            database.execute(
                "INSERT OR REPLACE INTO calibration VALUES (?, ?)", (person, requested)
            )

    def rest_request(self, person: str) -> float | None:
        """Unix time at which a rest was asked for, None when none is pending."""
        with self._open() as database:
            row = database.execute(
                "SELECT requested FROM calibration WHERE person = ?", (person,)
            ).fetchone()
        return None if row is None else float(row[0])

    def end_rest_request(self, person: str) -> None:
        """Take the request away, done or not."""
        with self._open() as database:
            database.execute("DELETE FROM calibration WHERE person = ?", (person,))

    def add_rest(self, person: str, time: float, rest: Rest) -> None:
        """Remember a measured rest."""
        summary = [float(v) if np.isfinite(v) else None for v in rest.summary]
        with self._open() as database:
            database.execute(
                "INSERT OR REPLACE INTO rest VALUES (?, ?, ?, ?)",
                (person, time, json.dumps(summary), rest.windows),
            )

    def rest(self, person: str) -> tuple[Rest, float] | None:
        """The person's baseline from their last few rests, and when the newest was taken."""
        with self._open() as database:
            rows = database.execute(
                "SELECT time, summary, windows FROM rest WHERE person = ? "
                "ORDER BY time DESC LIMIT ?",
                (person, RESTS_USED),
            ).fetchall()
        rests = [_read_rest(summary, windows) for _, summary, windows in rows]
        known = [rest for rest in rests if rest is not None]
        return (merge_rests(known), float(rows[0][0])) if known else None

    # --- App use -----------------------------------------------------------------------

    def add_usage(self, person: str, t0: float, t1: float, seconds: Mapping[str, float]) -> None:
        """Add a window of app use to its hours; a window over an hour's edge is split by time."""
        if not (math.isfinite(t0) and math.isfinite(t1)) or t1 <= t0 or t1 - t0 > DAY_S:
            return
        amounts = {c: s for c, s in seconds.items() if math.isfinite(s) and s > 0}
        rows = []
        for hour in range(int(t0 // HOUR_S), math.ceil(t1 / HOUR_S)):
            share = (min(t1, (hour + 1) * HOUR_S) - max(t0, hour * HOUR_S)) / (t1 - t0)
            rows.append((person, hour, _WATCHED, 0.0))
            rows += [(person, hour, category, s * share) for category, s in amounts.items()]
        with self._open() as database:
            database.executemany(
                "INSERT INTO usage_hour VALUES (?, ?, ?, ?) ON CONFLICT "
                "DO UPDATE SET seconds = seconds + excluded.seconds",
                rows,
            )

    def usage_days(self, person: str, now: float, days: int) -> list[dict[str, float] | None]:
        """Seconds per category of the last `days` spans of 24 hours, the newest first.

        None = nothing was watched in that span. Spans count back from now, not from midnight:
        half a day must not look like a quiet day.
        """
        last = int(now // HOUR_S)
        with self._open() as database:
            rows = database.execute(
                "SELECT (? - hour) / 24, category, SUM(seconds) FROM usage_hour "
                "WHERE person = ? AND hour <= ? AND hour > ? GROUP BY 1, 2",
                (last, person, last, last - 24 * days),
            ).fetchall()
        found: list[dict[str, float] | None] = [None] * days
        for index, category, seconds in rows:
            span = found[index]
            if span is None:
                span = found[index] = {}
            if category != _WATCHED:
                span[category] = seconds
        return found

    def forget_old_usage(self, now: float) -> None:
        """Drop hours that no feature looks at any more."""
        with self._open() as database:
            database.execute(
                "DELETE FROM usage_hour WHERE hour < ?", (int((now - KEEP_USAGE_S) // HOUR_S),)
            )

    # --- Own parameters ----------------------------------------------------------------

    def set_personal(self, person: str, time: float, parameters: Mapping[str, Any]) -> None:
        """Remember the person's own parameters."""
        with self._open() as database:
            database.execute(
                "INSERT OR REPLACE INTO personal VALUES (?, ?, ?)",
                (person, time, json.dumps(dict(parameters))),
            )

    def personal(self, person: str) -> tuple[dict[str, Any], float] | None:
        """The person's own parameters and when they were fitted."""
        with self._open() as database:
            row = database.execute(
                "SELECT parameters, time FROM personal WHERE person = ?", (person,)
            ).fetchone()
        return None if row is None else (json.loads(row[0]), float(row[1]))

    # --- All of it ---------------------------------------------------------------------

    def people(self) -> list[str]:
        """Everybody of whom something is stored."""
        query = " UNION ".join(f"SELECT person FROM {table}" for table in _TABLES)
        with self._open() as database:
            return [row[0] for row in database.execute(f"{query} ORDER BY 1").fetchall()]

    def delete_person(self, person: str) -> int:
        """Erase all that is stored of a person; returns the number of rows erased."""
        with self._open() as database:
            return sum(
                database.execute(f"DELETE FROM {table} WHERE person = ?", (person,)).rowcount
                for table in _TABLES
            )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A transaction on a connection of its own: commands and steps have different threads."""
        database = sqlite3.connect(self._path, timeout=5.0)
        try:
            # Erased rows are overwritten, not merely unlinked.
            database.execute("PRAGMA secure_delete = ON")
            with database:
                yield database
        finally:
            database.close()


def daily_reports(check_ins: Sequence[CheckIn], zone: tzinfo | None = None) -> list[Report]:
    """One report per day of a person's check-ins: the mean of the day's answers.

    zone: of the calendar, by default the hub's own.
    """
    days: dict[date, list[int]] = {}
    for item in check_ins:
        days.setdefault(local_day(item.time, zone), []).append(item.value)
    return [Report(day=day, mood=sum(v) / len(v)) for day, v in sorted(days.items())]


def check_in_day_ends(
    check_ins: Sequence[CheckIn], zone: tzinfo | None = None
) -> dict[date, float]:
    """When the last answer of each day was given, Unix seconds."""
    return {local_day(item.time, zone): item.time for item in sorted(check_ins, key=_time_of)}


def local_day(time: float, zone: tzinfo | None = None) -> date:
    """The calendar day of a Unix time."""
    return datetime.fromtimestamp(time, UTC).astimezone(zone).date()


def _time_of(check_in: CheckIn) -> float:
    return check_in.time


def _read_rest(summary: str, windows: int) -> Rest | None:
    values = json.loads(summary)
    # A rest of another version's features means nothing to this one.
    if len(values) != len(SUMMARY_NAMES):
        return None
    return Rest(
        summary=np.array([np.nan if v is None else v for v in values], dtype=np.float64),
        windows=windows,
    )
