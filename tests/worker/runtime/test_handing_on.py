"""The hub finishes values for steps that run; whatever else comes stays with the device."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from edge_worker.catalogue.coinference import Finish
from edge_worker.catalogue.notes import write_note
from edge_worker.catalogue.ports import Vitals
from edge_worker.catalogue.tool import Tool
from edge_worker.messages import (
    Goal,
    Intent,
    Monitor,
    MonitorState,
    Plan,
    PlanStep,
    ReadingState,
    StepValue,
    ToolCard,
    decode,
    encode,
    to_dict,
)
from edge_worker.offload.frames import Frame, FrameKind
from edge_worker.runtime.handing_on import HandingOn

SAID = Vitals(t=5.0, state=ReadingState.LOW_QUALITY, present=True)
TOLD = StepValue(port="vitals", sequence=7, value=to_dict(SAID))
NOTE = write_note(TOLD).packed


class Desk:
    """Hands on for one tool, and keeps what was published."""

    def __init__(self, make_finish: Callable[[], Finish] | None) -> None:
        self.published: list[tuple[str, str, StepValue]] = []
        card = ToolCard(name="network", version="1", summary="", outputs=("vitals",))
        tool = Tool(card=card, make_step=lambda context: NotImplemented, make_finish=make_finish)
        self.handing_on = HandingOn({"network": tool}, self._publish)

    def _publish(self, device: str, step: str, data: bytes) -> None:
        self.published.append((device, step, decode(StepValue, data)))

    def take(self, device: str = "pi", step: str = "s2", note: bytes = NOTE) -> bool:
        frame = Frame(kind=FrameKind.INFER, sequence=1, step=step, note=note)
        return self.handing_on.take(device, frame, {"rate": 12.0})  # type: ignore[dict-item]


def monitor(tool: str = "network") -> Monitor:
    step = PlanStep(id="s2", tool=tool, device="pi")
    plan = Plan(id="p", goal=Goal(intent=Intent.MONITOR), steps=(step,))
    return Monitor(id="m", plan=plan, state=MonitorState.RUNNING, created=0.0)


def counting() -> Finish:
    """Says how many windows it has seen before."""
    seen = 0

    def finish(said: Vitals, outputs: Mapping[str, Any]) -> Vitals:
        nonlocal seen
        seen += 1
        return replace(said, breathing_rate=outputs["rate"], heart_rate=float(seen))

    return finish


@pytest.fixture
def desk() -> Desk:
    made = Desk(counting)
    made.handing_on.expect([monitor()])
    return made


def test_a_finished_value_is_published_as_the_device_would(desk: Desk) -> None:
    assert desk.take()
    ((device, step, told),) = desk.published
    assert (device, step, told.port, told.sequence) == ("pi", "s2", "vitals", 7)
    assert told.value == to_dict(replace(SAID, breathing_rate=12.0, heart_rate=1.0))


def test_windows_of_a_step_are_finished_by_the_same_until_it_ends(desk: Desk) -> None:
    assert desk.take()
    desk.handing_on.expect([monitor()])
    assert desk.take()
    desk.handing_on.expect([])
    assert not desk.take()
    desk.handing_on.expect([monitor()])
    assert desk.take()
    assert [told.value["heart_rate"] for _, _, told in desk.published] == [1.0, 2.0, 1.0]


@pytest.mark.parametrize(
    "asked",
    [
        {"device": "other"},
        {"step": "s9"},
        {"note": b""},
        {"note": b"{}"},
        {"note": NOTE[:-5]},
        {"note": write_note(replace(TOLD, port="range_map")).packed},
        {"note": write_note(replace(TOLD, port="none")).packed},
        {"note": write_note(replace(TOLD, value={**TOLD.value, "state": "splendid"})).packed},
        {"note": encode(TOLD)},
    ],
)
def test_what_cannot_be_finished_is_left_to_the_device(desk: Desk, asked: dict[str, Any]) -> None:
    assert not desk.take(**asked)
    assert desk.published == []
    assert desk.take(), "the next window is none the worse"


def test_a_finish_that_fails_is_left_to_the_device(caplog: pytest.LogCaptureFixture) -> None:
    def broken(said: Vitals, outputs: Mapping[str, Any]) -> Vitals:
        raise RuntimeError("broken")

    desk = Desk(lambda: broken)
    desk.handing_on.expect([monitor()])
    assert not desk.take()
    assert "could not be finished" in caplog.text


def test_a_finish_that_cannot_be_made_is_left_to_the_device() -> None:
    def missing() -> Finish:
        raise ImportError("a library is absent")

    desk = Desk(missing)
    desk.handing_on.expect([monitor()])
    assert not desk.take()


def test_tools_that_do_not_offer_it_are_left_to_the_device() -> None:
    desk = Desk(None)
    desk.handing_on.expect([monitor()])
    assert not desk.take()
    desk.handing_on.expect([monitor(tool="unknown")])
    assert not desk.take()
