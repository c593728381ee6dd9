"""Training goes on where it was cut off, and what was cut off is not taken for finished."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the network is trained with the extra `neural`")

from edge_worker.bench.vitals_training import fit, trained  # noqa: E402

PARTS = 3


def batches(part: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    generator = torch.Generator().manual_seed(100 + part)
    for _ in range(4):
        inputs = torch.randn(8, 3, generator=generator)
        yield inputs, inputs.sum(1, keepdim=True)


def train(path: Path, *, until: int = PARTS) -> torch.nn.Linear:
    torch.manual_seed(7)
    module = torch.nn.Linear(3, 1)

    def some(part: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        if part >= until:
            raise KeyboardInterrupt
        return batches(part)

    fit(module, lambda x, y, done: ((module(x) - y) ** 2).mean(), some, PARTS, path)
    return module


def test_a_training_that_was_cut_off_is_refused_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "head.pt"
    with pytest.raises(FileNotFoundError):
        trained(path)
    with pytest.raises(KeyboardInterrupt):
        train(path, until=2)
    with pytest.raises(SystemExit, match="holds part 2 of 3"):
        trained(path)
    train(path)
    straight = train(tmp_path / "straight.pt")
    for name, value in trained(path).items():
        assert torch.equal(value, straight.state_dict()[name])
    assert {item.name for item in tmp_path.iterdir()} == {"head.pt", "straight.pt"}
