"""Fit the activation forest: every choice is made inside the people handed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge_worker.mood.forest import Forest, forest_from_sklearn
from edge_worker.mood.model_files import PROBABILITY_FLOOR, CalibratedForest
from edge_worker.mood.rates import FloatArray
from edge_worker.mood.vitals_features import FEATURE_NAMES
from edge_worker.mood.windows import Windows

TREES = 100
LEAF_SIZES = (15, 30, 60)
INNER_FOLDS = 5


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A calibrated forest and the choice that led to it."""

    model: CalibratedForest
    leaf_size: int


def fit(training: Windows, judged: Windows, *, seed: int = 0) -> Fitted:
    """Choose the leaf size and calibrate by leaving people out, then fit on everybody.

    training: windows to grow trees on (may show a task against several rests);
    judged: the windows as they are judged, for the choice and the calibration.
    Both may hold windows without a label, which are not used.
    """
    training, judged = labelled(training), labelled(judged)
    people = np.random.default_rng(seed).permutation(np.unique(judged.person))
    best: tuple[float, int, FloatArray] | None = None
    for leaf_size in LEAF_SIZES:
        scores = np.full(len(judged), np.nan)
        for fold in range(INNER_FOLDS):
            out = people[fold::INNER_FOLDS]
            forest = grow(training.where(~np.isin(training.person, out)), leaf_size, seed)
            held = np.isin(judged.person, out)
            scores[held] = logits(forest.probabilities(judged.rows[held]))
        loss = _balanced_log_loss(scores, judged)
        if best is None or loss < best[0]:
            best = (loss, leaf_size, scores)
    assert best is not None
    _, leaf_size, scores = best
    slope, intercept = calibrate(scores, judged.label)
    share = float(judged.label.mean())
    model = CalibratedForest(
        forest=grow(training, leaf_size, seed),
        slope=slope,
        intercept=intercept,
        training_log_odds=float(np.log(share / (1 - share))),
    )
    return Fitted(model=model, leaf_size=leaf_size)


def labelled(windows: Windows) -> Windows:
    """The windows whose task says calm or activated."""
    return windows.where(np.isfinite(windows.label))


def grow(windows: Windows, leaf_size: int, seed: int) -> Forest:
    """A random forest in which every person's calm and activated time weigh the same."""
    from sklearn.ensemble import RandomForestClassifier

    grown = RandomForestClassifier(
        TREES, min_samples_leaf=leaf_size, max_features="sqrt", random_state=seed, n_jobs=1
    )
    grown.fit(windows.rows, windows.label.astype(int), sample_weight=even_weights(windows))
    return forest_from_sklearn(grown.estimators_, FEATURE_NAMES)


def even_weights(windows: Windows) -> FloatArray:
    """Weight 1/n for each of a person's n windows of one class, both classes alike in sum.

    Rest is short and tasks are long: without this the forest would learn that nearly all of
    life is activated, and would hardly look at anybody's rest. What it changes in the
    probabilities the calibration takes back.
    """
    weights = np.ones(len(windows))
    for person in np.unique(windows.person):
        for label in (0, 1):
            chosen = (windows.person == person) & (windows.label == label)
            weights[chosen] = 1 / max(1, chosen.sum())
    for label in (0, 1):
        chosen = windows.label == label
        if chosen.any():
            weights[chosen] *= len(windows) / 2 / weights[chosen].sum()
    return weights


def logits(probabilities: FloatArray) -> FloatArray:
    """Log-odds, kept away from certainty."""
    p = np.clip(probabilities, PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR)
    return np.log(p / (1 - p))


def calibrate(scores: FloatArray, labels: FloatArray) -> tuple[float, float]:
    """Slope and intercept that turn held-out scores into log-odds (Platt's method)."""
    from sklearn.linear_model import LogisticRegression

    # Weak regularisation only keeps a separable case finite.
    fitted = LogisticRegression(C=1e3).fit(scores[:, None], labels.astype(int))
    return max(0.0, float(fitted.coef_[0, 0])), float(fitted.intercept_[0])


def _balanced_log_loss(scores: FloatArray, windows: Windows) -> float:
    slope, intercept = calibrate(scores, windows.label)
    sign = np.where(windows.label == 1, -1.0, 1.0)
    share = windows.label.mean()
    loss = np.logaddexp(0, sign * (slope * scores + intercept - np.log(share / (1 - share))))
    return float(np.average(loss, weights=even_weights(windows)))


def people_of(windows: Sequence[Windows]) -> list[str]:
    """Everybody who appears in any of the tables."""
    return sorted({str(person) for table in windows for person in np.unique(table.person)})
