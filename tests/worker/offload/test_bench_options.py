"""What the benchmark is asked for is judged before hours of measuring, not in them."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from edge_worker.bench import offload

app = typer.Typer()
app.command()(offload.main)


@pytest.fixture(autouse=True)
def _measures_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("prepare", "simulated_windows", "stage"):
        monkeypatch.setattr(offload, name, None)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--models", "nope"], "There is no 'nope'"),
        (["--bandwidths", "fast"], "--bandwidths wants numbers above 0"),
        (["--bandwidths", "0,1"], "--bandwidths wants numbers above 0"),
        (["--slowdowns", "nan"], "--slowdowns wants numbers above 0"),
        (["--out", "{}/note/bench"], "Can't write"),
        (["--out", "{}/broken", "--resume"], "holds no results"),
        (["--out", "{}/other", "--resume"], "holds no results"),
    ],
)
def test_what_cannot_be_measured_is_told_at_once(
    tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    (tmp_path / "note").write_text("mine")
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "other.json").write_text("[1]")
    found = CliRunner().invoke(
        app, [item.format(tmp_path) for item in arguments], env={"COLUMNS": "200"}
    )
    assert found.exit_code == 2
    assert sentence in found.output
    assert (tmp_path / "broken.json").read_text() == "{"


def test_a_run_that_measured_nothing_can_be_resumed(tmp_path: Path) -> None:
    (tmp_path / "bench.json").touch()
    assert offload._begun(tmp_path / "bench") == offload._new()
    assert offload._begun(tmp_path / "none") == offload._new()
