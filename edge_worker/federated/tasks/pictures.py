"""Tasks on pictures: scikit-learn's digits, and a folder of the user's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edge_worker.catalogue.training_sets import Examples, Kind, TrainingSet, TrainingSetError
from edge_worker.federated.proposal import (
    Augmentation,
    Family,
    Optimizer,
    SearchSpace,
    TrainingConfig,
)
from edge_worker.federated.tasks.task import Metric, Task

CLIENTS = 10
PICTURE_FAMILIES = tuple(family for family in Family if family is not Family.VITALS)
PICTURE_SIDE = 64
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
MAX_PICTURES = 20_000
MIN_PICTURES_PER_CLASS = 10
MAX_CLASSES = 100


def digits(folder: Path) -> Task:
    """Handwritten digits of 8 x 8 pixels that come with scikit-learn, dealt to ten clients."""
    try:
        from sklearn.datasets import load_digits
    except ModuleNotFoundError:
        raise TrainingSetError(
            "the digits come with scikit-learn: install edge-worker[train]"
        ) from None
    found = load_digits()
    pictures = Examples(
        inputs=(found.images[:, None] / 16.0).astype(np.float32),
        labels=found.target.astype(np.int64),
    )
    return Task(
        name="digits",
        summary="handwritten digits, ten clients with unlike classes",
        data=TrainingSet(
            name="digits",
            kind=Kind.IMAGE,
            classes=tuple(str(digit) for digit in range(10)),
            people={"pictures": pictures},
            origin="scikit-learn's digits (UCI, Alpaydin and Kaynak 1998)",
        ),
        space=SearchSpace(
            families=PICTURE_FAMILIES,
            augmentations=(
                Augmentation.SHIFT,
                Augmentation.ROTATE,
                Augmentation.NOISE,
                Augmentation.MASK,
            ),
            epochs=30,
            max_parameters=3_000_000,
        ),
        baseline=TrainingConfig(
            family=Family.CNN, optimizer=Optimizer.SGD, lr=0.1, batch_size=16, rounds=30
        ),
        metric=Metric.ACCURACY,
        pictures_dealt_to=CLIENTS,
        even_classes=False,
    )


def images(folder: Path) -> Task:
    """The user's own pictures: one folder for each class, dealt to ten clients."""
    return Task(
        name="images",
        summary="your own pictures, a folder for each class, dealt to ten clients",
        data=read_pictures(folder, PICTURE_SIDE),
        space=SearchSpace(
            families=PICTURE_FAMILIES,
            augmentations=tuple(Augmentation),
            epochs=30,
            max_parameters=15_000_000,
        ),
        baseline=TrainingConfig(
            family=Family.RESNET18, optimizer=Optimizer.SGD, lr=0.02, momentum=0.9, rounds=30
        ),
        metric=Metric.ACCURACY,
        pictures_dealt_to=CLIENTS,
        even_classes=False,
    )


def read_pictures(folder: Path, side: int) -> TrainingSet:
    """Read `<folder>/<class>/<picture>`, cut to a square and scaled to `side` pixels, RGB.

    Raises TrainingSetError for too few classes or pictures, or a file that is no picture.
    """
    names = sorted(p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    if not 2 <= len(names) <= MAX_CLASSES:
        raise TrainingSetError(
            f"{folder} holds {len(names)} folders; one a class is expected, 2 to {MAX_CLASSES}"
        )
    files: list[tuple[Path, int]] = []
    for label, name in enumerate(names):
        own = sorted(p for p in (folder / name).iterdir() if p.suffix.lower() in SUFFIXES)
        if len(own) < MIN_PICTURES_PER_CLASS:
            raise TrainingSetError(
                f"{folder / name} holds {len(own)} pictures; {MIN_PICTURES_PER_CLASS} are needed"
            )
        files += [(path, label) for path in own]
    if len(files) > MAX_PICTURES:
        raise TrainingSetError(f"{len(files)} pictures are more than {MAX_PICTURES}")
    pictures = Examples(
        inputs=np.stack([_read(path, side) for path, _ in files]),
        labels=np.array([label for _, label in files], dtype=np.int64),
    )
    return TrainingSet(
        name="images",
        kind=Kind.IMAGE,
        classes=tuple(names),
        people={"pictures": pictures},
        origin="pictures of the user",
    )


def _read(path: Path, side: int) -> np.ndarray:
    """Shape (3, side, side), 0..1."""
    try:
        from PIL import Image, ImageOps
    except ModuleNotFoundError:
        raise TrainingSetError(
            "reading pictures needs Pillow: install edge-worker[train]"
        ) from None
    try:
        with Image.open(path) as picture:
            upright = ImageOps.exif_transpose(picture).convert("RGB")
            square = ImageOps.fit(upright, (side, side))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise TrainingSetError(
            f"{path} can't be read as a picture ({type(error).__name__})"
        ) from None
    return np.asarray(square, dtype=np.float32).transpose(2, 0, 1) / np.float32(255)
