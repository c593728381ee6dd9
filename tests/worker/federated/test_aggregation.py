from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_worker.federated.aggregation import (
    Aggregation,
    AggregationError,
    Update,
    aggregate,
    epsilon,
)

BEFORE = {"a": np.zeros((2, 2), np.float32), "b": np.zeros(3, np.float32)}


def update(name: str, value: float, examples: int = 10) -> Update:
    weights = {key: np.full_like(array, value) for key, array in BEFORE.items()}
    return Update(client=name, weights=weights, examples=examples)


def test_the_mean_is_weighted_by_examples() -> None:
    made = aggregate(
        BEFORE,
        [update("p", 1.0, 30), update("q", 2.0, 10), update("r", 0.0, 60)],
        Aggregation(),
        0,
    )
    assert np.allclose(made.weights["a"], 0.5)


@given(st.lists(st.floats(-10, 10, width=32), min_size=3, max_size=8), st.randoms())
def test_the_order_of_clients_does_not_matter(values: list[float], random: object) -> None:
    updates = [update(str(i), value, i + 1) for i, value in enumerate(values)]
    one = aggregate(BEFORE, updates, Aggregation(), 0)
    other = aggregate(BEFORE, updates[::-1], Aggregation(), 0)
    assert np.allclose(one.weights["b"], other.weights["b"], atol=1e-5)
    assert min(values) - 1e-4 <= one.weights["b"][0] <= max(values) + 1e-4


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_an_update_that_is_not_finite_is_left_out(bad: float) -> None:
    updates = [update("p", 1.0), update("q", 1.0), update("r", 1.0), update("evil", bad)]
    made = aggregate(BEFORE, updates, Aggregation(), 0)
    assert made.refused == ("evil",)
    assert np.allclose(made.weights["a"], 1.0)


def test_an_update_of_another_form_is_left_out() -> None:
    odd = Update(client="odd", weights={"a": np.zeros((2, 2), np.float32)}, examples=5)
    shape = Update(client="shape", weights={**BEFORE, "b": np.zeros(4, np.float32)}, examples=5)
    made = aggregate(BEFORE, [update(n, 1.0) for n in "pqr"] + [odd, shape], Aggregation(), 0)
    assert set(made.refused) == {"odd", "shape"}


def test_too_few_usable_updates_end_the_training() -> None:
    with pytest.raises(AggregationError, match="only 2 usable updates of 3; 3 are needed"):
        aggregate(BEFORE, [update("p", 1), update("q", 1), update("r", math.nan)], Aggregation(), 0)


def test_no_client_steps_further_than_the_clip() -> None:
    updates = [update("p", 0.01), update("q", 0.01), update("far", 1000.0)]
    made = aggregate(BEFORE, updates, Aggregation(clip_norm=1.0), 0)
    assert made.clipped == ("far",)
    moved = math.sqrt(sum(float((v**2).sum()) for v in made.weights.values()))
    assert moved < 1 / 3 + 0.05


def test_a_trimmed_mean_withstands_a_poisoning_client() -> None:
    updates = [update(str(i), 1.0 + 0.01 * i) for i in range(9)] + [update("evil", -1e6)]
    made = aggregate(BEFORE, updates, Aggregation(trim=0.1), 0)
    assert np.allclose(made.weights["a"], 1.04, atol=0.01)


def test_epsilon_is_that_of_the_gaussian_mechanism_at_the_best_order() -> None:
    settings = Aggregation(clip_norm=1.0, noise_multiplier=2.0, delta=1e-5)
    orders = np.linspace(1.01, 200, 200_000)
    by_search = (10 * orders / (2 * 2.0**2) + math.log(1e5) / (orders - 1)).min()
    assert epsilon(settings, 10) == pytest.approx(by_search, rel=1e-4)
    assert epsilon(Aggregation(), 10) is None


def test_noise_has_the_spread_that_epsilon_counts_on() -> None:
    wide = {"w": np.zeros(20_000, np.float32)}
    updates = [Update(client=str(i), weights=wide, examples=1 + i) for i in range(4)]
    made = aggregate(wide, updates, Aggregation(clip_norm=2.0, noise_multiplier=1.5), 3)
    assert made.weights["w"].std() == pytest.approx(1.5 * 2.0 / 4, rel=0.03)


@pytest.mark.parametrize(
    "settings",
    [
        {"min_clients": 0},
        {"trim": 0.5},
        {"clip_norm": 0.0},
        {"noise_multiplier": 1.0},
        {"noise_multiplier": 1.0, "clip_norm": 1.0, "trim": 0.1},
        {"delta": 0.0},
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        Aggregation(**settings)  # type: ignore[arg-type]
