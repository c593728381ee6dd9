"""Pretrain MobileNetV2 on symbols that the task `images` of the story doesn't hold.

Stands in for torchvision's ImageNet weights where nothing can be downloaded: the same file name,
parameter names and input scale, so that the harness loads them the way it loads the published
ones. They go into a folder that is named for one run, never beside real weights.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from edge_worker.bench.federated_pictures import OTHERS, other_pictures
from edge_worker.catalogue.training_sets import Examples
from edge_worker.federated.proposal import Family
from edge_worker.federated.published import ImageNetInput, MobileNetV2

BATCH = 64
TOP_RATE = 3e-3
HELD_OUT = 0.1
SEED = 7


@dataclass(frozen=True, kw_only=True)
class Pretrained:
    """What came of it."""

    file: Path
    pictures: int
    """Trained on; the held-out ones not counted."""
    accuracy: float
    """On the held-out pictures."""


def checkpoints(torch_home: Path) -> Path:
    """Where torch looks for weights when TORCH_HOME names this folder."""
    return torch_home / "hub" / "checkpoints"


def pretrain(
    torch_home: Path,
    *,
    per_class: int,
    epochs: int,
    say: Callable[[str], None],
    pictures: Callable[[int, int], Examples] = other_pictures,
) -> Pretrained:
    """Train on the other symbols, keep `mobilenet_v2-<first 8 of its SHA-256>.pth`.

    Plain batch statistics, Adam, one rise and fall of the rate (Smith and Topin 2018,
    arXiv 1708.07120). Raises ValueError when such a file is there already.
    """
    folder = checkpoints(torch_home)
    if found := sorted(folder.glob(f"{Family.MOBILENET_V2}-*.pth")):
        raise ValueError(f"{found[0]} is there already; name a new folder")
    held, learnt = _parted(pictures(per_class, SEED))
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        model = MobileNetV2(
            3, len(OTHERS), 1.0, nn.BatchNorm2d, small=False, prepare=ImageNetInput()
        )
        _train(model, learnt, held, epochs, say)
    stored = io.BytesIO()
    torch.save(model.state_dict(), stored)
    digest = hashlib.sha256(stored.getvalue()).hexdigest()[:8]
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{Family.MOBILENET_V2}-{digest}.pth"
    file.write_bytes(stored.getvalue())
    return Pretrained(file=file, pictures=len(learnt), accuracy=_accuracy(model, held))


def _parted(examples: Examples) -> tuple[Examples, Examples]:
    """Held out, learnt from."""
    order = np.random.default_rng(SEED).permutation(len(examples))
    held = round(HELD_OUT * len(order))
    first, rest = (
        Examples(inputs=examples.inputs[rows], labels=examples.labels[rows])
        for rows in (order[:held], order[held:])
    )
    return first, rest


def _train(
    model: nn.Module, learnt: Examples, held: Examples, epochs: int, say: Callable[[str], None]
) -> None:
    inputs, labels = torch.from_numpy(learnt.inputs), torch.from_numpy(learnt.labels)
    optimizer = torch.optim.Adam(model.parameters(), TOP_RATE)
    batches = -(-len(learnt) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, TOP_RATE, total_steps=epochs * batches
    )
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for rows in torch.split(torch.randperm(len(learnt)), BATCH):
            loss = nn.functional.cross_entropy(model(inputs[rows]), labels[rows])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            total += float(loss.detach()) * len(rows)
        say(
            f"epoch {epoch + 1} of {epochs}: training loss {total / len(learnt):.3f}, "
            f"held out {_accuracy(model, held):.3f}"
        )


def _accuracy(model: nn.Module, held: Examples) -> float:
    model.eval()
    with torch.no_grad():
        answers = [
            model(torch.from_numpy(held.inputs[first : first + BATCH])).argmax(1).numpy()
            for first in range(0, len(held), BATCH)
        ]
    return float((np.concatenate(answers) == held.labels).mean())
