"""A small model in numpy whose answers are known, and a wire that the tests can cut."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_worker.offload.device_side import DeviceSide
from edge_worker.offload.frames import Frame
from edge_worker.offload.hub_side import TailServer
from edge_worker.offload.parts import Codec, Part, Piece, TensorSpec

WIDTH, FEATURES = 4096, 16


class Function:
    """A part that is a function, and counts how many windows it saw at once."""

    def __init__(self, function: Callable[[NDArray[Any]], NDArray[Any]], into: str) -> None:
        self._function = function
        self._into = into
        self.batches: list[int] = []
        self.pause_s = 0.0
        self.may_run = threading.Event()
        self.may_run.set()

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        (value,) = inputs.values()
        self.batches.append(len(value))
        time.sleep(self.pause_s)
        self.may_run.wait()
        return {self._into: self._function(value)}


class PlainCodec:
    """float32 as it is."""

    name = "raw"
    tables = ""

    def __init__(self, name: str, count: int) -> None:
        self._name = name
        self._count = count

    def encode(self, tensors: Mapping[str, NDArray[Any]]) -> bytes:
        return tensors[self._name].astype(np.float32).tobytes()

    def decode(self, payload: bytes) -> dict[str, NDArray[Any]]:
        return {self._name: np.frombuffer(payload, np.float32).reshape(1, self._count)}


class ToyModel:
    """Sums of blocks, then squares: head and tail give exactly what the whole gives."""

    def __init__(self, hash: str = "toy") -> None:
        self._hash = hash
        self.losses: dict[str, float] = {}
        self.period_s: float | None = None
        self.heads = Function(_head, "features")
        self.tails = Function(_tail, "output")
        self.all = Function(lambda x: _tail(_head(x)), "output")

    @property
    def hash(self) -> str:
        return self._hash

    @property
    def plans(self) -> Sequence[str]:
        return ("input/float32", "early/float32")

    def relative_loss(self, plan: str) -> float | None:
        return self.losses.get(plan)

    @property
    def inputs(self) -> Sequence[TensorSpec]:
        return (TensorSpec(name="x", dtype="float32", shape=(1, WIDTH)),)

    @property
    def outputs(self) -> Sequence[TensorSpec]:
        return (TensorSpec(name="output", dtype="float32", shape=(1, FEATURES)),)

    def whole(self) -> Part:
        return self.all

    def piece(self, plan: str) -> Piece | None:
        return None

    def head(self, plan: str) -> Part | None:
        return self.heads if plan.startswith("early") else None

    def tail(self, plan: str) -> Part:
        return self.tails if plan.startswith("early") else self.all

    def codec(self, plan: str) -> Codec:
        return PlainCodec("features", FEATURES) if plan[0] == "e" else PlainCodec("x", WIDTH)

    def specs(self, plan: str) -> tuple[TensorSpec, ...]:
        if plan.startswith("early"):
            return (TensorSpec(name="features", dtype="float32", shape=(1, FEATURES)),)
        return tuple(self.inputs)

    def batch_axes(self, plan: str) -> Mapping[str, int | None]:
        return {"x": 0, "features": 0, "output": 0}


def _head(x: NDArray[Any]) -> NDArray[Any]:
    return x.reshape(len(x), FEATURES, -1).sum(axis=2).astype(np.float32)


def _tail(features: NDArray[Any]) -> NDArray[Any]:
    return features.astype(np.float32) ** 2


def window(seed: int = 0) -> dict[str, NDArray[Any]]:
    return {"x": np.random.default_rng(seed).integers(-4, 5, (1, WIDTH)).astype(np.float32)}


def expected(inputs: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    return _tail(_head(inputs["x"]))


class Wire:
    """Hub and devices in one process; frames take time by their size, or get lost."""

    def __init__(self, bandwidth_bps: float = 1e8, rtt_s: float = 0.002) -> None:
        self.bandwidth_bps = bandwidth_bps
        self.rtt_s = rtt_s
        self.cut = False
        self.seen: list[bytes] = []
        self.spoil: Callable[[bytes], bytes | None] = lambda data: data
        self._timers: list[threading.Timer] = []
        self.model = ToyModel()
        self.kept: list[tuple[str, Frame, dict[str, NDArray[Any]]]] = []
        self.keeps = False
        self.server = TailServer(
            lambda hash: self.model if hash == self.model.hash else None, self._down, self._keep
        )
        self.server.start()
        self.devices: dict[str, DeviceSide] = {}

    def device(self, name: str = "pi", **options: Any) -> DeviceSide:
        side = DeviceSide(lambda data: self._up(name, data), **options)
        self.devices[name] = side
        side.start()
        return side

    def close(self) -> None:
        self.cut = True
        for side in self.devices.values():
            side.stop()
        self.server.stop()

    def _keep(self, device: str, frame: Frame, outputs: dict[str, NDArray[Any]]) -> bool:
        """The hub's other side: takes answers, or doesn't."""
        if self.keeps:
            self.kept.append((device, frame, outputs))
        return self.keeps

    def _up(self, name: str, data: bytes) -> None:
        self.seen.append(data)
        self._later(data, lambda found: self.server.receive(name, found))

    def _down(self, name: str, data: bytes) -> None:
        self._later(data, self.devices[name].receive)

    def _later(self, data: bytes, deliver: Callable[[bytes], None]) -> None:
        spoiled = self.spoil(data)
        if self.cut or spoiled is None:
            return
        delay = self.rtt_s / 2 + 8 * len(data) / self.bandwidth_bps
        timer = threading.Timer(delay, deliver, (spoiled,))
        timer.daemon = True
        timer.start()


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy computer's answers are late, not lost."""
    monkeypatch.setattr("edge_worker.offload.plan_keeper._SHORTEST_DEADLINE_S", 3.0)


@pytest.fixture
def wire() -> Iterator[Wire]:
    made = Wire()
    yield made
    made.close()
