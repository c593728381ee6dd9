"""Model cards: what a model is, where it comes from, what was measured, what it cannot do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from edge_worker import __version__
from edge_worker.mood.model_files import ACTIVATION, HISTORY, USAGE, read_card, write_card
from edge_worker.mood.report import Report, as_json

_OFFICE_TASKS = {
    "name": "Office Tasks 2019, heart and breathing rate of a chest strap at 1 Hz",
    "origin": "University of Houston, Scientific Data 2019",
    "licence": "none stated in the repository; only fitted parameters are shipped, no rows",
}
_APP_USAGE = {
    "name": "VU Amsterdam smartphone mood study 2014, seconds per app category and day",
    "origin": "Asselbergs et al. 2016, J Med Internet Res 18(3):e72",
    "licence": "none stated; only fitted parameters are shipped, no rows",
}
_NOT_FOR = (
    "Not a medical device: no diagnosis, no therapy, no safety function.",
    "Not for watching employees, pupils, guests or children.",
)

_ABOUT: Mapping[str, Mapping[str, Any]] = {
    ACTIVATION: {
        "title": "Activation forest",
        "says": "calm or activated, as log-odds at an even prior; never 'stressed'",
        "calm": "seated rest, relaxing video",
        "activated": "writing, Stroop test, presentation",
        "baseline": "the person's own first two minutes of guided seated rest",
        "features": "mean, spread and jumpiness of both rates over up to 180 s on a "
        "2 s grid, minus the same at rest (beats and breaths per minute, logarithms of spreads), "
        "their ratio, and the two rates at rest",
        "data": _OFFICE_TASKS,
        "limits": [
            "Learnt from chest-strap rates, with simulated receiver errors; not validated on "
            "people with acoustic input.",
            "Speaking, typing and climbing stairs look like activation.",
            "Another kind of baseline than guided rest needs another model.",
            "Without breathing it says nothing.",
            *_NOT_FOR,
        ],
    },
    USAGE: {
        "title": "Usage tree",
        "says": "weak evidence that the day is above the person's own usual",
        "features": "per category that home traffic shows: log seconds and share, their total and "
        "number, in own spreads from the own mean of up to 28 past days",
        "data": _APP_USAGE,
        "cap_log_odds": 0.4,
        "limits": [
            "Near chance on people never seen: the figures say how near. Its weight is what "
            "held-out people bear out, which can be nothing.",
            "Screen time of phones, not home traffic.",
            *_NOT_FOR,
        ],
    },
    HISTORY: {
        "title": "Valence from earlier check-ins",
        "says": "how likely today lies above the person's own usual, and what level to expect",
        "features": "the last report, the one before, the last seven, three running means and "
        "the median, in own spreads from the own mean; needs 7 earlier reports",
        "data": _APP_USAGE,
        "cap_log_odds": 0.9,
        "limits": ["Ranks a person's own days only a little better than chance.", *_NOT_FOR],
    },
}

# The figures of a report that people should see first, with the metric's name.
_HEADLINES: Mapping[str, Sequence[tuple[str, str]]] = {
    ACTIVATION: (
        ("window_balanced_accuracy", "balanced accuracy per window"),
        ("task_balanced_accuracy", "balanced accuracy per task"),
        ("stroop_auc", "Stroop versus video AUC"),
    ),
    USAGE: (("usage_tree_auc", "AUC per person"),),
    HISTORY: (
        ("history_auc", "AUC per person"),
        ("level_error", "mean absolute error, 1-10 scale"),
    ),
}


@dataclass(frozen=True, kw_only=True)
class Made:
    """How a model came about."""

    people: int
    rows: int
    choices: Mapping[str, Any]
    on: date


def new_card(name: str, made: Made) -> dict[str, Any]:
    """A card without figures: those are the evaluation command's to write."""
    import numpy
    import sklearn

    return {
        "version": __version__,
        **_ABOUT[name],
        "trained": {
            "people": made.people,
            "rows": made.rows,
            "on": made.on.isoformat(),
            "choices": dict(made.choices),
            "scikit-learn": sklearn.__version__,
            "numpy": numpy.__version__,
        },
        "banned": "clock, date, weekday, elapsed time, order, task, person, device: none is a "
        "feature",
        "quality": [],
        "measured": {},
    }


def write_figures(directory: Path | None, name: str, report: Report, command: str) -> None:
    """Put a report's figures into the card of a model.

    Raises ModelError when there is no card.
    """
    card = read_card(name, directory)
    data = card["data"]["name"]
    quality = []
    for key, metric in _HEADLINES[name]:
        score = report.figure(key).score
        quality.append(
            {
                "metric": metric,
                "value": round(score.value, 3),
                "low": round(score.low, 3),
                "high": round(score.high, 3),
                "data": f"{data}; one person left out",
                "people": score.people,
            }
        )
    card["quality"] = quality
    card["measured"] = {"printed_by": command, **as_json(report)}
    write_card(directory or Path(__file__).parent / "models", name, card)
