"""What an evaluation found: figures with their intervals and bars, as text and as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from edge_worker.mood.scores import CoveragePoint, ReliabilityBin, Score


@dataclass(frozen=True, kw_only=True)
class Bar:
    """What a figure should reach; `least`: higher is better."""

    floor: float
    goal: float
    least: bool = True

    def verdict(self, value: float) -> str:
        """In one or two words."""
        if not math.isfinite(value):
            return "not measured"
        for bar, words in ((self.goal, "goal met"), (self.floor, "floor met")):
            if (value >= bar) if self.least else (value <= bar):
                return words
        return "below floor" if self.least else "above floor"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured number."""

    key: str
    words: str
    score: Score
    bar: Bar | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """All that one evaluation found."""

    title: str
    rows: int
    people: int
    figures: tuple[Figure, ...]
    reliability: tuple[ReliabilityBin, ...] = ()
    coverage: tuple[CoveragePoint, ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)

    def value(self, key: str) -> float:
        """The figure of this key. Raises KeyError when there is none."""
        return self.figure(key).score.value

    def figure(self, key: str) -> Figure:
        """The figure of this key. Raises KeyError when there is none."""
        for figure in self.figures:
            if figure.key == key:
                return figure
        raise KeyError(key)


def plain(value: float) -> Score:
    """A figure without an interval."""
    return Score(value=value, low=float("nan"), high=float("nan"), people=0)


def as_json(report: Report) -> dict[str, Any]:
    """Plain JSON types; what is not defined is null."""
    return {
        "title": report.title,
        "rows": report.rows,
        "people": report.people,
        "figures": {figure.key: _figure(figure) for figure in report.figures},
        "reliability": [
            {
                "said": round(b.predicted, 4),
                "seen": round(b.observed, 4),
                "share": round(b.share, 4),
            }
            for b in report.reliability
        ],
        "coverage": [
            {"coverage": p.coverage, "balanced_accuracy": _number(p.balanced_accuracy)}
            for p in report.coverage
        ],
        "notes": dict(report.notes),
    }


def as_text(report: Report) -> str:
    """A Markdown table, as it stands in the documentation."""
    lines = [
        f"### {report.title}",
        "",
        f"{report.rows} rows of {report.people} people; brackets: 95 % bootstrap over people.",
        "",
        "| figure | measured | floor / goal | |",
        "|---|---|---|---|",
    ]
    lines += [_line(figure) for figure in report.figures]
    if report.coverage:
        points = ", ".join(f"{p.coverage:.0%}: {p.balanced_accuracy:.3f}" for p in report.coverage)
        lines += ["", f"Balanced accuracy of the surest share (pooled): {points}."]
    lines += ["", *(f"- {name}: {value}" for name, value in report.notes.items())]
    return "\n".join(lines).rstrip() + "\n"


def _line(figure: Figure) -> str:
    score, bar = figure.score, figure.bar
    measured = "-" if not math.isfinite(score.value) else f"{score.value:.3f}"
    if math.isfinite(score.low):
        measured += f" [{score.low:.3f}, {score.high:.3f}]"
    if score.people:
        measured += f" ({score.people} people)"
    bars = "" if bar is None else f"{'≥' if bar.least else '≤'} {bar.floor:g} / {bar.goal:g}"
    verdict = "" if bar is None else bar.verdict(score.value)
    return f"| {figure.words} | {measured} | {bars} | {verdict} |"


def _figure(figure: Figure) -> dict[str, Any]:
    score = figure.score
    data: dict[str, Any] = {
        "words": figure.words,
        "value": _number(score.value),
        "low": _number(score.low),
        "high": _number(score.high),
        "people": score.people,
    }
    if figure.bar is not None:
        data |= {
            "floor": figure.bar.floor,
            "goal": figure.bar.goal,
            "verdict": figure.bar.verdict(score.value),
        }
    return data


def _number(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None


def join_texts(reports: Sequence[Report]) -> str:
    """Several reports after each other."""
    return "\n".join(as_text(report) for report in reports)
