"""The vitals network's tail for learning across homes: bands of heart rate from series.

One member with group normalisation, since clients are few and unlike: batch statistics of one
home say nothing about the next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from edge_worker.offload.vitals.bands import BAND_STEPS, BANDS
from edge_worker.offload.vitals.grid import HEART_STEPS
from edge_worker.offload.vitals.network import (
    CHANNELS,
    DILATIONS,
    SAMPLES,
    SERIES,
    SPANS,
    Spectrum,
)

SHAPE = (SERIES, 1, SAMPLES)
"""Of one example: what the shipped head makes of 30 s of echoes."""
_GROUPS = 8


class _Block(nn.Module):
    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(channels, channels, 9, padding=4 * dilation, dilation=dilation)
        self.norm = nn.GroupNorm(_GROUPS, channels)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = x + functional.relu(self.norm(self.first(x)))
        return found


class HeartBands(nn.Module):
    """Series (batch, 8, 1, 375) → logits of the bands; `width` scales channels, `depth` blocks."""

    def __init__(self, width: float, depth: int) -> None:
        super().__init__()
        channels = max(_GROUPS, round(CHANNELS * width / _GROUPS) * _GROUPS)
        self.spectrum = Spectrum()
        self.entry = nn.Conv1d(len(SPANS) * SERIES, channels, 9, padding=4)
        self.blocks = nn.Sequential(*(_Block(channels, d) for d in DILATIONS[: 1 + depth]))
        self.rates = nn.Conv1d(channels, 1, 1)

    def forward(self, series: Tensor) -> Tensor:
        """See the class."""
        trunk = self.blocks(functional.relu(self.entry(self.spectrum(series[:, :, 0]))))
        logits = self.rates(trunk)[:, 0, HEART_STEPS]
        bands = [torch.logsumexp(part, -1) for part in torch.split(logits, BAND_STEPS, -1)]
        return torch.stack(bands, -1)


def heart_bands(shape: tuple[int, ...], classes: int, width: float, depth: int) -> nn.Module:
    """See `catalogue.networks.Maker`."""
    if shape != SHAPE or classes != len(BANDS):
        raise ValueError(
            f"the vitals network takes examples of shape {SHAPE} of {len(BANDS)} bands"
        )
    return HeartBands(width, depth)


NETWORKS: Mapping[str, Callable[[tuple[int, ...], int, float, int], nn.Module]] = {
    "vitals": heart_bands
}
