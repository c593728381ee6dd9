"""Who trains, who judges, who is kept for the end. Nobody is on two sides."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edge_worker.catalogue.training_sets import Examples, TrainingSet, TrainingSetError

TEST_SHARE = 0.3
VALIDATION_SHARE = 0.25
# Fewer people on a side than this say nothing about the next person.
MIN_SIDE = 3
# Skew of the classes among made-up clients: most hold mainly a few of ten classes.
DIRICHLET = 0.5
MIN_CLIENT_EXAMPLES = 8


@dataclass(frozen=True, kw_only=True)
class Split:
    """Disjoint parts by client or person."""

    train: Mapping[str, Examples]
    validation: Mapping[str, Examples]
    test: Mapping[str, Examples]
    development: Mapping[str, Examples]
    """Everybody but the test side, as clients: who trains once the search is over."""


def split_people(training_set: TrainingSet, seed: int) -> Split:
    """Split by person. The test people are the same for every seed, and nobody chose them.

    Raises TrainingSetError with too few people.
    """
    people = sorted(
        training_set.judged or training_set.people, key=lambda name: _rank(training_set.name, name)
    )
    test = people[: round(TEST_SHARE * len(people))]
    rest = sorted(people[len(test) :])
    shuffled = [rest[i] for i in np.random.default_rng(seed).permutation(len(rest))]
    validation = shuffled[: round(VALIDATION_SHARE * len(rest))]
    train = shuffled[len(validation) :]
    if min(len(test), len(validation), len(train)) < MIN_SIDE:
        raise TrainingSetError(
            f"{training_set.name} has {len(people)} people, too few for three sides of {MIN_SIDE}"
        )
    judged = training_set.judged or training_set.people
    return Split(
        train=_people(training_set.people, train),
        validation=_people(judged, validation),
        test=_people(judged, test),
        development=_people(training_set.people, rest),
    )


def split_pictures(pictures: Examples, name: str, clients: int, classes: int, seed: int) -> Split:
    """Deal pictures to clients of unlike classes; validation and test are drawn evenly.

    The test pictures are the same for every seed. Raises TrainingSetError with too few.
    """
    order = np.random.default_rng(_rank(name, "test")).permutation(len(pictures))
    test = order[: round(TEST_SHARE * len(order))]
    generator = np.random.default_rng(seed)
    rest = generator.permutation(np.sort(order[len(test) :]))
    validation, train = np.split(rest, [round(VALIDATION_SHARE * len(rest))])
    if len(train) < clients * MIN_CLIENT_EXAMPLES:
        needed = clients * MIN_CLIENT_EXAMPLES / (1 - TEST_SHARE) / (1 - VALIDATION_SHARE)
        raise TrainingSetError(
            f"{len(pictures)} pictures are too few: {clients} clients of {MIN_CLIENT_EXAMPLES}, and"
            f" pictures to judge by, need about {math.ceil(needed)}"
        )
    parts = _deal(pictures.labels, train, clients, classes, generator)
    clients_hold = {f"client-{n:02d}": _rows(pictures, part) for n, part in enumerate(parts)}
    judges = {"validation": _rows(pictures, validation)}
    return Split(
        train=clients_hold,
        validation=judges,
        test={"test": _rows(pictures, test)},
        development={**clients_hold, **judges},
    )


def _deal(
    labels: np.ndarray, rows: np.ndarray, clients: int, classes: int, generator: np.random.Generator
) -> list[list[int]]:
    """A Dirichlet share of each class for each client; the poorest are helped up by the richest."""
    parts: list[list[int]] = [[] for _ in range(clients)]
    for label in range(classes):
        own = rows[labels[rows] == label]
        ends = np.cumsum(generator.dirichlet([DIRICHLET] * clients))[:-1] * len(own)
        for part, piece in zip(parts, np.split(own, ends.astype(int)), strict=True):
            part.extend(piece.tolist())
    while len(poorest := min(parts, key=len)) < MIN_CLIENT_EXAMPLES:
        poorest.append(max(parts, key=len).pop())
    return parts


def _rank(name: str, part: str) -> int:
    """A number that depends on the names alone."""
    return int.from_bytes(hashlib.sha256(f"{name}/{part}".encode()).digest()[:8], "big")


def _people(people: Mapping[str, Examples], names: Sequence[str]) -> Mapping[str, Examples]:
    return {name: people[name] for name in sorted(names) if name in people}


def _rows(pictures: Examples, rows: Sequence[int] | np.ndarray) -> Examples:
    chosen = np.asarray(rows, dtype=np.int64)
    return Examples(inputs=pictures.inputs[chosen], labels=pictures.labels[chosen])
