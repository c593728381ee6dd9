"""Figures on tool cards: the benchmarks' own, never typed."""

from __future__ import annotations

from pathlib import Path

from edge_worker.bench.tool_cards import ROOT, as_text, figures
from edge_worker.catalogue import measured
from edge_worker.runtime.toolbox import load_tools


def test_cards_say_what_the_benchmarks_wrote() -> None:
    shipped = Path(measured.__file__).with_name(measured.FILE)
    assert shipped.read_text(encoding="utf-8") == as_text(figures(ROOT / "docs"))


def test_every_measured_tool_shows_its_figures() -> None:
    tools = load_tools()
    for name, expected in figures(ROOT / "docs").items():
        shown = [(item.metric, item.value) for item in tools[name].card.quality]
        assert shown == [(item["metric"], item["value"]) for item in expected]


def test_a_tool_without_figures_has_none() -> None:
    assert measured.measured("sonar") == ()
