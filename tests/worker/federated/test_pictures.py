from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_worker.catalogue.training_sets import TrainingSetError
from edge_worker.federated.tasks import picture_files
from edge_worker.federated.tasks.picture_files import read_pictures
from edge_worker.federated.tasks.registry import load_task

image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
CLASSES = ("chat noir é", "犬 dog")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of plain grey pictures, light and dark, with names as people give them."""
    for name, level in zip(CLASSES, (60, 190), strict=True):
        (tmp_path / name).mkdir()
        for number in range(80):
            image.new("RGB", (20, 30), (level,) * 3).save(tmp_path / name / f"a b {number} ü.PNG")
    return tmp_path


def last(folder: Path, name: str, picture: Any) -> Any:
    """How a picture is read that comes last of all."""
    picture.save(folder / CLASSES[1] / name)
    return read_pictures(folder, 16).people["pictures"].inputs[-1]


def test_names_with_blanks_and_of_any_script_are_classes(folder: Path) -> None:
    task = load_task("images", folder)
    assert task.data.classes == CLASSES
    pictures = task.data.people["pictures"]
    assert pictures.inputs.shape == (160, 3, 64, 64)
    assert pictures.inputs[0].max() == pytest.approx(60 / 255)
    assert pictures.inputs[-1].min() == pytest.approx(190 / 255)


def test_sixteen_bits_keep_their_light_and_dark(folder: Path) -> None:
    ramp = np.linspace(0, 65535, 16).astype(np.uint16)
    read = last(folder, "z.png", image.fromarray(np.tile(ramp, (16, 1))))
    assert read[0, 0] == pytest.approx(ramp / 65535, abs=1 / 255)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_a_drawing_on_nothing_is_seen_whatever_its_colour(folder: Path, mode: str) -> None:
    for level in (0, 255):
        drawing = image.new("RGBA", (16, 16), (0, 0, 0, 0))
        drawing.paste((level, level, level, 255), (0, 0, 8, 16))
        read = last(folder, "z.png", drawing.convert("RGBA" if mode == "PA" else mode))
        assert read[0, 0, 0] == pytest.approx(level / 255)
        assert read[0, 0, -1] == pytest.approx(128 / 255)


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (("1", (16, 16), 1), 1.0),
        (("CMYK", (16, 16), (0, 0, 0, 255)), 0.0),
        (("L", (16, 16), 128), 128 / 255),
        (("RGB", (1, 1), (51, 51, 51)), 0.2),
        (("RGB", (1, 2000), (51, 51, 51)), 0.2),
        (("RGB", (4000, 10), (51, 51, 51)), 0.2),
    ],
)
def test_other_modes_and_forms_are_read(folder: Path, picture: Any, expected: float) -> None:
    name = "z.jpg" if picture[0] == "CMYK" else "z.png"
    assert last(folder, name, image.new(*picture)).mean() == pytest.approx(expected, abs=0.01)


def test_hidden_files_and_folders_are_left_out(folder: Path) -> None:
    (folder / ".thumbnails").mkdir()
    (folder / CLASSES[0] / "._a b 0 ü.PNG").write_bytes(b"what a Mac leaves beside a picture")
    assert len(read_pictures(folder, 8).people["pictures"]) == 160


def test_all_that_cannot_be_read_is_named_at_once(folder: Path) -> None:
    place = folder / CLASSES[0]
    whole = (place / "a b 7 ü.PNG").read_bytes()
    (place / "cut.png").write_bytes(whole[: len(whole) // 2])
    (place / "text.jpg").write_text("not a picture")
    (place / "empty.webp").touch()
    (place / "folder.bmp").mkdir()
    with pytest.raises(TrainingSetError) as caught:
        load_task("images", folder)
    assert all(name in str(caught.value) for name in ("cut.png", "text.jpg", "empty", "folder.bmp"))
    for number in range(9):
        (place / f"more {number}.png").touch()
    with pytest.raises(TrainingSetError, match="and 8 more; mend or remove them"):
        load_task("images", folder)


def test_without_pillow_it_says_what_to_install_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_files, "find_spec", lambda name: None)
    with pytest.raises(TrainingSetError, match=r"^reading pictures needs Pillow"):
        load_task("images", folder)


def test_a_picture_that_would_fill_the_memory_is_refused(folder: Path) -> None:
    (folder / CLASSES[0] / "z.bmp").write_bytes(_bitmap(60_000, 60_000))
    with pytest.raises(TrainingSetError, match=r"z\.bmp \(DecompressionBombError\)"):
        load_task("images", folder)


def _bitmap(width: int, height: int) -> bytes:
    """A header that promises so many pixels, and none of them."""
    sizes = b"".join(value.to_bytes(4, "little") for value in (40, width, height))
    rest = (1).to_bytes(2, "little") + (24).to_bytes(2, "little") + bytes(24)
    return b"BM" + bytes(8) + (54).to_bytes(4, "little") + sizes + rest


def test_too_few_classes_or_pictures_are_refused_before_a_run_begins(tmp_path: Path) -> None:
    with pytest.raises(TrainingSetError, match="holds 0 folders"):
        load_task("images", tmp_path)
    (tmp_path / "a").mkdir()
    with pytest.raises(TrainingSetError, match="holds 1 folders"):
        load_task("images", tmp_path)
    (tmp_path / "b").mkdir()
    (tmp_path / "a" / "one.heic").touch()
    with pytest.raises(TrainingSetError, match=r"holds 0 pictures .*; 1 files of other kinds"):
        load_task("images", tmp_path)
    for name in "ab":
        for number in range(12):
            image.new("RGB", (8, 8)).save(tmp_path / name / f"{number}.png")
    with pytest.raises(TrainingSetError, match=r"24 pictures are too few: .* need about 153"):
        load_task("images", tmp_path)
