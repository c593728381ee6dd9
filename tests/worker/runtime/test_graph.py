"""The graph feeds tools, shares them, and keeps one's failure from the others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from edge_worker.catalogue.ports import Port
from edge_worker.catalogue.tool import Emit, Output, SourceError, Tool, ToolContext
from edge_worker.messages import DeviceState, ToolCard, ToolInput
from edge_worker.runtime.graph import Graph, StepSpec

WaitFor = Callable[..., None]


class Counter:
    """A source that counts to `last`, then waits for its end or fails."""

    def __init__(self, last: int, error: Exception | None = None) -> None:
        self.last, self.error = last, error

    def run(self, emit: Emit, stop: threading.Event) -> None:
        for number in range(self.last):
            emit(Port.RANGE_MAP, number)
        if self.error:
            raise self.error
        stop.wait()


class Double:
    """A step that doubles, and says "tick" when its clock is asked."""

    def __init__(self, broken_at: int | None = None) -> None:
        self.broken_at = broken_at

    def update(self, port: str, value: Any) -> Iterable[Output]:
        if value == self.broken_at:
            raise ZeroDivisionError
        return [(Port.VITALS, 2 * value)]

    def tick(self, now: float) -> Iterable[Output]:
        return [(Port.MOOD, "tick")]


class World:
    """A graph with its surroundings recorded."""

    def __init__(self, folder: Path) -> None:
        self.context = ToolContext(settings={}, data_dir=folder)
        self.published: list[tuple[str, str, Any]] = []
        self.states: list[DeviceState] = []
        self.graph = Graph(
            publish=lambda *item: self.published.append(item), report=self.states.append
        )

    def spec(
        self, name: str, maker: Callable[[], Any], inputs: dict[str, str] | None = None
    ) -> StepSpec:
        source = isinstance(maker(), Counter)
        card = ToolCard(
            name=name,
            version="1",
            summary="",
            outputs=("x",),
            inputs=tuple(ToolInput(port=port) for port in inputs or {}),
        )
        make = {"make_source" if source else "make_step": lambda context: maker()}
        return StepSpec(
            id=name, tool=Tool(card=card, **make), context=self.context, inputs=inputs or {}
        )

    def values(self, step: str, port: Port = Port.VITALS) -> list[Any]:
        return [value for name, where, value in self.published if (name, where) == (step, port)]


@pytest.fixture
def world(tmp_path: Path) -> Iterable[World]:
    world = World(tmp_path)
    world.graph.start()
    yield world
    world.graph.stop()


def test_source_feeds_every_step_that_wants_it(world: World, wait_for: WaitFor) -> None:
    world.graph.want(
        [
            world.spec("count", lambda: Counter(3)),
            world.spec("one", Double, {Port.RANGE_MAP: "count"}),
            world.spec("two", Double, {Port.RANGE_MAP: "count"}),
        ]
    )
    wait_for(lambda: len(world.values("two")) == 3, "three doubled numbers")
    assert world.values("one") == world.values("two") == [0, 2, 4]


def test_local_values_are_never_published(world: World, wait_for: WaitFor) -> None:
    world.graph.want(
        [
            world.spec("count", lambda: Counter(3)),
            world.spec("one", Double, {Port.RANGE_MAP: "count"}),
        ]
    )
    wait_for(lambda: len(world.values("one")) == 3, "three doubled numbers")
    assert not [item for item in world.published if item[1] == Port.RANGE_MAP]


def test_value_of_another_device_reaches_its_step(world: World, wait_for: WaitFor) -> None:
    world.graph.want([world.spec("one", Double, {Port.ACTIVATION: "elsewhere"})])
    world.graph.receive("elsewhere", Port.ACTIVATION, 21)
    wait_for(lambda: world.values("one") == [42], "the doubled number")
    assert not [item for item in world.published if item[0] == "elsewhere"]


def test_tick_comes_though_no_value_does(world: World, wait_for: WaitFor) -> None:
    world.graph.want([world.spec("one", Double, {Port.RANGE_MAP: "nobody"})])
    wait_for(lambda: world.values("one", Port.MOOD), "a tick")


def test_broken_step_is_off_and_named_while_others_go_on(world: World, wait_for: WaitFor) -> None:
    world.graph.want(
        [
            world.spec("count", lambda: Counter(3)),
            world.spec("bad", lambda: Double(broken_at=1), {Port.RANGE_MAP: "count"}),
            world.spec("good", Double, {Port.RANGE_MAP: "count"}),
        ]
    )
    wait_for(lambda: world.states and "bad" in world.states[-1].problems, "the problem")
    wait_for(lambda: len(world.values("good")) == 3, "the other step's numbers")
    assert "ZeroDivisionError" in world.states[-1].problems["bad"]
    assert world.states[-1].running == ("count", "good")


def test_source_says_why_it_cannot_go_on(world: World, wait_for: WaitFor) -> None:
    error = SourceError("There is no microphone; plug one in.")
    world.graph.want([world.spec("count", lambda: Counter(1, error))])
    wait_for(lambda: world.states and world.states[-1].problems, "the problem")
    assert world.states[-1].problems == {"count": "There is no microphone; plug one in."}


def test_source_worth_another_try_gets_it(world: World, wait_for: WaitFor) -> None:
    attempts: list[Counter] = []

    def maker() -> Counter:
        attempts.append(Counter(0, SourceError("Away.", retry=True) if len(attempts) < 2 else None))
        return attempts[-1]

    world.graph.want([world.spec("count", maker)])  # `spec` makes one to look at
    wait_for(lambda: len(attempts) == 3, "the second attempt", timeout_s=5)


def test_same_step_goes_on_undisturbed_and_a_dropped_one_ends(
    world: World, wait_for: WaitFor
) -> None:
    made: list[Counter] = []

    def maker() -> Counter:
        made.append(Counter(1))
        return made[-1]

    kept = world.spec("kept", maker)
    before = len(made)
    world.graph.want([kept, world.spec("gone", lambda: Counter(1))])
    wait_for(lambda: world.states and world.states[-1].running == ("gone", "kept"), "both")
    world.graph.want([kept])
    wait_for(lambda: world.states[-1].running == ("kept",), "one only")
    assert len(made) == before + 1
