from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLANNER = ROOT / "custom_components" / "edge_ai" / "planner"


def test_the_planner_loads_neither_home_assistant_nor_any_package():
    modules = sorted(path.stem for path in PLANNER.glob("*.py"))
    code = f"""
import sys
sys.path.insert(0, {str(ROOT / "scripts")!r})
import _planner
_planner.load()
import importlib
for name in {modules!r}:
    importlib.import_module("edge_ai.planner" + ("" if name == "__init__" else "." + name))
foreign = {{name.split(".")[0] for name in sys.modules}} - set(sys.stdlib_module_names)
print(sorted(foreign - {{"edge_ai", "_planner", "__main__"}}))
"""
    run = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    )
    # Files that the interpreter's own start-up loads have nothing to do with the planner.
    foreign = {
        name for name in ast.literal_eval(run.stdout) if not name.startswith(("_", "sitecustomize"))
    }
    assert not foreign & {"homeassistant", "openai", "voluptuous", "aiohttp", "numpy", "pydantic"}
    assert "edge_worker" not in foreign


def test_ports_mirror_the_workers():
    from edge_ai.planner.ports import PORT_OF

    from edge_worker.catalogue.ports import PORT_QUANTITIES

    assert {str(q): p for q, p in PORT_OF.items()} == {
        str(quantity): str(port)
        for port, quantities in PORT_QUANTITIES.items()
        for quantity in quantities
    }
