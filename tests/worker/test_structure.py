"""The design's arrows: who may import whom, and what stays unloaded."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "edge_worker"
WINGS = ("sensing", "mood", "offload", "federated")
# Each room may use those to its left; `bench` measures everything.
ALLOWED = {
    "messages": (),
    "settings": (),
    "catalogue": ("messages",),
    "link": ("settings",),
    **dict.fromkeys(WINGS, ("messages", "catalogue")),
    "runtime": ("messages", "settings", "catalogue", "link", *WINGS),
}
HEAVY = ("torch", "sklearn", "flwr", "openai", "numpy", "scipy", "matplotlib", "pandas")


def imports_of(path: Path) -> set[str]:
    """Names of our own modules that a file imports, without the package's name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return {name.removeprefix("edge_worker.") for name in found if name.startswith("edge_worker.")}


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_room_imports_only_what_lies_to_its_left(room: str) -> None:
    place = PACKAGE / room
    files = [place.with_suffix(".py")] if place.with_suffix(".py").exists() else place.rglob("*.py")
    wrong = [
        f"{path.relative_to(PACKAGE)}: {name}"
        for path in files
        for name in imports_of(path)
        if name.split(".")[0] not in (*ALLOWED[room], room)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("one", "other"),
    [("sensing/acoustic", "sensing.traffic"), ("sensing/traffic", "sensing.acoustic")],
)
def test_sensors_do_not_import_each_other(one: str, other: str) -> None:
    for path in (PACKAGE / one).rglob("*.py"):
        assert not any(name.startswith(other) for name in imports_of(path)), path


def loaded(code: str) -> set[str]:
    """Top-level modules in a fresh interpreter after `code`."""
    answer = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.split(".")[0] for name in answer.stdout.split()}


@pytest.mark.parametrize(
    "code",
    [
        "import edge_worker.cli",
        "from edge_worker.runtime.toolbox import load_tools; load_tools()",
        "import edge_worker.runtime.device",
    ],
)
def test_heavy_libraries_stay_unloaded(code: str) -> None:
    assert loaded(code).isdisjoint(HEAVY)


def test_a_capture_is_read_without_the_libraries_of_the_worker() -> None:
    command = "sys.argv = ['edge-worker', 'traffic', 'analyze', '/no/such.pcap']"
    modules = loaded(
        f"import sys; {command}\nfrom edge_worker.__main__ import main\n"
        "try: main()\nexcept SystemExit: pass"
    )
    assert "edge_worker" in modules
    assert modules.isdisjoint(("typer", "pydantic", "cryptography", "rich"))
