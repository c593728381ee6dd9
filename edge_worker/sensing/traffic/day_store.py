"""The days of each person: features for 30 days, and the own usual of the last 14.

Only features are kept, no names, no addresses, no windows. One JSON file that only this
user can read; written to a new file first, so that a power cut leaves the old one.
"""

from __future__ import annotations

import json
import logging
import os
import statistics
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from edge_worker.sensing.traffic.day_features import DayUsage
from edge_worker.sensing.traffic.windows import UsageWindow

_LOGGER = logging.getLogger(__name__)

FILE_NAME = "traffic_days.json"
KEEP_DAYS = 30
BASELINE_DAYS = 14
# With fewer days a deviation says nothing.
MIN_BASELINE_DAYS = 5
# Today is written this often, in seconds of the windows' clock.
SAVE_EVERY_S = 600

Features = Mapping[str, float | None]


class DayStore:
    """Collects windows into days. Raises OSError when the folder cannot be written."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE_NAME
        self._people: dict[str, dict[str, Any]] = _read(self._path)
        self._saved = 0.0
        self._stored = set(self._people)
        self._counted: set[str] = set()

    def add(self, window: UsageWindow) -> Features:
        """Count a window; features of the day so far, with `z_` features beside them."""
        today = datetime.fromtimestamp(window.t0).date()
        self._counted.add(window.person)
        person = self._people.setdefault(window.person, {"days": {}, "today": None})
        usage = _usage(person["today"])
        if usage is None or usage.day != today.isoformat():
            if usage is not None:
                person["days"][usage.day] = usage.features()
            usage = DayUsage(day=today.isoformat())
        usage.add(window)
        person["today"] = usage.to_json()
        self._forget_old(person, today)
        if abs(window.t1 - self._saved) >= SAVE_EVERY_S:
            self._saved = window.t1
            self.save()
        features = usage.features()
        return {**features, **deviations(features, person["days"], today)}

    def save(self) -> None:
        """Write the people counted here into the file, beside those that others count.

        Who was deleted from the file meanwhile is deleted here too.
        """
        on_disk = _read(self._path)
        for person in self._stored - set(on_disk):
            self._people.pop(person, None)
        own = {person: self._people[person] for person in self._counted if person in self._people}
        self._people = {**on_disk, **own}
        self._stored = set(self._people)
        text = json.dumps({"version": 1, "people": self._people}, allow_nan=False)
        _write(self._path, text)

    def _forget_old(self, person: dict[str, Any], today: date) -> None:
        oldest = (today - timedelta(days=KEEP_DAYS)).isoformat()
        person["days"] = {day: kept for day, kept in person["days"].items() if day >= oldest}


def deviations(
    features: Features, days: Mapping[str, Features], today: date
) -> dict[str, float | None]:
    """`z_<feature>`: deviation from the person's own last 14 days, in their own deviations."""
    oldest = (today - timedelta(days=BASELINE_DAYS)).isoformat()
    usual = [kept for day, kept in days.items() if oldest <= day < today.isoformat()]
    found: dict[str, float | None] = {}
    for name, value in features.items():
        past = [kept for day in usual if (kept := day.get(name)) is not None]
        spread = statistics.stdev(past) if len(past) >= MIN_BASELINE_DAYS else 0.0
        found[f"z_{name}"] = None
        if value is not None and spread > 0:
            found[f"z_{name}"] = (value - statistics.fmean(past)) / spread
    return found


def delete_person(data_dir: Path, person: str) -> int:
    """Delete all days of a person; how many there were."""
    path = data_dir / FILE_NAME
    people = _read(path)
    gone = people.pop(person, None)
    if gone is None:
        return 0
    _write(path, json.dumps({"version": 1, "people": people}))
    return len(gone["days"]) + (gone["today"] is not None)


def _usage(content: Mapping[str, Any] | None) -> DayUsage | None:
    return DayUsage(**content) if content else None


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        _LOGGER.warning("The stored days of app use are damaged and begin anew")
        return {}
    if not isinstance(content, dict) or content.get("version") != 1:
        return {}
    people = content.get("people")
    return people if isinstance(people, dict) else {}


def _write(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)
