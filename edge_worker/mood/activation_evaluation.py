"""Score activation on people never seen: shipped model, or the whole procedure left one out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edge_worker.mood.activation_training import (
    RECEIVERS,
    Fitted,
    TrainingData,
    fit,
    labelled,
    training_data,
)
from edge_worker.mood.datasets import STRESS_TASK, DataError, Recording
from edge_worker.mood.model_files import CalibratedForest
from edge_worker.mood.rates import FloatArray
from edge_worker.mood.report import Bar, Figure, Report, plain
from edge_worker.mood.scores import (
    Judged,
    auc,
    balanced_accuracy,
    blocks,
    brier,
    calibration_error,
    calibration_floor,
    coverage_curve,
    even_class_weights,
    log_loss,
    null,
    per_person,
    pooled,
    reliability,
)
from edge_worker.mood.sensor_noise import ERRING, HARSH, REFUSING, degrade_all
from edge_worker.mood.vitals_features import FEATURE_NAMES, RestKind
from edge_worker.mood.windows import Windows, calm_windows, judged_windows

# Another seed than training uses, so that the errors themselves were never seen.
NOISE_SEED = 1000
FOLDS = 10
_SENSORS = {
    "strap": ("strap as measured", None),
    "erring": ("simulated receiver that errs", ERRING),
    "refusing": ("simulated receiver that refuses, heart often missing", REFUSING),
    "harsh": ("simulated receiver worse than either", HARSH),
}
WINDOW_BAR = Bar(floor=0.74, goal=0.78)
TASK_BAR = Bar(floor=0.79, goal=0.83)
STROOP_BAR = Bar(floor=0.66, goal=0.72)
CALIBRATION_BAR = Bar(floor=0.05, goal=0.03, least=False)
COVERAGE_BAR = Bar(floor=0.78, goal=0.82)


@dataclass(frozen=True, kw_only=True)
class Scored:
    """Labelled windows and what was said about them."""

    windows: Windows
    log_odds: FloatArray
    """At an even prior."""
    log_odds_as_recorded: FloatArray
    """With the training people's share of activated put back."""


def score_shipped(recordings: Sequence[Recording], model: CalibratedForest) -> Scored:
    """Let one fitted model judge every labelled window.

    Raises DataError when there is none.
    """
    windows = labelled(judged_windows(recordings))
    return _scored(windows, [model] * len(windows))


def cross_validate(
    recordings: Sequence[Recording], progress: Callable[[str], None] = lambda line: None
) -> tuple[Scored, list[Fitted]]:
    """Leave one person out, and repeat the whole procedure on the others each time."""
    data = training_data(recordings)
    models: dict[str, CalibratedForest] = {}
    fits = []
    people = [str(person) for person in np.unique(data.judged.person)]
    for number, person in enumerate(people, 1):
        fitted = fit(data.without([person]))
        models[person] = fitted.model
        fits.append(fitted)
        progress(f"{number} of {len(people)} people left out")
    return _scored(data.judged, [models[str(p)] for p in data.judged.person]), fits


def noise_gain(
    recordings: Sequence[Recording], progress: Callable[[str], None] = lambda line: None
) -> tuple[Figure, ...]:
    """What growing the forest on degraded features gains, on people left out in folds."""
    tables = _sensor_tables(recordings)
    figures = []
    for trained, receivers in (("with", RECEIVERS), ("without", ())):
        data = training_data(recordings, receivers=receivers)
        for sensor, judged in _left_out(data, tables, progress).items():
            words = f"{_SENSORS[sensor][0]}, forest grown {trained} noise"
            figures.append(
                Figure(
                    key=f"noise_{sensor}_trained_{trained}",
                    words=f"balanced accuracy, {words}",
                    score=per_person(judged, balanced_accuracy),
                )
            )
    return tuple(figures)


def calm_baseline_figures(
    recordings: Sequence[Recording], progress: Callable[[str], None] = lambda line: None
) -> tuple[Figure, ...]:
    """Calm minutes instead of a guided rest as baseline, on people left out in folds.

    With a forest grown against them, and with the one for guided rest. Neither ships: see
    docs/mood.md, "Why a guided rest".
    """
    windows = labelled(calm_windows(recordings))
    if not len(windows):
        return ()
    own = training_data(recordings, baseline=RestKind.CALM_MINUTES)
    judged = _left_out(own, {"calm": windows}, progress)["calm"]
    other = _left_out(training_data(recordings), {"calm": windows}, progress)["calm"]
    return (
        *calm_figures(windows, judged),
        Figure(
            key="calm_baseline_wrong_forest",
            words="calm minutes, forest for guided rest: balanced accuracy per window",
            score=per_person(other, balanced_accuracy),
        ),
    )


def calm_figures(windows: Windows, judged: Judged) -> tuple[Figure, ...]:
    """What calm minutes as the baseline are worth; `judged`: what was said of `windows`."""
    block, _ = blocks(judged, windows.task)
    even = even_class_weights(judged.label)
    bins = reliability(_sigmoid(judged.log_odds), judged.label, even)
    words = "calm minutes as baseline"
    return (
        Figure(
            key="calm_baseline_window",
            words=f"{words}: balanced accuracy per window",
            score=per_person(judged, balanced_accuracy),
        ),
        Figure(
            key="calm_baseline_task",
            words=f"{words}: balanced accuracy per task",
            score=per_person(block, balanced_accuracy),
        ),
        Figure(
            key="calm_baseline_auc", words=f"{words}: AUC per person", score=per_person(judged, auc)
        ),
        Figure(
            key="calm_baseline_calibration",
            words=f"{words}: calibration error, both classes weighted alike",
            score=plain(calibration_error(bins)),
        ),
    )


def sensor_figures(recordings: Sequence[Recording], model: CalibratedForest) -> tuple[Figure, ...]:
    """One model on the same people through simulated receivers."""
    return tuple(
        Figure(
            key=f"noise_{sensor}",
            words=f"balanced accuracy, {_SENSORS[sensor][0]}",
            score=per_person(_judged(windows, _log_odds(model, windows.rows)), balanced_accuracy),
        )
        for sensor, windows in _sensor_tables(recordings).items()
        if sensor != "strap"
    )


def _sensor_tables(recordings: Sequence[Recording]) -> dict[str, Windows]:
    """The judged windows as each kind of sensor would have given them."""
    return {
        sensor: labelled(
            judged_windows(
                recordings if noise is None else degrade_all(recordings, noise, NOISE_SEED)
            )
        )
        for sensor, (_, noise) in _SENSORS.items()
    }


def _left_out(
    data: TrainingData, tables: Mapping[str, Windows], progress: Callable[[str], None]
) -> dict[str, Judged]:
    """What forests say of the people of every table whom they did not see."""
    people = np.random.default_rng(0).permutation(np.unique(data.judged.person))
    scores = {name: np.full(len(windows), np.nan) for name, windows in tables.items()}
    for fold in range(FOLDS):
        out = people[fold::FOLDS]
        if not len(out):
            continue
        model = fit(data.without(list(out))).model
        for name, windows in tables.items():
            held = np.isin(windows.person, out)
            scores[name][held] = _log_odds(model, windows.rows[held])
        progress(f"sensors and baselines: fold {fold + 1} of {FOLDS}")
    return {
        # Somebody whom the strap did not measure well enough has been in no fold.
        name: _judged(windows, scores[name]).where(np.isfinite(scores[name]))
        for name, windows in tables.items()
    }


def activation_report(
    scored: Scored, title: str, more: Sequence[Figure] = (), *, null_draws: int = 200
) -> Report:
    """All figures of the issue's bars, with baselines and the permutation null."""
    windows = scored.windows
    judged = _judged(windows, scored.log_odds)
    block, task = blocks(judged, windows.task)
    stress = block.where(task == STRESS_TASK)
    even = even_class_weights(judged.label)
    probability, as_recorded = _sigmoid(scored.log_odds), _sigmoid(scored.log_odds_as_recorded)
    chance = null(judged, balanced_accuracy, group=windows.task, draws=null_draws)
    curve = coverage_curve(judged)
    at_60 = next(point.balanced_accuracy for point in curve if point.coverage == 0.6)
    bins = reliability(as_recorded, judged.label)
    figures = (
        Figure(
            key="window_balanced_accuracy",
            words="balanced accuracy per window",
            score=per_person(judged, balanced_accuracy),
            bar=WINDOW_BAR,
        ),
        Figure(
            key="task_balanced_accuracy",
            words="balanced accuracy per task (2-5 min)",
            score=per_person(block, balanced_accuracy),
            bar=TASK_BAR,
        ),
        Figure(
            key="stroop_auc",
            words="Stroop versus video, AUC over people",
            score=pooled(stress, auc),
            bar=STROOP_BAR,
        ),
        Figure(
            key="calibration_error",
            words="calibration error, at the recordings' share of activated",
            score=plain(calibration_error(bins)),
            bar=CALIBRATION_BAR,
        ),
        Figure(
            key="calibration_error_even",
            words="calibration error, published probability, both classes weighted alike",
            score=plain(calibration_error(reliability(probability, judged.label, even))),
            bar=CALIBRATION_BAR,
        ),
        Figure(
            key="calibration_floor",
            words="calibration error that a perfect model would show",
            score=plain(calibration_floor(as_recorded)),
        ),
        Figure(
            key="coverage_60",
            words="pooled balanced accuracy of the surest 60 %",
            score=plain(at_60),
            bar=COVERAGE_BAR,
        ),
        Figure(key="window_auc", words="AUC per person", score=per_person(judged, auc)),
        Figure(
            key="window_auc_pooled",
            words="AUC over all windows",
            score=plain(auc(judged.log_odds, judged.label)),
        ),
        Figure(
            key="brier",
            words="Brier score, at the recordings' share of activated",
            score=plain(brier(as_recorded, judged.label)),
        ),
        Figure(
            key="brier_base_rate",
            words="Brier score of the base rate",
            score=plain(float(judged.label.mean() * (1 - judged.label.mean()))),
        ),
        Figure(
            key="log_loss",
            words="log-loss, at the recordings' share of activated",
            score=plain(log_loss(scored.log_odds_as_recorded, judged.label)),
        ),
        *_baselines(windows),
        Figure(
            key="null_upper",
            words="balanced accuracy of relabelled tasks, 95 % point",
            score=plain(chance.upper),
        ),
        Figure(key="null_mean", words="the same, mean", score=plain(chance.mean)),
        Figure(key="null_p", words="p value against them", score=plain(chance.p_value)),
        *more,
    )
    return Report(
        title=title,
        rows=len(windows),
        people=len(np.unique(windows.person)),
        figures=figures,
        reliability=tuple(bins),
        coverage=tuple(curve),
        notes={"relabellings": chance.draws},
    )


def _baselines(windows: Windows) -> tuple[Figure, ...]:
    """What needs no model, and what a forbidden clock would reach."""
    simple = {
        "majority": ("always the commoner class", np.ones(len(windows))),
        "heart_alone": ("heart above its rest, nothing else", _column(windows, "heart_mean")),
        "breathing_alone": (
            "breathing above its rest, nothing else",
            _column(windows, "breathing_mean"),
        ),
    }
    figures = [
        Figure(
            key=f"baseline_{key}",
            words=f"baseline: {words} (balanced accuracy)",
            score=per_person(_judged(windows, np.nan_to_num(values)), balanced_accuracy),
        )
        for key, (words, values) in simple.items()
    ]
    clock = _judged(windows, windows.middle)
    figures.append(
        Figure(
            key="forbidden_clock_auc",
            words="for comparison: AUC of the clock alone, which no model here sees",
            score=per_person(clock, auc),
        )
    )
    return tuple(figures)


def _column(windows: Windows, name: str) -> FloatArray:
    return windows.rows[:, FEATURE_NAMES.index(f"context_{name}")]


def _scored(windows: Windows, models: Sequence[CalibratedForest]) -> Scored:
    if not len(windows):
        raise DataError("no window could be judged: a measured rest and a known task are needed")
    log_odds = np.array(
        [model.log_odds(row) for model, row in zip(models, windows.rows, strict=True)]
    )
    prior = np.array([model.training_log_odds for model in models])
    return Scored(windows=windows, log_odds=log_odds, log_odds_as_recorded=log_odds + prior)


def _log_odds(model: CalibratedForest, rows: FloatArray) -> FloatArray:
    return np.array([model.log_odds(row) for row in rows])


def _judged(windows: Windows, log_odds: FloatArray) -> Judged:
    return Judged(person=windows.person, log_odds=log_odds, label=windows.label)


def _sigmoid(log_odds: FloatArray) -> FloatArray:
    probability: FloatArray = 1 / (1 + np.exp(-np.clip(log_odds, -60, 60)))
    return probability
