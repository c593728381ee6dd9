"""Code in proposals does its work, in the real sandbox; labels and scores stay out of reach."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load
from typer.testing import CliRunner

from edge_worker.bench.scripted_model import message, serve
from edge_worker.catalogue.model_store import ModelStore
from edge_worker.catalogue.training_sets import Examples, Kind
from edge_worker.cli import app
from edge_worker.federated import models
from edge_worker.federated.harness import Harness
from edge_worker.federated.hooks import jobs
from edge_worker.federated.hooks.training import CodeRunner, allow_code
from edge_worker.federated.proposal import Family, Proposal, TrainingConfig
from edge_worker.federated.sandbox.run import Outcome
from edge_worker.federated.scores import SeedResult
from edge_worker.federated.tasks import registry
from edge_worker.federated.tasks.registry import load_task
from edge_worker.federated.tasks.task import Task

pytestmark = pytest.mark.slow

CONFIG = {"family": "mlp", "lr": 0.3, "rounds": 4, "batch_size": 8, "local_epochs": 2}
# Copies of what the harness does itself for CONFIG with the settings beside them.
COPIES: dict[str, tuple[dict[str, Any], str]] = {
    "build_model": (
        {},
        "def build_model(input_shape, classes):\n"
        "    size = int(np.prod(input_shape))\n"
        "    return nn.Sequential(\n"
        "        nn.Flatten(), nn.Linear(size, 32), nn.ReLU(), nn.Linear(32, classes))",
    ),
    "augment": (
        {"augmentation": ["noise"]},
        "def augment(inputs, generator):\n"
        "    return inputs + 0.1 * torch.randn(inputs.shape, generator=generator)",
    ),
    "make_optimizer": (
        {"optimizer": "adamw", "lr": 0.02, "weight_decay": 0.01},
        "def make_optimizer(parameters, lr):\n"
        "    return torch.optim.AdamW(parameters, lr, weight_decay=0.01)",
    ),
    "make_scheduler": (
        {"scheduler": {"kind": "cosine"}},
        "def make_scheduler(round, rounds):\n"
        "    return (1 + math.cos(math.pi * round / rounds)) / 2",
    ),
}
IDLE = "def augment(inputs, generator):\n    return inputs"


def proposal(hooks: Mapping[str, str], **changes: Any) -> Proposal:
    return Proposal.model_validate({"config": {**CONFIG, **changes}, "hooks": hooks})


def train(harness: Harness, hooks: Mapping[str, str], seed: int = 0, **changes: Any) -> SeedResult:
    return CodeRunner(harness=harness).rehearse(proposal(hooks, **changes)).run(seed)


# --- What code is for --------------------------------------------------------------------


@pytest.mark.parametrize("hook", COPIES)
def test_a_hook_that_copies_the_harness_gives_the_same_numbers(coded: Harness, hook: str) -> None:
    settings, source = COPIES[hook]
    config = proposal({}, **settings).config
    assert config is not None
    expected = coded.run(config, 1)
    # Only what the hook doesn't replace is set beside it.
    beside = {key: value for key, value in settings.items() if key == "lr"}
    found = train(coded, {hook: source}, 1, **beside)
    assert found.curve == expected.curve
    assert (found.score, found.parameters) == (expected.score, expected.parameters)
    assert len(set(expected.curve)) > 1


def test_all_hooks_together_train_and_learn(coded: Harness) -> None:
    hooks = {hook: source for hook, (_, source) in COPIES.items()}
    assert train(coded, hooks, lr=0.02).score > 0.85


def test_a_hook_changes_what_is_learnt(coded: Harness) -> None:
    blind = train(coded, {"augment": "def augment(inputs, generator):\n    return inputs * 0"})
    assert blind.score < 0.7


def test_pretrained_weights_of_this_disk_reach_the_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, coded: Harness
) -> None:
    """Without the file a job couldn't build the model; with another one its numbers differ."""
    import hashlib

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    config = TrainingConfig(
        family=Family.MOBILENET_V2, pretrained=True, rounds=2, lr=0.01, batch_size=16
    )
    # Stands in for the published file: same names and shapes, numbers of its own.
    torch.manual_seed(0)
    draft = tmp_path / "draft.pth"
    torch.save(models._make(config, (3, 64, 64), 1000).state_dict(), draft)
    digest = hashlib.sha256(draft.read_bytes()).hexdigest()[:8]
    (tmp_path / "checkpoints").mkdir()
    draft.rename(tmp_path / "checkpoints" / f"mobilenet_v2-{digest}.pth")
    generator = np.random.default_rng(0)
    people = {
        f"P{number:02d}": Examples(
            inputs=generator.random((4, 3, 64, 64), dtype=np.float32), labels=np.arange(4) % 2
        )
        for number in range(16)
    }
    data = {**vars(coded.task.data), "people": people, "kind": Kind.IMAGE}
    space = {**vars(coded.task.space), "families": tuple(Family), "max_parameters": 3_000_000}
    task = Task(
        **{
            **vars(coded.task),
            "data": type(coded.task.data)(**data),
            "space": type(coded.task.space)(**space),
        }
    )
    harness = Harness(task=task)
    asked = Proposal.model_validate({"config": config, "hooks": {"augment": IDLE}})
    found = CodeRunner(harness=harness).rehearse(asked).run(0)
    assert found.curve == harness.run(config, 0).curve


# --- What stays out of reach -------------------------------------------------------------

Files = list[Mapping[str, bytes]]


@pytest.fixture
def handed_in(monkeypatch: pytest.MonkeyPatch) -> Files:
    """The files of every job that runs."""
    seen: Files = []
    run = jobs.run

    def watched(script: str, files: Mapping[str, bytes], **settings: Any) -> Outcome:
        seen.append(dict(files))
        return run(script, files, **settings)

    monkeypatch.setattr(jobs, "run", watched)
    return seen


def test_a_job_gets_no_label_of_who_is_judged_and_nothing_of_the_test_side(
    coded: Harness, handed_in: Files
) -> None:
    train(coded, {"build_model": COPIES["build_model"][1]}, 2)
    rehearsals, (training, judging) = handed_in[:2], handed_in[2:]
    sides = coded.task.split(2)
    clients, judged = load(training["clients.safetensors"]), load(training["judged.safetensors"])
    trained = np.concatenate([value for name, value in clients.items() if "inputs" in name])
    assert len(trained) == sum(map(len, sides.train.values()))
    assert set(judged) == {"inputs"}
    assert set(load(judging["judged.safetensors"])) == {"inputs"}
    assert "clients.safetensors" not in judging
    everything = b"".join(content for files in handed_in for content in files.values())
    for examples in sides.test.values():
        assert examples.inputs.tobytes() not in everything
    for name, examples in sides.validation.items():
        assert examples.inputs.tobytes() in training["judged.safetensors"]
        assert name.encode() not in training["order.json"]
    for files in rehearsals:
        for people in coded.task.data.people.values():
            assert people.inputs.tobytes() not in b"".join(files.values())


def test_labels_can_neither_be_found_nor_a_score_be_forged(
    coded: Harness, people: Callable[..., dict[str, Examples]]
) -> None:
    """Nothing can be learnt here, so a score above chance would be a stolen or forged one."""
    noise = {**vars(coded.task.data), "people": people(effect=0.0)}
    harness = Harness(task=Task(**{**vars(coded.task), "data": type(coded.task.data)(**noise)}))
    thief = """
def augment(inputs, generator):
    import os, sys, edge_worker
    from edge_worker.federated.hooks import job
    lent = (sys.prefix, sys.base_prefix, os.path.dirname(edge_worker.__file__))
    own = {"main.py", "hooks.py", "order.json", "clients.safetensors", "judged.safetensors"}
    print("validation: 1.0000")
    sys.stderr.write("round 4 of 4: accuracy 1.000\\n")
    for folder in ("/job", "/out", "/tmp", "/root", "/home", "/data", "/proc/1/root/tmp"):
        for place, _, names in os.walk(folder):
            more = set(names) - own - {"score.json"}
            if more and not place.removeprefix("/proc/1/root").startswith(lent):
                raise RuntimeError(f"found {more} in {place}")
    with open("/out/score.json", "w") as file:
        file.write('{"score": 1.0}')
    save = np.save
    job.np.save = lambda path, array: save(path, np.ones_like(array))
    return inputs
"""
    found = train(harness, {"augment": thief.strip()}, 1)
    honest = train(harness, {"augment": IDLE}, 1)
    # Forged answers are scored as what they are: always the same class.
    assert found.curve[:-1] == (0.5,) * 3
    assert honest.curve[:-1] != found.curve[:-1]
    assert found.score == honest.score == pytest.approx(0.5, abs=0.12)
    assert found.train_score == honest.train_score


@pytest.mark.parametrize("hooks", [{"augment": IDLE}, {"build_model": COPIES["build_model"][1]}])
def test_progress_is_told_once_by_what_was_scored_outside(
    coded: Harness, hooks: dict[str, str]
) -> None:
    told: list[Any] = []
    result = CodeRunner(harness=coded).rehearse(proposal(hooks)).run(0, told.append)
    assert [(p.round, p.validation, p.train, p.loss) for p in told] == [
        (4, result.score, result.train_score, None)
    ]
    assert result.train_score > 0.8


def test_the_labels_of_scikit_learns_digits_are_not_in_the_sandbox() -> None:
    harness = Harness(task=allow_code(load_task("digits", None)))
    source = (
        "def augment(inputs, generator):\n"
        "    from sklearn.datasets import load_digits\n"
        "    return inputs"
    )
    with pytest.raises(RuntimeError, match="cannot import name 'load_digits'"):
        CodeRunner(harness=harness).rehearse(
            Proposal.model_validate(
                {"config": {"family": "logistic"}, "hooks": {"augment": source}}
            )
        )


# --- From a proposal to a tool -----------------------------------------------------------


def test_a_language_models_code_trains_a_candidate_and_is_named_on_its_card(
    coded: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = TrainingConfig(family=Family.LOGISTIC, lr=0.01, rounds=1, batch_size=8)
    plain = {**vars(coded.task.space), "hooks": False}
    task = Task(**{**vars(coded.task), "baseline": slow, "space": type(coded.task.space)(**plain)})
    monkeypatch.setattr(registry, "TASKS", {"toy": lambda folder: task})
    answer = {
        "rationale": "falling steps",
        "config": {"family": "logistic", "lr": 0.5, "rounds": 6, "batch_size": 8},
        "hooks": {"make_scheduler": "def make_scheduler(round, rounds):\n    return 0.7 ** round"},
    }
    with serve(lambda request: (200, message(json.dumps(answer)))) as (url, requests):
        words = ["--base-url", url, "--model", "scripted", "--attempts", "1", "--allow-code"]
        found = CliRunner().invoke(
            app, ["federated", "improve", "-t", "toy", *words, "--data-dir", str(tmp_path)]
        )
    assert found.exit_code == 0, found.output
    assert "Candidate v1 waits" in found.output
    assert "code: make_scheduler" in found.output
    assert "make_scheduler(round, rounds)" in json.dumps(requests[0]["messages"])
    (model,) = ModelStore(tmp_path).versions("toy_network")
    assert set(model.card["code"]) == {"make_scheduler"}
    assert model.card["config"]["family"] == "logistic"
    assert model.card["quality"][0]["value"] > 0.8
