"""Days of several people with their features and targets: the past alone describes a day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from edge_worker.mood import history, usage_features
from edge_worker.mood.datasets import Day
from edge_worker.mood.history import Habit, Report, habit
from edge_worker.mood.rates import FloatArray
from edge_worker.mood.usage_features import PAST_DAYS, against_past, day_levels


@dataclass(frozen=True, kw_only=True)
class DayTable:
    """One row per day and person, ordered by person and date."""

    person: NDArray[np.str_]
    day: NDArray[np.str_]
    """Date as written in the file, YYYY-MM-DD."""
    usage: FloatArray
    """Shape (days, usage features); NaN rows where there is no recording or no habit yet."""
    history: FloatArray
    """Shape (days, history features); NaN rows before there are enough earlier reports."""
    usual: FloatArray
    """Own mean of the earlier reports, NaN before the first."""
    spread: FloatArray
    """Own spread of the earlier reports, NaN where `history` is."""
    last: FloatArray
    """The report before, NaN before the first."""
    mood: FloatArray
    """What was reported that day, NaN when nothing was."""

    def __len__(self) -> int:
        return len(self.person)

    @property
    def better(self) -> FloatArray:
        """1 = above the own mean so far, 0 = not, NaN = no target."""
        known = np.isfinite(self.mood) & self.has_history
        return np.where(known, (self.mood > self.usual).astype(float), np.nan)

    @property
    def has_usage(self) -> NDArray[np.bool_]:
        """Days with app use and a habit to compare it with."""
        return np.array([bool(np.isfinite(row).all()) for row in self.usage], dtype=np.bool_)

    @property
    def has_history(self) -> NDArray[np.bool_]:
        """Days with enough earlier reports."""
        return np.array([bool(np.isfinite(row).all()) for row in self.history], dtype=np.bool_)

    def where(self, chosen: NDArray[np.bool_]) -> DayTable:
        """The days of a mask."""
        return DayTable(**{name: getattr(self, name)[chosen] for name in self.__annotations__})


def day_table(days: Iterable[Day]) -> DayTable:
    """Describe every day by the days before it, per person, whatever the order they come in."""
    people: dict[str, list[Day]] = {}
    for day in days:
        people.setdefault(day.person, []).append(day)
    rows = [row for person in sorted(people) for row in _rows(sorted(people[person], key=_date_of))]
    return DayTable(
        person=np.array([row.day.person for row in rows], dtype=np.str_),
        day=np.array([row.day.day.isoformat() for row in rows], dtype=np.str_),
        usage=_stack([row.usage for row in rows], len(usage_features.FEATURE_NAMES)),
        history=_stack(
            [row.habit.row if row.habit else None for row in rows], len(history.FEATURE_NAMES)
        ),
        usual=np.array([row.usual for row in rows]),
        spread=np.array([row.habit.spread if row.habit else np.nan for row in rows]),
        last=np.array([row.last for row in rows]),
        mood=np.array([np.nan if row.day.mood is None else row.day.mood for row in rows]),
    )


@dataclass(frozen=True, kw_only=True)
class _Row:
    day: Day
    usage: FloatArray | None
    habit: Habit | None
    usual: float
    last: float


def _rows(days: Sequence[Day]) -> list[_Row]:
    levels: list[FloatArray] = []
    reports: list[Report] = []
    rows = []
    for day in days:
        today = None if day.seconds is None else day_levels(day.seconds)
        rows.append(
            _Row(
                day=day,
                usage=None if today is None else against_past(today, levels[-PAST_DAYS:]),
                habit=habit(reports, day.day),
                usual=float(np.mean([r.mood for r in reports])) if reports else np.nan,
                last=reports[-1].mood if reports else np.nan,
            )
        )
        if today is not None:
            levels.append(today)
        if day.mood is not None:
            reports.append(Report(day=day.day, mood=day.mood))
    return rows


def _stack(rows: Sequence[FloatArray | None], width: int) -> FloatArray:
    missing = np.full(width, np.nan)
    return np.array([missing if row is None else row for row in rows]).reshape(len(rows), width)


def _date_of(day: Day) -> date:
    return day.day
