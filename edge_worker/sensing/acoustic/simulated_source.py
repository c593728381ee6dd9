"""The simulator as a source of sound."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edge_worker.sensing.acoustic.probe import Probe
from edge_worker.sensing.acoustic.simulator import Scene, Simulation
from edge_worker.sensing.acoustic.sources import AudioBlock


class SimulatedSource:
    """Sound of a simulated room; endless unless `seconds` is given."""

    def __init__(self, scene: Scene, probe: Probe, seconds: float = float("inf")) -> None:
        self.simulation = Simulation(scene, probe)
        self._seconds = seconds
        self._closed = False

    def blocks(self) -> Iterator[AudioBlock]:
        """Yield half seconds of sound."""
        for block in self.simulation.blocks(self._seconds):
            if self._closed:
                return
            yield AudioBlock(samples=block.astype(np.float32) / np.float32(32768))

    def close(self) -> None:
        """End the stream."""
        self._closed = True
