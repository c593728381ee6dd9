from __future__ import annotations

import importlib
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

pytest.importorskip("torch", reason="capturing needs the extra `neural`")

from edge_worker.offload import profile
from edge_worker.offload.bundle import load_bundle, shipped_bundles
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


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Profiles of these tests, measured once."""
    return tmp_path_factory.mktemp("kept")


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
    found = Profile.from_json(kept.read_bytes())
    assert sum(found.seconds.values()) == pytest.approx(found.whole_s)
    rough, exact = found.parts["early/int8"], found.parts["early/float32"]
    assert (rough.head_s, rough.tail_s) == (exact.head_s, exact.tail_s)
    assert exact.bytes == 4 * 6 * 8 * 10 > 2 * rough.bytes > 0
    assert {"input/float32", "input/int16"} < set(found.parts)
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
        ([""], "There is no model ''"),
        ([f"{MODELS}:Fails", "--input", "1,2"], "makes no module: RuntimeError: no weights here"),
        ([f"{MODELS}:Words", "--input", "1,2:word"], "'word' is not a type"),
        (["vitals_network", "--input", "1,2"], "has inputs of its own"),
    ],
)
def test_what_cannot_be_planned_is_told_in_a_sentence(
    arguments: list[str], sentence: str, tmp_path: Path
) -> None:
    code, text = run("plan", *arguments, "--profiles", str(tmp_path))
    assert code == 1
    assert sentence in text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--bandwidth", "0", "bandwidth above 0"),
        ("--bandwidth", "inf", "bandwidth above 0"),
        ("--rtt", "inf", "round trip of 0 or more"),
        ("--period", "nan", "period is a number above 0"),
        ("--period", "-1", "period is a number above 0"),
        ("--device-memory", "inf", "memory is a number above 0"),
        ("--device-memory", "nan", "memory is a number above 0"),
        ("--device-slowdown", "0", "factor above 0"),
    ],
)
def test_an_impossible_figure_is_told_in_a_sentence(
    bundle: Path, kept: Path, option: str, value: str, sentence: str
) -> None:
    code, text = run("plan", str(bundle), option, value, "--profiles", str(kept))
    assert code == 1
    assert sentence in text
    assert "Traceback" not in text


def test_a_module_of_words_is_planned_with_the_type_of_its_input(tmp_path: Path) -> None:
    arguments = ("plan", f"{MODELS}:Words", "--profiles", str(tmp_path), "--input")
    code, text = run(*arguments, "1,6:int64")
    assert code == 0, text
    assert "Gather" in text
    assert run(*arguments, "1,6")[0] == 1


def test_a_folder_where_nothing_can_be_kept_is_told_before_anything_is_measured(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile, "profile_bundle", None)
    (tmp_path / "note").write_text("mine")
    for place in ("note", "note/below"):
        code, text = run("profile", str(bundle), "--profiles", str(tmp_path / place))
        assert code == 1
        assert "Profiles can't be kept in" in text
    assert (tmp_path / "note").read_text() == "mine"


def test_an_interrupted_measurement_leaves_nothing_behind(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(profile, "profile_bundle", interrupt)
    assert run("profile", str(bundle), "--profiles", str(tmp_path))[0] != 0
    assert list(tmp_path.iterdir()) == []


def test_cuts_that_the_device_did_not_measure_are_left_out(bundle: Path, kept: Path) -> None:
    """Two computers may propose other cuts for the same module."""
    measured = json.loads(run("profile", str(bundle), "--profiles", str(kept), "--json")[1])
    place = kept / "device.json"
    parts = {name: costs for name, costs in measured["parts"].items() if name[:5] == "input"}
    place.write_text(json.dumps({**measured, "parts": parts}))
    code, text = run("plan", str(bundle), "--device-profile", str(place), "--profiles", str(kept))
    assert code == 0, text
    assert "1 cut(s) left out" in text
    assert "a split early" not in text


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.update(whole_s=True),
        lambda data: data.update(memory_bytes="much"),
        lambda data: data.update(slowdown=None),
        lambda data: data["parts"]["early/int8"].update(bytes=-1),
        lambda data: data["parts"]["early/int8"].update(head_s="1"),
    ],
)
def test_a_damaged_profile_of_a_device_is_refused(bundle: Path, kept: Path, damage: Any) -> None:
    measured = json.loads(run("profile", str(bundle), "--profiles", str(kept), "--json")[1])
    damage(measured)
    place = kept / "damaged.json"
    place.write_text(json.dumps(measured))
    code, text = run("plan", str(bundle), "--device-profile", str(place), "--profiles", str(kept))
    assert code == 1
    assert "not a profile" in text
    assert "Traceback" not in text


def test_no_number_is_cut_off_on_a_narrow_terminal(kept: Path) -> None:
    result = CliRunner().invoke(
        app, ["plan", "vitals_network", "--profiles", str(kept)], env={"COLUMNS": "80"}
    )
    table = result.output[result.output.index("milliseconds") :]
    assert "…" not in table
    assert "228,200" in table


def test_the_order_of_the_cuts_is_no_other_bundle(kept: Path) -> None:
    """Cuts of a factory's module are proposed by how often they win, which is a matter of noise."""
    found = load_bundle(shipped_bundles()["vitals_network"])
    (cut,) = found.manifest.cuts
    turned = cut.model_copy(update={"tiers": cut.tiers[::-1]})
    profile.cached_profile(found, kept)
    _, again = profile.cached_profile(found.with_cuts([turned]), kept)
    assert again


@pytest.mark.parametrize("lacking", ["torch", "onnx", "onnxscript", "onnxruntime"])
def test_what_capturing_lacks_is_named(
    lacking: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, lacking, None)
    code, text = run(
        "plan", f"{MODELS}:Residual", "--input", "1,2,8,8", "--profiles", str(tmp_path)
    )
    assert code == 1
    assert "install edge-worker[neural]" in text
    assert lacking in text


def test_another_way_to_code_the_input_is_measured_and_asked_for(kept: Path) -> None:
    """A new version of a bundle may have one more, with the same files."""
    found = load_bundle(shipped_bundles()["vitals_network"])
    fewer = replace(
        found,
        manifest=found.manifest.model_copy(update={"input_tiers": found.manifest.input_tiers[:1]}),
    )
    old, _ = profile.cached_profile(fewer, kept)
    new, _ = profile.cached_profile(found, kept)
    assert set(old.parts) < set(new.parts)
    place = kept / "old.json"
    place.write_text(old.to_json())
    arguments = ("--device-profile", str(place), "--profiles", str(kept))
    code, text = run("plan", "vitals_network", *arguments)
    assert code == 1
    assert "profile the model anew" in text


def test_a_factory_may_have_any_name_that_python_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"größtes_Netz_{'x' * 80}"
    monkeypatch.setattr(
        importlib.import_module(MODELS), name, sample_models.Residual, raising=False
    )
    arguments = ("--input", "1,2,16,16", "--profiles", str(tmp_path))
    code, text = run("plan", f"{MODELS}:{name}", *arguments)
    assert code == 0, text
