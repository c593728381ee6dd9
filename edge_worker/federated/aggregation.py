"""From the clients' weights to the next global ones: checked, bounded, averaged; numpy only."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Weights = Mapping[str, NDArray[np.float32]]


class AggregationError(RuntimeError):
    """A round that may not count; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Aggregation:
    """How updates become one. The defaults are plain FedAvg with its safety checks."""

    min_clients: int = 3
    """Fewer usable updates end the training: a mean of one is that one's own model."""
    clip_norm: float | None = None
    """Longest step (Euclidean, over all weights) that a client may take in a round."""
    trim: float = 0.0
    """Share cut off at each end, per weight, before the mean (Yin et al. 2018)."""
    noise_multiplier: float | None = None
    """Noise over `clip_norm`: differential privacy for whole clients (see `epsilon`)."""
    delta: float = 1e-5

    def __post_init__(self) -> None:
        if self.min_clients < 1:
            raise ValueError("min_clients must be at least 1")
        if self.clip_norm is not None and not 0 < self.clip_norm < math.inf:
            raise ValueError("clip_norm must be above 0")
        if not 0 <= self.trim < 0.5:
            raise ValueError("trim must be at least 0 and below 0.5")
        if self.noise_multiplier is not None:
            if not 0 < self.noise_multiplier < math.inf:
                raise ValueError("noise_multiplier must be above 0")
            if self.clip_norm is None or self.trim:
                raise ValueError("noise needs clip_norm and no trim: its bound rests on both")
        if not 0 < self.delta < 1:
            raise ValueError("delta must lie between 0 and 1")


@dataclass(frozen=True, kw_only=True)
class Update:
    """One client's weights after a round, and on how many examples they rest."""

    client: str
    weights: Weights
    examples: int


@dataclass(frozen=True, kw_only=True)
class Aggregated:
    """The next global weights, and who was left out."""

    weights: dict[str, NDArray[np.float32]]
    refused: tuple[str, ...]
    """Clients whose update was not finite or not of the model's form."""
    clipped: tuple[str, ...]


def aggregate(
    before: Weights, updates: Sequence[Update], settings: Aggregation, seed: int
) -> Aggregated:
    """Average the updates (FedAvg, McMahan et al. 2017, arXiv 1602.05629).

    before: the global weights of this round. seed: of the noise, when there is any.
    Raises AggregationError when fewer than `min_clients` updates can be used.
    """
    good = [update for update in updates if _usable(before, update)]
    refused = tuple(update.client for update in updates if not _usable(before, update))
    if len(good) < settings.min_clients:
        raise AggregationError(
            f"only {len(good)} usable updates of {len(updates)}; {settings.min_clients} are needed"
        )
    steps, clipped = [], []
    for update in good:
        step = {name: update.weights[name] - before[name] for name in before}
        scale = _scale(step, settings.clip_norm)
        if scale < 1:
            clipped.append(update.client)
            step = {name: values * np.float32(scale) for name, values in step.items()}
        steps.append(step)
    # With noise every client counts alike: the bound on one client's part needs it.
    shares = np.ones(len(good)) if settings.noise_multiplier else [u.examples for u in good]
    generator = np.random.default_rng(seed)
    weights = {}
    for name, old in before.items():
        stack = np.stack([step[name] for step in steps]).astype(np.float64)
        mean = _mean(stack, np.asarray(shares, dtype=np.float64), settings.trim)
        if settings.noise_multiplier is not None and settings.clip_norm is not None:
            spread = settings.noise_multiplier * settings.clip_norm / len(good)
            mean = mean + generator.normal(0.0, spread, old.shape)
        weights[name] = (old + mean).astype(np.float32)
    return Aggregated(weights=weights, refused=refused, clipped=tuple(clipped))


def epsilon(settings: Aggregation, rounds: int) -> float | None:
    """Differential privacy of a whole training, None without noise.

    At `delta`, for adding or removing one client, against whoever sees every round's result.
    Renyi divergence of the Gaussian mechanism, composed over rounds and converted with the best
    order (Mironov 2017, arXiv 1702.07476, propositions 1, 3 and 7). No gain from drawing clients
    at random is counted, so this is an upper bound.
    """
    if settings.noise_multiplier is None:
        return None
    rate = rounds / (2 * settings.noise_multiplier**2)
    return rate + 2 * math.sqrt(rate * math.log(1 / settings.delta))


def _usable(before: Weights, update: Update) -> bool:
    return (
        update.examples > 0
        and update.weights.keys() == before.keys()
        and all(
            update.weights[name].shape == old.shape
            and bool(np.isfinite(update.weights[name]).all())
            for name, old in before.items()
        )
    )


def _scale(step: Weights, clip_norm: float | None) -> float:
    if clip_norm is None:
        return 1.0
    norm = math.sqrt(sum(float((v.astype(np.float64) ** 2).sum()) for v in step.values()))
    return min(1.0, clip_norm / norm) if norm else 1.0


def _mean(
    stack: NDArray[np.float64], shares: NDArray[np.float64], trim: float
) -> NDArray[np.float64]:
    """Mean over the first axis, weighted by shares; trimmed means weigh clients alike."""
    cut = int(trim * len(stack))
    if cut:
        kept: NDArray[np.float64] = np.sort(stack, axis=0)[cut : len(stack) - cut]
        return np.asarray(kept.mean(axis=0))
    return np.asarray(np.tensordot(shares / shares.sum(), stack, axes=1))
