from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from edge_worker.bench.scripted_model import message, serve
from edge_worker.federated.harness import Harness
from edge_worker.federated.interrupt import Cancelled
from edge_worker.federated.journal import Journal, Limits, Reason, Status
from edge_worker.federated.loop import Loop, Silent
from edge_worker.federated.proposers.language_model import LanguageModel
from edge_worker.federated.proposers.proposer import ProposerError
from edge_worker.federated.proposers.reply import extract_json
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


GOOD = json.dumps(STORY[0])


def _choice(**fields: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, **fields}]}


@pytest.mark.parametrize(
    "body",
    [
        {},
        [1, 2],
        {"choices": "abc"},
        {"choices": []},
        _choice(message=None),
        _choice(message="abc"),
        _choice(message={"content": 7}),
        _choice(message={"content": None, "tool_calls": [{"id": "1", "type": "function"}]}),
        _choice(message={"content": None, "tool_calls": "abc"}),
        {**message(GOOD), "usage": {"total_tokens": "many"}},
        {**message(GOOD), "usage": {"total_tokens": 10**30}},
        {**message(GOOD), "usage": {"total_tokens": -5}},
        {**message(GOOD), "usage": "abc"},
    ],
)
def test_a_reply_of_any_shape_is_read_and_costs_no_tokens(task: Task, body: Any) -> None:
    with serve(lambda request: (200, body)) as (url, _):
        found = LanguageModel(url, "scripted").propose(task, [], ())
    assert found.tokens == 0
    assert isinstance(found.content, str)


@pytest.mark.parametrize(
    "fields",
    [
        {"content": [{"type": "text", "text": GOOD[:9]}, {"type": "text", "text": GOOD[9:]}]},
        {"tool_calls": [{"id": "1", "function": {"name": "x", "arguments": STORY[0]}}]},
    ],
)
def test_an_answer_in_parts_or_given_as_an_object_is_read(
    task: Task, fields: dict[str, Any]
) -> None:
    with serve(lambda request: (200, _choice(message=fields))) as (url, _):
        assert json.loads(LanguageModel(url, "m").propose(task, [], ()).content) == STORY[0]


@pytest.mark.parametrize(
    ("body", "remark"),
    [
        (_choice(message={"content": GOOD[:20]}, finish_reason="length"), "cut off"),
        (_choice(message={"content": None, "refusal": "no"}, finish_reason="stop"), "refused"),
        (_choice(message={"content": " "}, finish_reason="stop"), "empty"),
        (_choice(message={"content": "x" * 50_000}, finish_reason="stop"), "longer than"),
    ],
)
def test_the_journal_says_why_there_was_no_proposal(
    scripted: Harness, tmp_path: Path, body: Any, remark: str
) -> None:
    with serve(lambda request: (200, body)) as (url, requests):
        loop = Loop(
            harness=scripted,
            proposer=LanguageModel(url, "scripted"),
            journal=Journal(tmp_path / "j.sqlite"),
            listener=Silent(),
            stop=threading.Event(),
        )
        number = loop.begin(Limits(attempts=1))
        loop.go_on(number)
    assert remark in loop.journal.attempts(number)[-1].message
    assert remark in requests[-1]["messages"][1]["content"]


@pytest.mark.parametrize(
    "text",
    [
        "{smile} " + '{"action": "stop"}' + " {bye}",
        "[" * 5000 + '{"action": "stop"}',
    ],
)
def test_braces_in_words_around_the_object_do_no_harm(text: str) -> None:
    assert json.loads(extract_json(text)) == {"action": "stop"}


def test_a_part_of_an_object_that_was_cut_off_is_no_proposal() -> None:
    text = '{"rationale": "x", "config": {"scheduler": {"kind": "none"}'
    assert extract_json(text) == text


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "refused the key"), (404, "no model 'm'"), (500, r"error \(500\)")],
)
def test_what_a_server_refuses_is_told_without_its_own_words(
    task: Task, status: int, words: str
) -> None:
    with (
        serve(lambda request: (status, {"error": {"message": "account sk-12345"}})) as (url, _),
        pytest.raises(ProposerError, match=words) as caught,
    ):
        LanguageModel(url, "m", timeout_s=20).propose(task, [], ())
    assert "sk-12345" not in str(caught.value)


def test_a_server_that_sends_no_json_is_a_sentence(task: Task) -> None:
    class Broken(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b'{"choices": [')

        def log_message(self, format: str, *args: object) -> None:
            pass

    with (
        _server(Broken) as url,
        pytest.raises(ProposerError, match="can't be read"),
    ):
        LanguageModel(url, "m", timeout_s=20).propose(task, [], ())


def test_a_server_that_drips_without_end_is_given_up(task: Task) -> None:
    with _server(Dripping) as url:
        began = time.monotonic()
        with pytest.raises(ProposerError, match="did not answer within 1 s"):
            LanguageModel(url, "m", timeout_s=1).propose(task, [], ())
        assert time.monotonic() - began < 10


def test_whoever_waits_for_an_answer_can_leave(task: Task) -> None:
    def leave() -> None:
        raise Cancelled("stopped")

    with _server(Dripping) as url, pytest.raises(Cancelled):
        LanguageModel(url, "m", timeout_s=60, while_waiting=leave).propose(task, [], ())


class Dripping(BaseHTTPRequestHandler):
    """A blank now and then: a limit on silence never sees it."""

    def do_POST(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(600):
                self.wfile.write(b" ")
                time.sleep(0.1)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextlib.contextmanager
def _server(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
