"""The whole signal path for one stream of sound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_worker.catalogue.ports import Vitals
from edge_worker.sensing.acoustic.channel import Channel
from edge_worker.sensing.acoustic.probe import Probe
from edge_worker.sensing.acoustic.range_map import RangeMap
from edge_worker.sensing.acoustic.sources import AudioBlock, AudioSource
from edge_worker.sensing.acoustic.vitals import VitalSigns


@dataclass(frozen=True, kw_only=True)
class Hop:
    """One judgement and the echoes it was made from."""

    vitals: Vitals
    map: RangeMap
    movement_mm: npt.NDArray[np.float64] | None = None
    """Chest movement of this hop at SLOW_RATE_HZ; None while nobody is followed."""


class Receiver:
    """Turns sound into vital signs, two seconds at a time, in bounded memory."""

    def __init__(self, probe: Probe, spacing_m: float = 0.07) -> None:
        self.channel = Channel(probe, spacing_m)
        self.vital_signs = VitalSigns()

    def push(self, block: AudioBlock) -> Iterator[Hop]:
        """Take a block; yield the hops that it completes."""
        maps = self.channel.push_gap(block.lost) if block.lost else []
        maps += self.channel.push(block.samples)
        for hop in maps:
            vitals = self.vital_signs.update(hop)
            movement = self.vital_signs.movement
            yield Hop(
                vitals=vitals,
                map=hop,
                movement_mm=None if movement is None else movement.mm[-len(hop.echoes) :],
            )


def receive(source: AudioSource, receiver: Receiver) -> Iterator[Hop]:
    """Yield every hop of a source until it ends."""
    for block in source.blocks():
        yield from receiver.push(block)
