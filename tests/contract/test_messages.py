"""The contract: both copies are one, every message survives the wire, nonsense is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_worker import messages as m

ROOT = Path(__file__).resolve().parents[2]

PLAN = m.Plan(
    id="p1",
    goal=m.Goal(
        intent=m.Intent.ALERT,
        quantities=(m.Quantity.STRESS,),
        person="anna",
        duration_s=7200,
        condition=m.Condition(quantity=m.Quantity.STRESS, op="==", value=True, for_s=60),
    ),
    steps=(
        m.PlanStep(id="a", tool="sonar", device="bedroom"),
        m.PlanStep(id="b", tool="vital_signs", device="bedroom", inputs={"range_map": "a"}),
    ),
    refused=(m.Refusal(quantity="mood", code="no_device", reason="No microphone."),),
    person="anna",
    area="bedroom",
)
MONITOR = m.Monitor(id="m1", plan=PLAN, state=m.MonitorState.DEGRADED, created=1.5, problem="off")
MESSAGES = [
    m.Hello(id="home", name="Hub", version="0.1.0"),
    m.Status(online=True),
    m.Catalogue(
        devices=(m.DeviceCard(id="d", name="D", version="1", tools=("sonar",)),),
        tools=(
            m.ToolCard(
                name="sonar",
                version="1",
                summary="s",
                inputs=(m.ToolInput(port="x", required=False),),
                outputs=("range_map",),
                quality=(m.Measured(metric="auc", value=0.7, low=0.6),),
            ),
        ),
    ),
    m.Command(id="c", name="start", arguments={"plan": {"id": "x"}, "n": 1}),
    m.Reply(id="c", ok=False, error=m.ReplyError(code="invalid", message="No.")),
    m.Monitors(monitors=(MONITOR,)),
    m.Deploy(deployments=(MONITOR,)),
    m.Reading(
        subject="person.anna",
        quantity=m.Quantity.PRESENCE,
        value=True,
        quality=0.5,
        time=1.0,
        expires=2.0,
        details={"minutes": {"social": 2.5}},
    ),
    m.Event(kind=m.EventKind.MOOD_CHANGED, subject="person.anna", time=3.0, data={"to": "down"}),
    m.People(
        people=(m.Person(id="anna", name="Anna", addresses=("192.0.2.1",)),),
        area_devices={"bedroom": ("d",)},
    ),
    m.DeviceState(running=("a",), problems={"b": "broken"}),
    m.StepValue(port="vitals", sequence=7, value={"t": 1.0}),
]


def sources(folder: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (ROOT / folder).glob("*.py")}


def test_both_copies_are_the_same_files() -> None:
    ours = sources("edge_worker/messages")
    assert "coding.py" in ours
    assert ours == sources("custom_components/edge_ai/messages")


@pytest.mark.parametrize("message", MESSAGES, ids=lambda item: type(item).__name__)
def test_message_survives_the_wire(message: object) -> None:
    assert m.decode(type(message), m.encode(message)) == message


@pytest.mark.parametrize("message", MESSAGES, ids=lambda item: type(item).__name__)
def test_message_says_its_version_and_newer_fields_are_ignored(message: object) -> None:
    body = json.loads(m.encode(message))
    assert body["v"] == 1
    body["from_the_future"] = {"x": 1}
    assert m.decode(type(message), json.dumps(body)) == message


@pytest.mark.parametrize(("value", "kind"), [(True, bool), (3, int), (2.5, float), ("x", str)])
def test_scalar_keeps_its_type(value: object, kind: type) -> None:
    reading = m.Reading(
        subject="area.a", quantity=m.Quantity.MOOD, value=value, time=0.0, expires=1.0
    )
    assert type(m.decode(m.Reading, m.encode(reading)).value) is kind


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (b"", ""),
        (b"[]", ""),
        (b"\xff\xfe", ""),
        (b"[" * 100_000, ""),
        (b'{"v":1,"id":"c","name":"stop","arguments":{"x":NaN}}', ""),
        (b'{"v":1,"id":"c","name":"stop","arguments":{"x":1e999}}', ""),
        (b'{"v":1,"name":"stop"}', "id"),
        (b'{"v":1,"id":7,"name":"stop"}', "id"),
        (b'{"v":1,"id":"c","name":"stop","arguments":[]}', "arguments"),
    ],
)
def test_bad_payload_is_refused_and_the_field_named(payload: bytes, field: str) -> None:
    with pytest.raises(m.MessageError) as caught:
        m.decode(m.Command, payload)
    assert caught.value.field == field


def test_error_names_a_nested_field() -> None:
    body = json.loads(m.encode(m.Monitors(monitors=(MONITOR,))))
    body["monitors"][0]["plan"]["steps"][1]["device"] = None
    with pytest.raises(m.MessageError, match=r"monitors\[0\]\.plan\.steps\[1\]\.device"):
        m.decode(m.Monitors, json.dumps(body))


def test_huge_payload_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(m.MessageError, match="at most"):
        m.decode(m.Status, b'{"v":1,"online":true}' + b" " * m.MAX_PAYLOAD_BYTES)


@pytest.mark.parametrize("version", [0, 2, "1", None, True])
def test_other_version_is_told_apart_from_nonsense(version: object) -> None:
    payload = json.dumps({"v": version, "online": True})
    with pytest.raises(m.ContractVersionError):
        m.decode(m.Status, payload)


def test_number_that_json_cannot_carry_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        m.encode(m.Event(kind=m.EventKind.MOOD_CHANGED, subject="x", time=float("nan")))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
)
FIELDS = st.sampled_from(
    ["id", "name", "plan", "goal", "steps", "value", "monitors", "tools", "time"]
)


@given(body=st.dictionaries(FIELDS, JSON), message=st.sampled_from(MESSAGES))
def test_any_json_is_read_or_refused(body: dict[str, object], message: object) -> None:
    payload = json.dumps({"v": 1, **body})
    try:
        read = m.decode(type(message), payload)
    except m.MessageError:
        return
    assert m.decode(type(message), m.encode(read)) == read
