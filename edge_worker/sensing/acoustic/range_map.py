"""Echoes over range and time: what the channel yields and the receiver reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_worker.messages import ReadingState
from edge_worker.sensing.acoustic.probe import FRAME_SAMPLES, SAMPLE_RATE_HZ

ComplexArray = npt.NDArray[np.complex64]
FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]

HOP_S = 2
HOP_SAMPLES = HOP_S * SAMPLE_RATE_HZ
FRAME_RATE_HZ = SAMPLE_RATE_HZ / FRAME_SAMPLES
DECIMATION = 2
SLOW_RATE_HZ = FRAME_RATE_HZ / DECIMATION
SOUND_M_PER_S = 343.0
RANGE_M = np.arange(0.20, 1.701, 0.02)


@dataclass(frozen=True, kw_only=True)
class ChannelHealth:
    """How far two seconds of the channel can be trusted."""

    state: ReadingState
    """OK, NO_PROBE, CLIPPING, DROPOUT or SKEW_UNLOCKED."""
    skew_ppm: float | None = None
    """How much faster the player's clock runs than the recorder's."""
    level_dbfs: float = -120.0
    """Of the probe, as recorded."""
    noise_dbfs: float = -120.0
    """Beside the probe's band, per bandwidth of the probe."""
    clipped_share: float = 0.0
    blanked_share: float = 0.0
    """Frames replaced because of impulses or lost samples."""
    relocks: int = 0


@dataclass(frozen=True, kw_only=True)
class RangeMap:
    """Echoes of one hop, in units of the direct sound."""

    t: float
    """End, seconds from the start of the stream."""
    health: ChannelHealth
    echoes: ComplexArray
    """Shape (frames, len(RANGE_M)) at SLOW_RATE_HZ; no frames while there is no probe."""
    valid: BoolArray
    """Shape (frames,): measured, not interpolated."""
    continuous: bool = True
    """False: the phase does not continue the hop before."""
    middle_hz: float = 20_000.0
    """Middle of the probe's band: turns phase into millimetres."""
