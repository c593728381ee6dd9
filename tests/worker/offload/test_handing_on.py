"""Answers that the hub hands on: nothing returns, and nothing is lost when the hub can't."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from edge_worker.catalogue.coinference import Inference
from edge_worker.catalogue.notes import Note
from edge_worker.messages import Place
from edge_worker.offload.coinference import SharedModel
from edge_worker.offload.frames import HANDED_ON, FrameKind, pack, unpack
from edge_worker.offload.placement import Policy
from edge_worker.offload.policies import HEADER_BYTES

from .conftest import ToyModel, Wire, expected, window

WaitFor = Callable[..., None]
PLAN = "early/float32"
WORD = ("vitals", "what the step says")
NOTE = Note(packed=b"written down", told_bytes=300)


def share(
    wire: Wire, *, note: Note | None = NOTE, plan: str | None = PLAN, deadline_s: float = 30.0
) -> SharedModel:
    def write(step: str, word: tuple[str, object]) -> Note | None:
        assert (step, word) == ("s2", WORD)
        return note

    shared = wire.device(note=write).share(ToyModel(), forced=plan, deadline_s=deadline_s)
    shared.step = "s2"
    assert shared.timed.wait(30)
    return shared


def ask(shared: SharedModel, seed: int = 0) -> Inference:
    shared.submit(window(seed), tag=seed, word=WORD)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for result in shared.results():
            return result
        time.sleep(0.001)
    raise AssertionError("no result")


def down(wire: Wire, change: Callable[[bytes], bytes | None]) -> None:
    """Change what the hub sends for windows."""

    def spoil(data: bytes) -> bytes | None:
        return change(data) if unpack(data).kind is FrameKind.RESULT else data

    wire.spoil = spoil


def test_an_answer_that_was_handed_on_does_not_return(wire: Wire) -> None:
    wire.keeps = True
    sizes: list[int] = []
    down(wire, lambda data: sizes.append(len(data)) or data)
    result = ask(share(wire), 3)
    assert (result.handed_on, result.outputs, result.place) == (True, {}, Place.SPLIT)
    ((device, frame, outputs),) = wire.kept
    assert (device, frame.step, frame.note) == ("pi", "s2", NOTE.packed)
    assert np.allclose(outputs["output"], expected(window(3)))
    assert sizes[0] < 45, "a header and nothing else"


def test_an_answer_that_nobody_takes_returns(wire: Wire) -> None:
    result = ask(share(wire), 1)
    assert not result.handed_on
    assert np.allclose(result.outputs["output"], expected(window(1)))


def test_a_step_whose_value_is_used_here_gets_its_answers(wire: Wire) -> None:
    wire.keeps = True
    result = ask(share(wire, note=None), 1)
    assert not result.handed_on
    assert np.allclose(result.outputs["output"], expected(window(1)))
    assert wire.kept == []


def test_what_cannot_be_written_down_costs_no_window(wire: Wire) -> None:
    wire.keeps = True

    def broken(step: str, word: tuple[str, object]) -> Note | None:
        raise ValueError("not a value")

    shared = wire.device(note=broken).share(ToyModel(), forced=PLAN, deadline_s=30.0)
    for seed in (1, 2):
        result = ask(shared, seed)
        assert (result.handed_on, result.place) == (False, Place.SPLIT)
        assert np.allclose(result.outputs["output"], expected(window(seed)))


def test_a_lost_receipt_means_that_the_device_does_it_again(wire: Wire) -> None:
    wire.keeps = True
    shared = share(wire, deadline_s=5.0)
    assert ask(shared).handed_on
    down(wire, lambda data: None)
    result = ask(shared, 1)
    assert (result.handed_on, result.place) == (False, Place.LOCAL_FALLBACK)
    assert np.allclose(result.outputs["output"], expected(window(1)))


def test_a_receipt_that_was_not_asked_for_is_not_believed(wire: Wire) -> None:
    shared = share(wire, note=None)
    down(wire, lambda data: pack(replace(unpack(data), codec=HANDED_ON, payload=b"")))
    result = ask(shared, 1)
    assert result.place is Place.LOCAL_FALLBACK
    assert np.allclose(result.outputs["output"], expected(window(1)))
    assert shared.counts.refused == 1


def test_what_returns_is_not_waited_for(wire: Wire) -> None:
    wire.keeps, wire.rtt_s = True, 0.4
    side = wire.device(note=lambda step, word: NOTE)
    shared = side.share(ToyModel(), forced=PLAN, deadline_s=30)
    shared.step = "s2"
    for _ in range(3):
        ask(shared)
        side._meter.small(0.4)
        side._meter.transfer(100_000, 0.45)
    began = time.perf_counter()
    result = ask(shared)
    took = time.perf_counter() - began
    assert result.handed_on
    assert took - result.latency_s >= 0.99 * 0.2


def test_plans_are_compared_where_the_result_is_wanted(wire: Wire, wait_for: WaitFor) -> None:
    shared = share(wire, plan=None)
    wait_for(lambda: PLAN in shared.options(), "all costs")
    back = shared.options()
    ask(shared)
    on = shared.options()
    told = NOTE.told_bytes + HEADER_BYTES
    assert on["device"].costs.bytes == told
    assert on["device"].costs.link_s > back["device"].costs.link_s == 0
    assert on[PLAN].costs.link_s < back[PLAN].costs.link_s
    assert on[PLAN].costs.bytes == pytest.approx(back[PLAN].costs.bytes + len(NOTE.packed), abs=2)
    shared.set_policy(Policy.TRAFFIC)
    wait_for(lambda: shared.plan == PLAN, "the plan that sends least")
