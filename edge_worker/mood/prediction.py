"""Predictions of the shipped models as rows that anyone can score: `edge-worker mood predict`."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge_worker.mood.datasets import DataError, Day, Recording
from edge_worker.mood.day_table import day_table
from edge_worker.mood.model_files import CalibratedForest, HistoryModel, sigmoid
from edge_worker.mood.valence_evaluation import score_days
from edge_worker.mood.windows import windows_of

COLUMNS = ("person", "time", "probability", "label")
UNKNOWN = "unknown"
# A label is said from here on; in between, "unknown" is the answer.
DECIDED = 0.70


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """One day or window: the probability of the positive class, at an even prior."""

    person: str
    time: str
    """Date, or the middle of the window in the file's own seconds."""
    probability: float
    label: str


def predict_windows(recordings: Iterable[Recording], model: CalibratedForest) -> list[Prediction]:
    """One row per measured window outside the baseline; people without a rest have none."""
    found = []
    for recording in recordings:
        windows = windows_of(recording)
        for middle, row in zip(windows.middle, windows.rows, strict=True):
            probability = sigmoid(model.log_odds(row))
            found.append(
                Prediction(
                    person=recording.person,
                    time=f"{middle:.12g}",
                    probability=probability,
                    label=_label(probability, "activated", "calm"),
                )
            )
    return found


def predict_days(
    days: Sequence[Day], usage: CalibratedForest, history: HistoryModel
) -> list[Prediction]:
    """One row per day; 0.5 and "unknown" where neither check-ins nor app use say anything."""
    table = day_table(days)
    scored = score_days(table, lambda person: usage, lambda person: history)
    probabilities = 1 / (1 + np.exp(-scored.fused))
    return [
        Prediction(
            person=str(person),
            time=str(day),
            probability=float(probability),
            label=_label(float(probability), "above", "below"),
        )
        for person, day, probability in zip(table.person, table.day, probabilities, strict=True)
    ]


def write_predictions(path: Path, predictions: Iterable[Prediction]) -> int:
    """Write the rows as CSV; returns how many. Raises DataError when the file can't be written."""
    count = 0
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for item in predictions:
                writer.writerow([item.person, item.time, f"{item.probability:.6f}", item.label])
                count += 1
    except OSError as error:
        raise DataError(f"{path} cannot be written ({type(error).__name__})") from error
    return count


def _label(probability: float, above: str, below: str) -> str:
    if probability >= DECIDED:
        return above
    return below if probability <= 1 - DECIDED else UNKNOWN
