"""Models as JSON with a card: a file that does not match its card is not loaded."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from edge_worker.mood import history, usage_features, vitals_features
from edge_worker.mood.forest import Forest, ModelError, forest_from_dict
from edge_worker.mood.rates import FloatArray

FORMAT = 1
MAX_FILE_BYTES = 8_000_000
ACTIVATION = "activation_forest"
USAGE = "usage_tree"
HISTORY = "valence_history"
# A tree that answers 0 or 1 has not seen certainty, only few examples.
PROBABILITY_FLOOR = 0.01


@dataclass(frozen=True, kw_only=True)
class CalibratedForest:
    """A forest, its calibration, and the share of positives it was trained among."""

    forest: Forest
    slope: float
    intercept: float
    training_log_odds: float

    def log_odds(self, row: FloatArray) -> float:
        """Evidence of this row alone: calibrated log-odds with the training prior removed."""
        probability = self.forest.probability(row)
        return self.slope * logit(probability) + self.intercept - self.training_log_odds

    def unweighted_log_odds(self, row: FloatArray) -> float:
        """What the leaves say before people left out had their word: see `Personal`."""
        return logit(self.forest.probability(row)) - self.training_log_odds

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "forest": self.forest.to_dict(),
            "slope": self.slope,
            "intercept": self.intercept,
            "training_log_odds": self.training_log_odds,
        }


@dataclass(frozen=True, kw_only=True)
class HistoryModel:
    """Linear log-odds of "above own usual", and how far the level itself moves."""

    features: tuple[str, ...]
    weights: FloatArray
    intercept: float
    level_weights: FloatArray
    """Weights of the expected distance from the own mean, in own spreads."""

    def log_odds(self, row: FloatArray) -> float:
        """row: shape (len(features),)."""
        return float(self.weights @ row) + self.intercept

    def level(self, found: history.Habit) -> float:
        """The mood to expect, on the person's own scale."""
        return found.mean + found.spread * float(self.level_weights @ found.row)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "features": list(self.features),
            "weights": self.weights.tolist(),
            "intercept": self.intercept,
            "level_weights": self.level_weights.tolist(),
        }


def logit(probability: float) -> float:
    """Log-odds of a probability, kept PROBABILITY_FLOOR away from certainty."""
    p = min(max(probability, PROBABILITY_FLOOR), 1 - PROBABILITY_FLOOR)
    return math.log(p / (1 - p))


def sigmoid(log_odds: float) -> float:
    """Probability of log-odds."""
    return 1 / (1 + math.exp(-min(max(log_odds, -60.0), 60.0)))


# --- Files -----------------------------------------------------------------------------


def write_model(
    directory: Path, name: str, model: CalibratedForest | HistoryModel, card: Mapping[str, Any]
) -> None:
    """Write `<name>.json` and `<name>.card.json` with the hash of the first."""
    body = {"format": FORMAT, "name": name, **model.to_dict()}
    text = json.dumps(body, separators=(",", ":"), allow_nan=False) + "\n"
    (directory / f"{name}.json").write_text(text, encoding="utf-8")
    digest = hashlib.sha256(text.encode()).hexdigest()
    write_card(directory, name, {"name": name, "sha256": digest, **card})


def write_card(directory: Path, name: str, card: Mapping[str, Any]) -> None:
    """Write a card alone, for instance with new measured figures."""
    text = json.dumps(card, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    (directory / f"{name}.card.json").write_text(text, encoding="utf-8")


def read_card(name: str, directory: Path | None = None) -> dict[str, Any]:
    """The card of a model, by default of a shipped one.

    Raises ModelError when it is missing or no JSON object.
    """
    return _json(_read(f"{name}.card.json", directory), f"the card of {name}")


def load_activation_forest(directory: Path | None = None) -> CalibratedForest:
    """The forest on heart and breathing. Raises ModelError, see `_checked`."""
    return _calibrated(_checked(ACTIVATION, directory), vitals_features.FEATURE_NAMES)


def load_usage_tree(directory: Path | None = None) -> CalibratedForest:
    """The tree on app use. Raises ModelError, see `_checked`."""
    return _calibrated(_checked(USAGE, directory), usage_features.FEATURE_NAMES)


def load_history_model(directory: Path | None = None) -> HistoryModel:
    """The model on earlier check-ins. Raises ModelError, see `_checked`."""
    data = _checked(HISTORY, directory)
    features = tuple(str(name) for name in data.get("features", ()))
    if features != history.FEATURE_NAMES:
        raise ModelError(f"{HISTORY} was made for other features")
    return HistoryModel(
        features=features,
        weights=_weights(data, "weights", len(features)),
        intercept=_number(data, "intercept"),
        level_weights=_weights(data, "level_weights", len(features)),
    )


@cache
def shipped_activation_forest() -> CalibratedForest:
    """The shipped forest, read once per process."""
    return load_activation_forest()


@cache
def shipped_usage_tree() -> CalibratedForest:
    """The shipped tree, read once per process."""
    return load_usage_tree()


@cache
def shipped_history_model() -> HistoryModel:
    """The shipped model on earlier check-ins, read once per process."""
    return load_history_model()


def _checked(name: str, directory: Path | None) -> dict[str, Any]:
    """The model's JSON object.

    Raises ModelError when the file or its card is missing, the hash differs from the card's,
    or the format is another.
    """
    content = _read(f"{name}.json", directory)
    card = read_card(name, directory)
    if card.get("sha256") != hashlib.sha256(content).hexdigest():
        raise ModelError(f"{name} does not match its card; it is not used")
    data = _json(content, name)
    if data.get("format") != FORMAT or data.get("name") != name:
        raise ModelError(f"{name} has another format")
    return data


def _calibrated(data: Mapping[str, Any], features: tuple[str, ...]) -> CalibratedForest:
    forest = data.get("forest")
    if not isinstance(forest, Mapping):
        raise ModelError("forest: an object is expected")
    read = forest_from_dict(forest)
    if read.features != features:
        raise ModelError(f"{data['name']} was made for other features")
    return CalibratedForest(
        forest=read,
        slope=_number(data, "slope"),
        intercept=_number(data, "intercept"),
        training_log_odds=_number(data, "training_log_odds"),
    )


def _read(file_name: str, directory: Path | None) -> bytes:
    folder = resources.files("edge_worker.mood.models") if directory is None else directory
    try:
        content = (folder / file_name).read_bytes()
    except OSError as error:
        raise ModelError(f"{file_name} is missing") from error
    if len(content) > MAX_FILE_BYTES:
        raise ModelError(f"{file_name} is too large")
    return content


def _json(content: bytes, what: str) -> dict[str, Any]:
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{what} is not JSON") from error
    if not isinstance(data, dict):
        raise ModelError(f"{what} is not a JSON object")
    return data


def _number(data: Mapping[str, Any], key: str) -> float:
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ModelError(f"{key}: a finite number is expected")
    return float(value)


def _weights(data: Mapping[str, Any], key: str, size: int) -> FloatArray:
    values = data.get(key)
    if not isinstance(values, list) or len(values) != size:
        raise ModelError(f"{key}: {size} numbers are expected")
    return np.array([_number({key: value}, key) for value in values])
