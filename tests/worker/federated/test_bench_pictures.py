"""The pictures that the benchmark draws, and what it pretrains on them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PIL.Image", reason="Pillow is not installed")
pytest.importorskip("matplotlib", reason="matplotlib, whose font is drawn with, is not installed")
torch = pytest.importorskip("torch", reason="torch is not installed")

from edge_worker.bench.federated_pictures import (  # noqa: E402
    OBJECTS,
    OTHERS,
    draw,
    other_pictures,
    write_folders,
)
from edge_worker.bench.federated_pretraining import checkpoints, pretrain  # noqa: E402
from edge_worker.catalogue.training_sets import Examples  # noqa: E402
from edge_worker.federated import models  # noqa: E402
from edge_worker.federated.proposal import Family, TrainingConfig  # noqa: E402
from edge_worker.federated.published import pretrained_file  # noqa: E402
from edge_worker.federated.tasks.registry import load_task  # noqa: E402


def pixels(name: str, *seed: int) -> np.ndarray:
    return np.asarray(draw(OBJECTS[name], 64, np.random.default_rng(seed)))


def test_a_picture_depends_on_its_seed_and_on_nothing_else() -> None:
    assert np.array_equal(pixels("heart", 1, 2), pixels("heart", 1, 2))
    assert not np.array_equal(pixels("heart", 1, 2), pixels("heart", 1, 3))


def test_the_symbol_stands_out_from_its_background() -> None:
    for name in OBJECTS:
        drawn = np.stack([pixels(name, number) for number in range(20)]).astype(float)
        rim = np.concatenate([drawn[:, :3].reshape(20, -1, 3), drawn[:, -3:].reshape(20, -1, 3)], 1)
        away = np.abs(drawn - np.median(rim, axis=1)[:, None, None]).mean(axis=(0, 3))
        assert away[24:40, 24:40].mean() > 2 * np.concatenate([away[:3], away[-3:]]).mean(), name


def test_the_font_has_every_symbol_and_no_two_look_alike() -> None:
    """A font draws the same box for whatever it lacks."""
    import matplotlib as mpl
    from matplotlib.ft2font import FT2Font

    known = FT2Font(str(Path(mpl.get_data_path()) / "fonts/ttf/DejaVuSans.ttf")).get_charmap()
    symbols = [thing.symbol for thing in (*OBJECTS.values(), *OTHERS)]
    assert [symbol for symbol in symbols if ord(symbol) not in known] == []
    assert len(set(symbols)) == len(symbols)


def test_what_is_pretrained_on_holds_no_symbol_of_the_task() -> None:
    assert not {t.symbol for t in OBJECTS.values()} & {t.symbol for t in OTHERS}


def test_the_task_reads_what_was_drawn(tmp_path: Path) -> None:
    assert write_folders(tmp_path / "pictures", 16, seed=3) == 160
    task = load_task("images", tmp_path / "pictures")
    assert set(task.data.classes) == set(OBJECTS)
    (examples,) = task.data.people.values()
    first = task.data.classes[0]
    label = list(OBJECTS).index(first)
    drawn = np.asarray(draw(OBJECTS[first], 64, np.random.default_rng((3, label, 0))))
    assert np.allclose(examples.inputs[0], drawn.transpose(2, 0, 1) / 255, atol=1e-6)


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="not empty"):
        write_folders(tmp_path, 1, seed=0)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


# --- Pretraining -------------------------------------------------------------------------


def few(per_class: int, seed: int) -> Examples:
    """Two of the other symbols, so that a test takes seconds."""
    made = other_pictures(per_class, seed, things=OTHERS[:2])
    assert len(made) == 2 * per_class
    return made


def test_pretrained_weights_are_found_and_loaded_like_published_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    made = pretrain(tmp_path, per_class=20, epochs=2, say=said.append, pictures=few)
    assert made.pictures == 36
    assert len(said) == 2
    digest = hashlib.sha256(made.file.read_bytes()).hexdigest()
    assert made.file == checkpoints(tmp_path) / f"mobilenet_v2-{digest[:8]}.pth"
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    assert pretrained_file(Family.MOBILENET_V2) == made.file
    config = TrainingConfig(family=Family.MOBILENET_V2, pretrained=True)
    # Made a moment ago, by us; `weights_only` runs nothing that the file names.
    stored = torch.load(made.file, weights_only=True)
    model = models.build(config, (3, 64, 64), 10, seed=0)
    for name in ("features.0.0.weight", "features.5.conv.1.1.running_var"):
        assert torch.equal(model.state_dict()[name], stored[name])
    # The batch statistics are those of the drawn pictures, not where torch starts.
    assert not torch.equal(stored["features.0.1.running_mean"], torch.zeros(32))
    with pytest.raises(ValueError, match="is there already"):
        pretrain(tmp_path, per_class=20, epochs=2, say=said.append, pictures=few)
