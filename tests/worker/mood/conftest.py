"""Synthetic people: resting, writing, Stroop or video, presenting; and days of app use."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from edge_worker.mood.datasets import Day, Recording
from edge_worker.mood.usage_features import CATEGORIES

SHARED_DATA = Path(__file__).parents[4] / "shared" / "data"

SCRIPT = (  # task, seconds, breaths per minute above rest, beats per minute above rest
    ("RestingBaseline", 240, 0.0, 0.0),
    ("BaselineWriting", 240, 5.0, 6.0),
    ("StressCondition", 240, 4.0, 4.0),
    ("Presentation", 150, 6.0, 14.0),
)


def make_recording(
    number: int, *, effect: float = 1.0, start: float = 40.0, stroop: bool | None = None
) -> Recording:
    """A person whose tasks raise both rates; with a video instead of Stroop they stay at rest."""
    rng = np.random.default_rng(number)
    stroop = bool(number % 2) if stroop is None else stroop
    breathing_rest, heart_rest = rng.uniform(11, 18), rng.uniform(58, 85)
    times, heart, breathing, tasks, now = [], [], [], {}, start
    for task, length, more_breaths, more_beats in SCRIPT:
        if task == "StressCondition" and not stroop:
            more_breaths = more_beats = 0.0
        tasks[task] = (now, now + length - 1)
        times.append(now + np.arange(length))
        wander = np.cumsum(rng.normal(0, 0.15, length))
        heart.append(heart_rest + effect * more_beats + rng.normal(0, 2, length) + wander)
        breathing.append(breathing_rest + effect * more_breaths + rng.normal(0, 1, length))
        now += length + 60
    return Recording(
        person=f"P{number:02d}",
        times=np.concatenate(times),
        heart=np.concatenate(heart),
        breathing=np.concatenate(breathing),
        tasks=tasks,
        stroop=stroop,
    )


def make_days(person: str, seed: int, days: int = 50) -> list[Day]:
    """Mood with a memory of one day, and app use that has nothing to do with it."""
    rng = np.random.default_rng(seed)
    first, level, found = date(2014, 3, 1), 0.0, []
    for index in range(days):
        level = 0.5 * level + rng.normal(0, 0.6)
        found.append(
            Day(
                person=person,
                day=first + timedelta(days=index),
                seconds={c: float(rng.exponential(600)) for c in CATEGORIES},
                mood=float(np.clip(7 + level, 1, 10)) if rng.random() < 0.8 else None,
            )
        )
    return found


def write_vitals(
    path: Path, recordings: list[Recording], order: np.random.Generator | None
) -> None:
    """A file of the shared form; with `order` its rows are shuffled."""
    rows = [
        [r.person, t, h, b, next(n for n, (a, z) in r.tasks.items() if a <= t <= z)]
        for r in recordings
        for t, h, b in zip(r.times, r.heart, r.breathing, strict=True)
    ]
    if order is not None:
        rows = [rows[index] for index in order.permutation(len(rows))]
    with gzip.open(path, "wt", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "Time", "HR_z", "BR_z", "Session"])
        writer.writerows(rows)


def write_condition(path: Path, recordings: list[Recording]) -> None:
    """Who did which stress task."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Subject", "Session", "Condition"])
        writer.writerows(
            [r.person, "StressCondition", "CH" if r.stroop else "CL"] for r in recordings
        )


def write_days(path: Path, days: list[Day]) -> None:
    """A file of the shared form."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "date", *(f"appCat.{c}" for c in CATEGORIES), "screen", "mood"])
        for day in days:
            seconds = day.seconds or {}
            cells = [seconds.get(c, "") for c in CATEGORIES]
            writer.writerow([day.person, day.day, *cells, 5000 if seconds else "", day.mood or ""])


@pytest.fixture
def recording() -> Callable[..., Recording]:
    return make_recording


@pytest.fixture(scope="session")
def people() -> list[Recording]:
    return [make_recording(number) for number in range(10)]


@pytest.fixture(scope="session")
def days() -> list[Day]:
    return [day for number in range(8) for day in make_days(f"D{number}", number)]


@pytest.fixture(scope="session")
def vitals_files(tmp_path_factory: pytest.TempPathFactory, people: list[Recording]) -> Path:
    """A folder with vitals.csv.gz, shuffled.csv.gz and condition.csv of `people`."""
    folder = tmp_path_factory.mktemp("vitals")
    write_vitals(folder / "vitals.csv.gz", people, None)
    write_vitals(folder / "shuffled.csv.gz", people, np.random.default_rng(0))
    write_condition(folder / "condition.csv", people)
    return folder


@pytest.fixture(scope="session")
def days_file(tmp_path_factory: pytest.TempPathFactory, days: list[Day]) -> Path:
    path = tmp_path_factory.mktemp("days") / "days.csv"
    write_days(path, days)
    return path


@pytest.fixture
def shared_data() -> Path:
    if not SHARED_DATA.is_dir():
        pytest.skip("the real recordings (../shared/data) are not here")
    return SHARED_DATA
