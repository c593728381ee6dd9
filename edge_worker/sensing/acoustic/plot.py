"""A picture of a recording: echoes, movement, rates."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from edge_worker.messages import ReadingState
from edge_worker.sensing.acoustic.errors import AcousticError
from edge_worker.sensing.acoustic.range_map import HOP_S, RANGE_M, SLOW_RATE_HZ
from edge_worker.sensing.acoustic.receiver import Hop

COLUMNS_PER_HOP = 10
FRAMES_PER_COLUMN = round(HOP_S * SLOW_RATE_HZ) // COLUMNS_PER_HOP
MIDDLE_HZ = 20_000.0


def draw(hops: Iterable[Hop], out: Path) -> None:
    """Draw three panels over one time axis into a PNG file.

    Raises AcousticError when matplotlib is missing or there is nothing to draw, OSError
    when the file cannot be written.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise AcousticError("drawing needs matplotlib: install edge-worker[train]") from error
    every = list(_thin(hops))
    if not every:
        raise AcousticError("the recording is shorter than two seconds: nothing to draw")
    figure = Figure(figsize=(10, 8.5), layout="constrained")
    FigureCanvasAgg(figure)
    echo_axes, movement_axes, rate_axes = figure.subplots(3, 1, sharex=True)
    _echoes(figure, echo_axes, every)
    _movement(movement_axes, every)
    _rates(rate_axes, every)
    figure.savefig(out, dpi=65, format="png")


class _Thin:
    """What the picture needs of one hop."""

    def __init__(self, hop: Hop) -> None:
        self.vitals = hop.vitals
        frames = len(hop.map.echoes) // FRAMES_PER_COLUMN * FRAMES_PER_COLUMN
        steps = np.diff(hop.map.echoes[:frames], axis=0, append=hop.map.echoes[frames - 1 : frames])
        power = np.mean(np.abs(steps.reshape(-1, FRAMES_PER_COLUMN, len(RANGE_M))) ** 2, axis=1)
        column = np.full((COLUMNS_PER_HOP, len(RANGE_M)), np.nan)
        column[: len(power)] = 10 * np.log10(power[:COLUMNS_PER_HOP] + 1e-12)
        self.moving_db = column
        self.chest_mm = hop.movement_mm


def _thin(hops: Iterable[Hop]) -> Iterable[_Thin]:
    for hop in hops:
        yield _Thin(hop)


def _echoes(figure: Any, axes: Any, hops: list[_Thin]) -> None:
    picture = np.concatenate([hop.moving_db for hop in hops])
    start, end = hops[0].vitals.t - HOP_S, hops[-1].vitals.t
    low = float(np.nanpercentile(picture, 5)) if np.isfinite(picture).any() else -100.0
    image = axes.imshow(
        picture.T,
        aspect="auto",
        origin="lower",
        extent=(start, end, RANGE_M[0], RANGE_M[-1]),
        vmin=low,
        vmax=low + 40,
        cmap="viridis",
    )
    figure.colorbar(image, ax=axes, label="change, dB of direct sound")
    axes.plot(
        [hop.vitals.t for hop in hops],
        [np.nan if hop.vitals.range_m is None else hop.vitals.range_m for hop in hops],
        "r.",
        markersize=3,
    )
    axes.set_ylabel("range, m")


def _movement(axes: Any, hops: list[_Thin]) -> None:
    for hop in hops:
        if hop.chest_mm is not None:
            time_s = hop.vitals.t - np.arange(len(hop.chest_mm))[::-1] / SLOW_RATE_HZ
            axes.plot(time_s, hop.chest_mm - hop.chest_mm.mean(), "C0", linewidth=0.8)
        if hop.vitals.breathing_pause:
            axes.axvspan(hop.vitals.t - HOP_S, hop.vitals.t, color="orange", alpha=0.4)
    axes.set_ylabel("chest towards sonar, mm\n(mean of each hop removed)")


def _rates(axes: Any, hops: list[_Thin]) -> None:
    for name, label, colour in (
        ("breathing", "breaths/min", "C0"),
        ("heart", "heart, bpm", "C3"),
    ):
        known = [hop.vitals for hop in hops if getattr(hop.vitals, f"{name}_rate") is not None]
        axes.errorbar(
            [vitals.t for vitals in known],
            [getattr(vitals, f"{name}_rate") for vitals in known],
            [getattr(vitals, f"{name}_error") for vitals in known],
            fmt=".",
            color=colour,
            label=label,
            markersize=4,
        )
    axes.set_ylim(0, 165)
    axes.set_ylabel("per minute")
    axes.set_xlabel("time, s")
    quality = axes.twinx()
    time_s = [hop.vitals.t for hop in hops]
    quality.plot(time_s, [hop.vitals.breathing_quality for hop in hops], "C0", alpha=0.35)
    quality.plot(time_s, [hop.vitals.heart_quality for hop in hops], "C3", alpha=0.35)
    quality.set_ylim(0, 1.05)
    quality.set_ylabel("quality (lines)")
    for hop in hops:
        if hop.vitals.state is not ReadingState.OK:
            axes.axvspan(hop.vitals.t - HOP_S, hop.vitals.t, color="grey", alpha=0.15, linewidth=0)
    axes.legend(loc="upper right")
