"""Scores of probabilities against labels, per person, with intervals over people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_worker.mood.rates import FloatArray

BOOTSTRAPS = 2000
BINS = 10


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What was said about rows of several people, and what was true."""

    person: NDArray[np.str_]
    log_odds: FloatArray
    """Evidence at an even prior: above 0 means the positive class."""
    label: FloatArray
    """0 or 1."""

    def __len__(self) -> int:
        return len(self.person)

    def where(self, chosen: NDArray[np.bool_]) -> Judged:
        """The rows of a mask."""
        return Judged(
            person=self.person[chosen], log_odds=self.log_odds[chosen], label=self.label[chosen]
        )


@dataclass(frozen=True, kw_only=True)
class Score:
    """A figure with its 95 % interval over people; NaN where it is not defined."""

    value: float
    low: float
    high: float
    people: int


def auc(log_odds: FloatArray, label: FloatArray) -> float:
    """Probability that a positive row scores above a negative one (ties count half)."""
    positive, negative = int((label == 1).sum()), int((label == 0).sum())
    if not positive or not negative:
        return float("nan")
    _, inverse, counts = np.unique(log_odds, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    wins = ranks[label == 1].sum() - positive * (positive + 1) / 2
    return float(wins / (positive * negative))


def balanced_accuracy(log_odds: FloatArray, label: FloatArray) -> float:
    """Mean of the two classes' hit rates; NaN with one class only."""
    if not (label == 1).any() or not (label == 0).any():
        return float("nan")
    return float(((log_odds[label == 1] > 0).mean() + (log_odds[label == 0] <= 0).mean()) / 2)


def per_person(judged: Judged, score: Callable[[FloatArray, FloatArray], float]) -> Score:
    """The mean over people of a score within each of them; one-class people don't count."""
    values = []
    for person in np.unique(judged.person):
        own = judged.person == person
        values.append(score(judged.log_odds[own], judged.label[own]))
    known = np.array(values)[np.isfinite(values)]
    if not len(known):
        return Score(value=float("nan"), low=float("nan"), high=float("nan"), people=0)
    draws = np.random.default_rng(0).integers(len(known), size=(BOOTSTRAPS, len(known)))
    low, high = np.quantile(known[draws].mean(axis=1), [0.025, 0.975])
    return Score(value=float(known.mean()), low=float(low), high=float(high), people=len(known))


def pooled(judged: Judged, score: Callable[[FloatArray, FloatArray], float]) -> Score:
    """A score over all rows at once; the interval resamples whole people."""
    people = np.unique(judged.person)
    if not len(people):
        return Score(value=float("nan"), low=float("nan"), high=float("nan"), people=0)
    rows = [np.flatnonzero(judged.person == person) for person in people]
    rng = np.random.default_rng(0)
    values = []
    for _ in range(BOOTSTRAPS // 4 if len(judged) > 500 else BOOTSTRAPS):
        chosen = np.concatenate([rows[i] for i in rng.integers(len(people), size=len(people))])
        values.append(score(judged.log_odds[chosen], judged.label[chosen]))
    known = np.array(values)[np.isfinite(values)]
    low, high = np.quantile(known, [0.025, 0.975]) if len(known) else (np.nan, np.nan)
    return Score(
        value=score(judged.log_odds, judged.label),
        low=float(low),
        high=float(high),
        people=len(people),
    )


def blocks(judged: Judged, task: NDArray[np.str_]) -> tuple[Judged, NDArray[np.str_]]:
    """Mean log-odds of each person's task, and the task of each block."""
    keys = sorted({(str(p), str(t)) for p, t in zip(judged.person, task, strict=True)})
    masks = [(judged.person == p) & (task == t) for p, t in keys]
    block = Judged(
        person=np.array([p for p, _ in keys], dtype=np.str_),
        log_odds=np.array([judged.log_odds[mask].mean() for mask in masks]),
        label=np.array([judged.label[mask].mean() for mask in masks]),
    )
    return block, np.array([t for _, t in keys], dtype=np.str_)


# --- Calibration -----------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ReliabilityBin:
    """Rows whose probability fell into one bin."""

    predicted: float
    observed: float
    share: float


def reliability(
    probability: FloatArray, label: FloatArray, weight: FloatArray | None = None
) -> list[ReliabilityBin]:
    """Ten bins of equal width; empty ones are left out."""
    weight = np.ones(len(label)) if weight is None else weight
    index = np.clip((probability * BINS).astype(int), 0, BINS - 1)
    found = []
    for number in range(BINS):
        inside = index == number
        if weight[inside].sum() > 0:
            found.append(
                ReliabilityBin(
                    predicted=float(np.average(probability[inside], weights=weight[inside])),
                    observed=float(np.average(label[inside], weights=weight[inside])),
                    share=float(weight[inside].sum() / weight.sum()),
                )
            )
    return found


def calibration_error(bins: Sequence[ReliabilityBin]) -> float:
    """Expected calibration error: mean distance of said and seen, weighted by share."""
    return float(sum(b.share * abs(b.predicted - b.observed) for b in bins))


def calibration_floor(probability: FloatArray, weight: FloatArray | None = None) -> float:
    """The error that a perfectly calibrated model would show with as many rows: pure chance."""
    rng = np.random.default_rng(0)
    errors = []
    for _ in range(50):
        drawn = np.asarray(rng.random(len(probability)) < probability, dtype=np.float64)
        errors.append(calibration_error(reliability(probability, drawn, weight)))
    return float(np.mean(errors))


def even_class_weights(label: FloatArray) -> FloatArray:
    """Weights under which both classes are equally frequent."""
    share = label.mean()
    weights: FloatArray = np.where(label == 1, 0.5 / max(share, 1e-9), 0.5 / max(1 - share, 1e-9))
    return weights


def log_loss(log_odds: FloatArray, label: FloatArray) -> float:
    """Mean log-loss; a coin has 0.693. NaN without rows."""
    if not len(label):
        return float("nan")
    return float(np.mean(np.logaddexp(0, np.where(label == 1, -log_odds, log_odds))))


def brier(probability: FloatArray, label: FloatArray) -> float:
    """Mean squared distance of probability and truth."""
    return float(np.mean((probability - label) ** 2))


# --- Coverage and chance ---------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class CoveragePoint:
    """What the surest share of the rows scores."""

    coverage: float
    balanced_accuracy: float


def coverage_curve(judged: Judged, steps: Sequence[float] = ()) -> list[CoveragePoint]:
    """Pooled balanced accuracy of the surest rows, from all of them down to a fifth."""
    order = np.argsort(-np.abs(judged.log_odds), kind="stable")
    points = []
    for coverage in steps or (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2):
        kept = order[: max(1, round(coverage * len(order)))]
        points.append(
            CoveragePoint(
                coverage=coverage,
                balanced_accuracy=balanced_accuracy(judged.log_odds[kept], judged.label[kept]),
            )
        )
    return points


@dataclass(frozen=True, kw_only=True)
class Null:
    """What chance scores when the labels are relabelled within each person."""

    mean: float
    upper: float
    """95 % of the relabellings lie below."""
    p_value: float
    draws: int


def null(
    judged: Judged,
    score: Callable[[FloatArray, FloatArray], float],
    *,
    group: NDArray[np.str_] | None = None,
    draws: int = 200,
) -> Null:
    """Score against relabelled rows.

    group: None = shift each person's labels in a circle (days follow each other, mood lasts);
    else exchange the labels of whole groups within the person (all windows of a task share one).
    """
    rng = np.random.default_rng(0)
    rows = [np.flatnonzero(judged.person == person) for person in np.unique(judged.person)]
    reached = []
    for _ in range(draws):
        label = judged.label.copy()
        for own in rows:
            label[own] = (
                np.roll(label[own], int(rng.integers(1, max(2, len(own)))))
                if group is None
                else _exchange(label[own], group[own], rng)
            )
        reached.append(_mean_over_people(judged, label, rows, score))
    known = np.array(reached)[np.isfinite(reached)]
    actual = _mean_over_people(judged, judged.label, rows, score)
    return Null(
        mean=float(known.mean()) if len(known) else float("nan"),
        upper=float(np.quantile(known, 0.95)) if len(known) else float("nan"),
        p_value=float((1 + (known >= actual).sum()) / (1 + len(known))),
        draws=len(known),
    )


def _exchange(label: FloatArray, group: NDArray[np.str_], rng: np.random.Generator) -> FloatArray:
    names = np.unique(group)
    values = rng.permutation([label[group == name][0] for name in names])
    exchanged = label.copy()
    for name, value in zip(names, values, strict=True):
        exchanged[group == name] = value
    return exchanged


def _mean_over_people(
    judged: Judged,
    label: FloatArray,
    rows: Sequence[NDArray[np.int64]],
    score: Callable[[FloatArray, FloatArray], float],
) -> float:
    values = np.array([score(judged.log_odds[own], label[own]) for own in rows])
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
