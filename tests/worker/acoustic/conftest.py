"""Simulated sound for the sonar's tests, rendered once per session."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edge_worker.sensing.acoustic.probe import Probe
from edge_worker.sensing.acoustic.simulator import Scene, Simulation
from tests.worker.acoustic.acoustic_rooms import Room, listen


@pytest.fixture(scope="session")
def room() -> Callable[..., Room]:
    """Render a scene and receive it; the same arguments give the same object."""
    known: dict[str, Room] = {}

    def render(seconds: float, probe: Probe | None = None, **scene: object) -> Room:
        key = repr((seconds, probe, sorted(scene.items())))
        if key not in known:
            played = probe or Probe()
            simulation = Simulation(Scene(**scene), played)
            sound = np.concatenate(list(simulation.blocks(seconds)))
            known[key] = Room(sound=sound, truth=simulation.truth, hops=listen(sound, played))
        return known[key]

    return render
