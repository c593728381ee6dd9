"""A simulated room, written as a WAV file, and what was true in it."""

from __future__ import annotations

import json
import wave
from pathlib import Path

from edge_worker.sensing.acoustic.probe import SAMPLE_RATE_HZ, Probe
from edge_worker.sensing.acoustic.simulator import Scene, Simulation


def write_recording(
    out: Path, scene: Scene, probe: Probe, seconds: float, truth: Path | None = None
) -> Simulation:
    """Render a scene to a mono 16 bit WAV, block by block.

    `truth`: JSON file for the times of breaths and beats. Raises OSError.
    """
    simulation = Simulation(scene, probe)
    with out.open("wb") as raw, wave.open(raw, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        for block in simulation.blocks(seconds):
            file.writeframes(block.astype("<i2").tobytes())
    if truth is not None:
        body = simulation.truth
        truth.write_text(
            json.dumps({"breath_starts_s": body.breath_starts_s, "beats_s": body.beats_s}),
            encoding="utf-8",
        )
    return simulation
