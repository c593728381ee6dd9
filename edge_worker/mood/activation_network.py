"""A promoted activation network as a tool: layers of a small model, evaluated with numpy alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edge_worker.catalogue.model_store import ModelStore, ModelStoreError, StoredModel
from edge_worker.catalogue.tool import SourceError, Step, ToolContext
from edge_worker.messages import Measured, ToolCard
from edge_worker.mood.rates import FloatArray
from edge_worker.mood.training_sets import ACTIVATION_CLASSES, network_row
from edge_worker.mood.vitals_features import FEATURE_NAMES

MODEL = "activation_network"
MAX_LAYERS = 8


@dataclass(frozen=True, kw_only=True)
class Network:
    """Fully connected layers with ReLU between them."""

    layers: tuple[tuple[FloatArray, FloatArray], ...]
    """Weights of shape (out, in) and offsets of shape (out,)."""

    def log_odds(self, row: FloatArray) -> float:
        """Of activated, from features of a window; training weighed both classes alike."""
        values: FloatArray = network_row(row)
        for weights, offset in self.layers[:-1]:
            values = np.maximum(weights @ values + offset, 0.0)
        weights, offset = self.layers[-1]
        calm, activated = weights @ values + offset
        return float(activated - calm)


def load_network(model: StoredModel) -> Network:
    """Read and check a stored version.

    Raises ModelStoreError unless it was made for these features and classes, its layers fit
    each other and every number is finite.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    if tuple(model.card.get("inputs", ())) != FEATURE_NAMES:
        raise ModelStoreError(f"{model.name} {model.version} was made for other features")
    if tuple(model.card.get("classes", ())) != ACTIVATION_CLASSES:
        raise ModelStoreError(f"{model.name} {model.version} was made for other classes")
    try:
        arrays = load(model.weights())
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ModelStoreError(f"{model.name} {model.version} is not safetensors") from error
    numbers = sorted({name.split(".")[0] for name in arrays}, key=lambda part: (len(part), part))
    expected = {f"{number}.{part}" for number in numbers for part in ("weight", "bias")}
    if arrays.keys() != expected or not 0 < len(numbers) <= MAX_LAYERS:
        raise ModelStoreError(f"{model.name} {model.version} has other layers than a network")
    width, layers = len(FEATURE_NAMES), []
    for number in numbers:
        weights, offset = arrays[f"{number}.weight"], arrays[f"{number}.bias"]
        fits = weights.ndim == 2 and weights.shape[1] == width and offset.shape == weights.shape[:1]
        if not fits or not (np.isfinite(weights).all() and np.isfinite(offset).all()):
            raise ModelStoreError(f"{model.name} {model.version} has a layer that doesn't fit")
        layers.append((weights.astype(np.float64), offset.astype(np.float64)))
        width = len(offset)
    if width != len(ACTIVATION_CLASSES):
        raise ModelStoreError(f"{model.name} {model.version} has another number of answers")
    return Network(layers=tuple(layers))


def promoted_card(card: ToolCard, data_dir: Path) -> ToolCard | None:
    """The card with the version in use and its measured quality; None when none can be used."""
    try:
        model = ModelStore(data_dir).active(MODEL)
        if model is None:
            return None
        load_network(model)
        quality = tuple(Measured(**figure) for figure in model.card.get("quality", ()))
    except (ModelStoreError, ModuleNotFoundError, TypeError):
        return None
    return replace(card, version=model.version, quality=quality)


def make_step(context: ToolContext) -> Step:
    """The activation step with the version in use. Raises SourceError when there is none."""
    from edge_worker.mood.activation_step import ActivationStep

    try:
        model = ModelStore(context.data_dir).active(MODEL)
        if model is None:
            raise SourceError("no activation network is in use")
        return ActivationStep(context, load_network(model))
    except ModelStoreError as error:
        raise SourceError(str(error)) from error
