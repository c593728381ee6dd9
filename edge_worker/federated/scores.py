"""What a training scored, and whether another scored better. Loads no torch: the hub reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class SeedResult:
    """One training with one seed."""

    seed: int
    score: float
    """On the validation side after the last round."""
    curve: tuple[float, ...]
    """The same after each round."""
    train_score: float
    """Share of training examples right in the last round (with code: after it)."""
    parameters: int
    cpu_s: float
    wall_s: float
    refused: int = 0
    """Updates that were not finite; with code nobody outside counts them."""


def paired_gain(first: Sequence[float], second: Sequence[float]) -> tuple[float, float]:
    """Mean of second - first, and its standard error, over the same seeds or people.

    Raises ValueError for fewer than two pairs or unequal lengths.
    """
    if len(first) != len(second) or len(first) < 2:
        raise ValueError("at least two pairs are needed")
    difference = np.asarray(second) - np.asarray(first)
    return float(difference.mean()), float(difference.std(ddof=1) / np.sqrt(len(difference)))
