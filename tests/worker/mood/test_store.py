from __future__ import annotations

import stat
import threading
from datetime import UTC
from pathlib import Path

import numpy as np
import pytest

from edge_worker.mood import commands
from edge_worker.mood.store import (
    DAY_S,
    FILE_NAME,
    HOUR_S,
    KEEP_USAGE_S,
    CheckIn,
    MoodStore,
    daily_reports,
)
from edge_worker.mood.vitals_features import SUMMARY_NAMES, Rest

NOW = 1_700_000_000.0


@pytest.fixture
def store(tmp_path: Path) -> MoodStore:
    return MoodStore(tmp_path)


def _rest(level: float) -> Rest:
    return Rest(summary=np.full(len(SUMMARY_NAMES), level), windows=4)


def test_the_file_is_private(store: MoodStore, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_a_check_in_that_arrives_twice_counts_once(store: MoodStore) -> None:
    for _ in range(2):
        store.add_check_in("anna", CheckIn(time=NOW, value=4))
    assert store.check_ins("anna") == [CheckIn(time=NOW, value=4)]
    assert store.check_ins("ben") == []


@pytest.mark.parametrize("value", [0, 6, -1])
def test_answers_outside_the_scale_are_refused(tmp_path: Path, value: int) -> None:
    with pytest.raises(ValueError, match="1 to 5"):
        commands.check_in(tmp_path, "anna", value)


def test_a_day_is_one_report(store: MoodStore) -> None:
    for hours, value in ((0, 2), (1, 4), (30, 5)):
        store.add_check_in("anna", CheckIn(time=NOW + hours * HOUR_S, value=value))
    reports = daily_reports(store.check_ins("anna"), UTC)
    assert [report.mood for report in reports] == [3.0, 5.0]


def test_the_baseline_is_the_median_of_the_last_five_rests(store: MoodStore) -> None:
    assert store.rest("anna") is None
    for index, level in enumerate((99.0, 1.0, 2.0, 3.0, 4.0, 50.0)):
        store.add_rest("anna", NOW + index, _rest(level))
    found = store.rest("anna")
    assert found is not None
    assert (found[0].summary[0], found[1]) == (3.0, NOW + 5)


def test_a_rest_without_a_heart_survives_the_store(store: MoodStore) -> None:
    rest = _rest(1.0)
    rest.summary[0] = np.nan
    store.add_rest("anna", NOW, rest)
    found = store.rest("anna")
    assert found is not None
    assert found[0].heart_rate is None


def test_usage_counts_back_from_now_and_keeps_silence_apart(store: MoodStore) -> None:
    store.add_usage("anna", NOW - 1800, NOW - 1500, {"social": 120.0, "game": -5.0})
    store.add_usage("anna", NOW - DAY_S, NOW - DAY_S + 300, {})
    days = store.usage_days("anna", NOW, 3)
    assert days == [{"social": pytest.approx(120.0)}, {}, None]


def test_a_window_over_the_hour_is_split(store: MoodStore) -> None:
    edge = NOW - NOW % HOUR_S - 23 * HOUR_S
    store.add_usage("anna", edge - 300, edge + 300, {"social": 100.0})
    today, yesterday = store.usage_days("anna", NOW, 2)
    assert (today, yesterday) == ({"social": 50.0}, {"social": 50.0})


@pytest.mark.parametrize(
    ("t0", "t1"), [(NOW, NOW), (NOW, NOW - 1), (float("nan"), NOW), (0.0, NOW)]
)
def test_impossible_windows_are_ignored(store: MoodStore, t0: float, t1: float) -> None:
    store.add_usage("anna", t0, t1, {"social": 1.0})
    assert store.usage_days("anna", NOW, 1) == [None]


def test_old_usage_is_forgotten(store: MoodStore) -> None:
    store.add_usage("anna", NOW - KEEP_USAGE_S - DAY_S, NOW - KEEP_USAGE_S - DAY_S + 60, {"a": 1.0})
    store.forget_old_usage(NOW)
    assert store.people() == []


def test_deleting_a_person_leaves_no_byte_of_theirs(store: MoodStore, tmp_path: Path) -> None:
    store.add_check_in("person-to-erase", CheckIn(time=NOW, value=1))
    store.add_rest("person-to-erase", NOW, _rest(1.0))
    store.ask_for_rest("person-to-erase", NOW)
    store.add_usage("person-to-erase", NOW - 60, NOW, {"social": 1.0})
    store.set_personal("person-to-erase", NOW, {})
    store.add_check_in("ben", CheckIn(time=NOW, value=5))
    assert commands.delete_person(tmp_path, "person-to-erase") == 6
    assert store.people() == ["ben"]
    assert b"person-to-erase" not in (tmp_path / FILE_NAME).read_bytes()


def test_several_threads_may_write(store: MoodStore) -> None:
    def answer(start: int) -> None:
        for index in range(10):
            store.add_check_in("anna", CheckIn(time=NOW + start + index, value=3))

    threads = [threading.Thread(target=answer, args=(100 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.check_ins("anna")) == 40
