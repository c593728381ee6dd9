"""The vitals network in torch: needed to train and export it, not to run it.

Head, cheap: each range's echo runs along a circle while a chest moves. The circle's centre
is fitted (Kasa 1976), the turn from frame to frame is the chest's velocity, and a small
network decides how much each range counts. Out come 8 series at 12.5 Hz: 12 kB instead of
the map's 228. Tail, where the work is: spectra over a logarithmic rate axis, on which
harmonics lie at fixed distances, and four networks of residual convolutions along it whose
answers are mixed.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from edge_worker.offload.vitals.grid import (
    BREATHING_STEPS,
    FRAME_RATE_HZ,
    FRAMES,
    HEART_STEPS,
    RATES,
    STEPS,
)

SERIES = 8
SAMPLES = FRAMES // 2
SERIES_RATE_HZ = FRAME_RATE_HZ / 2
LOOKS = 3
CHANNELS = 48
MEMBERS = 4
DILATIONS = (1, 12, 2, 24, 1, 12)
"""Times a kernel of 9: 12 reaches an octave to both sides, 24 two of them."""
SPANS = ((0, 375), (125, 375), (0, 150), (112, 262), (225, 375))
"""Looks in samples: 30 s, the last 20 s, three times 12 s."""


class Head(nn.Module):
    """Map (batch, 2, 38, 750) → series (batch, 8, 375) at 12.5 Hz."""

    def __init__(self) -> None:
        super().__init__()
        self.look = nn.Sequential(
            nn.Conv1d(4, 16, 5, padding=2), nn.ReLU(), nn.Conv1d(16, LOOKS, 5, padding=2)
        )
        self.mix = nn.Conv1d(2 * LOOKS, SERIES, 5, padding=2)

    def forward(self, range_map: Tensor) -> Tensor:
        """See the class."""
        slow = functional.avg_pool2d(range_map, (1, 2))
        centre = _centre(functional.avg_pool2d(slow, (1, 2)))
        i = slow[:, 0] - centre[:, 0]
        q = slow[:, 1] - centre[:, 1]
        power = i * i + q * q
        step_i, step_q = i[..., 1:] - i[..., :-1], q[..., 1:] - q[..., :-1]
        speed = step_i * step_i + step_q * step_q
        turn = i[..., :-1] * q[..., 1:] - q[..., :-1] * i[..., 1:]
        bend_i, bend_q = step_i[..., 1:] - step_i[..., :-1], step_q[..., 1:] - step_q[..., :-1]
        bend = (bend_i * bend_i + bend_q * bend_q).mean(-1)
        size = power.mean(-1)
        radius = torch.sqrt(power + 1e-9)
        wobble = ((radius - radius.mean(-1, keepdim=True)) ** 2).mean(-1)
        facts = torch.stack((size, speed.mean(-1), bend, wobble), 1)
        weight = torch.softmax(self.look(torch.log(facts + 1e-6) / 3), dim=-1)
        total = (weight * size[:, None]).sum(-1, keepdim=True) + 1e-9
        velocity = torch.matmul(weight, turn) / total
        energy = torch.matmul(weight, speed) / total
        rows = torch.cat((torch.asinh(10 * velocity), torch.log1p(20 * energy)), 1)
        series: Tensor = self.mix(functional.pad(rows, (1, 0)))
        return series


def _centre(points: Tensor) -> Tensor:
    """Centre of the circle nearest to the points, (batch, 2, ranges, frames) → (…, ranges, 1).

    Where the arc is too short for a circle, the points' mean.
    """
    mean = points.mean(-1, keepdim=True)
    x, y = (points - mean)[:, 0], (points - mean)[:, 1]
    square = x * x + y * y
    xx, yy, xy = (x * x).mean(-1), (y * y).mean(-1), (x * y).mean(-1)
    xz, yz = (x * square).mean(-1), (y * square).mean(-1)
    spread = xx + yy
    # A straight cloud has no determinant; the small share keeps the centre near it.
    determinant = 2 * (xx * yy - xy * xy) + 1e-3 * spread * spread + 1e-12
    middle_x = (yy * xz - xy * yz) / determinant
    middle_y = (xx * yz - xy * xz) / determinant
    limit = 5 * torch.sqrt(spread + 1e-12)
    shrink = limit / torch.maximum(limit, torch.sqrt(middle_x**2 + middle_y**2 + 1e-12))
    return mean + (torch.stack((middle_x, middle_y), 1) * shrink[:, None])[..., None]


def looks() -> Tensor:
    """Hann windows of the looks, shape (looks, 375), each of energy 1."""
    windows = np.zeros((len(SPANS), SAMPLES))
    for row, (first, last) in enumerate(SPANS):
        windows[row, first:last] = np.hanning(last - first + 2)[1:-1]
    return torch.tensor(
        windows / np.sqrt(np.sum(windows**2, axis=1, keepdims=True)), dtype=torch.float32
    )


class Block(nn.Module):
    """Two convolutions along the rate axis around a short cut."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(CHANNELS, CHANNELS, 9, padding=4 * dilation, dilation=dilation)
        self.norm = nn.BatchNorm1d(CHANNELS)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape."""
        return x + functional.relu(self.norm(self.first(x)))


class Spectrum(nn.Module):
    """Series (batch, 8, 375) → log power (batch, 40, 286) of each look at each rate."""

    windows: Tensor
    time_s: Tensor
    turns_per_s: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("windows", looks(), persistent=False)
        time_s = torch.arange(SAMPLES, dtype=torch.float32)[:, None] / SERIES_RATE_HZ
        turns = torch.tensor(2 * np.pi * RATES / 60, dtype=torch.float32)[None]
        self.register_buffer("time_s", time_s, persistent=False)
        self.register_buffer("turns_per_s", turns, persistent=False)

    def forward(self, series: Tensor) -> Tensor:
        """See the class."""
        moved = series - series.mean(-1, keepdim=True)
        seen = moved[:, :, None] * self.windows
        # Worked out from few numbers, so that the file stays small; the runtime does it once.
        angle = self.time_s * self.turns_per_s
        power = (
            torch.matmul(seen, torch.cos(angle)) ** 2 + torch.matmul(seen, torch.sin(angle)) ** 2
        )
        # Flattened by shape, not by batch: the batch stays free in the exported graph.
        level = torch.log(power + 1e-5).reshape(-1, SERIES * len(SPANS), STEPS)
        return 0.5 * (level - level.mean(-1, keepdim=True))


class Member(nn.Module):
    """One opinion: log power and state facts → logits of both rates and of the states."""

    def __init__(self) -> None:
        super().__init__()
        self.entry = nn.Conv1d(len(SPANS) * SERIES, CHANNELS, 9, padding=4)
        self.place = nn.Parameter(torch.zeros(1, CHANNELS, STEPS))
        self.blocks = nn.Sequential(*(Block(dilation) for dilation in DILATIONS))
        self.rates = nn.Conv1d(CHANNELS, 2, 1)
        self.state = nn.Sequential(
            nn.Linear(CHANNELS + 2 * SERIES, 32), nn.ReLU(), nn.Linear(32, 2)
        )

    def forward(self, level: Tensor, levels_now: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of shapes (batch, 135), (batch, 93) and (batch, 2): present, moving."""
        trunk = self.blocks(functional.relu(self.entry(level) + self.place))
        rates = self.rates(trunk)
        state = self.state(torch.cat((trunk.mean(-1), levels_now), 1))
        return rates[:, 0, BREATHING_STEPS], rates[:, 1, HEART_STEPS], state


class Tail(nn.Module):
    """Series (batch, 8, 375) → breathing and heart logits, presence and motion.

    A deep ensemble (Lakshminarayanan et al., NeurIPS 2017): what members agree on is known,
    where they differ nobody knows, and the mixture of their answers says so.
    """

    def __init__(self, members: int = MEMBERS) -> None:
        super().__init__()
        self.spectrum = Spectrum()
        self.members = nn.ModuleList(Member() for _ in range(members))

    def forward(self, series: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of shapes (batch, 135), (batch, 93) and (batch, 2): present, moving."""
        level, now = self.spectrum(series), self.levels_now(series)
        opinions = [member(level, now) for member in self.members]
        breathing, heart = (
            _mixture([functional.log_softmax(opinion[rate], -1) for opinion in opinions])
            for rate in (0, 1)
        )
        return breathing, heart, torch.stack([opinion[2] for opinion in opinions]).mean(0)

    @staticmethod
    def levels_now(series: Tensor) -> Tensor:
        """Means of the last two seconds and of all, shape (batch, 16)."""
        return torch.cat((series[..., -25:].mean(-1), series.mean(-1)), 1)


def _mixture(opinions: list[Tensor]) -> Tensor:
    """Log of the mean probability, but for a constant: logits."""
    return torch.logsumexp(torch.stack(opinions), 0)


class VitalsNetwork(nn.Module):
    """Map (batch, 2, 38, 750) → logits of breathing rate, heart rate, presence and motion."""

    def __init__(self, members: int = MEMBERS) -> None:
        super().__init__()
        self.head = Head()
        self.tail = Tail(members)

    def forward(self, range_map: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See `Tail.forward`."""
        logits: tuple[Tensor, Tensor, Tensor] = self.tail(self.head(range_map))
        return logits
