from __future__ import annotations

from pathlib import Path

import pytest

from edge_worker.catalogue.model_store import ModelStore, ModelStoreError


def test_a_candidate_is_used_only_after_a_yes_and_one_call_takes_it_back(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    first = store.add("net", b"one", {"score": 1})
    second = store.add("net", b"two", {"score": 2})
    assert (first.version, second.version) == ("v1", "v2")
    assert store.active("net") is None
    store.promote("net", "v1")
    store.promote("net", "v2")
    active = store.active("net")
    assert active is not None
    assert (active.version, active.weights()) == ("v2", b"two")
    back = ModelStore(tmp_path).rollback("net")
    assert back is not None
    assert back.version == "v1"
    assert store.rollback("net") is None
    assert store.active("net") is None
    with pytest.raises(ModelStoreError, match="nothing to undo"):
        store.rollback("net")


def test_a_changed_file_is_not_used(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    model = store.add("net", b"one", {})
    (model.path / "weights.safetensors").write_bytes(b"evil")
    with pytest.raises(ModelStoreError, match="does not match its card"):
        store.promote("net", "v1")
    assert store.active("net") is None


@pytest.mark.parametrize("name", ["../etc", "", "Net", "a/b", "a" * 80])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelStoreError, match="no name of a model"):
        ModelStore(tmp_path).add(name, b"", {})


@pytest.mark.parametrize("version", ["v9", "../v1", "1", ""])
def test_an_unknown_version_is_refused(tmp_path: Path, version: str) -> None:
    store = ModelStore(tmp_path)
    store.add("net", b"one", {})
    with pytest.raises(ModelStoreError, match="no version"):
        store.promote("net", version)


def test_a_half_written_candidate_is_none(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    draft = tmp_path / "models" / "net" / ".v1.draft"
    draft.mkdir(parents=True)
    (draft / "weights.safetensors").write_bytes(b"half")
    assert store.versions("net") == []
    assert store.add("net", b"whole", {}).weights() == b"whole"
