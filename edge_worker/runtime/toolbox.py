"""All tools of this program, found without loading what they need."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from edge_worker.catalogue.tool import Tool
from edge_worker.messages import ToolCard

_WINGS = (
    "edge_worker.sensing.acoustic.tools",
    "edge_worker.sensing.traffic.tools",
    "edge_worker.mood.tools",
    "edge_worker.runtime.combined_tools",
)


def load_tools() -> dict[str, Tool]:
    """Name → tool, over all wings."""
    tools: dict[str, Tool] = {}
    for module in _WINGS:
        for tool in importlib.import_module(module).TOOLS:
            tools[tool.card.name] = tool
    return tools


def offered(
    tools: Mapping[str, Tool],
    capabilities: Iterable[str],
    settings: Mapping[str, Mapping[str, Any]],
    data_dir: Path,
) -> tuple[tuple[ToolCard, ...], dict[str, str]]:
    """Cards of the tools that a device can run; and, by name, why others can't run here.

    settings: one table for each tool. data_dir: holds the model store; a tool that rests on a
    promoted model is offered with that version's card, and not at all while there is none.
    """
    have = set(capabilities)
    wanted = [tool for tool in tools.values() if have.issuperset(tool.card.needs)]
    problems = {
        tool.card.name: problem
        for tool in wanted
        if (problem := tool.problem(settings.get(tool.card.name, {})))
    }
    able = (tool for tool in wanted if tool.card.name not in problems)
    cards = (tool.promoted(tool.card, data_dir) if tool.promoted else tool.card for tool in able)
    return tuple(card for card in cards if card is not None), problems
