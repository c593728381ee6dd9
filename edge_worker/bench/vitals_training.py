"""Train the vitals network: `python -m edge_worker.bench.vitals_training`.

Rooms are sketched at the channel level (`vitals_rooms.sketch`), seeds apart from all that
is judged. First the head learns together with one member of the ensemble; then the head rests,
and every other member learns from its series, from its own start and in its own order.
Resumes from what it left in the folder; the same seeds give the same rooms and order.
Needs the extra `neural`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from edge_worker.bench.vitals_windows import CHUNK, WINDOWS_PER_ROOM, loss_of, save_whole, sketched
from edge_worker.offload.vitals.network import MEMBERS, Tail, VitalsNetwork

BATCH = 32
Batches = Callable[[int], Iterator[tuple[Tensor, Tensor]]]
"""Number of a part → batches of inputs and labels."""
Objective = Callable[[Tensor, Tensor, float], Tensor]
"""Inputs, labels and how much of the training is done (0 to 1) → loss."""


def mirrored_louder(inputs: Tensor, generator: torch.Generator) -> Tensor:
    """A map seen in a mirror of the complex plane and louder is a map as well."""
    rows = len(inputs)
    mirror = torch.where(torch.rand(rows, generator=generator) < 0.5, 1.0, -1.0)
    sign = torch.stack((torch.ones(rows), mirror), 1)[..., None, None]
    return inputs * sign * torch.exp(0.5 * torch.randn(rows, 1, 1, 1, generator=generator))


def map_batches(folder: Path, chunks: int) -> Batches:
    """Range maps, one part for each chunk of rooms."""

    def batches(part: int) -> Iterator[tuple[Tensor, Tensor]]:
        windows = sketched(part % chunks, folder)
        order = np.random.default_rng(part).permutation(len(windows.labels))
        generator = torch.Generator().manual_seed(part)
        for rows in np.array_split(order, max(1, len(order) // BATCH)):
            rows = np.sort(rows)
            inputs = torch.tensor(windows.inputs[rows], dtype=torch.float32)
            yield mirrored_louder(inputs, generator), torch.tensor(windows.labels[rows])

    return batches


def series_of(chunk: int, folder: Path, head: nn.Module) -> tuple[Tensor, Tensor]:
    """What the head makes of a chunk, seen twice, and its labels; kept in the folder.

    Shapes (2 N, 8, 375) half precision and (2 N, 4).
    """
    path = folder / f"series-{chunk}.npy"
    windows = sketched(chunk, folder)
    if not path.exists():
        generator = torch.Generator().manual_seed(1000 + chunk)
        parts = []
        with torch.no_grad():
            for _ in range(2):
                for first in range(0, len(windows.labels), 250):
                    inputs = torch.tensor(windows.inputs[first : first + 250], dtype=torch.float32)
                    seen = mirrored_louder(inputs, generator)
                    parts.append(head(seen).half().numpy())
        save_whole(path, np.concatenate(parts))
    labels = torch.tensor(np.concatenate((windows.labels, windows.labels)))
    return torch.from_numpy(np.load(path)), labels


def series_batches(folder: Path, chunks: int, head: nn.Module, seed: int) -> Batches:
    """Series of the resting head; each member in its own order."""

    def batches(part: int) -> Iterator[tuple[Tensor, Tensor]]:
        series, labels = series_of((part + 5 * seed) % chunks, folder, head)
        generator = torch.Generator().manual_seed(1000 * seed + part)
        # Each part shows one of the two sights of every window.
        half = len(labels) // 2
        order = torch.randperm(half, generator=generator)
        order = order + half * torch.randint(0, 2, (half,), generator=generator)
        for rows in torch.split(order, BATCH):
            yield series[rows].float(), labels[rows]

    return batches


def read_checkpoint(path: Path) -> dict[str, Any]:
    """What `fit` left there. Raises FileNotFoundError before it has."""
    # Our own file; even so `weights_only` reads tensors and plain containers and runs nothing
    # that the file names.
    stored: dict[str, Any] = torch.load(path, weights_only=True)
    return stored


def trained(path: Path) -> dict[str, Tensor]:
    """The module of a training that came to its end.

    Raises FileNotFoundError before it began, SystemExit when it was cut off half-way.
    """
    stored = read_checkpoint(path)
    if stored["part"] < stored["parts"]:
        raise SystemExit(
            f"{path} holds part {stored['part']} of {stored['parts']}: run the training again, it "
            "goes on from there."
        )
    module: dict[str, Tensor] = stored["module"]
    return module


def fit(
    module: nn.Module,
    objective: Objective,
    batches: Batches,
    parts: int,
    checkpoint: Path,
) -> None:
    """Train a module for so many parts, resuming from the checkpoint."""
    steps = parts * (CHUNK * WINDOWS_PER_ROOM // BATCH + 1)
    optimiser = torch.optim.AdamW(module.parameters(), lr=2e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps + 1)
    first = 0
    if checkpoint.exists():
        stored = read_checkpoint(checkpoint)
        module.load_state_dict(stored["module"])
        optimiser.load_state_dict(stored["optimiser"])
        schedule.load_state_dict(stored["schedule"])
        first = stored["part"]
    began, mean = time.monotonic(), 0.0
    draft = checkpoint.with_suffix(".draft")
    for part in range(first, parts):
        module.train()
        torch.manual_seed(part)
        for step, (inputs, labels) in enumerate(batches(part)):
            loss = objective(inputs, labels, (part * steps / parts + step) / steps)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_(module.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            value = float(loss.detach())
            mean += 0.02 * (value - mean) if mean else value
        left_s = (time.monotonic() - began) / (part + 1 - first) * (parts - part - 1)
        sys.stderr.write(
            f"{checkpoint.stem}, part {part + 1} of {parts}: loss {mean:.3f},"
            f" {left_s / 60:.0f} min left\n"
        )
        stored = {
            "module": module.state_dict(),
            "optimiser": optimiser.state_dict(),
            "schedule": schedule.state_dict(),
            "part": part + 1,
            "parts": parts,
        }
        torch.save(stored, draft)
        draft.replace(checkpoint)  # an interruption leaves the last whole one
    module.eval()


def right(module: nn.Module) -> Objective:
    """The module's answers should be true."""

    def loss(inputs: Tensor, labels: Tensor, done: float) -> Tensor:
        return loss_of(module(inputs), labels)

    return loss


def train(folder: Path, chunks: int, epochs: float) -> VitalsNetwork:
    """The head with the first member, then the other members."""
    torch.manual_seed(7)
    network = VitalsNetwork(members=1)
    parts = round(epochs * chunks)
    fit(network, right(network), map_batches(folder, chunks), parts, folder / "head.pt")
    for number in range(1, MEMBERS):
        # A tail fits itself to rooms before a head does: more rooms, each seen less often.
        member(folder, network.head, 2 * chunks, epochs / 2, number)
    return load(folder)


def member(folder: Path, head: nn.Module, chunks: int, epochs: float, number: int) -> None:
    """Train one more member behind the resting head."""
    torch.manual_seed(100 + number)
    tail = Tail(members=1)
    batches = series_batches(folder, chunks, head.eval(), number)
    fit(tail, right(tail), batches, round(epochs * chunks), folder / f"member-{number}.pt")


def load(folder: Path) -> VitalsNetwork:
    """The network as `train` left it in the folder. Raises as `trained` does."""
    first = VitalsNetwork(members=1)
    first.load_state_dict(trained(folder / "head.pt"))
    whole = VitalsNetwork()
    whole.head.load_state_dict(first.head.state_dict())
    whole.tail.members[0].load_state_dict(first.tail.members[0].state_dict())
    for number in range(1, MEMBERS):
        tail = Tail(members=1)
        tail.load_state_dict(trained(folder / f"member-{number}.pt"))
        whole.tail.members[number].load_state_dict(tail.members[0].state_dict())
    return whole.eval().requires_grad_(False)


def main() -> None:
    """Sketch rooms and train; `codec` and `vitals_bundle` go on from the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="for windows and checkpoints")
    parser.add_argument("--chunks", type=int, default=16, help=f"of {CHUNK} rooms")
    parser.add_argument("--epochs", type=float, default=3.0)
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    train(chosen.folder, chosen.chunks, chosen.epochs)


if __name__ == "__main__":
    main()
