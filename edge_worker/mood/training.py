"""Fit all models from files and write them with their cards: `edge-worker mood train`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np

from edge_worker.mood.activation_training import fit, training_data
from edge_worker.mood.cards import Made, new_card
from edge_worker.mood.datasets import read_days, read_recordings
from edge_worker.mood.day_table import day_table
from edge_worker.mood.model_files import ACTIVATION, HISTORY, USAGE, write_model
from edge_worker.mood.valence_training import fit_history, fit_usage


def train_activation(
    vitals: Path, condition: Path, out: Path, progress: Callable[[str], None]
) -> None:
    """Fit the activation forest. Raises DataError for files that cannot be used."""
    data = training_data(read_recordings(vitals, condition))
    progress(f"{len(data.judged)} windows; growing the forest")
    fitted = fit(data)
    made = Made(
        people=len(np.unique(data.judged.person)),
        rows=len(data.judged),
        choices={"leaf_size": fitted.leaf_size},
        on=date.today(),
    )
    write_model(out, ACTIVATION, fitted.model, new_card(ACTIVATION, made))
    progress(f"wrote {ACTIVATION}")


def train_valence(usage: Path, out: Path, progress: Callable[[str], None]) -> None:
    """Fit the usage tree and the model on check-ins. Raises DataError likewise."""
    table = day_table(read_days(usage))
    tree, history = fit_usage(table), fit_history(table)
    target = np.isfinite(table.better)
    people = len(np.unique(table.person[target]))
    made = Made(
        people=people,
        rows=int((target & table.has_usage).sum()),
        choices={"depth": tree.depth, "weight": round(tree.model.slope, 4)},
        on=date.today(),
    )
    write_model(out, USAGE, tree.model, new_card(USAGE, made))
    made = Made(
        people=people,
        rows=int(target.sum()),
        choices={"features": list(history.features)},
        on=date.today(),
    )
    write_model(out, HISTORY, history.model, new_card(HISTORY, made))
    progress(f"wrote {USAGE} and {HISTORY}")
