from __future__ import annotations

import json
import timeit

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from edge_worker.mood.forest import ModelError, forest_from_dict, forest_from_sklearn
from edge_worker.mood.model_files import shipped_activation_forest

NAMES = ("a", "b", "c")


def _fitted(missing_share: float) -> tuple[RandomForestClassifier, np.ndarray]:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(300, 3))
    label = (rows[:, 0] + rows[:, 1] * rows[:, 2] + rng.normal(0, 0.5, 300) > 0).astype(int)
    rows[rng.random(rows.shape) < missing_share] = np.nan
    return RandomForestClassifier(25, min_samples_leaf=3, random_state=0).fit(rows, label), rows


@pytest.mark.parametrize("missing_share", [0.0, 0.2])
def test_evaluator_equals_scikit_learn(missing_share: float) -> None:
    fitted, rows = _fitted(missing_share)
    forest = forest_from_sklearn(fitted.estimators_, NAMES)
    read_back = forest_from_dict(json.loads(json.dumps(forest.to_dict())))
    expected = fitted.predict_proba(rows)[:, 1]
    np.testing.assert_allclose(forest.probabilities(rows), expected, atol=1e-12)
    np.testing.assert_allclose(read_back.probabilities(rows), expected, atol=1e-9)


_FITTED, _ = _fitted(0.2)
_FOREST = forest_from_sklearn(_FITTED.estimators_, NAMES)


@given(st.lists(st.floats(width=32, allow_infinity=False), min_size=3, max_size=3))
def test_evaluator_equals_scikit_learn_on_any_row(row: list[float]) -> None:
    rows = np.array([row])
    expected = float(_FITTED.predict_proba(rows)[0, 1])
    assert _FOREST.probability(rows[0]) == pytest.approx(expected, abs=1e-12)


def test_single_tree_is_a_forest_of_one() -> None:
    rows = np.arange(20.0).reshape(-1, 1)
    tree = DecisionTreeClassifier(max_depth=1).fit(rows, (rows[:, 0] > 9).astype(int))
    forest = forest_from_sklearn([tree], ["x"])
    assert [forest.probability(np.array([x])) for x in (0.0, 19.0)] == [0.0, 1.0]


def _valid() -> dict[str, object]:
    return {
        "features": ["x"],
        "roots": [0],
        "left": [1, -1, -1],
        "right": [2, -1, -1],
        "feature": [0, 0, 0],
        "threshold": [0.5, 0.0, 0.0],
        "missing_left": [1, 0, 0],
        "value": [0.5, 0.1, 0.9],
    }


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("left", [0, -1, -1]),  # a loop
        ("left", [1, -1]),  # a length of its own
        ("right", [9, -1, -1]),  # outside
        ("feature", [3, 0, 0]),
        ("threshold", [float("nan"), 0.0, 0.0]),
        ("value", [0.5, 0.1, 1.5]),
        ("roots", []),
        ("roots", [True]),
        ("features", []),
        ("missing_left", None),
        ("threshold", "0.5"),
    ],
)
def test_damaged_forest_is_refused(key: str, value: object) -> None:
    assert forest_from_dict(_valid()).probability(np.array([0.0])) == 0.1
    with pytest.raises(ModelError):
        forest_from_dict(_valid() | {key: value})


def test_prediction_takes_less_than_a_millisecond() -> None:
    model = shipped_activation_forest()
    row = np.zeros(len(model.forest.features))
    best = min(timeit.repeat(lambda: model.log_odds(row), number=20, repeat=5)) / 20
    assert best < 1e-3
