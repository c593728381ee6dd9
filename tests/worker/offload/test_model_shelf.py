from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from edge_worker.offload import model_shelf
from edge_worker.offload.bundle import load_bundle, shipped_bundles
from edge_worker.offload.model_shelf import ModelShelf
from edge_worker.offload.parts import SHORT_HASH

(SHIPPED,) = shipped_bundles().values()
HASH = load_bundle(SHIPPED).manifest.model_hash[:SHORT_HASH]


def test_a_bundle_is_taken_once_it_is_copied_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device may ask for a model while its owner copies it."""
    monkeypatch.setattr(model_shelf, "shipped_bundles", dict)
    shelf = ModelShelf(tmp_path)
    place = tmp_path / "vitals"
    place.mkdir()
    assert shelf.get(HASH) is None
    shutil.copy2(SHIPPED / "manifest.json", place)
    assert shelf.get(HASH) is None
    shutil.copytree(SHIPPED, place, dirs_exist_ok=True)
    found = shelf.get(HASH)
    assert found is not None
    assert found.hash == HASH


def test_what_is_no_bundle_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("mine")
    (tmp_path / "empty").mkdir()
    shelf = ModelShelf(tmp_path)
    assert shelf.get("0" * SHORT_HASH) is None
    assert shelf.get(HASH) is not None
    assert ModelShelf(tmp_path / "nowhere").get(HASH) is not None
