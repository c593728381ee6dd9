"""A stream sends what is new of each window, starts anew when anything was lost, and gives
what the whole window would have given."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_worker.catalogue.coinference import Inference
from edge_worker.messages import Place
from edge_worker.offload.coinference import SharedModel
from edge_worker.offload.frames import FrameKind, unpack
from edge_worker.offload.parts import Codec, Piece, TensorSpec
from edge_worker.offload.streaming import KeptWindows, SentWindow, newest

from .conftest import WIDTH, PlainCodec, ToyModel, Wire, expected

WaitFor = Callable[..., None]
STEP = 256
PLAN = "stream/float32"
WHOLE_BYTES, PIECE_BYTES = 4 * WIDTH, 4 * STEP


class StreamedModel(ToyModel):
    """The toy model, whose input can be sent piece by piece."""

    @property
    def plans(self) -> Sequence[str]:
        return ("input/float32", PLAN, "early/float32")

    def piece(self, plan: str) -> Piece | None:
        return Piece(samples=STEP, seconds=2.0) if plan == PLAN else None

    def codec(self, plan: str) -> Codec:
        return PlainCodec("x", STEP) if plan == PLAN else super().codec(plan)

    def specs(self, plan: str) -> tuple[TensorSpec, ...]:
        if plan == PLAN:
            return (TensorSpec(name="x", dtype="float32", shape=(1, STEP)),)
        return super().specs(plan)


def recording(pieces: int) -> NDArray[np.float32]:
    size = WIDTH + pieces * STEP
    return np.random.default_rng(5).integers(-4, 5, (1, size)).astype(np.float32)


def windows(pieces: int) -> list[dict[str, NDArray[np.float32]]]:
    """Windows, each moved on by a piece."""
    heard = recording(pieces)
    return [{"x": heard[:, STEP * n : STEP * n + WIDTH].copy()} for n in range(pieces + 1)]


@pytest.fixture
def wire() -> Any:
    made = Wire()
    made.model = StreamedModel()
    yield made
    made.close()


@pytest.fixture
def shared(wire: Wire) -> SharedModel:
    found = wire.device().share(StreamedModel(), raw_may_leave=True, forced=PLAN, deadline_s=1.0)
    assert found.timed.wait(30)
    return found


def ask(shared: SharedModel, window: dict[str, NDArray[np.float32]]) -> Inference:
    shared.submit(window, tag="now")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for result in shared.results():
            assert np.array_equal(result.outputs["output"], expected(window))
            return result
        time.sleep(0.001)
    raise AssertionError("no result")


def test_only_the_first_window_travels_whole(shared: SharedModel) -> None:
    found = [ask(shared, window) for window in windows(20)]
    assert [item.bytes_sent for item in found] == [WHOLE_BYTES] + 20 * [PIECE_BYTES]
    assert {item.place for item in found} == {Place.HUB}


def test_a_window_that_does_not_continue_the_last_travels_whole(shared: SharedModel) -> None:
    first, second, third, fourth = windows(3)
    assert ask(shared, first).bytes_sent == WHOLE_BYTES
    assert ask(shared, third).bytes_sent == WHOLE_BYTES, "a piece is missing"
    assert ask(shared, fourth).bytes_sent == PIECE_BYTES
    assert ask(shared, second).bytes_sent == WHOLE_BYTES, "back in time"


@pytest.mark.parametrize("lost", ["up", "down"])
def test_after_a_lost_frame_the_stream_starts_anew(
    wire: Wire, shared: SharedModel, lost: str
) -> None:
    kind = FrameKind.INFER if lost == "up" else FrameKind.RESULT
    first, second, third, fourth = windows(3)
    ask(shared, first)
    wire.spoil = lambda data: None if unpack(data).kind is kind else data
    assert ask(shared, second).place is Place.LOCAL_FALLBACK
    wire.spoil = lambda data: data
    assert (found := ask(shared, third)).bytes_sent == WHOLE_BYTES
    assert found.place is Place.HUB
    assert ask(shared, fourth).bytes_sent == PIECE_BYTES


def test_a_hub_that_forgot_refuses_the_piece_and_takes_the_next_window(
    wire: Wire, shared: SharedModel
) -> None:
    first, second, third = windows(2)
    ask(shared, first)
    wire.server._streamed = KeptWindows()  # as after a restart
    assert ask(shared, second).place is Place.LOCAL_FALLBACK
    assert shared.counts.refused == 1
    assert ask(shared, third).place is Place.HUB


def test_devices_do_not_mix(wire: Wire) -> None:
    devices = [
        wire.device(name).share(StreamedModel(), raw_may_leave=True, forced=PLAN)
        for name in ("pi", "attic")
    ]
    for device in devices:
        assert device.timed.wait(30)
    one, other = windows(6), windows(6)[::-1]
    for first, second in zip(one, other, strict=True):
        ask(devices[0], first)
        ask(devices[1], second)
    assert wire.server.counts.refused == 0


def test_the_plan_says_hub_where_a_stream_is_quickest(wire: Wire, wait_for: WaitFor) -> None:
    wire.bandwidth_bps = 2e6  # a window takes 66 ms, a piece 4
    model = StreamedModel()
    model.all.pause_s = 0.2
    model.heads.pause_s = 0.1
    shared = wire.device().share(model, raw_may_leave=True)
    private = wire.device("private").share(model)
    wait_for(lambda: shared.plan == PLAN, "the stream")
    assert "fed while it records" in shared.reason
    assert PLAN not in private.options()
    found = [ask(shared, window) for window in windows(5)]
    assert [item.bytes_sent for item in found] == [WHOLE_BYTES] + 5 * [PIECE_BYTES]


def test_a_link_that_does_not_carry_the_stream_is_not_offered_one(
    wire: Wire, wait_for: WaitFor
) -> None:
    wire.bandwidth_bps = 5e4  # a piece of 1 kB takes 0.2 s of its two seconds
    model = StreamedModel()
    shared = wire.device().share(model, raw_may_leave=True)
    wait_for(lambda: PLAN in shared.options(), "costs")
    model.piece = lambda plan: Piece(samples=STEP, seconds=0.2) if plan == PLAN else None  # type: ignore[method-assign]
    hurried = wire.device("hurried").share(model, raw_may_leave=True)
    wait_for(lambda: "input/float32" in hurried.options(), "costs")
    assert PLAN not in hurried.options()


def test_pieces_put_together_are_the_window() -> None:
    kept, sent = KeptWindows(), SentWindow()
    key = ("pi", "model")
    for sequence, window in enumerate(windows(30), 1):
        base = sent.base(window, STEP)
        assert base == sequence - 1
        tensors = newest(window, STEP) if base else window
        joined = kept.join(key, sequence, base, tensors)
        assert np.array_equal(joined["x"], window["x"])
        sent.keep(window, sequence)


def test_a_piece_without_its_window_is_refused() -> None:
    kept = KeptWindows()
    first, second = windows(1)
    piece = newest(second, STEP)
    kept.join(("pi", "model"), 1, 0, first)
    for base, key in ((2, ("pi", "model")), (1, ("attic", "model"))):
        with pytest.raises(ValueError, match="continues is not here"):
            kept.join(key, 3, base, piece)
    kept.join(("pi", "model"), 4, 1, piece)
    with pytest.raises(ValueError, match="continues is not here"):
        kept.join(("pi", "model"), 5, 1, piece)


def test_two_steps_of_a_device_may_stream_to_the_same_model(wire: Wire) -> None:
    side = wire.device()
    steps = [side.share(StreamedModel(), raw_may_leave=True, forced=PLAN) for _ in range(2)]
    for step in steps:
        assert step.timed.wait(30)
    for number, (one, other) in enumerate(zip(windows(6), windows(6)[::-1], strict=True)):
        assert ask(steps[0], one).bytes_sent == (PIECE_BYTES if number else WHOLE_BYTES)
        ask(steps[1], other)
    assert wire.server.counts.refused == 0


def test_streams_that_were_given_up_do_not_pile_up() -> None:
    kept = KeptWindows()
    (first,) = windows(0)
    for number in range(1, 50):
        kept.join(("pi", "model"), number, 0, first)
    (streams,) = kept._windows.values()
    assert list(streams) == [46, 47, 48, 49]


def test_the_hub_keeps_a_bounded_number_of_windows() -> None:
    kept = KeptWindows()
    (first,) = windows(0)
    for number in range(200):
        kept.join((f"device {number}", "model"), 1, 0, first)
    assert len(kept._windows) == 64
    kept.join(("device 199", "model"), 2, 1, newest(first, STEP))
