"""Chest movement in millimetres from the echo of one range bin.

The echo of a chest runs along a circle around everything that stands still at the same
range. The circle's centre is fitted (Taubin 1991, least biased for short arcs), and the
angle, unwrapped, is the movement. Where the arc is too short to show its centre, the
movement is the projection on its main direction: right in shape, rough in size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_worker.sensing.acoustic.channel import SLOW_RATE_HZ, SOUND_M_PER_S

FloatArray = npt.NDArray[np.float64]
MIN_ARC_RAD = 0.6
MAX_RESIDUAL = 0.35


@dataclass(frozen=True, kw_only=True)
class Displacement:
    """Movement towards the sonar at SLOW_RATE_HZ, millimetres, shape (samples,)."""

    mm: FloatArray
    residual: float
    """Distance of the echo from its circle, as a share of the radius."""
    arc: bool
    """True: from the angle on a circle. False: a projection, its size is rough."""


def demodulate(echo: npt.NDArray[np.complex64], middle_hz: float) -> Displacement:
    """Turn one bin's echo, shape (samples,), into chest movement.

    Raises ValueError for fewer than 2 s of echo.
    """
    if len(echo) < 2 * SLOW_RATE_HZ:
        raise ValueError("at least two seconds of echo are needed")
    mm_per_rad = 1000 * SOUND_M_PER_S / middle_hz / (4 * np.pi)
    points = echo.astype(np.complex128)
    centre, radius = fit_circle(points)
    around = points - centre
    residual = float(np.std(np.abs(around)) / (radius + 1e-20))
    angle = np.unwrap(np.angle(around))
    low, high = np.percentile(angle, [2, 98])
    if residual <= MAX_RESIDUAL and high - low >= MIN_ARC_RAD:
        return Displacement(mm=angle * mm_per_rad, residual=residual, arc=True)
    moved = points - points.mean()
    # The main direction of a complex cloud is half the angle of its mean square.
    axis = np.exp(-0.5j * np.angle(np.mean(moved**2)))
    length = np.real(moved * axis)
    # Without a circle the amplitude of the echo itself stands in for the radius.
    size = max(float(np.abs(points).mean()), 1e-12)
    return Displacement(mm=length / size * mm_per_rad, residual=residual, arc=False)


def fit_circle(points: npt.NDArray[np.complex128]) -> tuple[complex, float]:
    """Centre and radius of the circle nearest to the points, shape (samples,)."""
    middle = points.mean()
    moved = points - middle
    scale = float(np.sqrt(np.mean(np.abs(moved) ** 2))) + 1e-30
    x, y = moved.real / scale, moved.imag / scale
    square = x * x + y * y
    mean_square = square.mean()
    # Taubin's constraint makes this an eigenvalue problem of size 3.
    columns = np.stack(((square - mean_square) / (2 * np.sqrt(mean_square)), x, y))
    values, vectors = np.linalg.eigh(columns @ columns.T)
    first, second, third = vectors[:, int(values.argmin())]
    first /= 2 * np.sqrt(mean_square)
    if abs(first) < 1e-9:
        return complex(middle), scale
    constant = -mean_square * first
    centre = -(second + 1j * third) / (2 * first)
    radius = np.sqrt(second**2 + third**2 - 4 * first * constant) / (2 * abs(first))
    return complex(middle + centre * scale), float(radius * scale)
