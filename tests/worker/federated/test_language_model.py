from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from edge_worker.bench.scripted_model import message, serve
from edge_worker.federated.harness import Harness
from edge_worker.federated.journal import Journal, Limits, Reason, Status
from edge_worker.federated.loop import Loop, Silent
from edge_worker.federated.proposers.language_model import LanguageModel, extract_json
from edge_worker.federated.proposers.proposer import ProposerError
from edge_worker.federated.tasks.task import Task

STORY = [
    {"rationale": "small steps", "config": {"family": "logistic", "lr": 0.01}},
    {"rationale": "large steps", "config": {"family": "logistic", "lr": 0.5}},
    {"rationale": "between", "config": {"family": "logistic", "lr": 0.3}},
    {"action": "stop", "rationale": "nothing new"},
]


def test_a_scripted_model_goes_through_the_story_and_reads_only_feedback(
    scripted: Harness, tmp_path: Path
) -> None:
    answers = iter(json.dumps(answer) for answer in STORY)
    with serve(lambda request: (200, message(next(answers)))) as (url, requests):
        loop = Loop(
            harness=scripted,
            proposer=LanguageModel(url, "scripted", "secret-key"),
            journal=Journal(tmp_path / "j.sqlite"),
            listener=Silent(),
            stop=threading.Event(),
        )
        number = loop.begin(Limits())
        loop.go_on(number)
    attempts = loop.journal.attempts(number)
    assert loop.journal.run(number).reason is Reason.STOP
    assert [a.tokens for a in attempts] == [0, 100, 100, 100, 100]
    prompts = [json.dumps(request["messages"]) for request in requests]
    assert "validation: 0.8010" in prompts[0]
    assert "validation: 0.7010" in prompts[1]
    assert "oscillates" in prompts[2]
    for prompt in prompts:
        assert "secret-key" not in prompt
        assert not any(person in prompt for person in scripted.task.data.people)
    assert requests[0]["response_format"]["type"] == "json_schema"


def test_without_feedback_it_sees_its_proposals_and_no_score(
    scripted: Harness, tmp_path: Path
) -> None:
    answers = iter(json.dumps(answer) for answer in STORY)
    with serve(lambda request: (200, message(next(answers)))) as (url, requests):
        loop = Loop(
            harness=scripted,
            proposer=LanguageModel(url, "scripted", feedback=False),
            journal=Journal(tmp_path / "j.sqlite"),
            listener=Silent(),
            stop=threading.Event(),
        )
        loop.go_on(loop.begin(Limits()))
    assert "validation:" not in json.dumps(requests[-1]["messages"])
    assert '\\"lr\\": 0.3' in requests[-1]["messages"][1]["content"].replace('"', '\\"')


@pytest.mark.parametrize("accepted", ["tool", "json_object", "plain"])
def test_it_goes_down_the_ladder_once_and_remembers(task: Task, accepted: str) -> None:
    answer = json.dumps(STORY[0])

    def rung(request: dict[str, Any]) -> str:
        if "tools" in request:
            return "tool"
        return str(request.get("response_format", {}).get("type", "plain"))

    def reply(request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if rung(request) != accepted:
            return 400, {"error": "unsupported"}
        return 200, message(None, answer) if accepted == "tool" else message(answer)

    with serve(reply) as (url, requests):
        proposer = LanguageModel(url, "scripted")
        assert json.loads(proposer.propose(task, [], ()).content) == STORY[0]
        before = len(requests)
        proposer.propose(task, [], ())
    assert [rung(request) for request in requests[before:]] == [accepted]


@pytest.mark.parametrize(
    "text",
    [
        '```json\n{"action": "stop"}\n```',
        '<think>{"lr": 1}</think>{"action": "stop"}',
        'Here it is: {"action": "stop"} Good luck!',
    ],
)
def test_json_is_found_among_words(text: str) -> None:
    assert json.loads(extract_json(text)) == {"action": "stop"}


@pytest.mark.parametrize("text", ["", "I can't help with that.", '{"config": {"fam', "<think>{}"])
def test_an_answer_without_a_proposal_is_rejected_and_the_loop_goes_on(
    scripted: Harness, tmp_path: Path, text: str
) -> None:
    with serve(lambda request: (200, message(text))) as (url, _):
        loop = Loop(
            harness=scripted,
            proposer=LanguageModel(url, "scripted"),
            journal=Journal(tmp_path / "j.sqlite"),
            listener=Silent(),
            stop=threading.Event(),
        )
        number = loop.begin(Limits(attempts=1))
        loop.go_on(number)
    assert [a.status for a in loop.journal.attempts(number)] == [Status.OK, Status.REJECTED]


def test_a_server_that_is_away_is_a_sentence(task: Task) -> None:
    with serve(lambda request: (200, {})) as (url, _):
        pass
    with pytest.raises(ProposerError, match="can't be reached"):
        LanguageModel(url, "scripted", timeout_s=2).propose(task, [], ())
