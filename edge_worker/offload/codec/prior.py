"""The learned entropy model of a bottleneck, in torch: needed to train it, not to run it.

A factorised prior (Balle et al., ICLR 2018): every channel has one distribution, a mixture of
logistics. A hyperprior would need the same floats on both sides; this one needs none, since
its integer tables are made once.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edge_worker.offload.codec.tables import integer_counts, to_json

CLAMP = 31
_LEAST = 2.0**-16
"""What a table gives the rarest symbol."""


def rounded(latents: Tensor) -> Tensor:
    """Whole numbers within the tables, with the gradient of the identity."""
    whole = torch.clamp(torch.round(latents), -CLAMP, CLAMP)
    return latents + (whole - latents).detach()


class FactorisedPrior(nn.Module):
    """Bits of latents (batch, channels, length)."""

    def __init__(self, channels: int, mixtures: int = 3) -> None:
        super().__init__()
        shape = (channels, 1, mixtures)
        self.weight = nn.Parameter(torch.zeros(shape))
        self.place = nn.Parameter(torch.linspace(-1, 1, mixtures).repeat(channels, 1, 1))
        self.spread = nn.Parameter(torch.zeros(shape))

    def probability(self, values: Tensor) -> Tensor:
        """Mass between value - 1/2 and value + 1/2, at least that of the rarest symbol."""
        centred = values[..., None] - self.place
        scale = torch.exp(-self.spread)
        mass = torch.sigmoid((centred + 0.5) * scale) - torch.sigmoid((centred - 0.5) * scale)
        mixed = (torch.softmax(self.weight, -1) * mass).sum(-1)
        return mixed * (1 - _LEAST) + _LEAST

    def bits(self, latents: Tensor) -> Tensor:
        """Of each sample, shape (batch,). In training the latents are shaken, not rounded."""
        shaken = latents + torch.rand_like(latents) - 0.5 if self.training else rounded(latents)
        return -torch.log2(self.probability(shaken)).sum((1, 2))

    def tables(self, length: int) -> bytes:
        """Integer tables for symbols of this length, as JSON: made once, here."""
        values = torch.arange(-CLAMP, CLAMP + 1, dtype=torch.float32)
        with torch.no_grad():
            mass = self.probability(values.expand(self.place.shape[0], -1)).double().numpy()
        return to_json([integer_counts(row) for row in mass], CLAMP, length)
