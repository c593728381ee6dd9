"""Windows of sketched rooms with what was true in them, and the loss against it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from edge_worker.bench.acoustic import BREATH_WRONG, HEART_WRONG
from edge_worker.bench.vitals_rooms import Room, sketch, training_scene
from edge_worker.offload.vitals.grid import (
    BREATHING_RATES,
    FRAMES,
    HEART_RATES,
    RANGES,
    STEPS_PER_OCTAVE,
    network_input,
)

ROOM_S = 100.0
WINDOWS_PER_ROOM = 12
LABEL_WIDTH = 0.8
"""Standard deviation of a soft label, steps of the grid."""
CHUNK = 250


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Inputs, shape (N, 2, 38, 750) half precision, and labels, shape (N, 4).

    A label: breathing and heart rate (NaN: none), present, moving.
    """

    inputs: npt.NDArray[np.float16]
    labels: npt.NDArray[np.float32]


def windows_of(room: Room, which: npt.NDArray[np.int64]) -> Windows:
    """The windows that end with these hops; each needs 30 s before its end."""
    inputs = np.empty((len(which), 2, RANGES, FRAMES), dtype=np.float16)
    for row, hop in enumerate(which):
        inputs[row] = network_input(room.echoes[: room.ends[hop]]).clip(-6e4, 6e4)
    labels = np.stack(
        (room.breathing[which], room.heart[which], room.present[which], room.motion[which]), axis=1
    )
    return Windows(inputs=inputs, labels=labels.astype(np.float32))


def full_windows(room: Room) -> npt.NDArray[np.int64]:
    """Hops with 30 s of echoes before their end."""
    return np.flatnonzero(room.ends >= FRAMES)


def save_whole(path: Path, array: npt.NDArray[Any]) -> None:
    """Write an .npy that another training never sees half written."""
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
        np.save(file, array)
    Path(file.name).replace(path)


def sketched(chunk: int, folder: Path) -> Windows:
    """Windows of `CHUNK` rooms, kept in the folder."""
    paths = folder / f"inputs-{chunk}.npy", folder / f"labels-{chunk}.npy"
    if not paths[1].exists():
        parts = []
        for number in range(chunk * CHUNK, (chunk + 1) * CHUNK):
            room = sketch(training_scene(number), ROOM_S)
            random = np.random.default_rng(number)
            found = full_windows(room)
            parts.append(windows_of(room, random.choice(found, WINDOWS_PER_ROOM, replace=False)))
        save_whole(paths[0], np.concatenate([part.inputs for part in parts]))
        save_whole(paths[1], np.concatenate([part.labels for part in parts]))
    return Windows(inputs=np.load(paths[0], mmap_mode="r"), labels=np.load(paths[1]))


def soft_labels(rates: Tensor, grid: npt.NDArray[np.float64]) -> Tensor:
    """Rates (batch,) → distributions (batch, len(grid)); uniform where there is no rate."""
    known = torch.isfinite(rates) & (rates > grid[0] * 0.98) & (rates < grid[-1] * 1.02)
    place = torch.log2(torch.where(known, rates, grid[0]) / grid[0]) * STEPS_PER_OCTAVE
    steps = torch.arange(len(grid), dtype=torch.float32)
    bell = torch.exp(-(((steps - place[:, None]) / LABEL_WIDTH) ** 2) / 2)
    bell = bell / bell.sum(1, keepdim=True)
    return torch.where(known[:, None], bell, torch.full_like(bell, 1 / len(grid)))


def loss_of(outputs: tuple[Tensor, Tensor, Tensor], labels: Tensor) -> Tensor:
    """Cross-entropy of both rates and of the two states."""
    breathing, heart, state = outputs
    return (
        functional.cross_entropy(breathing, soft_labels(labels[:, 0], BREATHING_RATES))
        + functional.cross_entropy(heart, soft_labels(labels[:, 1], HEART_RATES))
        + functional.binary_cross_entropy_with_logits(state, labels[:, 2:])
    )


def shares_right(logits: Tensor, rates: npt.NDArray[np.float32], which: int) -> float:
    """Share of windows with a rate whose likeliest rate is right; which: 0 breathing, 1 heart."""
    grid, limit = ((BREATHING_RATES, BREATH_WRONG), (HEART_RATES, HEART_WRONG))[which]
    known = np.isfinite(rates)
    found = grid[logits.argmax(1).numpy()]
    return float(np.mean(np.abs(found - rates)[known] <= limit))
