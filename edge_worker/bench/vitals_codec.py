"""Codecs between the vitals network's head and tail: the learned one and its trained rival.

Head and tail rest: what is trained is only what lies between, to the same answers of the
tail as without it (distillation), to true answers, and to few bits.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from edge_worker.bench.vitals_training import Objective, fit, series_batches
from edge_worker.bench.vitals_windows import loss_of
from edge_worker.offload.codec.prior import FactorisedPrior, rounded
from edge_worker.offload.vitals.bottleneck import SYMBOLS, Decoder, Encoder
from edge_worker.offload.vitals.network import SERIES, Tail, VitalsNetwork

RAMP = 0.3
"""Share of the training in which the price of bits grows from nothing."""
FOUR_BITS = 7
SPECTRUM_WEIGHT = 0.1


class Learned(nn.Module):
    """Bottleneck and prior: series → series as received, and bits of each window."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.decoder = Decoder()
        self.prior = FactorisedPrior(SYMBOLS)

    def forward(self, series: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        latents = self.encoder(series)
        return self.decoder(rounded(latents)), self.prior.bits(latents)


class FourBits(nn.Module):
    """The rival: quantisation-aware int4, with filters before and after that learn as long."""

    def __init__(self) -> None:
        super().__init__()
        self.before = nn.Conv1d(SERIES, SERIES, 5, padding=2, bias=False)
        self.after = nn.Conv1d(SERIES, SERIES, 5, padding=2, bias=False)
        for filters in (self.before, self.after):
            nn.init.dirac_(filters.weight)
        self.step = nn.Parameter(torch.full((1, SERIES, 1), -1.5))
        """Logarithm of each series' quantisation step."""

    def symbols(self, series: Tensor) -> Tensor:
        """Whole numbers from -7 to 7, with the gradient of the identity."""
        scaled = self.before(series) * torch.exp(-self.step)
        whole = torch.clamp(torch.round(scaled), -FOUR_BITS, FOUR_BITS)
        passed: Tensor = scaled + (whole - scaled).detach()
        return passed

    def received(self, symbols: Tensor) -> Tensor:
        """Series from symbols."""
        found: Tensor = self.after(symbols * torch.exp(self.step))
        return found

    def forward(self, series: Tensor) -> tuple[Tensor, Tensor]:
        """Series as received; no price on bits."""
        return self.received(self.symbols(series)), torch.zeros(len(series))


def same_answers(link: nn.Module, tail: Tail, rate_weight: float) -> Objective:
    """The tail's answers behind the link against those without it, the truth, and bits."""

    def loss(series: Tensor, labels: Tensor, done: float) -> Tensor:
        # One member at a time: a quarter of the work, the same in the mean.
        member = tail.members[int(torch.randint(len(tail.members), ()))]
        with torch.no_grad():
            level = tail.spectrum(series)
            wanted = member(level, tail.levels_now(series))
        coded, bits = link(series)
        level_coded = tail.spectrum(coded)
        found = member(level_coded, tail.levels_now(coded))
        distance = divergence(found[0], wanted[0]) + divergence(found[1], wanted[1])
        states = functional.binary_cross_entropy_with_logits(found[2], torch.sigmoid(wanted[2]))
        ramp = min(1.0, done / RAMP)
        # At first the spectra lead: the tail's answers alone say little to a random decoder.
        spectra = SPECTRUM_WEIGHT * (1 - ramp) * functional.mse_loss(level_coded, level)
        price = rate_weight * ramp * bits.mean()
        total: Tensor = distance + states + 0.3 * loss_of(found, labels) + spectra + price
        return total

    return loss


def divergence(found: Tensor, wanted: Tensor) -> Tensor:
    """Kullback-Leibler divergence of distributions given as logits, mean over the batch."""
    logs = functional.log_softmax(found, -1), functional.log_softmax(wanted, -1)
    return functional.kl_div(*logs, log_target=True, reduction="batchmean")


def train_link(
    link: nn.Module,
    network: VitalsNetwork,
    folder: Path,
    *,
    name: str,
    chunks: int,
    parts: int,
    rate_weight: float,
    seed: int,
) -> None:
    """Train a link between the resting halves, resuming from the folder."""
    network.eval().requires_grad_(False)
    fit(
        link,
        same_answers(link, network.tail, rate_weight),
        series_batches(folder, chunks, network.head, 10 + seed),
        parts,
        folder / f"{name}-{seed}.pt",
    )
