"""What a federated task is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from edge_worker.catalogue.training_sets import Examples, TrainingSet
from edge_worker.federated.proposal import SearchSpace, TrainingConfig
from edge_worker.federated.split import Split, split_people, split_pictures


class Metric(StrEnum):
    """How answers are scored, 0..1."""

    ACCURACY = "accuracy"
    PERSON_BALANCED_ACCURACY = "balanced accuracy per person"
    """Mean of the classes' hit rates within each person; people of one class don't count."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """Everything about a task that no proposal may change."""

    name: str
    summary: str
    data: TrainingSet
    space: SearchSpace
    baseline: TrainingConfig
    """Tuned by hand; what a proposal has to beat."""
    metric: Metric
    pictures_dealt_to: int | None = None
    """Number of made-up clients; None = every person is a client."""
    clients_per_round: int = 10
    seeds: tuple[int, ...] = (0, 1, 2)
    """Every attempt is trained once with each; more where a training takes a second."""
    even_classes: bool = True
    """Every class that a client has weighs the same in its loss."""

    @property
    def classes(self) -> int:
        """How many."""
        return len(self.data.classes)

    def split(self, seed: int) -> Split:
        """Disjoint sides; the test side is the same for every seed."""
        if self.pictures_dealt_to is None:
            return split_people(self.data, seed)
        (pictures,) = self.data.people.values()
        return split_pictures(pictures, self.name, self.pictures_dealt_to, self.classes, seed)

    def score(
        self, answers: Mapping[str, NDArray[np.int64]], truth: Mapping[str, Examples]
    ) -> float:
        """Score predicted classes by person against the truth, which stays here.

        Raises ValueError when an answer is missing, or nobody can be scored.
        """
        scores = self.scores(answers, truth)
        known = [score for score in scores.values() if np.isfinite(score)]
        if not known:
            raise ValueError("nobody on this side has more than one class, so nobody is scored")
        return float(np.mean(known))

    def scores(
        self, answers: Mapping[str, NDArray[np.int64]], truth: Mapping[str, Examples]
    ) -> dict[str, float]:
        """The score of each person, NaN where it is not defined."""
        if answers.keys() != truth.keys():
            raise ValueError("the answers are not for the people asked about")
        rate = _accuracy if self.metric is Metric.ACCURACY else _balanced
        return {name: rate(answers[name], truth[name].labels) for name in sorted(truth)}


def _accuracy(answer: NDArray[np.int64], truth: NDArray[np.int64]) -> float:
    return float((answer == truth).mean())


def _balanced(answer: NDArray[np.int64], truth: NDArray[np.int64]) -> float:
    labels = np.unique(truth)
    if len(labels) < 2:
        return float("nan")
    return float(np.mean([(answer[truth == label] == label).mean() for label in labels]))
