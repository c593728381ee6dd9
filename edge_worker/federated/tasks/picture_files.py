"""The user's own pictures: one folder for each class, read whole and scaled alike."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge_worker.catalogue.training_sets import Examples, Kind, TrainingSet, TrainingSetError

if TYPE_CHECKING:
    from PIL import Image

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
MAX_PICTURES = 20_000
MIN_PICTURES_PER_CLASS = 10
MAX_CLASSES = 100
MAX_NAMED = 5
# Behind what is transparent. Black drawings and white ones both stay visible on it.
BEHIND = (128, 128, 128, 255)


def read_pictures(folder: Path, side: int) -> TrainingSet:
    """Read `<folder>/<class>/<picture>`, cut to a square and scaled to `side` pixels, RGB.

    Hidden files and folders are left out, such as those that a Mac puts beside pictures.
    Raises TrainingSetError for too few classes or pictures, or files that are no pictures.
    """
    names = sorted(p.name for p in _shown(folder) if p.is_dir())
    if not 2 <= len(names) <= MAX_CLASSES:
        raise TrainingSetError(
            f"{folder} holds {len(names)} folders; one a class is expected, 2 to {MAX_CLASSES}"
        )
    files = [(path, label) for label, name in enumerate(names) for path in _files(folder / name)]
    if len(files) > MAX_PICTURES:
        raise TrainingSetError(f"{len(files)} pictures are more than {MAX_PICTURES}")
    pictures = Examples(
        inputs=_read_all([path for path, _ in files], side),
        labels=np.array([label for _, label in files], dtype=np.int64),
    )
    return TrainingSet(
        name="images",
        kind=Kind.IMAGE,
        classes=tuple(names),
        people={"pictures": pictures},
        origin="pictures of the user",
    )


def _shown(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _files(folder: Path) -> list[Path]:
    """The pictures of a class. Raises TrainingSetError for too few."""
    shown = _shown(folder)
    own = [path for path in shown if path.suffix.lower() in SUFFIXES]
    if len(own) < MIN_PICTURES_PER_CLASS:
        others = len(shown) - len(own)
        raise TrainingSetError(
            f"{folder} holds {len(own)} pictures ({', '.join(SUFFIXES)}); "
            f"{MIN_PICTURES_PER_CLASS} are needed"
            + (f"; {others} files of other kinds are not read" if others else "")
        )
    return own


def _read_all(paths: Sequence[Path], side: int) -> NDArray[np.float32]:
    """Shape (pictures, 3, side, side), 0..1. Names all that can't be read, not the first alone."""
    if find_spec("PIL") is None:
        raise TrainingSetError("reading pictures needs Pillow: install edge-worker[train]")
    inputs = np.empty((len(paths), 3, side, side), dtype=np.float32)
    broken = []
    for place, path in zip(inputs, paths, strict=True):
        try:
            place[:] = _read(path, side)
        except TrainingSetError as error:
            broken.append(str(error))
    if broken:
        more = len(broken) - MAX_NAMED
        rest = f", and {more} more" if more > 0 else ""
        raise TrainingSetError(
            f"can't be read as pictures: {', '.join(broken[:MAX_NAMED])}{rest}; mend or remove them"
        )
    return inputs


def _read(path: Path, side: int) -> NDArray[np.float32]:
    """Shape (3, side, side), 0..1. Raises TrainingSetError that names the file and what's wrong."""
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as picture:
            square = ImageOps.fit(_colours(ImageOps.exif_transpose(picture)), (side, side))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise TrainingSetError(f"{path} ({type(error).__name__})") from None
    return np.asarray(square, dtype=np.float32).transpose(2, 0, 1) / np.float32(255)


def _colours(picture: Image.Image) -> Image.Image:
    """As RGB of 8 bits, with grey behind what is transparent."""
    from PIL import Image

    if picture.mode.startswith("I"):
        # Sixteen bits. Pillow's own conversion would cut all above 255 off, to white.
        scaled = np.asarray(picture, dtype=np.float64).clip(0, 65535) / 257
        return Image.fromarray(scaled.round().astype(np.uint8)).convert("RGB")
    if picture.has_transparency_data:
        drawn = picture.convert("RGBA")
        behind = Image.new("RGBA", drawn.size, BEHIND)
        return Image.alpha_composite(behind, drawn).convert("RGB")
    return picture.convert("RGB")
