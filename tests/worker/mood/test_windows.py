"""Windows of recordings: the baseline never enters the test, and no clock enters a feature."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge_worker.mood.datasets import DataError, Recording, read_recordings
from edge_worker.mood.sensor_noise import REFUSING, SensorNoise, degrade, degrade_all
from edge_worker.mood.vitals_features import BASELINE_S, FEATURE_NAMES, STEP_S, WINDOW_S
from edge_worker.mood.windows import (
    calm_windows,
    first_rest,
    judged_windows,
    training_windows,
    windows_of,
)

Make = Callable[..., Recording]


def test_baseline_minutes_are_never_judged(people: list[Recording]) -> None:
    for person in people:
        windows = windows_of(person)
        begin, _ = person.tasks["RestingBaseline"]
        resting = windows.middle[windows.task == "RestingBaseline"]
        assert len(resting)
        assert resting.min() - WINDOW_S / 2 >= begin + BASELINE_S


def test_windows_stay_inside_their_task(recording: Make) -> None:
    person = recording(1)
    windows = windows_of(person)
    for task, middle in zip(windows.task, windows.middle, strict=True):
        begin, end = person.tasks[str(task)]
        assert begin <= middle - WINDOW_S / 2
        assert middle + WINDOW_S / 2 <= end + 1
    writing = windows.middle[windows.task == "BaselineWriting"]
    np.testing.assert_array_equal(np.diff(writing), STEP_S)


def test_a_video_is_calm_and_an_unknown_arm_has_no_label(recording: Make) -> None:
    for stroop, expected in ((True, [1.0]), (False, [0.0])):
        windows = windows_of(recording(2, stroop=stroop))
        stress = windows.task == "StressCondition"
        assert np.unique(windows.label[stress]).tolist() == expected
    unknown = windows_of(replace(recording(2), stroop=None))
    assert np.isnan(unknown.label[unknown.task == "StressCondition"]).all()


def test_shifted_time_stamps_change_no_feature(recording: Make) -> None:
    here, there = windows_of(recording(3)), windows_of(recording(3, start=86_440.0))
    np.testing.assert_array_equal(here.rows, there.rows)
    np.testing.assert_array_equal(here.middle + 86_400, there.middle)


def test_the_order_of_rows_in_the_file_changes_nothing(vitals_files: Path) -> None:
    condition = vitals_files / "condition.csv"
    tables = [
        judged_windows(read_recordings(vitals_files / name, condition))
        for name in ("vitals.csv.gz", "shuffled.csv.gz")
    ]
    np.testing.assert_array_equal(tables[0].rows, tables[1].rows)
    np.testing.assert_array_equal(tables[0].person, tables[1].person)


def test_another_persons_rows_change_nothing(people: list[Recording]) -> None:
    alone = windows_of(people[4])
    together = judged_windows(people)
    np.testing.assert_array_equal(together.rows[together.person == "P04"], alone.rows)


def test_without_a_measured_rest_there_are_no_windows(recording: Make) -> None:
    person = recording(5)
    strap_off = replace(person, breathing=np.zeros(len(person.times)))
    no_rest = replace(
        person, tasks={task: span for task, span in person.tasks.items() if "Rest" not in task}
    )
    for broken in (strap_off, no_rest):
        assert first_rest(broken) is None
        assert len(windows_of(broken)) == 0


def test_a_short_rest_leaves_no_rest_to_judge(recording: Make) -> None:
    person = recording(6)
    begin, _ = person.tasks["RestingBaseline"]
    short = replace(person, tasks={**person.tasks, "RestingBaseline": (begin, begin + 100)})
    windows = windows_of(short)
    assert "RestingBaseline" not in set(windows.task)
    assert "Presentation" in set(windows.task)


def test_a_gap_removes_its_windows_only(recording: Make) -> None:
    person = recording(7)
    begin, _ = person.tasks["BaselineWriting"]
    gap = (person.times >= begin + 60) & (person.times < begin + 120)
    broken = replace(person, breathing=np.where(gap, 0.0, person.breathing))
    whole, holed = windows_of(person), windows_of(broken)
    lost = set(whole.middle) - set(holed.middle)
    assert lost == {begin + 60.0, begin + 90.0, begin + 120.0}


def test_training_sees_each_task_against_two_rests(people: list[Recording]) -> None:
    assert len(training_windows(people)) > 1.8 * len(judged_windows(people))


def test_receiver_errors_are_repeatable_and_as_large_as_said(recording: Make) -> None:
    person = recording(8)
    noise = SensorNoise()
    once, again, other = (degrade(person, noise, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(once.heart, again.heart)
    assert not np.array_equal(once.heart, other.heart, equal_nan=True)
    long = Recording(
        person="long",
        times=np.arange(50_000.0),
        heart=np.full(50_000, 70.0),
        breathing=np.full(50_000, 15.0),
        tasks={},
        stroop=None,
    )
    poor = degrade(long, noise, 0)
    assert np.isnan(poor.breathing).mean() == pytest.approx(noise.gap_share, abs=0.02)
    far = np.abs(poor.breathing / 15 - 1) > 0.4
    assert far.mean() == pytest.approx(noise.breathing_gross_share, abs=0.04)
    assert (np.abs(poor.heart - 70) > 15).mean() == pytest.approx(noise.heart_gross_share, abs=0.04)


def test_a_receiver_that_refuses_loses_the_heart_and_keeps_the_numbers_right() -> None:
    visits = [
        Recording(
            person=f"visit{number}",
            times=np.arange(2000.0),
            heart=np.full(2000, 70.0),
            breathing=np.full(2000, 15.0),
            tasks={},
            stroop=None,
        )
        for number in range(60)
    ]
    poor = degrade_all(visits, REFUSING, 0)
    hearts = np.array([visit.heart for visit in poor])
    assert np.nanmax(np.abs(hearts - 70)) < 5
    never = np.isnan(hearts).all(axis=1).mean()
    assert never == pytest.approx(REFUSING.heart_never_share, abs=0.12)
    both = np.array([np.isfinite(visit.breathing) & np.isnan(visit.heart) for visit in poor])
    assert both.mean() > 0.3


def test_calm_minutes_are_the_slower_half_of_desk_work(recording: Make) -> None:
    person = recording(8)
    assert not len(calm_windows([person]))  # no desk work, no baseline of this kind
    start, half = float(person.times[-1]) + 60, 1500
    rng = np.random.default_rng(0)
    desk = replace(
        person,
        times=np.concatenate([person.times, start + np.arange(2.0 * half)]),
        heart=np.concatenate([person.heart, rng.normal(60, 1, half), rng.normal(90, 1, half)]),
        breathing=np.concatenate([person.breathing, rng.normal(14, 1, 2 * half)]),
        tasks={**person.tasks, "DualTask": (start, start + 2.0 * half - 1)},
    )
    table = calm_windows([desk])
    assert set(table.task) == set(person.tasks)
    column = FEATURE_NAMES.index("rest_heart_mean")
    assert table.rows[:, column] == pytest.approx(60, abs=1)
    # The windows are those that a guided rest would have been judged on.
    np.testing.assert_array_equal(table.middle, judged_windows([person]).middle)


def test_noise_does_not_revive_a_strap_that_is_off(recording: Make) -> None:
    person = recording(9)
    off = replace(person, heart=np.zeros(len(person.times)))
    assert np.isnan(degrade(off, SensorNoise(), 0).heart).all()


def test_unusable_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,Time,HR_z\nP,1,60\n")
    with pytest.raises(DataError, match="BR_z, Session"):
        read_recordings(tmp_path / "a.csv", None)
    (tmp_path / "b.csv.gz").write_bytes(b"not gzip")
    with pytest.raises(DataError, match="cannot be read"):
        read_recordings(tmp_path / "b.csv.gz", None)
    (tmp_path / "c.csv").write_text("id,Time,HR_z,BR_z,Session\n,nan,60,12,x\n")
    with pytest.raises(DataError, match="no rows"):
        read_recordings(tmp_path / "c.csv", None)
