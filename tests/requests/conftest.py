"""Make the planner and the benchmark importable without Home Assistant."""

from __future__ import annotations

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parents[1]
sys.path[:0] = [str(_HERE), str(_ROOT / "scripts"), str(_ROOT / "tests" / "planner")]

import _planner  # noqa: E402

_planner.load()
