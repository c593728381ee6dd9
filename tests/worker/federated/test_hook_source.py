"""The text of hooks, the gate before them, and the checks inside a job, without a sandbox."""

from __future__ import annotations

import ast
import fcntl
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from typer.testing import CliRunner

from edge_worker.catalogue.model_store import ModelStore
from edge_worker.cli import app
from edge_worker.federated.aggregation import Aggregation
from edge_worker.federated.feedback import task_text
from edge_worker.federated.harness import Harness
from edge_worker.federated.hooks import exchange, training
from edge_worker.federated.hooks.exchange import Order, Work
from edge_worker.federated.hooks.recipe import HookError, hooked
from edge_worker.federated.hooks.source import HOOKS, TEMPLATE, refusals, render
from edge_worker.federated.hooks.training import CodeRefused, CodeRunner, allow_code
from edge_worker.federated.journal import Journal, JournalError, Limits, Status
from edge_worker.federated.loop import Loop, Silent
from edge_worker.federated.promotion import NoCandidate, open_test_side
from edge_worker.federated.proposal import (
    Family,
    Proposal,
    ProposalError,
    TrainingConfig,
    parse,
    proposal_sha,
)
from edge_worker.federated.proposers.heuristic import Heuristic
from edge_worker.federated.sandbox import command, run, tier
from edge_worker.federated.sandbox.tier import Protection, Tier
from edge_worker.federated.scores import SeedResult
from edge_worker.federated.tasks import registry
from edge_worker.federated.tasks.task import Task
from edge_worker.runtime.doctor import Verdict, examine
from edge_worker.settings import FederatedSettings, Settings

CONFIG = TrainingConfig(family=Family.LOGISTIC, lr=0.5, rounds=4)
IDLE = "def augment(inputs, generator):\n    return inputs"
BUILDS = "def build_model(input_shape, classes):\n    return nn.Linear(4, classes)"
HOLDS = Protection(tier=Tier.BUBBLEWRAP, sentence="tried")
MISSING = Protection(tier=Tier.NONE, sentence="off, proposals may hold no code: no bubblewrap")


def permit(task: Task) -> Task:
    """What `allow_code` gives where there is a sandbox."""
    return Task(**{**vars(task), "space": type(task.space)(**{**vars(task.space), "hooks": True})})


# --- The text ----------------------------------------------------------------------------


def test_the_template_has_a_region_for_each_hook_and_takes_whole_functions() -> None:
    text = render({"augment": IDLE, "build_model": BUILDS})
    names = {
        node.name: type(node).__name__
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef)
    }
    assert set(names) == {"augment", "build_model"}
    assert "make_optimizer = None" in text
    untouched = render({})
    assert untouched == TEMPLATE.read_text()
    for hook in HOOKS:
        assert f"# region edge_ai:{hook}\n{hook} = None\n# endregion" in untouched


def test_marks_inside_a_hook_move_no_other_region() -> None:
    sly = 'def augment(inputs, generator):\n    return """\n# endregion\n# region edge_ai:x\n"""'
    text = render({"augment": sly, "make_scheduler": "def make_scheduler(round, rounds): return 1"})
    assert text.count("def make_scheduler") == 1
    assert sly in text


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def augment(inputs, generator, more=1): return inputs", "must take exactly"),
        ("def augment(inputs, *, generator): return inputs", "must take exactly"),
        ("def augment(*inputs): return inputs", "must take exactly"),
        ("async def augment(inputs, generator): return inputs", "exactly one function"),
        ("def augment(inputs, generator): return " + "-" * 3000 + "1", "not Python"),
        ("def augment(inputs, generator): return '\x00'", "not Python"),
    ],
)
def test_another_form_is_refused_with_a_sentence(source: str, words: str) -> None:
    (sentence,) = refusals({"augment": source})
    assert words in sentence


def test_types_of_parameters_may_be_written() -> None:
    typed = "def augment(inputs: Tensor, generator: torch.Generator) -> Tensor:\n    return inputs"
    assert refusals({"augment": typed}) == []


@pytest.mark.parametrize(
    ("hook", "idle", "works"),
    [
        ("build_model", {"width": 2.0, "family": "mlp"}, {"lr": 0.1}),
        ("augment", {"augmentation": ["noise"]}, {"lr": 0.1}),
        ("make_optimizer", {"optimizer": "adam", "weight_decay": 0.01}, {"lr": 0.1}),
        ("make_scheduler", {"scheduler": {"kind": "cosine"}}, {"lr": 0.1}),
    ],
)
def test_settings_that_a_hook_replaces_make_no_new_proposal(
    hook: str, idle: dict[str, Any], works: dict[str, Any]
) -> None:
    source = f"def {hook}({', '.join(HOOKS[hook])}):\n    return None"

    def sha(changes: dict[str, Any]) -> str:
        config = {"family": "cnn", **changes}
        return proposal_sha(Proposal.model_validate({"config": config, "hooks": {hook: source}}))

    assert sha({}) == sha(idle)
    assert sha({}) != sha(works)


def test_an_order_survives_its_journey() -> None:
    order = Order(work=Work.TRAIN, config=CONFIG, classes=2, seed=3, clients=("a", "b"))
    assert Order.from_bytes(order.to_bytes()) == order


# --- Inside a job ------------------------------------------------------------------------


def start(hook: str, function: Callable[..., Any]) -> Any:
    """Call what `hooked` makes of the function, as a training does."""
    recipe = hooked({hook: function}, 4)
    match hook:
        case "build_model":
            return recipe.build(CONFIG, (4,), 2, 0)
        case "augment":
            return recipe.augment(CONFIG, torch.zeros(3, 4), torch.Generator())
        case "make_optimizer":
            return recipe.make_optimizer(CONFIG, [nn.Parameter(torch.zeros(1))], 0.1)
    return recipe.learning_rate(CONFIG, 1)


@pytest.mark.parametrize(
    ("hook", "function", "words"),
    [
        ("build_model", lambda shape, classes: "model", "gave str, not a torch.nn.Module"),
        ("build_model", lambda shape, classes: nn.Linear(4, 3), "expected logits of shape"),
        (
            "build_model",
            lambda shape, classes: nn.Sequential(nn.Linear(4, 2), nn.BatchNorm1d(2)),
            r"1 \(BatchNorm1d\) keeps batch statistics",
        ),
        ("build_model", lambda shape, classes: nn.Flatten(), "without trainable parameters"),
        ("augment", lambda inputs, generator: inputs.numpy(), "gave ndarray"),
        ("make_optimizer", lambda parameters, lr: None, "gave NoneType"),
        ("make_scheduler", lambda round, rounds: "fast", "gave str in round 1"),
        ("make_scheduler", lambda round, rounds: float("nan"), "factor nan in round 1"),
        ("make_scheduler", lambda round, rounds: -0.5, "factor -0.5 in round 1"),
    ],
)
def test_a_hook_that_gives_something_else_is_told_so(
    hook: str, function: Callable[..., Any], words: str
) -> None:
    with pytest.raises(HookError, match=words):
        start(hook, function)


def test_a_hook_takes_the_place_of_the_harness_own_function() -> None:
    seen: list[Any] = []

    def note(*arguments: Any) -> float:
        seen.append(arguments)
        return 0.5

    assert start("make_scheduler", note) == CONFIG.lr / 2
    assert seen == [(1, 4)]
    assert hooked({}, 4).learning_rate(CONFIG, 1) == CONFIG.lr
    doubled = start("augment", lambda inputs, generator: inputs + 1)
    assert isinstance(doubled, Tensor)
    assert float(doubled.sum()) == 12.0


# --- The gate ----------------------------------------------------------------------------


def test_the_prompt_tells_of_hooks_only_where_they_are_on(task: Task) -> None:
    for made, there in ((task, False), (permit(task), True)):
        prompt = task_text(made) + json.dumps(made.space.schema())
        for word in (*(f"{hook}(" for hook in HOOKS), "hooks", "sandbox"):
            assert (word in prompt) is there, word


def test_code_is_refused_where_there_is_no_sandbox(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "protection", lambda: MISSING)
    with pytest.raises(CodeRefused, match="no bubblewrap"):
        allow_code(task)
    with pytest.raises(CodeRefused):
        CodeRunner(harness=Harness(task=permit(task)))


def test_code_is_refused_for_a_task_that_does_not_allow_it(task: Task) -> None:
    with pytest.raises(CodeRefused):
        CodeRunner(harness=Harness(task=task))
    with pytest.raises(ProposalError, match="code hooks are off"):
        parse({"config": {"family": "logistic"}, "hooks": {"augment": IDLE}}, task.space)


def test_code_is_refused_where_privacy_is_promised(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code in a job could leave the noise out, and the card would tell a false epsilon."""
    monkeypatch.setattr(training, "protection", lambda: HOLDS)
    noisy = Aggregation(clip_norm=1.0, noise_multiplier=1.0)
    with pytest.raises(CodeRefused, match="no epsilon could be promised"):
        CodeRunner(harness=Harness(task=permit(task), aggregation=noisy))
    CodeRunner(harness=Harness(task=permit(task), aggregation=Aggregation(clip_norm=1.0)))


def test_the_command_refuses_code_without_a_sandbox_and_trains_nothing(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "TASKS", {"toy": lambda folder: task})
    monkeypatch.setattr(training, "protection", lambda: MISSING)
    words = ["federated", "improve", "-t", "toy", "--allow-code", "--data-dir", str(tmp_path)]
    found = CliRunner().invoke(app, words)
    assert found.exit_code == 1
    assert "code can't be allowed on this machine" in found.output
    assert not (tmp_path / "federated").exists()


def test_the_command_refuses_folders_that_jobs_can_read(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "TASKS", {"toy": lambda folder: task})
    words = ["federated", "improve", "-t", "toy", "--allow-code", "--data", "/usr/share"]
    found = CliRunner().invoke(app, [*words, "--data-dir", str(tmp_path)])
    assert found.exit_code == 1
    assert "it lies in /usr, which every job" in " ".join(found.output.split())


def test_an_attempt_with_code_does_not_go_on_where_code_is_off(task: Task, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    loop = Loop(
        harness=Harness(task=task),
        proposer=Heuristic(),
        journal=journal,
        listener=Silent(),
        stop=threading.Event(),
    )
    number = loop.begin(Limits())
    asked = Proposal.model_validate({"config": CONFIG, "hooks": {"augment": IDLE}})
    journal.add(number, asked, Status.RUNNING, parent=None, author="model")
    with pytest.raises(JournalError, match="go on with --allow-code"):
        loop.go_on(number)
    assert journal.attempts(number)[0].status is Status.RUNNING


def test_allowing_code_does_not_make_another_harness(task: Task) -> None:
    assert Harness(task=task).digest() == Harness(task=permit(task)).digest()


# --- From a winner to a tool -------------------------------------------------------------


def won(journal: Journal, harness: Harness, hooks: dict[str, str]) -> int:
    """A run whose first attempt holds this code and beat the baseline."""
    number = journal.begin("toy", harness.digest(), "model", harness.seeds, Limits())
    for proposal, score in (
        (Proposal(config=harness.task.baseline), 0.6),
        (Proposal.model_validate({"config": CONFIG, "hooks": hooks}), 0.9),
    ):
        attempt = journal.add(number, proposal, Status.RUNNING, parent=None, author="model")
        for seed in harness.seeds:
            result = SeedResult(
                seed=seed,
                score=score,
                curve=(score,),
                train_score=score,
                parameters=10,
                cpu_s=0.1,
                wall_s=0.1,
            )
            journal.add_result(attempt, result)
        journal.finish(attempt, Status.OK)
    return number


@pytest.mark.parametrize(
    ("hooks", "words"),
    [({"build_model": BUILDS}, "can't become a tool"), ({"augment": IDLE}, "--allow-code")],
)
def test_a_winner_that_cannot_be_a_tool_is_refused_and_the_test_stays_closed(
    harness: Harness, tmp_path: Path, hooks: dict[str, str], words: str
) -> None:
    journal, store = Journal(tmp_path / "j.sqlite"), ModelStore(tmp_path)
    number = won(journal, harness, hooks)
    with pytest.raises(NoCandidate, match=words):
        open_test_side(number, harness, journal, store)
    assert journal.run(number).test is None
    assert store.versions("toy_network") == []


# --- Doctor and folders ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "allowed", "verdict", "words"),
    [
        (MISSING, False, Verdict.LIMITED, ("tier none", "code in proposals is off")),
        (MISSING, True, Verdict.LIMITED, ("no bubblewrap", "a training refuses to start")),
        (
            HOLDS,
            True,
            Verdict.OK,
            ("tier bubblewrap: tried", "code in proposals is on"),
        ),
    ],
)
def test_the_doctor_tells_the_tier_and_whether_code_is_on(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    found: Protection,
    allowed: bool,
    verdict: Verdict,
    words: tuple[str, ...],
) -> None:
    monkeypatch.setattr(tier, "protection", lambda: found)
    settings = Settings(data_dir=tmp_path, federated=FederatedSettings(allow_code=allowed))
    (finding,) = [f for f in examine(settings) if "foreign" in f.what]
    assert finding.verdict is verdict
    assert all(word in finding.detail for word in words)


def test_folders_of_killed_jobs_are_deleted_and_those_of_living_ones_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead, alive, young, other = (
        tmp_path / name
        for name in ("edge-worker-job-a", "edge-worker-job-b", "edge-worker-job-c", "else")
    )
    elsewhere = tmp_path / "edge-worker-job-link"
    for folder in (dead, alive, young, other):
        folder.mkdir()
        (folder / "clients.safetensors").write_bytes(b"examples")
    elsewhere.symlink_to(other)
    old = time.time() - 3600
    for folder in (dead, alive, other):
        os.utime(folder, (old, old))
    os.utime(elsewhere, (old, old), follow_symlinks=False)
    lock = os.open(alive, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run.sweep()
    finally:
        os.close(lock)
    assert not dead.exists()
    assert all((folder / "clients.safetensors").exists() for folder in (alive, young, other))


def test_what_is_lent_is_told_apart_from_what_is_hidden(tmp_path: Path) -> None:
    package = Path(command.edge_worker.__file__).parent
    assert command.lends(Path("/usr/share/data")) == "/usr"
    assert command.lends(package / "federated" / "journal.py") is not None
    assert command.lends(package / "mood" / "models") is None
    assert command.lends(tmp_path) is None


def test_packing_keeps_numbers_and_who_they_belong_to(task: Task) -> None:
    clients = dict(task.data.people)
    found = exchange.unpack_clients(exchange.pack_clients(clients), tuple(clients))
    for name, examples in clients.items():
        assert np.array_equal(found[name].inputs, examples.inputs)
        assert np.array_equal(found[name].labels, examples.labels)
