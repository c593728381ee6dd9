"""Random changes of a batch that keep its labels; every draw comes from the given generator."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from edge_worker.federated.proposal import Augmentation

NOISE_SD = 0.1
MASK_SHARE = 0.15
MAX_ROTATION = math.radians(12)


def augment(batch: Tensor, names: Sequence[Augmentation], generator: torch.Generator) -> Tensor:
    """Apply each named change. batch: (n, features), or (n, channels, height, width) in 0..1."""
    for name in names:
        match name:
            case Augmentation.NOISE:
                batch = batch + NOISE_SD * torch.randn(batch.shape, generator=generator)
            case Augmentation.MASK:
                batch = _mask(batch, generator)
            case Augmentation.SHIFT:
                batch = _shift(batch, generator)
            case Augmentation.ROTATE:
                batch = _rotate(batch, generator)
            case Augmentation.FLIP:
                flipped = torch.rand(len(batch), generator=generator) < 0.5
                batch = torch.where(flipped[:, None, None, None], batch.flip(-1), batch)
    return batch


def _mask(batch: Tensor, generator: torch.Generator) -> Tensor:
    if batch.dim() == 2:
        return batch * (torch.rand(batch.shape, generator=generator) >= MASK_SHARE)
    side = max(1, batch.shape[-1] // 4)
    rows, columns = torch.arange(batch.shape[-2]), torch.arange(batch.shape[-1])
    top = torch.randint(0, batch.shape[-2] - side + 1, (len(batch), 1), generator=generator)
    left = torch.randint(0, batch.shape[-1] - side + 1, (len(batch), 1), generator=generator)
    inside_rows = (rows >= top) & (rows < top + side)
    inside_columns = (columns >= left) & (columns < left + side)
    return batch * ~(inside_rows[:, None, :, None] & inside_columns[:, None, None, :])


def _shift(batch: Tensor, generator: torch.Generator) -> Tensor:
    """Up to an eighth of the side, at least a pixel, with zeros moving in."""
    reach = max(1, batch.shape[-1] // 8)
    dy, dx = torch.randint(-reach, reach + 1, (2,), generator=generator).tolist()
    padded = torch.nn.functional.pad(batch, (reach, reach, reach, reach))
    height, width = batch.shape[-2:]
    return padded[..., reach + dy : reach + dy + height, reach + dx : reach + dx + width]


def _rotate(batch: Tensor, generator: torch.Generator) -> Tensor:
    angle = (torch.rand(len(batch), generator=generator) * 2 - 1) * MAX_ROTATION
    cos, sin, zero = angle.cos(), angle.sin(), torch.zeros(len(batch))
    turn = torch.stack([torch.stack([cos, -sin, zero], 1), torch.stack([sin, cos, zero], 1)], dim=1)
    grid = torch.nn.functional.affine_grid(turn, list(batch.shape), align_corners=False)
    return torch.nn.functional.grid_sample(batch, grid, align_corners=False)
