"""How sure the network must be. `python -m edge_worker.bench.vitals_network` prints the fit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Gate:
    """Least trust for a rate, least probability of presence. Chosen on validation rooms."""

    breathing: float
    heart: float
    presence: float


GATE = Gate(breathing=0.7, heart=0.77, presence=0.9)
