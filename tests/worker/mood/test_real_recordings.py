"""The shipped models on the real recordings they were trained on: wiring, not quality."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edge_worker.mood.datasets import read_days, read_recordings
from edge_worker.mood.model_files import (
    load_activation_forest,
    load_history_model,
    load_usage_tree,
)
from edge_worker.mood.prediction import predict_days, predict_windows


def test_windows_of_the_office_recordings(shared_data: Path) -> None:
    folder = shared_data / "office_tasks"
    recordings = read_recordings(folder / "heart_breathing_1hz.csv.gz", folder / "condition.csv")
    assert len(recordings) == 55
    assert sum(recording.stroop is not None for recording in recordings) == 48
    first = recordings[:6]
    rows = predict_windows(first, load_activation_forest())
    assert {row.person for row in rows} == {recording.person for recording in first}
    middles = np.array([float(row.time) for row in rows if row.person == first[0].person])
    begin, _ = first[0].tasks["RestingBaseline"]
    assert middles.min() >= begin + 150
    assert all(0 < row.probability < 1 for row in rows)


def test_days_of_the_app_use_study(shared_data: Path) -> None:
    days = read_days(shared_data / "app_usage_mood" / "days.csv")
    assert len({day.person for day in days}) == 20
    assert min(s for day in days for s in (day.seconds or {}).values()) == 0.0
    rows = predict_days(days, load_usage_tree(), load_history_model())
    assert len(rows) == len(days)
    assert rows[0].probability == 0.5
    assert len({row.probability for row in rows}) > 50
