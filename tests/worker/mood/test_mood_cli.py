"""The commands on synthetic files: exact columns, sentences instead of tracebacks."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge_worker.mood import commands
from edge_worker.mood.cli import app

RUN = CliRunner()


def _vitals(folder: Path, name: str = "vitals.csv.gz") -> list[str]:
    return ["--vitals", str(folder / name), "--condition", str(folder / "condition.csv")]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_predict_windows(vitals_files: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    result = RUN.invoke(app, ["predict", *_vitals(vitals_files), "--out", str(out)])
    assert result.exit_code == 0, result.output
    rows = _rows(out)
    assert list(rows[0]) == ["person", "time", "probability", "label"]
    assert {row["label"] for row in rows} <= {"calm", "activated", "unknown"}
    for row in rows:
        probability = float(row["probability"])
        assert 0 < probability < 1
        assert (row["label"] == "unknown") == (0.3 < probability < 0.7)
    assert min(float(row["time"]) for row in rows if row["person"] == "P01") == 40 + 120 + 30
    shuffled = tmp_path / "shuffled.csv"
    files = _vitals(vitals_files, "shuffled.csv.gz")
    assert RUN.invoke(app, ["predict", *files, "--out", str(shuffled)]).exit_code == 0
    assert shuffled.read_text() == out.read_text()


def test_predict_days(days_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    result = RUN.invoke(app, ["predict", "--usage", str(days_file), "--out", str(out)])
    assert result.exit_code == 0, result.output
    rows = _rows(out)
    assert list(rows[0]) == ["person", "time", "probability", "label"]
    assert len(rows) == 8 * 50
    assert rows[0] == {
        "person": "D0",
        "time": "2014-03-01",
        "probability": "0.500000",
        "label": "unknown",
    }
    assert len({row["probability"] for row in rows}) > 100


def test_evaluate_prints_tables_or_json(
    vitals_files: Path, days_file: Path, tmp_path: Path
) -> None:
    arguments = ["evaluate", *_vitals(vitals_files), "--usage", str(days_file)]
    text = RUN.invoke(app, arguments)
    assert text.exit_code == 0, text.output
    assert "balanced accuracy per window" in text.stdout
    result = RUN.invoke(app, [*arguments, "--json", "--plots", str(tmp_path)])
    data = json.loads(result.stdout)
    assert data["activation"]["figures"]["window_balanced_accuracy"]["value"] > 0.6
    assert data["valence"]["figures"]["null_upper"]["value"] < 0.7
    assert (tmp_path / "mood-activation-reliability.png").stat().st_size < 200_000


def test_cross_validation_writes_page_and_cards(days_file: Path, tmp_path: Path) -> None:
    models, page = tmp_path / "models", tmp_path / "page.md"
    assert (
        RUN.invoke(app, ["train", "--usage", str(days_file), "--out", str(models)]).exit_code == 0
    )
    page.write_text("before\n<!-- begin valence -->\nold\n<!-- end valence -->\nafter\n")
    arguments = ["evaluate", "--usage", str(days_file), "--cross-validate", "--cards", str(models)]
    result = RUN.invoke(app, [*arguments, "--page", str(page)])
    assert result.exit_code == 0, result.output
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("<!-- end valence -->\nafter\n")
    assert "old" not in text
    card = json.loads((models / "valence_history.card.json").read_text())
    assert card["measured"]["figures"]["history_auc"]["people"] == 8
    refused = RUN.invoke(app, ["evaluate", "--usage", str(days_file), "--cards", str(models)])
    assert refused.exit_code == 1
    assert "never seen" in refused.output
    trained = RUN.invoke(app, ["evaluate", "--usage", str(days_file), "--models", str(models)])
    assert trained.exit_code == 0


def test_personalise_a_file_and_a_store(days_file: Path, tmp_path: Path) -> None:
    result = RUN.invoke(app, ["personalise", "--usage", str(days_file), "--json"])
    for person in json.loads(result.stdout).values():
        if person["changed"] and person["loss_before"] is not None:
            assert person["loss_after"] <= person["loss_before"] or person["kept"]["slope"] == 1.0
    for day in range(3):
        commands.check_in(tmp_path, "anna", 3, time=1_700_000_000 + 86_400 * day)
    result = RUN.invoke(app, ["personalise", "--data-dir", str(tmp_path)])
    assert result.exit_code == 0
    assert "anna" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["evaluate"], "--usage"),
        (["predict", "--out", "x.csv"], "either"),
        (["predict", "--usage", "no-such.csv", "--out", "x.csv"], "cannot be read"),
        (["evaluate", "--vitals", "no-such.csv"], "--condition"),
        (["train", "--usage", "no-such.csv", "--out", "models"], "cannot be read"),
        (["personalise"], "either"),
        (["personalise", "--data-dir", "no-such"], "no-such"),
        (["predict", "--usage", "no-such.csv", "--out", "x", "--models", "m"], "cannot be read"),
    ],
)
def test_mistakes_get_one_sentence(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = RUN.invoke(app, arguments)
    assert result.exit_code == 1
    assert words in result.output
    assert "Traceback" not in result.output
    assert isinstance(result.exception, SystemExit)


def test_describing_the_tools_loads_nothing_heavy() -> None:
    code = (
        "import sys, edge_worker.mood.tools, edge_worker.mood.cli;"
        "print([m for m in ('numpy', 'scipy', 'sklearn', 'pandas', 'openai', 'matplotlib')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_predicting_needs_no_scikit_learn(vitals_files: Path, tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['sklearn'] = None; sys.modules['pandas'] = None\n"
        "from typer.testing import CliRunner; from edge_worker.mood.cli import app\n"
        f"r = CliRunner().invoke(app, {['predict', *_vitals(vitals_files)]!r} + "
        f"['--out', {str(tmp_path / 'o.csv')!r}])\n"
        "print(r.exit_code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"


@pytest.mark.parametrize(
    ("heart", "breathing", "tasks", "sentence"),
    [
        ("70", "14", ("RestingBaseline",), ""),  # one class, one person, stuck
        ("70", "14", ("RestingBaseline", "BaselineWriting"), ""),  # stuck
        ("999", "-3", ("RestingBaseline", "BaselineWriting"), "no window could be judged"),
    ],
)
def test_poor_recordings_are_scored_or_named(
    tmp_path: Path, heart: str, breathing: str, tasks: tuple[str, ...], sentence: str
) -> None:
    lines = ["id,Time,HR_z,BR_z,Session"]
    for number, task in enumerate(tasks):
        lines += [f"A,{240 * number + s},{heart},{breathing},{task}" for s in range(240)]
    (tmp_path / "vitals.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "condition.csv").write_text("Subject,Condition\nA,BH\n")
    files = _vitals(tmp_path, "vitals.csv")
    result = RUN.invoke(app, ["evaluate", "--json", *files])
    assert isinstance(result.exception, SystemExit | None), result.exception
    assert result.exit_code == (1 if sentence else 0)
    assert sentence in result.output
    if not sentence:
        figures = json.loads(result.stdout)["activation"]["figures"]
        # Nobody did the Stroop test and nobody watched the video: no figure, and no fault.
        assert figures["stroop_auc"]["value"] is None


def test_days_without_app_use_are_scored_without_a_warning(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    days = [f"A,2014-03-{day:02d},,,7" for day in range(1, 29)]
    path = tmp_path / "days.csv"
    path.write_text("\n".join(["id,date,appCat.social,screen,mood", *days]) + "\n")
    result = RUN.invoke(app, ["evaluate", "--json", "--usage", str(path)])
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)["valence"]["figures"]
    assert figures["usage_log_loss"]["value"] is None
    assert [str(warning.message) for warning in recwarn] == []
