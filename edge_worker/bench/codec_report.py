"""Table, JSON and plot of the codec benchmark."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RIVAL = "quantisation-aware int4 + zstd"
MOST_LOST = 1.0
"""Points that a codec may lose."""


def write_report(result: Mapping[str, Any], out: Path) -> str:
    """OUT.md, OUT.json and OUT.png; gives the page."""
    page = markdown(result)
    out.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    out.with_suffix(".md").write_text(page, encoding="utf-8")
    draw(result, out.with_suffix(".png"))
    return page


def right(row: Mapping[str, Any]) -> list[float]:
    """Mean of both shares, by seed."""
    return [(b + h) / 2 for b, h in zip(row["breathing"], row["heart"], strict=True)]


def lost(row: Mapping[str, Any], rows: Mapping[str, Mapping[str, Any]]) -> float:
    """Points below the uncoded features, mean over seeds."""
    return right(rows["float32"])[0] - statistics.fmean(right(row))


def markdown(result: Mapping[str, Any]) -> str:
    """The page."""
    rows = {f"{row['name']}": row for row in result["rows"] if row["what"] == "features"}
    lines = [
        "# Codecs between head and tail",
        "",
        "Written by `python -m edge_worker.bench.codec`; do not edit. **Simulated**, not validated"
        f" on people. {result['windows']} windows of 30 s in rooms that no training saw, each coded"
        " on its own; bytes are those of payloads that were decoded again. Learned rows and"
        f" quantisation-aware ones: mean ± standard deviation over {result['seeds']} trainings."
        " *Right*: share of windows whose likeliest rate is within 2 breaths or 5 beats per minute,"
        " the mean of both; no gate, so that hard windows count.",
        "",
        "![Bytes and right answers](codec-bench.png)",
        "",
        "| sent | coding | bytes | 95 % | fewer than float32 features | fewer than the 16-bit map |"
        " breathing right, % | heart right, % | points lost | encode, ms | decode, ms |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [_row(row, rows, result) for row in result["rows"]]
    lines += ["", *_bars(result, rows), ""]
    return "\n".join(lines)


def _row(
    row: Mapping[str, Any], rows: Mapping[str, Mapping[str, Any]], result: Mapping[str, Any]
) -> str:
    size = statistics.fmean(row["bytes"])
    cells = [
        row["what"],
        row["name"],
        _spread(row["bytes"], 0),
        f"{statistics.fmean(row['p95']):.0f}",
        f"{result['feature_bytes'] / size:.1f}x",
        f"{result['input_bytes'] / size:.0f}x",
        _spread(row["breathing"], 1),
        _spread(row["heart"], 1),
        f"{lost(row, rows):.2f}",
        *("" if row[name] is None else f"{row[name]:.2f}" for name in ("encode_ms", "decode_ms")),
    ]
    return "| " + " | ".join(cells) + " |"


def _bars(result: Mapping[str, Any], rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    lines = ["## Bars", ""]
    for name in result["rate_weights"]:
        row = rows[name]
        size = statistics.fmean(row["bytes"])
        lines.append(
            f"- {name}: {result['feature_bytes'] / size:.0f}x fewer bytes than float32 features"
            f" (bar 50x), {statistics.fmean(rows[RIVAL]['bytes']) / size:.1f}x fewer than"
            f" {RIVAL} (bar 3x), {lost(row, rows):.2f} points lost (bar {MOST_LOST:.0f}; the rival"
            f" {lost(rows[RIVAL], rows):.2f}), {result['input_bytes'] / size:.0f}x fewer than the"
            " 16-bit map (goal 100x)."
        )
    return lines


def _spread(values: list[float], digits: int) -> str:
    mean = f"{statistics.fmean(values):.{digits}f}"
    return mean if len(values) < 2 else f"{mean} ± {statistics.stdev(values):.{digits}f}"


def draw(result: Mapping[str, Any], path: Path) -> None:
    """Right answers over bytes, every seed a point."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5), dpi=110, layout="tight")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for row in result["rows"]:
        marker = "o" if row["what"] == "features" else "s"
        label = row["name"] if row["what"] == "features" else f"the map, {row['name']}"
        axes.plot(row["bytes"], right(row), marker, label=label, markersize=6, alpha=0.8)
    axes.set_xscale("log")
    axes.set_xlabel("bytes of one window (log)")
    axes.set_ylabel("right answers, %")
    axes.set_title("Coding the vitals network's features (simulated rooms)")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, loc="lower right")
    figure.savefig(path)
