"""Decision trees as plain arrays: checked when read, evaluated with numpy alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_worker.mood.rates import FloatArray

# Far above anything that training here yields; a larger file is damaged or hostile.
MAX_NODES = 200_000
LEAF = -1
BEYOND_SINGLE = 1e39
"""Larger than any number of single precision."""


class ModelError(ValueError):
    """A model file that cannot be used; the message says what is wrong with it."""


@dataclass(frozen=True, kw_only=True)
class Forest:
    """Trees laid end to end in flat arrays; one tree is a forest of one.

    Row i is a node: go to `left[i]` when feature `feature[i]` <= `threshold[i]`, else to
    `right[i]`; a missing value goes left where `missing_left[i]`. A leaf has `left[i]` = -1
    and gives `value[i]`, the probability of the positive class.
    """

    features: tuple[str, ...]
    roots: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: FloatArray
    missing_left: NDArray[np.bool_]
    value: FloatArray

    def probability(self, row: FloatArray) -> float:
        """Mean over the trees of the probability of the positive class.

        row: shape (len(features),); NaN = missing.
        """
        # Training saw single precision: a value beside a threshold must round the same way.
        values = np.asarray(row, dtype=np.float32)
        missing = np.isnan(values)
        node = self.roots
        while True:
            inner = self.left[node] != LEAF
            if not inner.any():
                return float(self.value[node].mean())
            column = self.feature[node]
            goes_left = np.where(
                missing[column], self.missing_left[node], values[column] <= self.threshold[node]
            )
            child = np.where(goes_left, self.left[node], self.right[node])
            node = np.where(inner, child, node)

    def probabilities(self, rows: FloatArray) -> FloatArray:
        """`probability` of every row; rows: shape (rows, len(features))."""
        return np.array([self.probability(row) for row in rows])

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; leaf values keep ten decimals."""
        return {
            "features": list(self.features),
            "roots": self.roots.tolist(),
            "left": self.left.tolist(),
            "right": self.right.tolist(),
            "feature": self.feature.tolist(),
            "threshold": self.threshold.tolist(),
            "missing_left": self.missing_left.astype(int).tolist(),
            "value": [round(value, 10) for value in self.value.tolist()],
        }


def forest_from_dict(data: Mapping[str, Any]) -> Forest:
    """Read and check a forest.

    Raises ModelError for missing parts, unequal lengths, numbers that are not finite, children
    that do not exist or lead backwards (which could loop for ever), unknown features.
    """
    names = data.get("features")
    if not isinstance(names, Sequence) or not names or not all(isinstance(n, str) for n in names):
        raise ModelError("features: a list of names is expected")
    left, right, feature = (_integers(data, key) for key in ("left", "right", "feature"))
    threshold, value = (_numbers(data, key) for key in ("threshold", "value"))
    missing_left, roots = _integers(data, "missing_left"), _integers(data, "roots")
    size = len(left)
    if not 0 < size <= MAX_NODES or not len(roots):
        raise ModelError(f"{size} nodes and {len(roots)} trees")
    if any(len(part) != size for part in (right, feature, threshold, value, missing_left)):
        raise ModelError("the arrays differ in length")
    inner = left != LEAF
    own = np.arange(size)[inner]
    for child in (left[inner], right[inner]):
        if ((child <= own) | (child >= size)).any():
            raise ModelError("a child lies outside its tree")
    if ((feature[inner] < 0) | (feature[inner] >= len(names))).any():
        raise ModelError("a node asks for a feature that is not listed")
    if ((roots < 0) | (roots >= size)).any() or ((value < 0) | (value > 1)).any():
        raise ModelError("a root or a probability is out of range")
    return Forest(
        features=tuple(names),
        roots=roots,
        left=left,
        right=right,
        feature=np.where(inner, feature, 0),
        threshold=threshold,
        missing_left=missing_left.astype(bool),
        value=value,
    )


def forest_from_sklearn(trees: Sequence[Any], features: Sequence[str]) -> Forest:
    """Copy fitted scikit-learn decision tree classifiers of two classes into flat arrays."""
    parts: dict[str, list[Any]] = {
        key: [] for key in ("left", "right", "feature", "threshold", "missing_left", "value")
    }
    roots: list[int] = []
    for fitted in trees:
        tree, offset = fitted.tree_, len(parts["left"])
        roots.append(offset)
        inner = tree.children_left != LEAF
        parts["left"] += np.where(inner, tree.children_left + offset, LEAF).tolist()
        parts["right"] += np.where(inner, tree.children_right + offset, LEAF).tolist()
        parts["feature"] += np.where(inner, tree.feature, 0).tolist()
        threshold = np.where(inner, tree.threshold, 0.0)
        # A split "measured or missing" has an infinite threshold, which JSON cannot carry.
        parts["threshold"] += np.clip(threshold, -BEYOND_SINGLE, BEYOND_SINGLE).tolist()
        parts["missing_left"] += tree.missing_go_to_left.astype(int).tolist()
        weight = tree.value[:, 0, :]
        parts["value"] += (weight[:, 1] / weight.sum(axis=1)).tolist()
    return forest_from_dict({"features": list(features), "roots": roots, **parts})


def _numbers(data: Mapping[str, Any], key: str) -> FloatArray:
    values = data.get(key)
    if not isinstance(values, list) or not all(
        isinstance(v, (int, float)) and not isinstance(v, bool) and math.isfinite(v) for v in values
    ):
        raise ModelError(f"{key}: a list of finite numbers is expected")
    return np.array(values, dtype=np.float64)


def _integers(data: Mapping[str, Any], key: str) -> NDArray[np.int64]:
    values = data.get(key)
    if not isinstance(values, list) or not all(
        isinstance(v, int) and not isinstance(v, bool) for v in values
    ):
        raise ModelError(f"{key}: a list of whole numbers is expected")
    return np.array(values, dtype=np.int64)
