"""Finding the probe in a recording, and what is known of it from then on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge_worker.sensing.acoustic.frames import FrameGrid
from edge_worker.sensing.acoustic.probe import FRAME_SAMPLES
from edge_worker.sensing.acoustic.range_map import (
    FRAME_RATE_HZ,
    ComplexArray,
    FloatArray,
)

MAX_SKEW_PPM = 400.0
"""Above, the rotation could be a neighbour's comb (625 ppm). Quartz stays below 200."""
MIN_COHERENCE = 0.5
"""Between successive frames; noise alone gives 0.02, the probe 30 dB above it 0.999."""
MIN_COMPACTNESS = 7.0
"""Peak to mean of the impulse response; a tone or noise gives 1 to 5."""


class Lock:
    """What is known of a probe that was found; changes from hop to hop."""

    def __init__(
        self,
        *,
        position: float,
        skew: float,
        reference: ComplexArray,
        phase: float,
        direct_s: float,
    ) -> None:
        self.position = position
        """Next frame's start in the recording, in samples, fractional."""
        self.skew = skew
        self.reference = reference
        """The standing room, shape (tones,)."""
        self.phase = phase
        """Of the room against the reference, at the next frame."""
        self.direct_s = direct_s
        self.index = 0
        self.coherence = 1.0
        self.residual_ppm = 0.0
        self.last: ComplexArray | None = None
        self.last_still = reference
        self.history: ComplexArray | None = None
        self.blank_history = np.zeros(0, dtype=bool)
        self.transform: ComplexArray | None = None


def acquire(grid: FrameGrid, sound: FloatArray, start: int) -> Lock | None:
    """Find the probe and the clock skew in one hop; None without a probe."""
    count = (len(sound) - start) // FRAME_SAMPLES - 1
    if count < 80:
        return None
    skew = 0.0
    mean_hz = float(grid.probe.frequencies_hz.mean())
    tones = grid.cut(sound, start, count, skew, 0)[0]
    for lag in (1, 8, 40):
        tones = grid.cut(sound, start, count, skew, 0)[0]
        unit = tones / (np.linalg.norm(tones, axis=1, keepdims=True) + 1e-12)
        steps = np.sum(unit[lag:] * np.conj(unit[:-lag]), axis=1)
        # Half of the frames may lie in a gap or under speech: count the better ones.
        turn = steps[np.abs(steps) >= np.median(np.abs(steps))].sum()
        if lag == 1 and np.median(np.abs(steps)) < MIN_COHERENCE:
            return None
        skew += float(np.angle(turn)) / (2 * np.pi * mean_hz * lag / FRAME_RATE_HZ)
        if abs(skew) > MAX_SKEW_PPM * 1e-6:
            return None
    tones = grid.cut(sound, start, count, skew, 0)[0]
    unit = tones / (np.linalg.norm(tones, axis=1, keepdims=True) + 1e-12)
    # The standing room: the frames' main direction, robust against a few odd ones.
    reference = unit.sum(axis=0)
    for _ in range(3):
        match = unit @ np.conj(reference)
        weight = match * np.maximum(0, np.abs(match) - 0.5 * np.abs(match).max())
        reference = np.conj(weight) @ unit
        reference /= np.linalg.norm(reference)
    match = unit @ np.conj(reference)
    good = np.abs(match) > MIN_COHERENCE
    if good.sum() < 0.3 * count or _compactness(reference) < MIN_COMPACTNESS:
        return None
    scale = float(np.median(np.linalg.norm(tones[good], axis=1)))
    return Lock(
        position=float(start),
        skew=skew,
        reference=(reference * scale).astype(np.complex64),
        phase=float(np.angle(match[good].sum())),
        direct_s=_direct_delay(reference),
    )


def _impulse_response(reference: ComplexArray, points: int) -> npt.NDArray[np.float64]:
    tones = reference * np.hanning(len(reference) + 2)[1:-1]
    padded = np.zeros(points, dtype=np.complex128)
    padded[: len(tones)] = tones
    return np.abs(np.fft.ifft(padded)) * points


def _compactness(reference: ComplexArray) -> float:
    power = _impulse_response(reference, 4 * len(reference)) ** 2
    return float(power.max() / power.mean())


def _direct_delay(reference: ComplexArray) -> float:
    """Delay of the direct path within the 20 ms of one frame, in seconds.

    The strongest peak, or an earlier one within 10 dB and 1.5 ms before it: a table
    top or a wall can be louder than a microphone behind the loudspeaker hears it.
    """
    points = 4 * FRAME_SAMPLES
    response = _impulse_response(reference, points)
    strongest = int(response.argmax())
    before = np.arange(strongest - round(1.5e-3 * points / 0.02), strongest + 1)
    local = response[before % points]
    higher = (local >= np.roll(local, 1)) & (local >= response[(before + 1) % points])
    candidates = before[higher & (local > 0.32 * response[strongest])]
    return float((candidates[0] if len(candidates) else strongest) % points / points * 0.02)
