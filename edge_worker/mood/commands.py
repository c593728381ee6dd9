"""What the runtime calls when Home Assistant sends a command about a person's mood."""

from __future__ import annotations

import time as clock
from pathlib import Path

from edge_worker.mood.personal import Refit, refit_person
from edge_worker.mood.store import CheckIn, MoodStore


def check_in(data_dir: Path, person: str, value: int, *, time: float | None = None) -> None:
    """Store an answer to "How do you feel?", 1 (very bad) to 5 (very good).

    time: Unix seconds, by default now. Running mood steps notice within two seconds.
    Raises ValueError for another value.
    """
    moment = clock.time() if time is None else time
    MoodStore(data_dir).add_check_in(person, CheckIn(time=moment, value=value))


def start_calibration(data_dir: Path, person: str, *, time: float | None = None) -> None:
    """Take the next two minutes of the person's vitals as their rest.

    A running activation step picks it up within a second and announces
    `calibration_finished` at the end; without one the request lapses after ten minutes.
    """
    MoodStore(data_dir).ask_for_rest(person, clock.time() if time is None else time)


def delete_person(data_dir: Path, person: str) -> int:
    """Erase everything this wing stores of a person; returns the number of rows erased."""
    return MoodStore(data_dir).delete_person(person)


def refit(data_dir: Path, person: str, *, time: float | None = None) -> Refit:
    """Fit the person's own parameters again; keeps the old ones unless the new prove better.

    The fusion step does this by itself at night.
    """
    return refit_person(MoodStore(data_dir), person, clock.time() if time is None else time)
