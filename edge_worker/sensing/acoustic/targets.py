"""Who is where: which ranges move like a body, above the noise."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from edge_worker.sensing.acoustic.range_map import RANGE_M, SLOW_RATE_HZ, ComplexArray

FloatArray = npt.NDArray[np.float64]

BODY_HZ = (0.08, 2.0)
FLOOR_HZ = (4.0, 9.5)
"""Above what bodies do at rest, below the decimation filter's edge."""
LEAST_FLOOR = 1e-9
"""Noise floor, against the direct sound, that no room falls below: -90 dB."""
APART_BINS = 8
"""Two bodies 16 cm apart have separate traces; closer ones melt into one."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """Something that moves at one range."""

    bin: int
    range_m: float
    ratio: float
    """Movement over noise: mean power in BODY_HZ over that in FLOOR_HZ. Nobody: about 1."""
    power: float
    """In BODY_HZ, in units of the direct sound squared."""


@dataclass(frozen=True, kw_only=True)
class RangePicture:
    """Movement over ranges in one window."""

    targets: tuple[Target, ...]
    """Strongest first; at least two cells apart."""
    floor_db: float
    """Noise in slow time against the direct sound, median over ranges."""
    ratios: FloatArray
    """Movement over noise, shape (len(RANGE_M),)."""
    powers: FloatArray
    """In BODY_HZ, shape (len(RANGE_M),)."""

    def at(self, index: int) -> Target:
        """What moves at one range bin."""
        return Target(
            bin=index,
            range_m=float(RANGE_M[index]),
            ratio=float(self.ratios[index]),
            power=float(self.powers[index]),
        )


def look(echoes: ComplexArray) -> RangePicture:
    """Find moving targets in echoes of shape (frames, ranges) at SLOW_RATE_HZ."""
    count = len(echoes)
    window = np.hanning(count)[:, None].astype(np.float32)
    moved = (echoes - echoes.mean(axis=0)) * window
    power = np.abs(np.fft.fft(moved, axis=0)) ** 2 / (count * float(np.sum(window**2)))
    frequency = np.abs(np.fft.fftfreq(count, 1 / SLOW_RATE_HZ))
    body = (frequency >= BODY_HZ[0]) & (frequency <= BODY_HZ[1])
    floor = (frequency >= FLOOR_HZ[0]) & (frequency <= FLOOR_HZ[1])
    body_power = power[body].sum(axis=0)
    floor_density = power[floor].mean(axis=0)
    # A recording without any noise would make every rounding error stand out.
    ratio = body_power / body.sum() / (floor_density + LEAST_FLOOR / count)
    usable = ratio >= np.median(ratio)
    found = []
    left = np.where(usable, body_power, 0.0)
    for _ in range(3):
        best = int(left.argmax())
        if left[best] <= 0:
            break
        found.append(best)
        left[max(0, best - APART_BINS) : best + APART_BINS + 1] = 0
    total_floor = float(np.median(floor_density)) * count
    picture = RangePicture(
        targets=(),
        floor_db=float(10 * np.log10(total_floor + 1e-30)),
        ratios=ratio,
        powers=body_power,
    )
    return replace(picture, targets=tuple(picture.at(index) for index in found))
