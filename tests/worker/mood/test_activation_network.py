from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

from edge_worker.catalogue.model_store import ModelStore, ModelStoreError
from edge_worker.catalogue.tool import ToolContext
from edge_worker.federated.client import predict
from edge_worker.federated.fedavg import initial_weights
from edge_worker.federated.proposal import Family, TrainingConfig
from edge_worker.mood.activation_network import load_network
from edge_worker.mood.activation_step import ActivationStep
from edge_worker.mood.training_sets import ACTIVATION_CLASSES, network_row
from edge_worker.mood.vitals_features import FEATURE_NAMES
from edge_worker.runtime.toolbox import load_tools, offered

CONFIG = TrainingConfig(family=Family.MLP, depth=2)
CARD = {
    "inputs": list(FEATURE_NAMES),
    "classes": list(ACTIVATION_CLASSES),
    "quality": [{"metric": "balanced accuracy per person", "value": 0.8, "low": 0.75}],
}


def weights() -> dict[str, Any]:
    return initial_weights(CONFIG, (len(FEATURE_NAMES),), 2, 5)


def cards(folder: Path) -> dict[str, Any]:
    found, _ = offered(load_tools(), ["person_store"], {}, folder)
    return {card.name: card for card in found}


def test_numpy_alone_says_what_torch_says(tmp_path: Path) -> None:
    network = load_network(ModelStore(tmp_path).add("activation_network", save(weights()), CARD))
    rows = np.random.default_rng(0).normal(0, 5, (20, len(FEATURE_NAMES)))
    rows[3, 0] = np.nan
    logits = predict(weights(), CONFIG, network_row(rows).astype(np.float32), 2)
    said = [network.log_odds(row) for row in rows]
    assert said == pytest.approx((logits[:, 1] - logits[:, 0]).tolist(), abs=1e-4)


def test_a_promoted_network_is_in_the_catalogue_at_once_and_gone_after_a_rollback(
    tmp_path: Path,
) -> None:
    store = ModelStore(tmp_path)
    store.add("activation_network", save(weights()), CARD)
    assert "activation_network" not in cards(tmp_path)
    store.promote("activation_network", "v1")
    card = cards(tmp_path)["activation_network"]
    assert card.version == "v1"
    assert (card.quality[0].value, card.quality[0].low) == (0.8, 0.75)
    tool = load_tools()["activation_network"]
    assert tool.make_step is not None
    step = tool.make_step(ToolContext(settings={}, data_dir=tmp_path))
    assert isinstance(step, ActivationStep)
    store.rollback("activation_network")
    assert "activation_network" not in cards(tmp_path)


def changed(**parts: Any) -> dict[str, Any]:
    return {**weights(), **parts}


@pytest.mark.parametrize(
    ("arrays", "card", "words"),
    [
        (weights(), {**CARD, "inputs": ["other"]}, "other features"),
        (weights(), {**CARD, "classes": ["a", "b"]}, "other classes"),
        (changed(**{"1.weight": np.zeros((32, 3), np.float32)}), CARD, "doesn't fit"),
        (changed(**{"1.bias": np.full(32, np.nan, np.float32)}), CARD, "doesn't fit"),
        ({"odd": np.zeros(3, np.float32)}, CARD, "other layers"),
        (
            changed(
                **{"5.weight": np.zeros((3, 32), np.float32), "5.bias": np.zeros(3, np.float32)}
            ),
            CARD,
            "number of answers",
        ),
    ],
)
def test_a_network_that_does_not_fit_is_not_used(
    tmp_path: Path, arrays: dict[str, Any], card: dict[str, Any], words: str
) -> None:
    model = ModelStore(tmp_path).add("activation_network", save(arrays), card)
    with pytest.raises(ModelStoreError, match=words):
        load_network(model)
    ModelStore(tmp_path).promote("activation_network", "v1")
    assert "activation_network" not in cards(tmp_path)


def test_a_file_that_is_no_safetensors_is_not_used(tmp_path: Path) -> None:
    model = ModelStore(tmp_path).add("activation_network", b"\x80\x04pickle", CARD)
    with pytest.raises(ModelStoreError, match="not safetensors"):
        load_network(model)
