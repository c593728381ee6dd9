"""From the network's logits to rates with an error and a trust, window after window."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from edge_worker.offload.vitals.grid import STEPS_PER_OCTAVE

FloatArray = npt.NDArray[np.float64]

NEAR_STEPS = 3
"""Steps around the peak whose mean is the rate: 4 %."""
CARRY = 0.94
"""How much of the evidence of two seconds ago still counts: windows overlap, so that plain
products of their distributions would be far too sure."""
FRESH = 2.5
"""Weight of a window's own evidence, in units of what is forgotten. With CARRY, chosen on the
validation rooms of `bench.vitals_network`."""
DRIFT_STEPS = 1.5
"""Standard deviation of a rate's drift in two seconds, steps of the grid."""
LEAST_AGREEMENT = 0.4
"""Of the newest window's own belief that must lie near the rate: a rate that has just changed
is not given until the memory of the old one has faded."""
AGREEMENT_STEPS = 5


@dataclass(frozen=True, kw_only=True)
class Rate:
    """The likeliest rate per minute, one standard deviation of it, and the trust in it 0..1."""

    value: float
    error: float
    trust: float


class RateTracker:
    """Follows one rate: adds up the evidence of the windows, forgetting the old."""

    def __init__(self, rates: FloatArray) -> None:
        self._rates = rates
        self._belief: FloatArray | None = None
        reach = np.arange(-5, 6)
        kernel = np.exp(-((reach / DRIFT_STEPS) ** 2) / 2)
        self._kernel = kernel / kernel.sum()

    def forget(self) -> None:
        """Start anew, after a gap or when somebody else may be there."""
        self._belief = None

    def update(self, logits: npt.NDArray[np.float32]) -> Rate:
        """Take the logits of the next window, shape (rates,).

        Logits that are not numbers count as no evidence at all: trust 0, and a fresh start.
        """
        if not np.isfinite(logits).all():
            self.forget()
            return Rate(value=float(self._rates[0]), error=float(self._rates[-1]), trust=0.0)
        fresh = logits.astype(np.float64)
        fresh = fresh - np.log(np.sum(np.exp(fresh - fresh.max()))) - fresh.max()
        if self._belief is None:
            self._belief = fresh
        else:
            drifted = np.convolve(np.exp(self._belief), self._kernel, mode="same")
            self._belief = CARRY * np.log(drifted + 1e-9) + (1 - CARRY) * FRESH * fresh
        self._belief -= self._belief.max()
        self._belief -= np.log(np.exp(self._belief).sum())
        rate = read(self._rates, np.exp(self._belief))
        agrees = _mass(np.exp(fresh), int(self._belief.argmax()), AGREEMENT_STEPS)
        return rate if agrees >= LEAST_AGREEMENT else replace(rate, trust=0.0)


def read(rates: FloatArray, belief: FloatArray) -> Rate:
    """The rate at the belief's peak; its trust is the belief within 4 % of it."""
    peak = int(belief.argmax())
    near = slice(max(0, peak - NEAR_STEPS), peak + NEAR_STEPS + 1)
    weight = belief[near] / belief[near].sum()
    value = float(np.sum(weight * rates[near]))
    spread = float(np.sqrt(np.sum(weight * (rates[near] - value) ** 2)))
    step = value * (2 ** (1 / STEPS_PER_OCTAVE) - 1)
    return Rate(value=value, error=max(spread, 0.3 * step), trust=float(belief[near].sum()))


def _mass(belief: FloatArray, peak: int, reach: int) -> float:
    return float(belief[max(0, peak - reach) : peak + reach + 1].sum())
