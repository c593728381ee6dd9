"""Fit the usage tree and the model on earlier check-ins, choosing inside the people handed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge_worker.mood import history, usage_features
from edge_worker.mood.activation_training import logits
from edge_worker.mood.datasets import DataError
from edge_worker.mood.day_table import DayTable
from edge_worker.mood.forest import Forest, forest_from_sklearn
from edge_worker.mood.model_files import CalibratedForest, HistoryModel
from edge_worker.mood.rates import FloatArray
from edge_worker.mood.scores import Judged, auc, per_person

TREE_DEPTHS = (1, 2, 3)
TREE_LEAF = 40
INNER_FOLDS = 5
# From one report to all that history holds: the smallest set that ranks a person's days best.
DIRECTION_SETS = (
    ("last",),
    ("last", "median"),
    ("last", "last_seven"),
    ("recent_1d", "recent_10d"),
    ("last", "before_last", "recent_1d"),
    history.FEATURE_NAMES,
)
LEVEL_FEATURES = ("last", "last_seven")
RIDGE = 20.0
LOGISTIC_C = 0.1
LEVEL_CLIP = 2.0


@dataclass(frozen=True, kw_only=True)
class FittedUsage:
    """The calibrated tree and the depth chosen."""

    model: CalibratedForest
    depth: int


@dataclass(frozen=True, kw_only=True)
class FittedHistory:
    """The model on earlier check-ins and the features chosen for the direction."""

    model: HistoryModel
    features: tuple[str, ...]


def fit_usage(table: DayTable, *, seed: int = 0) -> FittedUsage:
    """Choose the depth and calibrate by leaving people out, then fit on everybody.

    The calibration's slope is how much held-out people bear the tree out, never below zero:
    a tree that does not carry over to new people ends up saying nothing.
    Raises DataError when there are too few people or only one class.
    """
    known = table.where(np.isfinite(table.better) & table.has_usage)
    folds = _folds(known, seed)
    best: tuple[float, int, FloatArray] | None = None
    for depth in TREE_DEPTHS:
        scores = np.full(len(known), np.nan)
        for out in folds:
            held = np.isin(known.person, out)
            tree = grow_tree(known.where(~held), depth, seed)
            scores[held] = logits(tree.probabilities(known.usage[held]))
        reached = _ranking(known, scores)
        if best is None or reached > best[0]:
            best = (reached, depth, scores)
    assert best is not None
    _, depth, scores = best
    slope, intercept = calibrate(scores, known.better)
    if slope == 0.0:
        intercept = _log_odds_of(known.better)
    return FittedUsage(
        model=CalibratedForest(
            forest=grow_tree(known, depth, seed),
            slope=slope,
            intercept=intercept,
            training_log_odds=_log_odds_of(known.better),
        ),
        depth=depth,
    )


def calibrate(scores: FloatArray, labels: FloatArray) -> tuple[float, float]:
    """Slope and intercept that turn held-out scores into log-odds (Platt's method)."""
    from sklearn.linear_model import LogisticRegression

    # Weak regularisation only keeps a separable case finite.
    fitted = LogisticRegression(C=1e3).fit(scores[:, None], labels.astype(int))
    return max(0.0, float(fitted.coef_[0, 0])), float(fitted.intercept_[0])


def grow_tree(table: DayTable, depth: int, seed: int) -> Forest:
    """A decision tree of at most this depth."""
    from sklearn.tree import DecisionTreeClassifier

    grown = DecisionTreeClassifier(max_depth=depth, min_samples_leaf=TREE_LEAF, random_state=seed)
    grown.fit(table.usage, table.better.astype(int))
    return forest_from_sklearn([grown], usage_features.FEATURE_NAMES)


def fit_history(table: DayTable, *, seed: int = 0) -> FittedHistory:
    """Choose the features by leaving people out, then fit direction and level on everybody.

    Raises DataError when there are too few people or only one class.
    """
    known = table.where(np.isfinite(table.better))
    folds = _folds(known, seed)
    best: tuple[float, tuple[str, ...]] | None = None
    for names in DIRECTION_SETS:
        scores = np.full(len(known), np.nan)
        for out in folds:
            held = np.isin(known.person, out)
            weights, intercept = direction(known.where(~held), names)
            scores[held] = known.history[held] @ weights + intercept
        reached = _ranking(known, scores)
        # A larger set must earn its place.
        if best is None or reached > best[0] + 0.005:
            best = (reached, names)
    assert best is not None
    weights, intercept = direction(known, best[1])
    model = HistoryModel(
        features=history.FEATURE_NAMES,
        weights=weights,
        intercept=intercept - _log_odds_of(known.better),
        level_weights=_level(known),
    )
    return FittedHistory(model=model, features=best[1])


def direction(table: DayTable, names: Sequence[str]) -> tuple[FloatArray, float]:
    """Logistic weights of these features (0 of all others) and the intercept."""
    from sklearn.linear_model import LogisticRegression

    columns = [history.FEATURE_NAMES.index(name) for name in names]
    fitted = LogisticRegression(C=LOGISTIC_C, max_iter=500)
    fitted.fit(table.history[:, columns], table.better.astype(int))
    weights = np.zeros(len(history.FEATURE_NAMES))
    weights[columns] = fitted.coef_[0]
    return weights, float(fitted.intercept_[0])


def _level(table: DayTable) -> FloatArray:
    """Ridge weights of the distance from the own mean, in own spreads; no intercept."""
    columns = [history.FEATURE_NAMES.index(name) for name in LEVEL_FEATURES]
    rows = table.history[:, columns]
    target = np.clip((table.mood - table.usual) / table.spread, -LEVEL_CLIP, LEVEL_CLIP)
    found = np.linalg.solve(rows.T @ rows + RIDGE * np.eye(len(columns)), rows.T @ target)
    weights = np.zeros(len(history.FEATURE_NAMES))
    weights[columns] = found
    return weights


def _folds(table: DayTable, seed: int) -> list[Sequence[str]]:
    people = np.unique(table.person)
    if len(people) < INNER_FOLDS or len(np.unique(table.better)) < 2:
        raise DataError(
            f"training needs {INNER_FOLDS} people with check-ins above and below their own mean"
        )
    shuffled = np.random.default_rng(seed).permutation(people)
    return [list(shuffled[fold::INNER_FOLDS]) for fold in range(INNER_FOLDS)]


def _ranking(table: DayTable, scores: FloatArray) -> float:
    judged = Judged(person=table.person, log_odds=scores, label=table.better)
    return per_person(judged, auc).value


def _log_odds_of(label: FloatArray) -> float:
    share = float(label.mean())
    return float(np.log(share / (1 - share)))
