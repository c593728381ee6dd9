"""Files of people, read and checked: heart and breathing at 1 Hz, conditions, days of app use."""

from __future__ import annotations

import csv
import gzip
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from edge_worker.mood.rates import FloatArray

REST = "RestingBaseline"
TASKS = ("BaselineWriting", "StressCondition", "Presentation")
STRESS_TASK = "StressCondition"
DESK_WORK = "DualTask"
USAGE_PREFIX = "appCat."


class DataError(ValueError):
    """A file that cannot be used; the message is a sentence for people."""


@dataclass(frozen=True, kw_only=True)
class Recording:
    """One person's heart and breathing while doing tasks, in the file's own seconds."""

    person: str
    times: FloatArray
    heart: FloatArray
    breathing: FloatArray
    tasks: Mapping[str, tuple[float, float]]
    """First and last second of each task that the file names."""
    stroop: bool | None
    """True: the stress task was the Stroop test; False: a relaxing video; None: not stated."""


@dataclass(frozen=True, kw_only=True)
class Day:
    """One person's day: seconds per app category, and the mood reported (1-10) if any."""

    person: str
    day: date
    seconds: Mapping[str, float] | None
    """None = the phone recorded nothing that day."""
    mood: float | None = None


def read_recordings(vitals: Path, condition: Path | None) -> list[Recording]:
    """Read a 1 Hz file (`id`, `Time`, `HR_z`, `BR_z`, `Session`) and who did which stress task.

    People come back in alphabetical order, whatever the order of the rows.
    Raises DataError for a file that cannot be read or lacks columns.
    """
    stroop = {} if condition is None else _read_conditions(condition)
    rows: dict[str, list[tuple[float, float, float, str]]] = {}
    for row in _rows(vitals, ("id", "Time", "HR_z", "BR_z", "Session")):
        time = _number(row["Time"])
        if math.isfinite(time) and row["id"]:
            rows.setdefault(row["id"], []).append(
                (time, _number(row["HR_z"]), _number(row["BR_z"]), row["Session"])
            )
    if not rows:
        raise DataError(f"{vitals} has no rows with a person and a time")
    return [_recording(person, rows[person], stroop.get(person)) for person in sorted(rows)]


def _recording(
    person: str, rows: Sequence[tuple[float, float, float, str]], stroop: bool | None
) -> Recording:
    ordered = sorted(rows, key=lambda row: row[0])
    tasks: dict[str, tuple[float, float]] = {}
    for time, _, _, task in ordered:
        first, _ = tasks.get(task, (time, time))
        tasks[task] = (first, time)
    table = np.array([row[:3] for row in ordered], dtype=np.float64)
    return Recording(
        person=person,
        times=table[:, 0],
        heart=table[:, 1],
        breathing=table[:, 2],
        tasks={task: span for task, span in tasks.items() if task},
        stroop=stroop,
    )


def _read_conditions(path: Path) -> dict[str, bool]:
    """The second letter of the condition: H = Stroop, L = relaxing video."""
    arms = {"H": True, "L": False}
    found = {}
    for row in _rows(path, ("Subject", "Condition")):
        arm = arms.get(row["Condition"][1:2])
        if arm is not None:
            found[row["Subject"]] = arm
    return found


def read_days(path: Path) -> list[Day]:
    """Read days of app use (`id`, `date`, `appCat.*`, optionally `mood`, `screen`).

    An empty category means zero seconds on a day that recorded any app and the screen, and no
    recording otherwise; negative durations count as zero. Days come back ordered by person and
    date. Raises DataError for a file that cannot be read or lacks columns.
    """
    days: dict[tuple[str, date], Day] = {}
    for row in _rows(path, ("id", "date")):
        try:
            day = date.fromisoformat(row["date"])
        except ValueError as error:
            raise DataError(f"{path} has a date that is none: {row['date'][:40]!r}") from error
        key = (row["id"], day)
        if key in days:
            raise DataError(f"{path} has two rows for one person and day ({day})")
        mood = _number(row.get("mood") or "")
        days[key] = Day(
            person=row["id"],
            day=day,
            seconds=_seconds(row),
            mood=mood if 1 <= mood <= 10 else None,
        )
    if not days:
        raise DataError(f"{path} has no rows")
    return [days[key] for key in sorted(days)]


def _seconds(row: Mapping[str, str]) -> dict[str, float] | None:
    categories = {
        name.removeprefix(USAGE_PREFIX): _number(cell)
        for name, cell in row.items()
        if name and name.startswith(USAGE_PREFIX)
    }
    measured = any(math.isfinite(value) for value in categories.values())
    screen_known = "screen" not in row or math.isfinite(_number(row["screen"] or ""))
    if not (measured and screen_known):
        return None
    return {
        name: max(0.0, value) if math.isfinite(value) else 0.0 for name, value in categories.items()
    }


def _rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    try:
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, restval="", restkey=None)
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise DataError(f"{path} lacks the column {', '.join(missing)}")
            yield from reader
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read ({type(error).__name__})") from error


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan
