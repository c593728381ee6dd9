"""Chest movement in millimetres from the echo of one range bin.

The echo of a chest runs along a circle around everything that stands still at the same
range. The circle's centre is fitted (Taubin 1991, least biased for short arcs), and the
angle, unwrapped, is the movement. A chest that pauses shows too short an arc: then the
circle of the hops before is kept. Without any circle the movement is the projection on
its main direction: right in shape, rough in size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_worker.sensing.acoustic.range_map import SLOW_RATE_HZ, SOUND_M_PER_S

FloatArray = npt.NDArray[np.float64]
MIN_ARC_RAD = 0.6
MAX_RESIDUAL = 0.25
FIT_SAMPLES = round(20 * SLOW_RATE_HZ)
LINE_SAMPLES = round(30 * SLOW_RATE_HZ)
ON_CIRCLE = (0.45, 1.7)
"""Radii, in units of the circle's own, at which the echo is still the same body's."""
MAX_ROUNDNESS = 0.25
"""Of a projected movement: variance across over variance along its direction."""


@dataclass(frozen=True, kw_only=True)
class Circle:
    """Where the echo of one range bin runs while a chest moves."""

    bin: int
    centre: complex
    radius: float


@dataclass(frozen=True, kw_only=True)
class Displacement:
    """Movement towards the sonar at SLOW_RATE_HZ, millimetres, shape (samples,)."""

    mm: FloatArray
    steady_from: int
    """First sample from which the echo stayed with one body."""
    residual: float
    """Distance of the echo from its path: 0 is a clean single body."""
    circle: Circle | None
    """None: the movement is a projection, its size is rough."""


def demodulate(
    echo: npt.NDArray[np.complex64], middle_hz: float, index: int, known: Circle | None = None
) -> Displacement:
    """Turn one bin's echo, shape (samples,), into chest movement.

    `index`: the bin; `known`: the circle of the hop before.
    Raises ValueError for fewer than 2 s of echo.
    """
    if len(echo) < 2 * SLOW_RATE_HZ:
        raise ValueError("at least two seconds of echo are needed")
    mm_per_rad = 1000 * SOUND_M_PER_S / middle_hz / (4 * np.pi)
    points = echo.astype(np.complex128)
    recent = points[-FIT_SAMPLES:]
    centre, radius = fit_circle(recent)
    circle: Circle | None = Circle(bin=index, centre=centre, radius=radius)
    angle = np.unwrap(np.angle(recent - centre))
    low, high = np.percentile(angle, [2, 98])
    residual = _residual(recent, centre, radius)
    if residual > MAX_RESIDUAL or high - low < MIN_ARC_RAD:
        circle = None
        if known is not None and known.bin == index:
            old = _residual(recent, known.centre, known.radius)
            if old < MAX_RESIDUAL:
                circle, residual = known, old
    if circle is None:
        return _project(points, mm_per_rad)
    around = points - circle.centre
    size = np.convolve(np.abs(around) / circle.radius, np.ones(25) / 25, mode="same")
    off = (size < ON_CIRCLE[0]) | (size > ON_CIRCLE[1])
    # The moving mean sees zeros beyond the ends.
    off[:13] = off[-13:] = False
    lost = np.flatnonzero(off)
    return Displacement(
        mm=np.unwrap(np.angle(around)) * mm_per_rad,
        steady_from=int(lost[-1]) + 13 if len(lost) else 0,
        residual=residual,
        circle=circle,
    )


def still_there(echo: npt.NDArray[np.complex64], calm: int) -> bool:
    """Whether the last ten seconds lie on the circle of the up to 40 s before.

    echo: shape (samples,), of which the last `calm` showed one body. Somebody who walked
    away leaves the circle's centre behind; a chest that pauses stays on the circle.
    """
    quiet = round(10 * SLOW_RATE_HZ)
    points = echo[-min(calm, 5 * quiet) :].astype(np.complex128)
    centre, radius = fit_circle(points[:-quiet])
    distance = np.abs(points[-quiet:] - centre) / (radius + 1e-20)
    near = float(np.median(distance))
    return _residual(points[:-quiet], centre, radius) < MAX_RESIDUAL and 0.6 < near < 1.5


def _residual(points: npt.NDArray[np.complex128], centre: complex, radius: float) -> float:
    distance = np.abs(points - centre)
    return float(np.sqrt(np.mean((distance - radius) ** 2)) / (radius + 1e-20))


def _project(points: npt.NDArray[np.complex128], mm_per_rad: float) -> Displacement:
    recent = points[-LINE_SAMPLES:]
    moved = recent - recent.mean()
    # The main direction of a complex cloud is half the angle of its mean square.
    mean_square = np.mean(moved**2)
    power = float(np.mean(np.abs(moved) ** 2)) + 1e-30
    axis = np.exp(-0.5j * np.angle(mean_square))
    # Without a circle the size of the echo itself stands in for the radius.
    size = max(float(np.abs(recent).mean()), 1e-12)
    roundness = (power - float(np.abs(mean_square))) / (power + float(np.abs(mean_square)))
    return Displacement(
        mm=np.real((points - recent.mean()) * axis) / size * mm_per_rad,
        steady_from=max(0, len(points) - LINE_SAMPLES),
        residual=MAX_RESIDUAL * roundness / MAX_ROUNDNESS,
        circle=None,
    )


def fit_circle(points: npt.NDArray[np.complex128]) -> tuple[complex, float]:
    """Centre and radius of the circle nearest to the points, shape (samples,)."""
    middle = points.mean()
    moved = points - middle
    scale = float(np.sqrt(np.mean(np.abs(moved) ** 2))) + 1e-30
    x, y = moved.real / scale, moved.imag / scale
    square = x * x + y * y
    mean_square = square.mean()
    # Taubin's constraint makes this an eigenvalue problem of size 3.
    columns = np.stack(((square - mean_square) / (2 * np.sqrt(mean_square) + 1e-30), x, y))
    values, vectors = np.linalg.eigh(columns @ columns.T)
    first, second, third = vectors[:, int(values.argmin())]
    first /= 2 * np.sqrt(mean_square) + 1e-30
    if abs(first) < 1e-9:
        return complex(middle), scale
    constant = -mean_square * first
    centre = -(second + 1j * third) / (2 * first)
    radius = np.sqrt(second**2 + third**2 - 4 * first * constant) / (2 * abs(first))
    return complex(middle + centre * scale), float(radius * scale)
