"""Figures on the cards of tools that benchmarks wrote: `python -m edge_worker.bench.tool_cards`."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from edge_worker.messages import Measured

FILE = "measured.json"


def measured(tool: str) -> tuple[Measured, ...]:
    """What was measured of this tool, its headline first; empty when nothing was."""
    return tuple(Measured(**figure) for figure in _figures().get(tool, ()))


@cache
def _figures() -> dict[str, list[dict[str, Any]]]:
    text = resources.files(__package__).joinpath(FILE).read_text(encoding="utf-8")
    figures: dict[str, list[dict[str, Any]]] = json.loads(text)
    return figures
