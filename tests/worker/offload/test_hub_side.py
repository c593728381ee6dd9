"""The hub's side alone: frames in, frames out."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_worker.offload.frames import Frame, FrameKind, coding_of, pack, unpack
from edge_worker.offload.generic_codecs import read_answer
from edge_worker.offload.hub_side import TailServer
from edge_worker.offload.parts import TensorSpec

from .conftest import FEATURES, Function, ToyModel

RAW = coding_of("raw", "")
PLAN = "early/float32"
SPEC = (TensorSpec(name="output", dtype="float32", shape=(4, FEATURES // 4)),)


class ManyRows(ToyModel):
    """Its output has four rows for each window."""

    def __init__(self) -> None:
        super().__init__()
        self.tails = Function(lambda x: x.reshape(-1, FEATURES // 4), "output")

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        return SPEC


class OneByOne(ToyModel):
    """The sum of the batch: what it gives for two windows belongs to neither."""

    def __init__(self) -> None:
        super().__init__()
        self.tails = Function(lambda x: x.sum(0).reshape(4, -1), "output")

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        return SPEC

    def batch_axes(self, plan: str) -> Mapping[str, int | None]:
        return {"features": 0, "output": None}


class Answers:
    """What the hub sent, by device."""

    def __init__(self) -> None:
        self.frames: list[tuple[str, Frame]] = []
        self.came = threading.Condition()

    def take(self, device: str, data: bytes) -> None:
        with self.came:
            self.frames.append((device, unpack(data)))
            self.came.notify()

    def wait(self, count: int) -> list[tuple[str, Frame]]:
        with self.came:
            assert self.came.wait_for(lambda: len(self.frames) >= count, 30)
            return self.frames


def infer(number: int, values: NDArray[Any] | None = None) -> bytes:
    features = np.zeros((1, FEATURES), np.float32) if values is None else values
    frame = Frame(kind=FrameKind.INFER, sequence=number, model="toy", plan=PLAN, coding=RAW)
    return pack(Frame(**{**vars(frame), "payload": features.tobytes()}))


@pytest.mark.parametrize("model", [ManyRows(), OneByOne()])
def test_each_device_gets_its_own_rows_of_a_batch(model: ToyModel) -> None:
    answers = Answers()
    server = TailServer(lambda name: model, answers.take)
    sent = {f"pi{i}": np.full((1, FEATURES), i, np.float32) for i in range(3)}
    for device, values in sent.items():
        server.receive(device, infer(1, values))
    server.start()
    found = answers.wait(3)
    server.stop()
    for device, frame in found:
        assert frame.kind is FrameKind.RESULT, frame.text
        output = read_answer(frame.codec, frame.payload, SPEC)["output"]
        assert np.array_equal(output.ravel(), sent[device].ravel()), device


def test_a_device_whose_clock_was_set_back_is_served_once_it_greets() -> None:
    """Its numbers begin at its clock; a small computer that lost its power has an old one."""
    answers = Answers()
    server = TailServer(lambda name: ToyModel(), answers.take)
    server.start()
    for number, greeting, served in (
        (5_000_000_000, 4_999_999_998, True),
        (4_999_999_999, 4_999_999_997, False),
        (4_000_000_000, 3_999_999_999, True),
        (4_000_000_001, 4_000_000_002, True),
    ):
        server.receive("pi", pack(Frame(kind=FrameKind.PROBE, sequence=greeting)))
        server.receive("pi", infer(number))
        kinds = [frame.kind for _, frame in answers.wait(2 if served else 1)]
        assert kinds == [FrameKind.ECHO, FrameKind.RESULT][: len(kinds)]
        answers.frames.clear()
    server.stop()
    assert (server.counts.stale, server.counts.served) == (1, 3)


def test_models_of_one_device_do_not_push_each_other_out() -> None:
    server = TailServer(lambda name: None, lambda device, data: None)
    for kind in (FrameKind.INFER, FrameKind.ASK_COSTS):
        for name in "abc":
            server.receive("pi", pack(Frame(kind=kind, sequence=7, model=name)))
    assert server.counts.dropped == 0
    for number in range(500):
        frame = Frame(kind=FrameKind.INFER, sequence=7, model=f"model {number}")
        server.receive("pi", pack(frame))
    assert len(server._waiting) == 128
    assert server.counts.dropped == 506 - 128


def test_no_count_is_lost_between_the_threads() -> None:
    import sys

    server = TailServer(lambda name: None, lambda device, data: None)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [
            threading.Thread(target=lambda: [server.receive("pi", b"") for _ in range(2000)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert server.counts.broken == 8000
