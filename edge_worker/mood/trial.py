"""Refits of people's own parameters, on a hub's store or tried on a file."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from edge_worker.mood.datasets import DataError, read_days
from edge_worker.mood.day_table import day_table
from edge_worker.mood.model_files import shipped_history_model, shipped_usage_tree
from edge_worker.mood.personal import OwnDay, Personal, Refit, refit, refit_person
from edge_worker.mood.store import FILE_NAME, MoodStore


def refit_store(data_dir: Path) -> dict[str, Refit]:
    """Refit everybody of whom the hub stores something. Raises DataError without a store."""
    if not (data_dir / FILE_NAME).is_file():
        raise DataError(f"{data_dir} holds no {FILE_NAME}")
    store = MoodStore(data_dir)
    return {person: refit_person(store, person, time.time()) for person in store.people()}


def refit_file(usage: Path) -> dict[str, Refit]:
    """Refit every person of a file from the shipped parameters; nothing is stored."""
    table = day_table(read_days(usage))
    history, tree = shipped_history_model(), shipped_usage_tree()
    has_usage, better = table.has_usage, table.better
    results = {}
    for person in np.unique(table.person):
        own = np.flatnonzero((table.person == person) & np.isfinite(better))
        days = [
            OwnDay(
                history=history.log_odds(table.history[index]),
                usage=tree.unweighted_log_odds(table.usage[index]) if has_usage[index] else None,
                better=bool(better[index] == 1),
            )
            for index in own
        ]
        results[str(person)] = refit(days, Personal())
    return results


def results_json(results: Mapping[str, Refit]) -> dict[str, Any]:
    """Plain JSON types."""
    return {person: asdict(result) for person, result in results.items()}


def results_text(results: Mapping[str, Refit]) -> str:
    """A Markdown table, one line per person."""
    if not results:
        return "Nobody has check-ins yet."
    lines = [
        "| person | days | held back | log-loss before | after | kept |",
        "|---|---|---|---|---|---|",
    ]
    for person, result in results.items():
        before, after = _loss(result.loss_before), _loss(result.loss_after)
        kept = f"{'new' if result.changed else 'old'}: {result.reason}"
        lines.append(
            f"| {person} | {result.days} | {result.held_back} | {before} | {after} | {kept} |"
        )
    return "\n".join(lines)


def _loss(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
