from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge_worker.mood.fusion import USAGE_CAP, USAGE_CAP_PROVEN
from edge_worker.mood.model_files import load_usage_tree
from edge_worker.mood.personal import OwnDay, Personal, refit

own_days = st.lists(
    st.builds(
        OwnDay,
        history=st.floats(-5, 5),
        usage=st.none() | st.floats(-3, 3),
        better=st.booleans(),
    ),
    max_size=120,
)
olds = st.builds(
    Personal, slope=st.floats(0, 2), intercept=st.floats(-0.9, 0.9), usage_cap=st.just(USAGE_CAP)
)


@given(own_days, olds)
def test_never_worse_on_the_held_back_days(days: list[OwnDay], old: Personal) -> None:
    result = refit(days, old)
    if result.loss_before is None:
        assert (result.kept.slope, result.kept.intercept) == (old.slope, old.intercept)
    elif result.kept.slope != old.slope or result.kept.intercept != old.intercept:
        assert result.loss_after is not None
        assert result.loss_after < result.loss_before
    assert USAGE_CAP <= result.kept.usage_cap <= USAGE_CAP_PROVEN


def _days(count: int, slope: float, usage: float = 0.0) -> list[OwnDay]:
    """Days whose truth follows the history with this slope, and the usage with that one."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(count):
        history, seen = rng.normal(0, 0.8), rng.normal(0, 1)
        chance = 1 / (1 + np.exp(-(slope * history + usage * seen)))
        found.append(OwnDay(history=history, usage=seen, better=bool(rng.random() < chance)))
    return found


def test_somebody_for_whom_history_means_nothing_gets_a_flatter_slope() -> None:
    result = refit(_days(200, slope=-1.0), Personal())
    assert result.changed
    assert result.kept.slope < 0.5


def test_few_days_change_nothing() -> None:
    result = refit(_days(15, slope=-3.0), Personal())
    assert (result.kept, result.changed) == (Personal(), False)
    assert "needs" in result.reason


def test_usage_counts_more_only_where_it_proved_itself() -> None:
    assert refit(_days(150, slope=1.0, usage=0.0), Personal()).kept.usage_cap == USAGE_CAP
    assert refit(_days(150, slope=1.0, usage=2.0), Personal()).kept.usage_cap == USAGE_CAP_PROVEN
    assert refit(_days(40, slope=1.0, usage=2.0), Personal()).kept.usage_cap == USAGE_CAP


def test_a_proven_tree_counts_as_it_stands_and_stays_within_its_cap() -> None:
    tree = load_usage_tree()
    rows = np.random.default_rng(0).uniform(-4, 4, (50, len(tree.forest.features)))
    usual, proven = Personal(), Personal(usage_cap=USAGE_CAP_PROVEN)
    for row in rows:
        leaves = tree.unweighted_log_odds(row)
        assert proven.usage_log_odds(tree, row) == np.clip(leaves, -0.8, 0.8)
        assert abs(usual.usage_log_odds(tree, row)) <= USAGE_CAP


def test_one_class_only_is_no_error() -> None:
    days = [OwnDay(history=0.1 * n, usage=None, better=True) for n in range(40)]
    assert np.isfinite(refit(days, Personal()).kept.intercept)
