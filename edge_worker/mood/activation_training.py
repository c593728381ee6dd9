"""Fit the activation forest: every choice is made inside the people handed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge_worker.mood.datasets import DataError, Recording
from edge_worker.mood.forest import Forest, forest_from_sklearn
from edge_worker.mood.model_files import PROBABILITY_FLOOR, CalibratedForest
from edge_worker.mood.rates import FloatArray
from edge_worker.mood.sensor_noise import ERRING, REFUSING, SensorNoise, degrade_all
from edge_worker.mood.vitals_features import FEATURE_NAMES, RestKind
from edge_worker.mood.windows import (
    Windows,
    calm_windows,
    join,
    judged_windows,
    training_windows,
)

TREES = 150
# Enough to compare leaf sizes and to calibrate; the forest that ships has TREES.
INNER_TREES = 100
# Half of the features per split: fewer left the weak ones too much say.
MAX_FEATURES = 0.5
LEAF_SIZES = (20, 40)
INNER_FOLDS = 5
# One copy of the recordings for each: a receiver that errs, and one that rather says nothing.
RECEIVERS = (ERRING, REFUSING)


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A calibrated forest and the choice that led to it."""

    model: CalibratedForest
    leaf_size: int


@dataclass(frozen=True, kw_only=True)
class TrainingData:
    """Windows to grow trees on, and the windows as they are judged."""

    training: Windows
    """May show a task against several rests and through a poor receiver."""
    judged: Windows
    """As `judged_windows` gives them; for the choice of the leaf size and the calibration."""

    def without(self, people: Sequence[str]) -> TrainingData:
        """The same without these people."""
        return TrainingData(
            training=self.training.where(~np.isin(self.training.person, people)),
            judged=self.judged.where(~np.isin(self.judged.person, people)),
        )


def training_data(
    recordings: Sequence[Recording],
    *,
    receivers: Sequence[SensorNoise] = RECEIVERS,
    baseline: RestKind = RestKind.GUIDED,
    seed: int = 0,
) -> TrainingData:
    """All windows with a label of these recordings, as measured and as receivers give them.

    receivers: () = grow on the recordings as measured alone.
    baseline: the kind that the windows are compared with, in training and judgement alike.
    """
    guided = baseline is RestKind.GUIDED
    seen, judged = (training_windows, judged_windows) if guided else (calm_windows, calm_windows)
    copies = [degrade_all(recordings, noise, seed + n) for n, noise in enumerate(receivers)]
    training = join([seen(recordings), *(seen(copy) for copy in copies)])
    return TrainingData(training=labelled(training), judged=labelled(judged(recordings)))


def fit(data: TrainingData, *, seed: int = 0) -> Fitted:
    """Choose the leaf size and calibrate by leaving people out, then fit on everybody.

    Raises DataError when there are too few people or only one class.
    """
    training, judged = data.training, data.judged
    if len(np.unique(judged.person)) < INNER_FOLDS or len(np.unique(judged.label)) < 2:
        raise DataError(f"training needs {INNER_FOLDS} people, and both calm and activated tasks")
    people = np.random.default_rng(seed).permutation(np.unique(judged.person))
    best: tuple[float, int, FloatArray] | None = None
    for leaf_size in LEAF_SIZES:
        scores = np.full(len(judged), np.nan)
        for fold in range(INNER_FOLDS):
            out = people[fold::INNER_FOLDS]
            kept = training.where(~np.isin(training.person, out))
            forest = grow(kept, leaf_size, seed, INNER_TREES)
            held = np.isin(judged.person, out)
            scores[held] = logits(forest.probabilities(judged.rows[held]))
        loss = _balanced_log_loss(scores, judged)
        if best is None or loss < best[0]:
            best = (loss, leaf_size, scores)
    assert best is not None
    _, leaf_size, scores = best
    share = float(judged.label.mean())
    training_log_odds = float(np.log(share / (1 - share)))
    model = CalibratedForest(
        forest=grow(training, leaf_size, seed),
        slope=even_slope(scores, judged),
        intercept=training_log_odds,
        training_log_odds=training_log_odds,
    )
    return Fitted(model=model, leaf_size=leaf_size)


def labelled(windows: Windows) -> Windows:
    """The windows whose task says calm or activated."""
    return windows.where(np.isfinite(windows.label))


def grow(windows: Windows, leaf_size: int, seed: int, trees: int = TREES) -> Forest:
    """A random forest in which every person's calm and activated time weigh the same.

    Each tree sees a bootstrap sample, and each split draws its thresholds at random as well
    (extremely randomised trees, Geurts et al. 2006, Machine Learning 63:3-42): with fifty
    people a threshold that fits them best is mostly one that fits them by chance.
    """
    from sklearn.ensemble import ExtraTreesClassifier

    grown = ExtraTreesClassifier(
        trees,
        bootstrap=True,
        min_samples_leaf=leaf_size,
        max_features=MAX_FEATURES,
        random_state=seed,
        n_jobs=1,
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


def even_slope(scores: FloatArray, windows: Windows) -> float:
    """How much to trust held-out scores of an evenly weighted forest.

    A slope and no offset: such a forest is even by itself, and an offset fitted on the little
    rest that people have would only add its own error to the decision point.
    """
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=1e3, fit_intercept=False)
    fitted.fit(scores[:, None], windows.label.astype(int), sample_weight=even_weights(windows))
    return max(0.0, float(fitted.coef_[0, 0]))


def _balanced_log_loss(scores: FloatArray, windows: Windows) -> float:
    sign = np.where(windows.label == 1, -1.0, 1.0)
    loss = np.logaddexp(0, sign * even_slope(scores, windows) * scores)
    return float(np.average(loss, weights=even_weights(windows)))
