"""Load the planner without Home Assistant, which the package above it imports."""

from __future__ import annotations

import sys
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def load() -> None:
    """Make `edge_ai.planner` importable: a bare parent module stands in for the integration."""
    if "edge_ai" not in sys.modules:
        parent = types.ModuleType("edge_ai")
        parent.__path__ = [str(ROOT / "custom_components" / "edge_ai")]
        sys.modules["edge_ai"] = parent
