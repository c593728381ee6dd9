"""Evaluate the models on files and write down what was found: `edge-worker mood evaluate`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edge_worker.mood import plots as pictures
from edge_worker.mood.activation_evaluation import (
    activation_report,
    calm_baseline_figures,
    cross_validate,
    noise_gain,
    score_shipped,
    sensor_figures,
)
from edge_worker.mood.cards import write_figures
from edge_worker.mood.datasets import DataError, read_days, read_recordings
from edge_worker.mood.model_files import (
    ACTIVATION,
    HISTORY,
    USAGE,
    load_activation_forest,
    load_history_model,
    load_usage_tree,
)
from edge_worker.mood.report import Report, as_json, join_texts
from edge_worker.mood.valence_evaluation import (
    cross_validate_days,
    fixed_sets,
    score_shipped_days,
    usage_ridge,
    valence_report,
)

COMMAND = "edge-worker mood evaluate"
_CARDS_OF = {"activation": (ACTIVATION,), "valence": (USAGE, HISTORY)}
_BEWARE = {"beware": "on the people a model was trained on (see its card) these figures flatter"}


@dataclass(frozen=True, kw_only=True)
class Files:
    """What to evaluate on; None = not that part."""

    usage: Path | None = None
    vitals: Path | None = None
    condition: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Reports:
    """One report per part that was evaluated."""

    activation: Report | None = None
    valence: Report | None = None

    def known(self) -> list[tuple[str, Report]]:
        """Name and report of each part."""
        parts = (("activation", self.activation), ("valence", self.valence))
        return [(name, report) for name, report in parts if report is not None]

    def text(self) -> str:
        """Tables for people."""
        return join_texts([report for _, report in self.known()])


def evaluate(
    files: Files,
    *,
    cross_validated: bool,
    models: Path | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> Reports:
    """Score the models, or with `cross_validated` the whole procedure, on the files' people.

    models: folder of model files, by default the shipped ones.
    Raises DataError or ModelError for files that cannot be used.
    """
    reports = Reports()
    if files.vitals is not None:
        run = _cross_validated_activation if cross_validated else _shipped_activation
        reports = replace(reports, activation=run(files, models, progress))
    if files.usage is not None:
        run = _cross_validated_valence if cross_validated else _shipped_valence
        reports = replace(reports, valence=run(files, models, progress))
    return reports


def _shipped_activation(
    files: Files, models: Path | None, progress: Callable[[str], None]
) -> Report:
    assert files.vitals is not None
    model = load_activation_forest(models)
    recordings = read_recordings(files.vitals, files.condition)
    scored = score_shipped(recordings, model)
    report = activation_report(
        scored,
        "Activation, shipped model",
        more=sensor_figures(recordings, model),
    )
    return replace(report, notes={**report.notes, **_BEWARE})


def _cross_validated_activation(
    files: Files, models: Path | None, progress: Callable[[str], None]
) -> Report:
    assert files.vitals is not None
    recordings = read_recordings(files.vitals, files.condition)
    scored, fits = cross_validate(recordings, progress)
    report = activation_report(
        scored,
        "Activation, one person left out",
        more=(*noise_gain(recordings, progress), *calm_baseline_figures(recordings, progress)),
    )
    chosen = _counted(f"leaf size {fitted.leaf_size}" for fitted in fits)
    return replace(report, notes={**report.notes, "chosen inside the training people": chosen})


def _shipped_valence(files: Files, models: Path | None, progress: Callable[[str], None]) -> Report:
    assert files.usage is not None
    scored = score_shipped_days(
        read_days(files.usage), load_usage_tree(models), load_history_model(models)
    )
    report = valence_report(scored, "Valence, shipped models")
    return replace(report, notes={**report.notes, **_BEWARE})


def _cross_validated_valence(
    files: Files, models: Path | None, progress: Callable[[str], None]
) -> Report:
    assert files.usage is not None
    days = read_days(files.usage)
    scored, trees, histories = cross_validate_days(days, progress)
    report = valence_report(
        scored, "Valence, one person left out", more=(usage_ridge(days), *fixed_sets(days))
    )
    notes = {
        **report.notes,
        "usage tree, chosen inside the training people": _counted(
            f"depth {tree.depth} with weight {tree.model.slope:.2f}" for tree in trees
        ),
        "check-ins, chosen inside the training people": _counted(
            " + ".join(fitted.features) for fitted in histories
        ),
    }
    return replace(report, notes=notes)


def publish(
    reports: Reports,
    *,
    cross_validated: bool,
    cards: Path | None,
    page: Path | None,
    plots: Path | None,
) -> None:
    """Write figures into cards, tables into a page and pictures into a folder, where asked.

    Raises DataError for a page without the marks, and for cards that would get the figures of
    people the models were fitted on.
    """
    if cards is not None and not cross_validated:
        raise DataError("cards hold figures of people never seen: add --cross-validate")
    command = f"{COMMAND}{' --cross-validate' if cross_validated else ''}"
    for name, report in reports.known():
        if cards is not None:
            for model in _CARDS_OF[name]:
                write_figures(cards, model, report, command)
        if page is not None:
            _renew(page, name, report)
        if plots is not None:
            pictures.draw(report, f"mood-{name}", plots)


def reports_json(reports: Reports) -> dict[str, Any]:
    """Plain JSON types."""
    return {name: as_json(report) for name, report in reports.known()}


def _renew(page: Path, name: str, report: Report) -> None:
    begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    head, mark, rest = text.partition(begin)
    _, closing, tail = rest.partition(end)
    if not mark or not closing:
        raise DataError(f"{page} lacks the marks {begin.strip()} and {end}")
    page.write_text(head + begin + join_texts([report]) + closing + tail, encoding="utf-8")


def _counted(items: Iterable[str]) -> str:
    return ", ".join(f"{item} ({count}x)" for item, count in Counter(items).most_common())
