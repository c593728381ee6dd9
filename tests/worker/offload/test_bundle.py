from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="making a bundle needs the extra `neural`")
import torch
from torch import Tensor, nn

from edge_worker.offload.bundle import MANIFEST, Bundle, BundleError, load_bundle
from edge_worker.offload.bundle_model import BundleModel
from edge_worker.offload.capture import Captured, capture
from edge_worker.offload.export import About, LearnedTier, write_bundle
from edge_worker.offload.onnx_graph import session
from tests.worker.offload import sample_models as models


class Encode(nn.Module):
    """The head of a learned tier: symbols, rounded."""

    def __init__(self, base: nn.Module) -> None:
        super().__init__()
        self.base = base

    def forward(self, x: Tensor) -> Tensor:
        features = torch.relu(self.base.norm(self.base.first(x)))
        return torch.clamp(torch.round(features.mean((2, 3)) * 8), -31, 31).to(torch.int8)


class Decode(nn.Module):
    """The cut's features again: each channel's mean everywhere."""

    def forward(self, symbols: Tensor) -> Tensor:
        return (symbols.to(torch.float32) / 8)[:, :, None, None].expand(-1, -1, 8, 10)


class Wide(Decode):
    """Gives features of another shape."""

    def forward(self, symbols: Tensor) -> Tensor:
        return super().forward(symbols).repeat(1, 1, 1, 2)


@pytest.fixture(scope="module")
def captured() -> Captured:
    module, examples = models.build(models.Residual)
    return capture(module, examples, name="residual", input_names=["x"])


def first_relu(captured: Captured) -> tuple[str, ...]:
    return next(item for item in captured.graph.operations if item.kind == "Relu").outputs


@pytest.fixture(scope="module")
def made(captured: Captured, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_bundle(
        tmp_path_factory.mktemp("bundles") / "residual",
        captured,
        About(name="residual", card="# Residual"),
        cuts={"early": first_relu(captured)},
        learned=[learned_tier()],
    )


@pytest.fixture
def bundle(made: Bundle, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made.folder, tmp_path / "copy"))


def test_bundle_tells_its_cuts_and_tiers(bundle: Path) -> None:
    loaded = load_bundle(bundle)
    assert [tier.name for tier in loaded.cut("early").tiers] == [
        "float32",
        "int8",
        "int4",
        "learned-1",
    ]
    assert loaded.graph.model_hash == loaded.manifest.model_hash
    assert loaded.manifest.inputs[0].name == "x"


def test_halves_in_the_bundle_give_what_the_whole_gives(bundle: Path) -> None:
    loaded = load_bundle(bundle)
    x = np.random.default_rng(3).normal(size=(2, 2, 16, 20)).astype(np.float32)
    tier = loaded.cut("early").tier("float32")
    (whole,) = session(str(loaded.path(loaded.manifest.model))).run(None, {"x": x})
    (features,) = session(str(loaded.path(tier.head))).run(None, {"x": x})
    (found,) = session(str(loaded.path(tier.tail))).run(None, {tier.wire[0].name: features})
    np.testing.assert_allclose(found, whole, atol=1e-5, rtol=0)


def test_learned_tier_sends_symbols_of_one_byte(bundle: Path) -> None:
    loaded = load_bundle(bundle)
    tier = loaded.cut("early").tier("learned-1")
    x = np.random.default_rng(3).normal(size=(2, 2, 16, 20)).astype(np.float32)
    (symbols,) = session(str(loaded.path(tier.head))).run(None, {"x": x})
    assert symbols.dtype == np.int8
    assert tier.wire[0].dtype == "int8"
    assert tier.wire[0].shape == symbols[:1].shape
    assert tier.decoder is not None
    found = BundleModel(loaded).tail("early/learned-1").run({tier.wire[0].name: symbols})
    module, _ = models.build(models.Residual)
    features = torch.from_numpy(symbols / np.float32(8))[:, :, None, None].expand(-1, -1, 8, 10)
    with torch.no_grad():
        expected = module.last((features + torch.relu(module.second(features))).mean((2, 3)))
    np.testing.assert_allclose(found[loaded.manifest.outputs[0].name], expected, atol=1e-5)


def learned_tier(**changes: Any) -> LearnedTier:
    module, _ = models.build(models.Residual)
    tier = LearnedTier(
        cut="early",
        name="learned-1",
        head=Encode(module),
        decoder=Decode(),
        symbols=(torch.zeros(1, 6, dtype=torch.int8),),
        tables=b"{}",
        rate_weight=0.3,
        bytes_mean=5.0,
        bytes_p95=6.0,
    )
    return replace(tier, **changes)


@pytest.mark.parametrize(
    ("tier", "match"),
    [
        ({"cut": "elsewhere"}, "cut 'elsewhere', not given"),
        ({"symbols": (torch.zeros(1, 6),)}, "int8 symbols"),
        ({"decoder": Wide()}, "not the cut's tensors"),
    ],
)
def test_a_tier_that_does_not_fit_its_cut_is_refused(
    tier: dict[str, Any], match: str, captured: Captured, tmp_path: Path
) -> None:
    with pytest.raises(BundleError, match=match):
        write_bundle(
            tmp_path / "residual",
            captured,
            About(name="residual"),
            cuts={"early": first_relu(captured)},
            learned=[learned_tier(**tier)],
        )
    assert list(tmp_path.iterdir()) == []


def test_one_flipped_bit_is_found(bundle: Path) -> None:
    place = bundle / "cuts/early/tail.onnx"
    content = bytearray(place.read_bytes())
    content[len(content) // 2] ^= 1
    place.write_bytes(bytes(content))
    with pytest.raises(BundleError, match="was changed"):
        load_bundle(bundle)


def test_truncated_and_missing_files_are_found(bundle: Path) -> None:
    place = bundle / "model.onnx"
    content = place.read_bytes()
    place.write_bytes(content[:-1])
    with pytest.raises(BundleError, match="another size"):
        load_bundle(bundle)
    place.unlink()
    with pytest.raises(BundleError, match=r"model\.onnx is missing"):
        load_bundle(bundle)


@pytest.mark.parametrize("path", ["/etc/hostname", "../outside", "cuts/../../outside"])
def test_no_file_outside_of_the_bundle_is_read(bundle: Path, path: str) -> None:
    (bundle.parent / "outside").write_text("secret")
    manifest = json.loads((bundle / MANIFEST).read_text())
    manifest["graph"]["path"] = path
    (bundle / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match="lies outside"):
        load_bundle(bundle)


def test_a_link_out_of_the_bundle_is_not_followed(bundle: Path) -> None:
    outside = bundle.parent / "outside.json"
    shutil.move(bundle / "graph.json", outside)
    (bundle / "graph.json").symlink_to(outside)
    with pytest.raises(BundleError, match="lies outside"):
        load_bundle(bundle)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"format": 2}, "this version reads 1"),
        ({"name": "../x"}, "not a manifest: name"),
        ({"inputs": [{"name": "x", "shape": [0], "dtype": "f", "batch_axis": 0}]}, "inputs"),
        ({"model_hash": "0" * 64}, "don't belong together"),
    ],
)
def test_a_wrong_manifest_is_refused_with_a_sentence(
    bundle: Path, change: dict[str, object], sentence: str
) -> None:
    manifest = json.loads((bundle / MANIFEST).read_text())
    (bundle / MANIFEST).write_text(json.dumps({**manifest, **change}))
    with pytest.raises(BundleError, match=sentence):
        load_bundle(bundle)


def test_a_folder_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("Anna")
    with pytest.raises(BundleError, match="not a bundle"):
        load_bundle(tmp_path / "letters")
    captured = capture(*models.build(models.TwoInputs))
    with pytest.raises(BundleError, match="left alone"):
        write_bundle(tmp_path / "letters", captured, About(name="two"), cuts={})
    assert (tmp_path / "letters" / "dear.txt").read_text() == "Anna"
