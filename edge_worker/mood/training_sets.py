"""Examples of activation and valence by person, as numbers for networks.

A network needs features of like size and none missing. Scales are fixed numbers, not statistics
over people: those would carry something of one client to all others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_worker.catalogue.training_sets import Examples, Kind, TrainingSet, TrainingSetError
from edge_worker.mood import history, usage_features, vitals_features
from edge_worker.mood.activation_training import labelled
from edge_worker.mood.datasets import DataError, read_days, read_recordings
from edge_worker.mood.day_table import DayTable, day_table
from edge_worker.mood.rates import FloatArray
from edge_worker.mood.windows import judged_windows, training_windows

ACTIVATION_CLASSES = ("calm", "activated")
VALENCE_CLASSES = ("not_better", "better")
# What counts as a clear difference from the own rest, in each feature's unit; and, for the two
# rates at rest, a common value and its spread.
_SCALE = {
    "heart_mean": 10.0,
    "heart_log_sd": 0.5,
    "heart_log_step": 0.5,
    "breathing_mean": 4.0,
    "breathing_log_mean": 0.25,
    "breathing_log_sd": 0.5,
    "breathing_log_step": 0.5,
    "log_heart_per_breath": 0.25,
}
_CENTRE = np.array([*(0.0 for _ in vitals_features.SUMMARY_NAMES), 70.0, 15.0])
_SPREAD = np.array([*(_SCALE[name] for name in vitals_features.SUMMARY_NAMES), 10.0, 3.0])
BOUND = 4.0


def network_row(row: FloatArray) -> FloatArray:
    """Features of a window for a network: scaled, bounded, a missing heart as at rest.

    row: shape (..., len(vitals_features.FEATURE_NAMES)), NaN = missing.
    """
    scaled = (row - _CENTRE) / _SPREAD
    bounded: FloatArray = np.clip(np.nan_to_num(scaled, nan=0.0), -BOUND, BOUND)
    return bounded


def load_activation(folder: Path) -> TrainingSet:
    """People of the office study under `folder`, one minute of heart and breathing an example.

    Raises TrainingSetError when the files are missing or cannot be used.
    """
    place = folder / "office_tasks"
    try:
        recordings = read_recordings(place / "heart_breathing_1hz.csv.gz", place / "condition.csv")
    except DataError as error:
        raise TrainingSetError(str(error)) from error
    training, windows = labelled(training_windows(recordings)), labelled(judged_windows(recordings))
    return TrainingSet(
        name="activation",
        kind=Kind.TABLE,
        classes=ACTIVATION_CLASSES,
        people=_by_person(training.person, network_row(training.rows), training.label),
        judged=_by_person(windows.person, network_row(windows.rows), windows.label),
        input_names=vitals_features.FEATURE_NAMES,
        origin="Office Tasks 2019 (University of Houston): chest strap, 1 Hz",
    )


def load_valence(folder: Path) -> TrainingSet:
    """People of the app-usage study under `folder`, one day an example.

    Raises TrainingSetError when the file is missing or cannot be used.
    """
    try:
        table = day_table(read_days(folder / "app_usage_mood" / "days.csv"))
    except DataError as error:
        raise TrainingSetError(str(error)) from error
    known = table.where(np.isfinite(table.better))
    return TrainingSet(
        name="valence",
        kind=Kind.TABLE,
        classes=VALENCE_CLASSES,
        people=_by_person(known.person, _day_rows(known), known.better),
        input_names=(*usage_features.FEATURE_NAMES, *history.FEATURE_NAMES),
        origin="VU Amsterdam smartphone mood study 2014 (Asselbergs et al. 2016)",
    )


def _day_rows(table: DayTable) -> FloatArray:
    """App use and earlier check-ins; a day without app use counts as a usual one."""
    rows = np.concatenate([table.usage, table.history], axis=1)
    bounded: FloatArray = np.clip(np.nan_to_num(rows, nan=0.0), -BOUND, BOUND)
    return bounded


def _by_person(
    person: NDArray[np.str_], rows: FloatArray, label: FloatArray
) -> Mapping[str, Examples]:
    return {
        str(name): Examples(
            inputs=rows[person == name].astype(np.float32),
            labels=label[person == name].astype(np.int64),
        )
        for name in np.unique(person)
    }


LOADERS: Mapping[str, Callable[[Path], TrainingSet]] = {
    "activation": load_activation,
    "valence": load_valence,
}
