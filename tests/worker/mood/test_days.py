"""Days of app use and check-ins: the past alone describes a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_worker.mood import history, usage_features
from edge_worker.mood.datasets import DataError, Day, read_days
from edge_worker.mood.day_table import day_table
from edge_worker.mood.history import MIN_REPORTS, Report, habit

FIRST = date(2014, 3, 1)


def test_later_days_change_nothing_before_them(days: list[Day]) -> None:
    own = [day for day in days if day.person == "D0"]
    changed = [
        replace(day, mood=1.0, seconds={"social": 9e4}) if index >= 30 else day
        for index, day in enumerate(own)
    ]
    one, other = day_table(own), day_table(changed)
    np.testing.assert_array_equal(one.usage[:30], other.usage[:30])
    np.testing.assert_array_equal(one.history[:31], other.history[:31])
    np.testing.assert_array_equal(one.usual[:31], other.usual[:31])


def test_the_order_of_rows_and_the_calendar_change_nothing(days: list[Day]) -> None:
    order = np.random.default_rng(0).permutation(len(days))
    shuffled = day_table([days[index] for index in order])
    moved = day_table([replace(day, day=day.day + timedelta(days=1000)) for day in days])
    expected = day_table(days)
    for other in (shuffled, moved):
        np.testing.assert_array_equal(expected.usage, other.usage)
        np.testing.assert_array_equal(expected.history, other.history)


def test_there_is_no_target_before_seven_reports() -> None:
    days = [
        Day(person="a", day=FIRST + timedelta(days=n), seconds=None, mood=6.0 + n % 3)
        for n in range(10)
    ]
    known = np.isfinite(day_table(days).better)
    assert known.tolist() == [False] * MIN_REPORTS + [True] * 3


def test_constant_mood_is_described_without_a_fault() -> None:
    found = habit([Report(day=FIRST + timedelta(days=n), mood=7.0) for n in range(20)], date.max)
    assert found is not None
    assert (found.mean, found.row.tolist()) == (7.0, [0.0] * len(history.FEATURE_NAMES))


@given(st.lists(st.tuples(st.integers(0, 400), st.floats(1, 10)), max_size=40))
def test_any_history_gives_finite_features(reports: list[tuple[int, float]]) -> None:
    past = [Report(day=FIRST + timedelta(days=offset), mood=mood) for offset, mood in reports]
    found = habit(past, FIRST + timedelta(days=200))
    before = [report for report in past if report.day < FIRST + timedelta(days=200)]
    assert (found is None) == (len(before) < MIN_REPORTS)
    if found is not None:
        assert np.isfinite(found.row).all()


@given(st.dictionaries(st.sampled_from([*usage_features.CATEGORIES, "builtin"]), st.floats()))
def test_any_durations_give_finite_features(seconds: dict[str, float]) -> None:
    levels = usage_features.day_levels(seconds)
    assert np.isfinite(levels).all()
    row = usage_features.against_past(levels, [usage_features.day_levels({})] * 3)
    assert row is not None
    assert np.abs(row).max() <= usage_features.CLIP


def test_no_feature_knows_the_weekday_or_what_a_router_cannot_see() -> None:
    banned = {"weekday", "date", "day", "time", "hour", "index", "person", "screen", "call", "sms"}
    banned |= {"builtin", "unknown", "utilities", "activity"}
    for name in (*usage_features.FEATURE_NAMES, *history.FEATURE_NAMES):
        assert not set(name.split("_")) & banned, name


def _write(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(["id,date,appCat.social,appCat.game,screen,mood", *rows]) + "\n")
    return path


def test_empty_cells_and_negative_durations(tmp_path: Path) -> None:
    path = _write(
        tmp_path / "days.csv",
        "a,2014-03-01,100,,5000,7",  # a day with a recording: empty means zero
        "a,2014-03-02,,,,6",  # nothing was recorded
        "a,2014-03-03,-80368,30,5000,",  # the study's one negative duration
        "a,2014-03-04,5,5,100,99",  # no mood of this scale
    )
    days = read_days(path)
    assert [day.seconds for day in days] == [
        {"social": 100.0, "game": 0.0},
        None,
        {"social": 0.0, "game": 30.0},
        {"social": 5.0, "game": 5.0},
    ]
    assert [day.mood for day in days] == [7.0, 6.0, None, None]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["a,yesterday,1,1,1,7"], "yesterday"),
        (["a,2014-03-01,1,1,1,7", "a,2014-03-01,1,1,1,7"], "two rows"),
        ([], "no rows"),
    ],
)
def test_unusable_files_are_named(tmp_path: Path, rows: list[str], words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_days(_write(tmp_path / "days.csv", *rows))
