from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from edge_worker.mood.forest import ModelError
from edge_worker.mood.model_files import (
    ACTIVATION,
    HISTORY,
    USAGE,
    load_activation_forest,
    load_history_model,
    load_usage_tree,
    read_card,
)
from edge_worker.mood.tools import TOOLS

LOADERS = {
    ACTIVATION: load_activation_forest,
    USAGE: load_usage_tree,
    HISTORY: load_history_model,
}
SHIPPED = Path(__file__).parents[3] / "edge_worker" / "mood" / "models"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    shutil.copytree(SHIPPED, folder)
    return folder


@pytest.mark.parametrize("name", LOADERS)
def test_shipped_models_match_their_cards(name: str) -> None:
    LOADERS[name]()
    card = read_card(name)
    assert card["data"]["origin"]
    assert card["limits"]
    assert card["quality"], "run `edge-worker mood evaluate --cross-validate --cards`"
    assert card["measured"]["printed_by"].endswith("--cross-validate")
    assert card["trained"]["people"] >= 20


@pytest.mark.parametrize("name", LOADERS)
def test_a_model_that_was_touched_is_not_loaded(models: Path, name: str) -> None:
    LOADERS[name](models)
    path = models / f"{name}.json"
    path.write_text(path.read_text().replace("0.", "0.1", 1))
    with pytest.raises(ModelError, match="card"):
        LOADERS[name](models)


@pytest.mark.parametrize("name", LOADERS)
def test_a_model_without_a_card_is_not_loaded(models: Path, name: str) -> None:
    (models / f"{name}.card.json").unlink()
    with pytest.raises(ModelError, match="missing"):
        LOADERS[name](models)


@pytest.mark.parametrize("content", ["", "[]", "{", "null", '{"sha256": 1}'])
def test_a_damaged_card_is_an_error_in_words(models: Path, content: str) -> None:
    (models / f"{USAGE}.card.json").write_text(content)
    with pytest.raises(ModelError):
        load_usage_tree(models)


def test_a_model_for_other_features_is_refused(models: Path) -> None:
    import hashlib

    path = models / f"{HISTORY}.json"
    data = json.loads(path.read_text()) | {"features": ["weekday"]}
    path.write_text(json.dumps(data))
    card_path = models / f"{HISTORY}.card.json"
    card = json.loads(card_path.read_text())
    card["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    card_path.write_text(json.dumps(card))
    with pytest.raises(ModelError, match="other features"):
        load_history_model(models)


def test_tools_carry_the_measured_quality() -> None:
    # A promoted network carries the quality of its version (test_activation_network).
    by_name = {tool.card.name: tool for tool in TOOLS if tool.promoted is None}
    assert set(by_name) == {"activation_forest", "usage_tree", "mood_fusion"}
    for tool in by_name.values():
        assert tool.card.needs == ("person_store",)
        assert tool.card.quality
        assert tool.problem({}) is None
    measured = by_name["activation_forest"].card.quality[0]
    figures = read_card(ACTIVATION)["measured"]["figures"]["window_balanced_accuracy"]
    assert measured.value == pytest.approx(figures["value"], abs=1e-3)
