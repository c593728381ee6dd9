from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_worker.mood.rates import GRID_S, Rates, RateSample, samples_to_grid, to_grid
from edge_worker.mood.vitals_features import (
    CONTEXT_S,
    FEATURE_NAMES,
    SUMMARY_NAMES,
    Rest,
    features,
    merge_rests,
    rest_baseline,
    summarise,
)


def _rates(seconds: int, heart: float = 62.0, breathing: float = 13.0, seed: int = 0) -> Rates:
    rng = np.random.default_rng(seed)
    size = round(seconds / GRID_S)
    return Rates(
        start=0.0,
        heart=heart + rng.normal(0, 1, size),
        breathing=breathing + rng.normal(0, 0.5, size),
    )


def _rest() -> Rest:
    rest = rest_baseline(_rates(120))
    assert rest is not None
    return rest


def test_impossible_rates_are_missing() -> None:
    grid = to_grid(
        np.arange(8.0),
        np.array([0, 34.9, 70, 72, 201, 250, np.nan, np.inf]),
        np.array([2.9, 12, 46, 14, 0, -5, 20, 20]),
    )
    np.testing.assert_array_equal(grid.heart, [np.nan, 71, np.nan, np.nan])
    np.testing.assert_array_equal(grid.breathing, [12, 14, np.nan, 20])


def test_short_gaps_are_held_and_long_ones_are_not() -> None:
    samples = [RateSample(t=t, heart=60.0, breathing=12.0) for t in (0.0, 20.0)]
    grid = samples_to_grid(samples, hold_s=6.0)
    assert np.isfinite(grid.breathing).tolist() == [True] * 4 + [False] * 6 + [True]


def test_activation_needs_breathing_but_not_the_heart() -> None:
    rates = _rates(180)
    without_heart = Rates(start=0.0, heart=rates.heart * np.nan, breathing=rates.breathing)
    without_breathing = Rates(start=0.0, heart=rates.heart, breathing=rates.breathing * np.nan)
    row = features(without_heart, 90, _rest())
    assert row is not None
    assert np.isnan(row[FEATURE_NAMES.index("context_heart_mean")])
    assert np.isfinite(row[FEATURE_NAMES.index("context_breathing_mean")])
    assert features(without_breathing, 90, _rest()) is None


def test_a_window_needs_three_quarters_of_its_values() -> None:
    rates = _rates(60)
    rates.breathing[:7] = np.nan
    assert features(rates, 30, _rest()) is not None
    rates.breathing[7] = np.nan
    assert features(rates, 30, _rest()) is None


def test_constant_rates_give_finite_features() -> None:
    flat = Rates(start=0.0, heart=np.full(90, 62.0), breathing=np.full(90, 13.0))
    rest = rest_baseline(flat)
    assert rest is not None
    row = features(flat, 90, rest)
    assert row is not None
    assert np.isfinite(row).all()


def test_what_comes_later_changes_nothing() -> None:
    rates = _rates(400)
    changed = Rates(start=0.0, heart=rates.heart.copy(), breathing=rates.breathing.copy())
    changed.heart[120:], changed.breathing[120:] = 180.0, 40.0
    for end in range(30, 121, 10):
        np.testing.assert_array_equal(
            features(rates, end, _rest()), features(changed, end, _rest())
        )


def test_what_lies_before_the_context_or_a_long_gap_changes_nothing() -> None:
    rates = _rates(400)
    changed = Rates(start=0.0, heart=rates.heart.copy(), breathing=rates.breathing.copy())
    before = 200 - round(CONTEXT_S / GRID_S)
    changed.breathing[:before] = 40.0
    np.testing.assert_array_equal(features(rates, 200, _rest()), features(changed, 200, _rest()))
    for table in (rates, changed):
        table.breathing[140:160] = np.nan
    changed.breathing[before:140] = 40.0
    np.testing.assert_array_equal(
        np.array(features(rates, 200, _rest()))[3:7], np.array(features(changed, 200, _rest()))[3:7]
    )


def test_wrong_locks_count_for_little() -> None:
    rates = _rates(180)
    locked = Rates(start=0.0, heart=rates.heart, breathing=rates.breathing.copy())
    locked.breathing[60:69] *= 2
    plain, odd = summarise(rates), summarise(locked)
    assert plain is not None
    assert odd is not None
    index = SUMMARY_NAMES.index("breathing_mean")
    assert 0 < odd[index] - plain[index] <= 0.7  # a plain mean would move by 1.3


def test_rest_is_the_median_and_survives_one_odd_evening() -> None:
    usual = [rest_baseline(_rates(120, seed=seed)) for seed in range(4)]
    odd = rest_baseline(_rates(120, heart=110.0, breathing=24.0))
    merged = merge_rests([rest for rest in (*usual, odd) if rest is not None])
    assert merged.heart_rate == pytest.approx(62, abs=1)
    assert merged.breathing_rate == pytest.approx(13, abs=0.5)


def test_no_feature_knows_a_clock_an_order_or_a_person() -> None:
    banned = ("time", "clock", "date", "day", "hour", "minute", "elapsed", "index", "order", "task")
    banned += ("session", "person", "device", "count", "start", "since")
    for name in FEATURE_NAMES:
        assert not set(name.split("_")) & set(banned), name


@given(st.floats(0, 1e9), st.integers(0, 5))
def test_shifted_time_changes_no_feature(shift: float, seed: int) -> None:
    shift = float(round(shift))
    rng = np.random.default_rng(seed)
    times = np.arange(240.0)
    heart, breathing = rng.normal(65, 2, 240), rng.normal(14, 1, 240)
    rows = []
    for offset in (0.0, shift):
        grid = to_grid(times + offset, heart, breathing)
        rest = rest_baseline(grid.part(0, 60))
        assert rest is not None
        rows.append(features(grid, len(grid), rest))
    np.testing.assert_array_equal(rows[0], rows[1])
