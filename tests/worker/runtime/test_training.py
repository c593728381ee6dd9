"""Training on the hub: started once, followed, survives restarts, nothing used without a yes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from edge_worker.catalogue.model_store import ModelStore
from edge_worker.messages import EventKind, Training, TrainingState
from edge_worker.runtime import training as room
from edge_worker.runtime.commands import CommandError
from edge_worker.runtime.training import TrainingDesk
from edge_worker.settings import FederatedSettings, Settings

pytest.importorskip("torch")

from edge_worker.federated.journal import Journal, Limits, Reason, Status
from edge_worker.federated.lock import alone
from edge_worker.federated.proposal import Proposal
from edge_worker.federated.scores import SeedResult

WaitFor = Callable[..., None]


class Hub:
    """A desk, and what it published and told."""

    def __init__(self, folder: Path, **federated: Any) -> None:
        settings = Settings(
            data_dir=folder, federated=FederatedSettings(**{"data": folder, **federated})
        )
        self.shown: list[Training] = []
        self.told: list[tuple[EventKind, Mapping[str, Any]]] = []
        self.desk = TrainingDesk(
            settings, self.shown.append, lambda kind, data: self.told.append((kind, data))
        )

    def until_rest(self) -> Training:
        deadline = time.monotonic() + 20
        while self.desk.state.state is TrainingState.RUNNING and time.monotonic() < deadline:
            self.desk.tick()
            time.sleep(0.05)
        return self.desk.state


def program(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr(room, "_PROGRAM", ("-c", code))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"quantities": ["presence"]}, "unsupported"),
        ({"quantities": ["mood", "app_usage"]}, "unsupported"),
        ({"quantities": ["blood pressure"]}, "invalid"),
        ({"quantities": 5}, "invalid"),
    ],
)
def test_what_can_not_be_trained_is_refused(
    tmp_path: Path, arguments: dict[str, Any], code: str
) -> None:
    with pytest.raises(CommandError) as refused:
        Hub(tmp_path).desk.start(arguments)
    assert refused.value.code == code


def test_without_recordings_it_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"\[federated\]"):
        Hub(tmp_path, data=None).desk.start({})


def test_a_failure_is_told_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(monkeypatch, "import sys; print('No such recordings.'); sys.exit(1)")
    hub = Hub(tmp_path)
    assert hub.desk.start({"quantities": ["stress"]}) == {"task": "activation"}
    with pytest.raises(CommandError, match="running already"):
        hub.desk.start({})
    state = hub.until_rest()
    assert (state.state, state.sentence) == (TrainingState.FAILED, "No such recordings.")
    assert [item.state for item in hub.shown] == [TrainingState.RUNNING, TrainingState.FAILED]
    ((kind, data),) = hub.told
    assert kind is EventKind.TRAINING_FINISHED
    assert data["message"] == "No such recordings."


def test_the_process_gets_no_secret_of_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGE_WORKER_MQTT__PASSWORD", "hunter2")
    program(monkeypatch, "import os, sys; print(sorted(os.environ)); sys.exit(1)")
    hub = Hub(tmp_path, base_url="http://127.0.0.1:9/v1", model="m", api_key="key")
    hub.desk.start({})
    sentence = hub.until_rest().sentence
    assert "EDGE_WORKER_LANGUAGE_MODEL_KEY" in sentence
    assert "PASSWORD" not in sentence


@pytest.mark.parametrize("allowed", [True, False])
def test_code_is_allowed_only_where_the_settings_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed: bool
) -> None:
    program(monkeypatch, "import sys; print(sys.argv); sys.exit(1)")
    hub = Hub(tmp_path, allow_code=allowed)
    hub.desk.start({})
    assert ("--allow-code" in hub.until_rest().sentence) is allowed


def test_a_winner_whose_model_only_code_can_build_is_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(monkeypatch, "pass")
    hub = Hub(tmp_path)
    hub.desk.start({})
    # As the loop leaves it.
    journal = Journal(tmp_path / "federated" / "journal.sqlite")
    run = journal.begin("activation", "sha", "model", (0, 1, 2), Limits())
    own_model = {"build_model": "def build_model(input_shape, classes): return nn.Linear(10, 2)"}
    for score, hooks in ((0.6, {}), (0.9, own_model)):
        asked = Proposal.model_validate({"config": {"family": "mlp"}, "hooks": hooks})
        attempt = journal.add(run, asked, Status.RUNNING, parent=None, author="model")
        for seed in (0, 1, 2):
            result = SeedResult(
                seed=seed,
                score=score,
                curve=(score,),
                train_score=score,
                parameters=22,
                cpu_s=0.1,
                wall_s=0.1,
            )
            journal.add_result(attempt, result)
        journal.finish(attempt, Status.OK)
    journal.end(run, Reason.ATTEMPTS, "all attempts are used")
    state = hub.until_rest()
    assert state.state is TrainingState.IDLE
    assert "can't become a tool" in state.sentence


def test_a_restarted_hub_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(monkeypatch, "import time; time.sleep(60)")
    first = Hub(tmp_path)
    first.desk.start({})
    first.desk.stop()
    program(monkeypatch, "import sys; print('went on'); sys.exit(1)")
    second = Hub(tmp_path)
    assert second.desk.state.state is TrainingState.RUNNING
    assert second.until_rest().sentence == "went on"


def test_a_hub_killed_beside_its_loop_follows_the_loop_and_then_asks_what_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(monkeypatch, "import time; time.sleep(60)")
    first = Hub(tmp_path)
    first.desk.start({})
    process = first.desk._process
    assert process is not None
    process.kill()  # in place of the hub; the lock below is held by the loop that lives on
    process.wait()
    program(monkeypatch, "import sys; print('asked again'); sys.exit(1)")
    second = Hub(tmp_path)
    with alone(tmp_path / "federated"):
        journal = Journal(tmp_path / "federated" / "journal.sqlite")
        run = journal.begin("activation", "sha", "heuristic", (0, 1, 2), Limits())
        proposal = Proposal.model_validate({"config": {"family": "mlp"}})
        journal.add(run, proposal, Status.RUNNING, parent=None, author="baseline")
        journal.add(run, proposal, Status.RUNNING, parent=0, author="heuristic")
        second.desk.tick()
        second.desk.tick()
        assert second.desk.state.state is TrainingState.RUNNING
        assert second.desk.state.attempt == 1
        assert second.desk._process is None
    assert second.until_rest().sentence == "asked again"


def test_a_test_side_that_was_opened_and_never_scored_is_not_told_as_no_better(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(monkeypatch, "pass")
    hub = Hub(tmp_path)
    hub.desk.start({})
    journal = Journal(tmp_path / "federated" / "journal.sqlite")
    run = journal.begin("activation", "sha", "heuristic", (0, 1, 2), Limits())
    journal.end(run, Reason.ATTEMPTS, "all attempts are used")
    journal.open_test(run, {"opened": "2026-11-26T10:00:00+00:00"})
    assert "cut off while it looked" in hub.until_rest().sentence


def waiting(folder: Path) -> Hub:
    """A hub whose trained model waits for an answer."""
    ModelStore(folder).add("activation_network", b"weights", {"quality": []})
    hub = Hub(folder)
    hub.desk._become(
        Training(state=TrainingState.WAITING, task="activation", candidate="v1", gain=0.03)
    )
    return hub


def test_a_yes_takes_the_model_into_use_and_one_action_takes_it_back(tmp_path: Path) -> None:
    hub = waiting(tmp_path)
    assert ModelStore(tmp_path).active("activation_network") is None
    answer = {"task": "activation", "version": "v1", "in_use": True}
    assert hub.desk.answer({"accept": True}) == answer
    active = ModelStore(tmp_path).active("activation_network")
    assert active is not None
    assert active.version == "v1"
    assert hub.desk.roll_back({}) == {"task": "activation", "version": None}
    assert ModelStore(tmp_path).active("activation_network") is None
    with pytest.raises(CommandError) as refused:
        hub.desk.roll_back({})
    assert refused.value.code == "nothing_to_undo"


def test_a_no_changes_nothing(tmp_path: Path) -> None:
    hub = waiting(tmp_path)
    hub.desk.answer({"accept": False})
    assert ModelStore(tmp_path).active("activation_network") is None
    assert hub.desk.state.state is TrainingState.IDLE
    with pytest.raises(CommandError) as refused:
        hub.desk.answer({"accept": True})
    assert refused.value.code == "nothing_waits"


def test_an_answer_is_yes_or_no_and_survives_a_restart(tmp_path: Path) -> None:
    hub = waiting(tmp_path)
    with pytest.raises(CommandError, match="true or false"):
        hub.desk.answer({"accept": "maybe"})
    assert Hub(tmp_path).desk.state == hub.desk.state


def test_a_changed_model_is_not_taken(tmp_path: Path) -> None:
    hub = waiting(tmp_path)
    (version,) = ModelStore(tmp_path).versions("activation_network")
    (version.path / "weights.safetensors").write_bytes(b"other")
    with pytest.raises(CommandError, match="does not match"):
        hub.desk.answer({"accept": True})
    assert hub.desk.state.state is TrainingState.WAITING
