"""A learned codec between the vitals network's head and tail, in torch.

The device makes 600 small whole numbers of 3,000 floats; a learned prior turns most of them
into a fraction of a bit. What the tail looks at is what is kept: spectra, not samples.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from edge_worker.offload.codec.prior import CLAMP
from edge_worker.offload.vitals.network import SAMPLES, SERIES, Head

STRIDE = 5
LENGTH = SAMPLES // STRIDE
LATENTS = 7
SYMBOLS = LATENTS + 1
"""Rows of symbols: the latents, and one for the mean and the size of each series."""
FACTS = 2 * SERIES
WIDTH = 32


class Encoder(nn.Module):
    """Series (batch, 8, 375) → latents (batch, 8, 75), to be rounded."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv1d(SERIES, WIDTH, 11, stride=STRIDE, padding=3)
        self.mix = nn.Conv1d(WIDTH, WIDTH, 5, padding=2)
        self.out = nn.Conv1d(WIDTH, LATENTS, 1)
        self.gain = nn.Parameter(torch.full((1, SYMBOLS, 1), 2.0))

    def forward(self, series: Tensor) -> Tensor:
        """See the class."""
        mean = series.mean(-1, keepdim=True)
        moved = series - mean
        size = torch.sqrt((moved * moved).mean(-1, keepdim=True) + 1e-6)
        facts = torch.cat((mean, torch.log(size)), 1).transpose(1, 2)
        hidden = functional.relu(self.down(moved / size))
        hidden = hidden + functional.relu(self.mix(hidden))
        row = functional.pad(facts, (0, LENGTH - FACTS))
        return torch.cat((self.out(hidden), row), 1) * self.gain


class Decoder(nn.Module):
    """Rounded latents (batch, 8, 75) → series (batch, 8, 375)."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((1, SYMBOLS, 1), 0.5))
        self.enter = nn.Conv1d(LATENTS, 2 * WIDTH, 5, padding=2)
        self.mix = nn.Conv1d(2 * WIDTH, 2 * WIDTH, 5, padding=2)
        self.up = nn.ConvTranspose1d(2 * WIDTH, WIDTH, 11, stride=STRIDE, padding=3)
        self.out = nn.Conv1d(WIDTH, SERIES, 9, padding=4)

    def forward(self, symbols: Tensor) -> Tensor:
        """See the class."""
        latents = symbols.to(torch.float32) * self.scale
        facts = latents[:, LATENTS, :FACTS]
        hidden = functional.relu(self.enter(latents[:, :LATENTS]))
        hidden = hidden + functional.relu(self.mix(hidden))
        moved = self.out(functional.relu(self.up(hidden)))
        series: Tensor = moved * torch.exp(facts[:, SERIES:, None]) + facts[:, :SERIES, None]
        return series


class CodedHead(nn.Module):
    """Map (batch, 2, 38, 750) → int8 symbols (batch, 8, 75): what a device runs."""

    def __init__(self, head: Head, encoder: Encoder) -> None:
        super().__init__()
        self.head = head
        self.encoder = encoder

    def forward(self, range_map: Tensor) -> Tensor:
        """See the class."""
        latents = self.encoder(self.head(range_map))
        return torch.clamp(torch.round(latents), -CLAMP, CLAMP).to(torch.int8)
