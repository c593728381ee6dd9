"""Train the vitals network: `python -m edge_worker.bench.vitals_training`.

Rooms are sketched at the channel level (`vitals_rooms.sketch`), seeds apart from all that
is judged. Resumes from its checkpoint; the same seeds give the same rooms and order.
Needs the extra `neural`.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from edge_worker.bench.vitals_rooms import Room, sketch, training_scene
from edge_worker.offload.vitals.grid import (
    BREATHING_RATES,
    FRAMES,
    HEART_RATES,
    RANGES,
    STEPS_PER_OCTAVE,
    network_input,
)
from edge_worker.offload.vitals.network import SAMPLES, SERIES, VitalsNetwork

ROOM_S = 100.0
WINDOWS_PER_ROOM = 12
LABELS = 4
"""Breathing, heart (NaN: none), present, moving."""
LABEL_WIDTH = 0.8
"""Standard deviation of a soft label, steps of the grid."""
CHUNK = 250


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Inputs, shape (N, 2, 38, 750) half precision, and labels, shape (N, 4)."""

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
        np.save(paths[0], np.concatenate([part.inputs for part in parts]))
        np.save(paths[1], np.concatenate([part.labels for part in parts]))
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


def train(folder: Path, chunks: int, epochs: int, minutes: float) -> VitalsNetwork:
    """Train, resuming from the checkpoint in the folder; stops after `minutes`."""
    torch.manual_seed(7)
    network = VitalsNetwork()
    batch = 32
    total = epochs * chunks * CHUNK * WINDOWS_PER_ROOM // batch
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=total + 1)
    checkpoint = folder / "checkpoint.pt"
    first = 0
    if checkpoint.exists():
        # Our own checkpoint; even so `weights_only` runs nothing that the file names.
        stored = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(stored["network"])
        optimiser.load_state_dict(stored["optimiser"])
        schedule.load_state_dict(stored["schedule"])
        first = stored["turn"]
    began = time.monotonic()
    mean = 0.0
    for turn in range(first, epochs * chunks):
        windows = sketched(turn % chunks, folder)
        order = np.random.default_rng(turn).permutation(len(windows.labels))
        network.train()
        for rows in np.array_split(order, max(1, len(order) // batch)):
            rows = np.sort(rows)
            inputs = torch.tensor(windows.inputs[rows], dtype=torch.float32)
            # A map seen in a mirror of the complex plane and louder is a map as well.
            if turn % 2:
                inputs = inputs * torch.tensor([1.0, -1.0])[None, :, None, None]
            inputs = inputs * torch.exp(0.5 * torch.randn(len(rows), 1, 1, 1))
            loss = loss_of(network(inputs), torch.tensor(windows.labels[rows]))
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            value = float(loss.detach())
            mean += 0.02 * (value - mean) if mean else value
        spent = time.monotonic() - began
        left = spent / (turn + 1 - first) * (epochs * chunks - turn - 1)
        sys.stderr.write(
            f"part {turn + 1} of {epochs * chunks}: loss {mean:.3f}, {left / 60:.0f} min left\n"
        )
        stored = {
            "network": network.state_dict(),
            "optimiser": optimiser.state_dict(),
            "schedule": schedule.state_dict(),
            "turn": turn + 1,
        }
        torch.save(stored, checkpoint)
        if spent > 60 * minutes:
            break
    return network


def export(network: VitalsNetwork, folder: Path) -> None:
    """Write the network as a bundle, split after its head."""
    from edge_worker.offload.capture import capture
    from edge_worker.offload.export import About, export_bundle

    network.eval()
    example = (torch.randn(1, 2, RANGES, FRAMES),)
    tensors = capture(network, example).graph.tensors
    series = next(tensor.name for tensor in tensors if tensor.shape == (1, SERIES, SAMPLES))
    about = About(
        name="vitals_network",
        version="1.0.0",
        summary="Breathing and heart rate from 30 s of echoes, for hard cases.",
        period_s=2.0,
    )
    export_bundle(
        folder,
        network,
        example,
        about,
        cuts={"series": (series,)},
        input_names=("range_map",),
        output_names=("breathing", "heart", "state"),
    )


def main() -> None:
    """Sketch rooms, train, write the bundle."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="for windows and checkpoint")
    parser.add_argument("--out", type=Path, required=True, help="folder of the bundle")
    parser.add_argument("--chunks", type=int, default=3, help=f"of {CHUNK} rooms")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=60.0, help="stop after so many")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    network = train(chosen.folder, chosen.chunks, chosen.epochs, chosen.minutes)
    export(network, chosen.out)


if __name__ == "__main__":
    main()
