"""All tools of this program, found without loading what they need."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from typing import Any

from edge_worker.catalogue.tool import Tool
from edge_worker.messages import ToolCard

_WINGS = (
    "edge_worker.sensing.acoustic.tools",
    "edge_worker.sensing.traffic.tools",
    "edge_worker.mood.tools",
)


def load_tools() -> dict[str, Tool]:
    """Name → tool, over all wings."""
    tools: dict[str, Tool] = {}
    for module in _WINGS:
        for tool in importlib.import_module(module).TOOLS:
            tools[tool.card.name] = tool
    return tools


def offered(tools: Mapping[str, Tool], capabilities: Iterable[str]) -> tuple[ToolCard, ...]:
    """Cards of the tools that a device with these capabilities can run."""
    have = set(capabilities)
    return tuple(
        tool.card
        for tool in tools.values()
        if have.issuperset(tool.card.needs) and not tool.problem()
    )
