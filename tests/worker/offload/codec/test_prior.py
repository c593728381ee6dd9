"""The learned entropy model: its bits are those that the range coder really takes."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="a prior is trained with the extra `neural`")

from edge_worker.offload.bundle import TensorEntry  # noqa: E402
from edge_worker.offload.codec.learned import LearnedCodec  # noqa: E402
from edge_worker.offload.codec.prior import CLAMP, FactorisedPrior, rounded  # noqa: E402
from edge_worker.offload.codec.tables import Tables  # noqa: E402

CHANNELS, LENGTH = 3, 200
WIRE = (TensorEntry(name="symbols", shape=(1, CHANNELS, LENGTH), dtype="int8", batch_axis=0),)


def latents(samples: int, seed: int) -> torch.Tensor:
    """Channels of different width, as a bottleneck has them."""
    generator = torch.Generator().manual_seed(seed)
    widths = torch.tensor([0.3, 1.5, 6.0])[None, :, None]
    return widths * torch.randn(samples, CHANNELS, LENGTH, generator=generator)


@pytest.fixture(scope="module")
def prior() -> FactorisedPrior:
    torch.manual_seed(0)
    found = FactorisedPrior(CHANNELS)
    optimiser = torch.optim.Adam(found.parameters(), lr=0.03)
    for step in range(300):
        loss = found.bits(latents(8, step)).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return found.eval()


def entropy_bits() -> float:
    """Of the rounded normal distributions themselves: no code is shorter in the mean."""
    values = np.arange(-60, 61)
    total = 0.0
    for width in (0.3, 1.5, 6.0):
        edges = torch.special.ndtr(torch.tensor((values[:, None] + [-0.5, 0.5]) / width))
        mass = (edges[:, 1] - edges[:, 0]).clamp(min=1e-12).numpy()
        total -= LENGTH * float(np.sum(mass * np.log2(mass)))
    return total


def test_trained_prior_comes_near_the_entropy(prior: FactorisedPrior) -> None:
    with torch.no_grad():
        bits = float(prior.bits(latents(50, 1000)).mean())
    assert entropy_bits() * 0.99 < bits < entropy_bits() * 1.06


def test_payloads_take_the_bits_that_the_prior_promised(prior: FactorisedPrior) -> None:
    codec = LearnedCodec(WIRE, Tables.from_json(prior.tables(LENGTH)))
    sample = latents(20, 2000)
    with torch.no_grad():
        promised = prior.bits(sample) / 8
        symbols = rounded(sample).to(torch.int8).numpy()
    for row, size in zip(symbols, promised, strict=True):
        payload = codec.encode({"symbols": row[None]})
        assert len(payload) == pytest.approx(float(size), rel=0.02, abs=6)
        np.testing.assert_array_equal(codec.decode(payload)["symbols"][0], row)


def test_rounding_clamps_and_passes_the_gradient() -> None:
    values = torch.tensor([0.4, -2.6, 99.0], requires_grad=True)
    whole = rounded(values)
    assert whole.tolist() == [0.0, -3.0, float(CLAMP)]
    whole.sum().backward()
    assert values.grad is not None
    assert values.grad.tolist() == [1.0, 1.0, 1.0]


def test_every_symbol_can_be_coded(prior: FactorisedPrior) -> None:
    codec = LearnedCodec(WIRE, Tables.from_json(prior.tables(LENGTH)))
    edges = np.where(np.arange(CHANNELS * LENGTH) % 2, CLAMP, -CLAMP).astype(np.int8)
    symbols = edges.reshape(1, CHANNELS, LENGTH)
    decoded = codec.decode(codec.encode({"symbols": symbols}))["symbols"]
    np.testing.assert_array_equal(decoded, symbols)
