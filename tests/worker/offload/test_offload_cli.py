from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

pytest.importorskip("torch", reason="capturing needs the extra `neural`")

from edge_worker.offload.cli import app
from edge_worker.offload.profile import Profile
from tests.worker.offload import sample_models

MODELS = "tests.worker.offload.sample_models"


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from edge_worker.offload.capture import capture
    from edge_worker.offload.export import About, write_bundle

    captured = capture(*sample_models.build(sample_models.Residual), name="residual")
    relu = next(item for item in captured.graph.operations if item.kind == "Relu").outputs
    place = tmp_path_factory.mktemp("cli") / "residual"
    write_bundle(place, captured, About(name="residual"), cuts={"early": relu})
    return place


def test_plan_of_a_module_shows_graph_options_and_reason(tmp_path: Path) -> None:
    code, text = run(
        "plan", f"{MODELS}:Residual", "--input", "1,2,64,64", "--profiles", str(tmp_path)
    )
    assert code == 0, text
    assert "Conv" in text
    assert "the device alone" in text
    assert "is the quickest" in text


def test_profile_is_measured_once_then_kept(bundle: Path, tmp_path: Path) -> None:
    code, text = run("profile", str(bundle), "--profiles", str(tmp_path))
    assert code == 0, text
    assert "Measured now" in text
    assert "Kept from before" in run("profile", str(bundle), "--profiles", str(tmp_path))[1]
    (kept,) = tmp_path.iterdir()
    profile = Profile.from_json(kept.read_bytes())
    assert sum(profile.seconds.values()) == pytest.approx(profile.whole_s)
    rough, exact = profile.parts["early/int8"], profile.parts["early/float32"]
    assert (rough.head_s, rough.tail_s) == (exact.head_s, exact.tail_s)
    assert exact.bytes == 4 * 6 * 8 * 10 > 2 * rough.bytes > 0
    assert {"input/float32", "input/int16"} < set(profile.parts)
    kept.write_text("damaged")
    assert "Measured now" in run("profile", str(bundle), "--profiles", str(tmp_path))[1]


def test_plan_takes_the_profile_of_the_device(bundle: Path, tmp_path: Path) -> None:
    kept = str(tmp_path / "kept")
    place = tmp_path / "device.json"
    measured = Profile.from_json(run("profile", str(bundle), "--profiles", kept, "--json")[1])
    place.write_text(measured.slowed(7).to_json())
    code, text = run(
        "plan", str(bundle), "--device-profile", str(place), "--profiles", kept, "--json"
    )
    assert code == 0, text
    found = json.loads(text)
    assert found["device"]["slowdown"] == 7
    assert found["chosen"]["where"] in ("device", "split")
    place.write_text(measured.to_json().replace(measured.model_hash, "f" * 64))
    code, text = run("plan", str(bundle), "--device-profile", str(place), "--profiles", kept)
    assert code == 1
    assert "another model" in text


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nothing"], "There is no model 'nothing'"),
        ([f"{MODELS}:Decides", "--input", "1,3"], "decides by its data"),
        ([f"{MODELS}:Residual"], "needs --input"),
        ([f"{MODELS}:Residual", "--input", "1,-2"], "is not a shape"),
        ([f"{MODELS}:Residual", "--input", "1,2,99999,99999"], "is not a shape"),
        ([f"{MODELS}:Nobody", "--input", "1,2"], "has no 'Nobody'"),
        (["no.such.place:model", "--input", "1,2"], "Can't import no.such.place"),
        ([f"{MODELS}:build", "--input", "1,2"], "without arguments"),
        (["tests"], "is not a bundle"),
    ],
)
def test_what_cannot_be_planned_is_told_in_a_sentence(
    arguments: list[str], sentence: str, tmp_path: Path
) -> None:
    code, text = run("plan", *arguments, "--profiles", str(tmp_path))
    assert code == 1
    assert sentence in text
    assert "Traceback" not in text


def test_an_impossible_link_is_told_in_a_sentence(bundle: Path, tmp_path: Path) -> None:
    code, text = run("plan", str(bundle), "--bandwidth", "0", "--profiles", str(tmp_path))
    assert code == 1
    assert "bandwidth above 0" in text
