"""Small modules with every kind of path that a split must survive."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(2, 6, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(6)
        self.second = nn.Conv2d(6, 6, 3, padding=1)
        self.last = nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.first(x)))
        return self.last((x + torch.relu(self.second(x))).mean((2, 3)))


class TwoInputs(nn.Module):
    """Two inputs, two outputs; one output is made early."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(8, 5), nn.Linear(6, 5)
        self.last = nn.Linear(10, 3)

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        early = torch.tanh(self.a(a))
        return early, self.last(torch.cat([early, torch.relu(self.b(b))], 1))


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(2, 8, 5, stride=2)
        self.gru = nn.GRU(8, 12, batch_first=True)
        self.last = nn.Linear(12, 3)

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.gru(torch.relu(self.first(x)).transpose(1, 2))
        return self.last(states[:, -1])


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(6, 16)
        layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.last = nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.encoder(self.embed(x)).mean(1))


class Decides(nn.Module):
    """An `if` on data: has no fixed graph."""

    def forward(self, x: Tensor) -> Tensor:
        return x * 2 if x.sum() > 0 else x - 1


class Chance(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.rand_like(x)


class Structured(nn.Module):
    """Outputs in a dict whose keys aren't sorted, a tuple inside."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(3, 4, batch_first=True)

    def forward(self, x: Tensor) -> dict[str, Any]:
        states, (last, cell) = self.lstm(x)
        return {"states": states, "ends": (last[0], cell[0] * 2), "all": states.sum(1)}


class Words(nn.Module):
    """Whole numbers in, eight of them."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.last = nn.Embedding(8, 4), nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.embed(x).mean(1))


class Flattens(nn.Module):
    """Four rows of output for each sample."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(6, 5), nn.Linear(5, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.relu(self.first(x)).reshape(-1, 5))


class Mixes(nn.Module):
    """What a sample gets depends on who else is in the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.first(x))
        return x - x.mean(0, keepdim=True) / 2


class Remembers(nn.Module):
    """A state between calls."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return x + self.calls


class Filters(nn.Module):
    """An output whose size depends on the data."""

    def forward(self, x: Tensor) -> Tensor:
        return x[x > 0]


class Appends(nn.Module):
    """An output with one row more than there are samples."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, torch.zeros(1, 3)])


class Constant(nn.Module):
    """An output that no input changes."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1, 3))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x * 2, self.scale


class Fails(nn.Module):
    def __init__(self) -> None:
        raise RuntimeError("no weights here")


class Halves(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x).bfloat16()


SHAPES: dict[type[nn.Module], tuple[tuple[int, ...], ...]] = {
    Residual: ((1, 2, 16, 20),),
    TwoInputs: ((1, 8), (1, 6)),
    Recurrent: ((1, 2, 40),),
    Attention: ((1, 7, 6),),
}


def build(kind: type[nn.Module]) -> tuple[nn.Module, tuple[Tensor, ...]]:
    torch.manual_seed(1)
    module = kind().eval()
    for item in module.modules():
        if isinstance(item, nn.BatchNorm2d):
            item.running_mean.uniform_(-1, 1)  # type: ignore[union-attr,operator]
            item.running_var.uniform_(0.5, 2)  # type: ignore[union-attr,operator]
    return module, tuple(torch.randn(shape) for shape in SHAPES[kind])


def several(shapes: tuple[tuple[int, ...], ...], rows: int) -> dict[int, Any]:
    generator = torch.Generator().manual_seed(7)
    return {
        i: torch.randn((rows, *shape[1:]), generator=generator) for i, shape in enumerate(shapes)
    }
