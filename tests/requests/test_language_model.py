from __future__ import annotations

import json
from dataclasses import replace

import pytest
from _endpoint import http_transport
from _requests import fixture_catalogue, fixture_home
from edge_ai.messages import Intent, Quantity
from edge_ai.planner.language_model import (
    CompletionResponse,
    LanguageModel,
    Mode,
    ModelSettings,
    TransportError,
)
from edge_ai.planner.request import understand
from scripted_server import ScriptedServer, Turn, form_of

TEXT = "I'd be ever so grateful for some sort of vigil over Anna's heart rate"
GOAL = {
    "intent": "monitor",
    "quantities": ["heart_rate"],
    "person": "p1",
    "area": None,
    "duration_s": None,
    "condition": None,
}
GOOD = json.dumps({"goals": [GOAL]})
HOME, CATALOGUE = fixture_home("en"), fixture_catalogue("en")
KEY = "sk-secret-1234"


def wrap(**changes):
    return json.dumps({"goals": [{**GOAL, **changes}]})


def model_at(server, clock=lambda: 1_000.0, **settings):
    return LanguageModel(http_transport(server.url, "m", KEY), ModelSettings(**settings), clock)


async def propose(model, text=TEXT):
    return await model.propose(text, home=HOME, catalogue=CATALOGUE, language="en")


@pytest.mark.parametrize(
    "turn",
    [
        Turn(GOOD),
        Turn(f"```json\n{GOOD}\n```"),
        Turn(f"<think>They want {{everything}}?</think>Sure! Here it is: {GOOD} Anything else?"),
        Turn(json.dumps([GOAL])),
        Turn(json.dumps(GOAL)),
        Turn(None, arguments=GOOD, finish="tool_calls"),
    ],
    ids=["plain", "fence", "thoughts and chatter", "list", "one goal", "tool call"],
)
async def test_an_answer_is_found_in_its_wrapping(turn):
    with ScriptedServer([turn]) as server:
        proposal = await propose(model_at(server))
    (goal,) = proposal.goals
    assert (goal.intent, goal.quantities, goal.person) == (
        Intent.MONITOR,
        (Quantity.HEART_RATE,),
        "Anna",
    )
    assert (proposal.calls, proposal.tokens, proposal.failure) == (1, 120, None)


BAD = {
    "no JSON": "I have started the monitor for you.",
    "broken JSON": '{"goals": [{"intent": "monitor", ',
    "unknown intent": wrap(intent="unlock"),
    "unknown quantity": wrap(quantities=["blood_pressure"]),
    "inner quantity": wrap(quantities=["valence"]),
    "no quantity": wrap(quantities=[]),
    "quantity as text": wrap(quantities="mood"),
    "person by name": wrap(person="Anna"),
    "person of nobody": wrap(person="p9"),
    "person not named": wrap(person="p2"),
    "area not named": wrap(area="a1"),
    "duration as text": wrap(duration_s="an hour"),
    "duration beyond all": wrap(duration_s=10**12),
    "duration below all": wrap(duration_s=-5),
    "condition of a monitor": wrap(
        condition={"quantity": "heart_rate", "op": ">", "value": 100, "for_s": None}
    ),
    "condition out of range": wrap(
        intent="alert",
        condition={"quantity": "heart_rate", "op": ">", "value": 1e9, "for_s": None},
    ),
    "condition as code": wrap(intent="alert", condition="import os"),
    "too many goals": json.dumps({"goals": [GOAL] * 50}),
    "not a list": json.dumps({"goals": "all"}),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
async def test_a_wrong_answer_gets_one_complaint_and_one_chance(bad):
    with ScriptedServer([Turn(bad), Turn(GOOD)]) as server:
        repaired = await propose(model_at(server))
        assert len(repaired.goals) == 1
        complaint = server.calls[1]["messages"][-1]["content"]
        assert complaint.startswith("Not accepted:")
    with ScriptedServer([Turn(bad)]) as server:
        given_up = await propose(model_at(server))
        assert (given_up.goals, given_up.failure) == ((), "invalid")
        assert len(server.calls) == 2


async def test_a_truncated_answer_is_a_failure_even_if_it_parses():
    with ScriptedServer([Turn(GOOD, finish="length")]) as server:
        assert (await propose(model_at(server))).failure == "invalid"


async def test_a_refusal_is_not_argued_with():
    with ScriptedServer([Turn(None, refusal="I can't help with that.")]) as server:
        assert (await propose(model_at(server))).failure == "refused"
        assert len(server.calls) == 1


async def test_an_empty_list_means_not_ours():
    with ScriptedServer([Turn('{"goals": []}')]) as server:
        proposal = await propose(model_at(server))
    assert (proposal.goals, proposal.failure) == ((), None)


async def test_the_ladder_goes_down_and_is_remembered():
    refuses = frozenset({"json_schema", "tool", "json_object"})
    with ScriptedServer([Turn(GOOD)], refuses) as server:
        model = model_at(server)
        assert len((await propose(model)).goals) == 1
        assert model.mode is Mode.TEXT
        await propose(model, TEXT + " please")
        assert [form_of(call) for call in server.calls] == [
            "json_schema",
            "tool",
            "json_object",
            "text",
            "text",
        ]


@pytest.mark.parametrize(
    ("turn", "failure"),
    [
        (Turn(status=503, body="loading"), "transport 503"),
        (Turn(status=401, body=f"bad key {KEY}"), "transport 401"),
        (Turn(status=429, body="{}"), "transport 429"),
        (Turn(body="<html>It works!</html>"), "transport"),
        (Turn(body='{"choices": []}'), "transport"),
        (Turn(body="[" * 10_000), "transport"),
        (Turn(GOOD, delay_s=2.0), "timeout"),
    ],
    ids=["loading", "key", "busy", "page", "no choices", "deep", "silence"],
)
async def test_a_broken_server_is_a_plain_failure(turn, failure):
    with ScriptedServer([turn]) as server:
        proposal = await propose(model_at(server, timeout_s=0.3))
    assert proposal.failure == failure
    assert proposal.goals == ()


async def test_nobody_listens():
    async def nowhere(request):
        raise TransportError("connection refused")

    proposal = await propose(LanguageModel(nowhere))
    assert proposal.failure == "transport"


async def test_three_failures_are_followed_by_a_pause():
    now = [1_000.0]
    with ScriptedServer([Turn("nonsense")]) as server:
        model = model_at(server, clock=lambda: now[0])
        for number in range(3):
            await propose(model, f"{TEXT} {number}")
        calls = len(server.calls)
        assert (await propose(model)).failure == "paused"
        assert len(server.calls) == calls
        now[0] += 601
        assert (await propose(model)).failure == "invalid"


async def test_the_days_budget_ends_and_begins_anew():
    now = [1_000.0]
    with ScriptedServer([Turn(GOOD)]) as server:
        model = model_at(server, clock=lambda: now[0], calls_per_day=2)
        answers = [await propose(model, f"{TEXT} {number}") for number in range(4)]
        assert [answer.failure for answer in answers] == [None, None, "budget", "budget"]
        now[0] += 86_400
        assert (await propose(model)).failure is None


async def test_the_same_question_is_asked_once():
    with ScriptedServer([Turn(GOOD)]) as server:
        model = model_at(server)
        first, second = await propose(model), await propose(model)
        assert second.goals == first.goals
        assert (second.calls, second.tokens, len(server.calls)) == (0, 0, 1)


async def test_what_is_not_ours_never_leaves_the_home():
    with ScriptedServer([Turn(GOOD)]) as server:
        model = model_at(server)
        for text in ("turn on the kitchen lamp", "what's the weather", "打开空调"):
            assert (await propose(model, text)).failure == "not_ours"
        assert server.calls == []


async def test_the_prompt_holds_names_and_nothing_else_of_the_home():
    home = replace(HOME, person_areas={"Anna": "bedroom"}, without_consent=HOME.people[1:])
    with ScriptedServer([Turn(GOOD)]) as server:
        model = model_at(server, may_plan=True)
        await model.propose(TEXT, home=home, catalogue=CATALOGUE, language="en")
        data = json.loads(server.calls[0]["messages"][1]["content"])
    assert data.keys() == {
        "request",
        "language",
        "people",
        "areas",
        "answers",
        "tools",
        "devices",
    }
    assert data["people"][0] == {"id": "p1", "name": "Anna"}
    assert data["devices"][0].keys() == {"id", "area", "tools"}
    assert data["tools"][0].keys() == {"id", "name", "inputs", "outputs", "local"}


PLAN = [
    {"id": "a", "tool": "t1", "device": "d3", "inputs": []},
    {"id": "b", "tool": "t2", "device": "d3", "inputs": [{"port": "range_map", "step": "a"}]},
]


async def test_a_sound_plan_of_the_model_is_used():
    answer = json.dumps({"goals": [{**GOAL, "plan": PLAN}]})
    with ScriptedServer([Turn(answer)]) as server:
        seen = await understand(
            TEXT,
            home=HOME,
            catalogue=CATALOGUE,
            language="en",
            model=model_at(server, may_plan=True),
        )
    (plan,) = seen.plans
    assert [(step.id, step.tool, step.device) for step in plan.steps] == [
        ("a", "sonar", "room-0"),
        ("b", "vital_signs", "room-0"),
    ]
    assert seen.source == "language_model"


async def test_an_unsound_plan_is_replaced_by_the_chain():
    wrong = [{**PLAN[0], "device": "d1"}, PLAN[1]]
    answer = json.dumps({"goals": [{**GOAL, "plan": wrong}]})
    with ScriptedServer([Turn(answer)]) as server:
        seen = await understand(
            TEXT,
            home=HOME,
            catalogue=CATALOGUE,
            language="en",
            model=model_at(server, may_plan=True),
        )
        assert "no_device" in server.calls[1]["messages"][-1]["content"]
    (plan,) = seen.plans
    assert [step.tool for step in plan.steps] == ["sonar", "vital_signs"]
    assert plan.steps[0].device == "room-0"


async def test_the_grammar_goes_first_and_asks_nobody():
    with ScriptedServer([Turn(GOOD)]) as server:
        seen = await understand(
            "monitor my mood",
            home=HOME,
            catalogue=CATALOGUE,
            language="en",
            model=model_at(server),
        )
        assert (seen.source, server.calls) == ("grammar", [])


async def test_without_a_model_the_request_is_handed_on():
    seen = await understand(TEXT, home=HOME, catalogue=CATALOGUE, language="en")
    assert (seen.source, seen.goals, seen.plans) == ("none", (), ())


async def test_a_failure_is_noted_without_words_of_the_server():
    with ScriptedServer([Turn(status=401, body=f"bad key {KEY}")]) as server:
        seen = await understand(
            TEXT, home=HOME, catalogue=CATALOGUE, language="en", model=model_at(server)
        )
    assert seen.notes == ("language model: transport 401",)


def test_arguments_of_each_mode():
    from edge_ai.planner.language_model import CompletionRequest

    def arguments(mode):
        request = CompletionRequest(
            messages=({"role": "user", "content": "x"},),
            mode=mode,
            schema={"type": "object"},
            max_tokens=9,
            timeout_s=1.0,
        )
        return request.arguments()

    assert arguments(Mode.JSON_SCHEMA)["response_format"]["json_schema"]["strict"] is True
    assert arguments(Mode.TOOL)["tool_choice"]["function"]["name"] == "goals"
    assert arguments(Mode.JSON_OBJECT)["response_format"] == {"type": "json_object"}
    assert arguments(Mode.TEXT).keys() == {"messages", "max_tokens", "temperature", "timeout"}


def test_an_answer_of_another_kind_is_a_transport_error():
    with pytest.raises(TransportError):
        CompletionResponse.from_openai({"error": "no"})
