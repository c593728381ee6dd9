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
from edge_worker.federated.tasks.picture_files import read_pictures
from edge_worker.federated.tasks.task import Metric, Task

CLIENTS = 10
PICTURE_FAMILIES = tuple(family for family in Family if family is not Family.VITALS)
PICTURE_SIDE = 64


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
