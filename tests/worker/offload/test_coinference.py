"""Device and hub share a model over a wire that is slow, lossy, cut, or lying."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from edge_worker.catalogue.coinference import Inference
from edge_worker.messages import Place
from edge_worker.offload.coinference import SharedModel
from edge_worker.offload.forecast import forecast
from edge_worker.offload.frames import Frame, FrameKind, pack, unpack
from edge_worker.offload.placement import Policy

from .conftest import PlainCodec, ToyModel, Wire, expected, window

WaitFor = Callable[..., None]
SLOW_WHOLE_S = 0.05


def ask(model: SharedModel, seed: int = 0, timeout_s: float = 30.0) -> Inference:
    """Submit one window and wait for its result."""
    inputs = window(seed)
    model.submit(inputs, tag=seed)
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        for result in model.results():
            if result.tag == seed:
                assert np.allclose(result.outputs["output"], expected(inputs), atol=1e-5)
                return result
        time.sleep(0.001)
    raise AssertionError("no result")


def slow_device(wire: Wire) -> ToyModel:
    """A device on which the whole takes long and the head is quick."""
    model = ToyModel()
    model.all.pause_s = SLOW_WHOLE_S
    return model


def test_device_alone_answers_before_anything_is_known(wire: Wire) -> None:
    wire.cut = True
    assert ask(wire.device().share(ToyModel())).place is Place.DEVICE


def test_split_gives_what_the_whole_gives(wire: Wire, wait_for: WaitFor) -> None:
    shared = wire.device().share(slow_device(wire))
    wait_for(lambda: shared.plan == "early/float32", "the split")
    result = ask(shared, 3)
    assert result.place is Place.SPLIT
    assert 0 < result.bytes_sent < 100
    assert shared.bytes_per_s > 0
    assert "split early" in shared.reason


def test_raw_input_stays_unless_allowed(wire: Wire, wait_for: WaitFor) -> None:
    private = wire.device("private").share(slow_device(wire))
    allowed = wire.device("open").share(slow_device(wire), raw_may_leave=True)
    wait_for(lambda: not private.hub_away and len(private.options()) > 1, "costs")
    wait_for(lambda: "input/float32" in allowed.options(), "costs")
    assert "input/float32" not in private.options()
    for seed in range(5):
        ask(private, seed)
    plans = {frame.plan for frame in map(unpack, wire.seen) if frame.kind is FrameKind.INFER}
    assert "input/float32" not in plans


def test_fast_device_keeps_the_model(wire: Wire, wait_for: WaitFor) -> None:
    wire.rtt_s = 0.05
    shared = wire.device().share(ToyModel())
    wait_for(lambda: len(shared.options()) > 1, "all costs")
    time.sleep(1.0)
    assert shared.plan == "device"


def test_hub_that_vanishes_and_returns(wire: Wire, wait_for: WaitFor) -> None:
    shared = wire.device().share(slow_device(wire))
    wait_for(lambda: shared.plan == "early/float32", "the split")
    ask(shared)
    wire.cut = True
    first, second, third = ask(shared, 1), ask(shared, 2), ask(shared, 3)
    assert (first.place, second.place) == (Place.LOCAL_FALLBACK, Place.LOCAL_FALLBACK)
    assert third.place is Place.DEVICE
    assert shared.reason == "The hub does not answer."
    assert shared.counts.fallbacks == 2
    wire.cut = False
    wait_for(lambda: shared.plan == "early/float32", "the split again")
    assert ask(shared, 4).place is Place.SPLIT


def test_plan_follows_the_link(wire: Wire, wait_for: WaitFor) -> None:
    shared = wire.device().share(slow_device(wire), raw_may_leave=False)
    wait_for(lambda: shared.plan == "early/float32", "the split")
    wire.rtt_s, wire.bandwidth_bps = 0.6, 1e5
    wait_for(lambda: ask(shared) and shared.plan == "device", "the device alone")
    wire.rtt_s, wire.bandwidth_bps = 0.002, 1e8
    wait_for(lambda: shared.plan == "early/float32", "the split again")


def test_policy_counts(wire: Wire, wait_for: WaitFor) -> None:
    side = wire.device()
    shared = side.share(slow_device(wire))
    wait_for(lambda: shared.plan == "early/float32", "the split")
    side.set_policy(Policy.PRIVACY)
    wait_for(lambda: shared.plan == "device", "the device alone")
    assert "tells the hub least" in shared.reason
    side.set_policy(Policy.ENERGY)
    wait_for(lambda: shared.plan == "early/float32", "the split")


def test_a_tier_that_loses_too_much_is_taken_only_to_spare_traffic(
    wire: Wire, wait_for: WaitFor
) -> None:
    model = slow_device(wire)
    model.losses = {"early/float32": 0.02}
    shared = wire.device().share(model)
    wait_for(lambda: "early/float32" in shared.options(), "all costs")
    found = shared.options()
    assert forecast(found, Policy.LATENCY).best == "device"
    assert "early/float32" not in forecast(found, Policy.ENERGY).costs
    assert "early/float32" in forecast(found, Policy.TRAFFIC).costs


def test_queue_drops_the_oldest_and_counts(wire: Wire, wait_for: WaitFor) -> None:
    model = ToyModel()
    shared = wire.device().share(model)
    assert shared.timed.wait(30)
    model.all.may_run.clear()
    before = len(model.all.batches)
    shared.submit(window(0), tag=0)
    wait_for(lambda: len(model.all.batches) > before, "the first window to be begun")
    for tag in range(1, 6):
        shared.submit(window(tag), tag=tag)
    model.all.may_run.set()
    wait_for(lambda: shared.counts.done == 3, "three results")
    assert [result.tag for result in shared.results()] == [0, 4, 5]
    assert shared.counts.dropped == 3


def test_devices_are_served_together(wire: Wire, wait_for: WaitFor) -> None:
    devices = [
        wire.device(f"pi{index}").share(slow_device(wire), forced="early/float32")
        for index in range(4)
    ]
    for device in devices:
        assert device.timed.wait(30)
        ask(device)
    wire.model.tails.pause_s = 0.02
    for begin in (10, 20, 30):
        for seed, device in enumerate(devices, begin):
            device.submit(window(seed), tag=seed)
        for seed, device in enumerate(devices, begin):
            found: list[Inference] = []
            wait_for(lambda d=device, f=found: f.extend(d.results()) or f, "its own result")
            (result,) = found
            assert (result.tag, result.place) == (seed, Place.SPLIT)
            assert np.allclose(result.outputs["output"], expected(window(seed)))
    assert wire.server.counts.largest_batch > 1
    assert max(wire.model.tails.batches) > 1


def spoil_every_infer(change: Callable[[Frame], bytes | None]) -> Callable[[bytes], bytes | None]:
    def spoil(data: bytes) -> bytes | None:
        frame = unpack(data)
        return change(frame) if frame.kind is FrameKind.INFER else data

    return spoil


@pytest.mark.parametrize(
    ("change", "counted"),
    [
        (lambda frame: pack(frame)[:-3], "broken"),
        (lambda frame: pack(frame) + b"x", "broken"),
        (lambda frame: b"", "broken"),
        (lambda frame: pack(replace(frame, sequence=1)), "stale"),
        (lambda frame: pack(replace(frame, model="other")), "refused"),
        (lambda frame: pack(replace(frame, plan="late/float32")), "refused"),
        (lambda frame: pack(replace(frame, coding=frame.coding ^ 1)), "refused"),
        (lambda frame: pack(replace(frame, payload=b"")), "refused"),
    ],
)
def test_spoiled_frame_is_counted_and_the_window_computed_here(
    wire: Wire, change: Callable[[Frame], bytes | None], counted: str
) -> None:
    shared = wire.device().share(ToyModel(), forced="early/float32")
    assert shared.timed.wait(30)
    assert ask(shared).place is Place.SPLIT
    wire.spoil = spoil_every_infer(change)
    assert ask(shared, 1).place is Place.LOCAL_FALLBACK
    assert getattr(wire.server.counts, counted) == 1
    wire.spoil = lambda data: data
    assert ask(shared, 2).place is Place.SPLIT


def test_answer_of_the_wrong_shape_is_not_believed(wire: Wire) -> None:
    shared = wire.device().share(ToyModel(), forced="early/float32")
    assert shared.timed.wait(30)

    def lie(data: bytes) -> bytes:
        frame = unpack(data)
        if frame.kind is not FrameKind.RESULT:
            return data
        return pack(replace(frame, payload=frame.payload[:-4]))

    wire.spoil = lie
    assert ask(shared, 1).place is Place.LOCAL_FALLBACK
    assert shared.counts.refused == 1


def test_tail_that_fails_refuses_its_window_and_serves_the_next(wire: Wire) -> None:
    shared = wire.device().share(ToyModel(), forced="early/float32")
    assert shared.timed.wait(30)
    works = wire.model.tails.run

    def fail(inputs: object) -> None:
        raise RuntimeError("broken tail")

    wire.model.tails.run = fail  # type: ignore[method-assign, assignment]
    assert ask(shared, 1).place is Place.LOCAL_FALLBACK
    wire.model.tails.run = works  # type: ignore[method-assign]
    assert ask(shared, 2).place is Place.SPLIT


def test_hub_queue_is_bounded_for_a_device_that_runs_wild(wire: Wire, wait_for: WaitFor) -> None:
    shared = wire.device().share(ToyModel(), forced="early/float32")
    assert shared.timed.wait(30)
    ask(shared)
    frame = next(f for f in map(unpack, wire.seen) if f.kind is FrameKind.INFER)
    wire.model.tails.pause_s = 0.2
    for step in range(1, 30):
        wire.server.receive("pi", pack(replace(frame, sequence=frame.sequence + step)))
    wait_for(lambda: wire.server.counts.dropped >= 26, "frames to be dropped")


@pytest.mark.parametrize(("codec", "expected_codec"), [("raw", "raw"), ("int8-zstd", "float16")])
def test_answers_are_as_exact_as_what_was_sent(
    wire: Wire, codec: str, expected_codec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PlainCodec, "name", codec)
    answers: list[str] = []

    def note(data: bytes) -> bytes:
        frame = unpack(data)
        if frame.kind is FrameKind.RESULT:
            answers.append(frame.codec)
        return data

    wire.spoil = note
    shared = wire.device().share(ToyModel(), forced="early/float32")
    assert shared.timed.wait(30)
    shared.submit(window(1), tag=1)
    deadline = time.monotonic() + 30
    while not shared.results() and time.monotonic() < deadline:
        time.sleep(0.001)
    assert answers == [expected_codec]
