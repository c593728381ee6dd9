"""The tasks by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from edge_worker.catalogue import training_sets
from edge_worker.catalogue.training_sets import TrainingSetError
from edge_worker.federated.proposal import (
    Augmentation,
    Family,
    Optimizer,
    SearchSpace,
    TrainingConfig,
)
from edge_worker.federated.tasks.pictures import digits, images
from edge_worker.federated.tasks.task import Metric, Task

# Rounds × local epochs; a small table costs next to nothing.
TABLE_EPOCHS = 60
# Nine people who judge differ much; which nine depends on the seed.
TABLE_SEEDS = (0, 1, 2, 3, 4, 5)
TABLE_SPACE = SearchSpace(
    families=(Family.LOGISTIC, Family.MLP),
    augmentations=(Augmentation.NOISE, Augmentation.MASK),
    epochs=TABLE_EPOCHS,
    max_parameters=50_000,
)


def activation(folder: Path) -> Task:
    """Calm or activated from a minute of heart and breathing; clients are people."""
    return Task(
        name="activation",
        summary="calm or activated, from a minute of heart and breathing against own rest",
        data=training_sets.load("activation", folder),
        space=TABLE_SPACE,
        baseline=TrainingConfig(
            family=Family.LOGISTIC, optimizer=Optimizer.SGD, lr=1.0, batch_size=16, rounds=30
        ),
        metric=Metric.PERSON_BALANCED_ACCURACY,
        seeds=TABLE_SEEDS,
    )


def valence(folder: Path) -> Task:
    """Better than usual or not, from app use and earlier check-ins; clients are people."""
    return Task(
        name="valence",
        summary="better than the own usual or not, from a day's app use and earlier check-ins",
        data=training_sets.load("valence", folder),
        space=TABLE_SPACE,
        baseline=TrainingConfig(
            family=Family.LOGISTIC, optimizer=Optimizer.SGD, lr=0.05, batch_size=16, rounds=20
        ),
        metric=Metric.PERSON_BALANCED_ACCURACY,
        seeds=TABLE_SEEDS,
    )


def vitals(folder: Path) -> Task:
    """Band of the heart rate from the sonar's series; clients are simulated people."""
    return Task(
        name="vitals",
        summary="band of the heart rate, from 30 s of the sonar's series (simulated people)",
        data=training_sets.load("vitals", folder),
        space=SearchSpace(
            families=(Family.VITALS, Family.MLP),
            augmentations=(Augmentation.NOISE,),
            epochs=TABLE_EPOCHS,
            max_parameters=400_000,
        ),
        baseline=TrainingConfig(
            family=Family.VITALS, optimizer=Optimizer.ADAM, lr=1e-3, batch_size=8, rounds=20
        ),
        metric=Metric.ACCURACY,
        even_classes=False,
    )


TASKS: Mapping[str, Callable[[Path], Task]] = {
    "activation": activation,
    "valence": valence,
    "digits": digits,
    "images": images,
    "vitals": vitals,
}
NEEDS_DATA = ("activation", "valence", "images")


def load_task(name: str, folder: Path | None) -> Task:
    """Make a task from the files in `folder`.

    Raises TrainingSetError for an unknown name, a missing folder, files that can't be used, or
    too few of them for three sides.
    """
    if name not in TASKS:
        raise TrainingSetError(f"there is no task {name!r:.40}; there are {', '.join(TASKS)}")
    if name in NEEDS_DATA and (folder is None or not folder.is_dir()):
        raise TrainingSetError(f"the task {name} needs the folder of its data: --data FOLDER")
    task = TASKS[name](folder or Path())
    task.split(task.seeds[0])  # too few are told now, not as a baseline that failed
    return task
