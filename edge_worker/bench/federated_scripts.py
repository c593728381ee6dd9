"""What the scripted model proposes on each task, and the hand-tuned baseline it is held against.

A baseline is the best of a small grid on seeds of its own, never those of the story; the command
`tune` prints the grid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from edge_worker.federated.proposal import (
    Augmentation,
    Family,
    Optimizer,
    Schedule,
    Scheduler,
    TrainingConfig,
)
from edge_worker.federated.tasks.task import Task

ROUNDS = 30
LOCAL_EPOCHS = 1
# The article's schedule.
_TENTH_AFTER_TEN_ROUNDS = Scheduler(kind=Schedule.STEP, every=10, gamma=0.1)


@dataclass(frozen=True, kw_only=True)
class Script:
    """One task's part of the story."""

    task: str
    families: tuple[Family, ...]
    seeds: tuple[int, ...]
    tuning_seeds: tuple[int, ...]
    grid: tuple[TrainingConfig, ...]
    """What somebody tries by hand: plain steps of one size, no schedule, no augmentation."""
    baseline: TrainingConfig
    """The best of the grid on the tuning seeds."""
    ideas: tuple[tuple[str, TrainingConfig], ...]
    """Why and what, in this order, unless the feedback says something."""
    mended: TrainingConfig
    """Instead of the next idea, when the last attempt oscillates."""
    epochs: int = ROUNDS * LOCAL_EPOCHS
    made_here: str = ""
    """What of data and weights is simulated, in words for the page."""

    def task_of_the_story(self, task: Task) -> Task:
        """The task with the story's budget, seeds and hand-tuned baseline."""
        return replace(
            task,
            space=replace(task.space, families=self.families, epochs=self.epochs),
            baseline=self.baseline,
            seeds=self.seeds,
        )


def _grid(
    start: TrainingConfig, plain: tuple[float, ...], with_momentum: tuple[float, ...]
) -> tuple[TrainingConfig, ...]:
    return tuple(
        start.model_copy(update={"lr": lr, "momentum": momentum})
        for momentum, rates in ((0.0, plain), (0.9, with_momentum))
        for lr in rates
    )


# --- Digits ------------------------------------------------------------------------------

_SMALL_NET = TrainingConfig(
    family=Family.CNN,
    width=2.0,
    optimizer=Optimizer.SGD,
    batch_size=16,
    rounds=ROUNDS,
    local_epochs=LOCAL_EPOCHS,
)
_SMALLER = _SMALL_NET.model_copy(update={"width": 1.0, "lr": 0.05})
_DIGITS_AUGMENTED = _SMALLER.model_copy(
    update={
        "optimizer": Optimizer.ADAM,
        "lr": 0.02,
        "augmentation": (Augmentation.SHIFT, Augmentation.ROTATE),
    }
)
DIGITS = Script(
    task="digits",
    # The deep families take a minute and more for each training of these small pictures.
    families=(Family.LOGISTIC, Family.MLP, Family.CNN),
    seeds=(0, 1, 2, 3, 4),
    tuning_seeds=(100, 101, 102),
    grid=_grid(_SMALL_NET, (0.03, 0.1, 0.3), (0.01, 0.03, 0.1)),
    baseline=_SMALL_NET.model_copy(update={"lr": 0.1, "momentum": 0.9}),
    ideas=(
        ("a smaller model", _SMALLER),
        ("other augmentation, and Adam", _DIGITS_AUGMENTED),
        ("a wider model", _DIGITS_AUGMENTED.model_copy(update={"width": 2.0})),
    ),
    mended=_DIGITS_AUGMENTED.model_copy(update={"scheduler": _TENTH_AFTER_TEN_ROUNDS}),
)

# --- Pictures ----------------------------------------------------------------------------

_RESNET = TrainingConfig(
    family=Family.RESNET18,
    # A quarter of the parameters: the full width takes four times as long on two cores.
    width=0.5,
    optimizer=Optimizer.SGD,
    batch_size=8,
    rounds=ROUNDS,
    local_epochs=LOCAL_EPOCHS,
)
# The optimizers as PyTorch gives them when nothing is said (0.001 for both, SGD
# without momentum), and the proposal's own default batch.
_FINE_TUNED = TrainingConfig(
    family=Family.MOBILENET_V2,
    pretrained=True,
    optimizer=Optimizer.SGD,
    lr=0.001,
    rounds=ROUNDS,
    local_epochs=LOCAL_EPOCHS,
)
_PICTURES_AUGMENTED = _FINE_TUNED.model_copy(
    update={
        "optimizer": Optimizer.ADAM,
        # The baseline's, which every prompt tells.
        "batch_size": _RESNET.batch_size,
        "augmentation": (Augmentation.SHIFT, Augmentation.ROTATE),
    }
)
IMAGES = Script(
    task="images",
    families=(Family.CNN, Family.RESNET18, Family.MOBILENET_V2),
    # Seed 0 was looked at with other batches.
    seeds=(1, 2, 3),
    tuning_seeds=(100, 101, 102),
    grid=_grid(_RESNET, (0.05, 0.1, 0.2), (0.005, 0.01, 0.02, 0.05)),
    baseline=_RESNET.model_copy(update={"lr": 0.005, "momentum": 0.9}),
    ideas=(
        ("a smaller network, pretrained, with a new last layer", _FINE_TUNED),
        ("other augmentation, Adam, and smaller batches", _PICTURES_AUGMENTED),
        (
            "other augmentation once more",
            _PICTURES_AUGMENTED.model_copy(
                update={"augmentation": (Augmentation.FLIP, Augmentation.MASK)}
            ),
        ),
    ),
    mended=_PICTURES_AUGMENTED.model_copy(update={"scheduler": _TENTH_AFTER_TEN_ROUNDS}),
    made_here=(
        "Pictures and pretrained weights are **simulated**: symbols of a font, drawn and learnt "
        "from by `python -m edge_worker.bench.federated_pictures`. No photograph, and no weights "
        "of ImageNet."
    ),
)

SCRIPTS: Mapping[str, Script] = {script.task: script for script in (DIGITS, IMAGES)}
