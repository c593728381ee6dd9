"""Simulated rooms and what the receiver makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_worker.sensing.acoustic.probe import Probe
from edge_worker.sensing.acoustic.receiver import Hop, Receiver
from edge_worker.sensing.acoustic.simulated_body import Body, Segment, Truth
from edge_worker.sensing.acoustic.sources import AudioBlock

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


@dataclass(frozen=True, kw_only=True)
class Room:
    """A rendered scene, what was true in it, and what the receiver said."""

    sound: npt.NDArray[np.int16]
    truth: Truth
    hops: list[Hop]


def body(breathing: float = 14.0, heart: float = 68.0, **changes: object) -> Body:
    segment = Segment(duration_s=1e9, breathing_rate=breathing, heart_rate=heart)
    return Body(segments=(segment,), **changes)


def listen(sound: npt.NDArray[np.int16], probe: Probe, step: int = 24_000) -> list[Hop]:
    receiver = Receiver(probe)
    samples = sound.astype(np.float32) / np.float32(32768)
    return [
        hop
        for start in range(0, len(samples), step)
        for hop in receiver.push(AudioBlock(samples=samples[start : start + step]))
    ]
