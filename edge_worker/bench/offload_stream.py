"""The rival of every split: a hub that is fed while the sensor records.

The device sends each new piece of the recording as soon as it is there, in integers packed by
zstd; the hub keeps the last window and runs the whole model when its last piece has come.
Only for the benchmark: the product's default is that recordings stay on the device.
"""

from __future__ import annotations

import statistics
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from edge_worker.offload.bundle import TensorEntry
from edge_worker.offload.generic_codecs import IntegerCodec, write_answer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge_worker.offload.parts import SplitModel
    from edge_worker.offload.plan_keeper import Pace

KINDS = ("int16", "int8")
PIECES = 15
"""Of a window: two of its thirty seconds each."""
_ORDER = struct.Struct(">QB")
_PATIENCE_S = 60.0
Send = Callable[[bytes], None]


def streams(model: SplitModel) -> bool:
    """Whether the model has one input whose last axis, time, can be cut into pieces."""
    inputs = model.inputs
    return len(inputs) == 1 and inputs[0].shape[-1] % PIECES == 0 and len(inputs[0].shape) == 4


def piece_codec(model: SplitModel, kind: str) -> IntegerCodec:
    """How one piece travels."""
    (whole,) = model.inputs
    shape = (*whole.shape[:-1], whole.shape[-1] // PIECES)
    return IntegerCodec(
        kind, (TensorEntry(name=whole.name, shape=shape, dtype="float32", batch_axis=0),)
    )


def stream_pieces(
    windows: Sequence[Mapping[str, NDArray[Any]]], count: int
) -> list[dict[str, NDArray[Any]]]:
    """The pieces of these windows, one after the other, as often as it takes."""
    pieces = [
        {name: part}
        for window in windows
        for name, array in window.items()
        for part in np.split(array, PIECES, axis=-1)
    ]
    return [pieces[index % len(pieces)] for index in range(count)]


class StreamHub:
    """Keeps the last window of one device and answers each piece with the model's outputs."""

    def __init__(self, model: SplitModel, send: Send) -> None:
        self._model = model
        self._send = send
        (self._input,) = model.inputs
        self._window = np.zeros(self._input.shape, np.float32)

    def receive(self, data: bytes) -> None:
        """Take one piece; in the link's thread."""
        began = time.perf_counter()
        number, kind = _ORDER.unpack_from(data)
        codec = piece_codec(self._model, KINDS[kind])
        piece = codec.decode(data[_ORDER.size :])[self._input.name]
        self._window = np.concatenate((self._window[..., piece.shape[-1] :], piece), axis=-1)
        outputs = self._model.whole().run({self._input.name: self._window})
        busy_us = round(1e6 * (time.perf_counter() - began))
        _, body = write_answer(outputs, self._model.outputs, exact=False)
        self._send(_ORDER.pack(number, 0) + busy_us.to_bytes(4, "big") + body)


class StreamDevice:
    """Sends pieces and waits for the answer to the last one."""

    def __init__(self, model: SplitModel, send: Send, pace: Pace) -> None:
        self._model = model
        self._send = send
        self._pace = pace
        self._number = 0
        self._answered = threading.Event()
        self._busy_s = 0.0

    def receive(self, data: bytes) -> None:
        """An answer of the hub; in the link's thread."""
        number, _ = _ORDER.unpack_from(data)
        if number == self._number:
            self._busy_s = int.from_bytes(data[_ORDER.size : _ORDER.size + 4], "big") / 1e6
            self._answered.set()

    def measure(
        self, kind: str, pieces: list[dict[str, NDArray[Any]]], pause_s: float
    ) -> dict[str, Any]:
        """Latency from a piece's end to the result, as the other arms are told."""
        codec = piece_codec(self._model, kind)
        latencies, device, hub, sizes = [], [], [], []
        for index, piece in enumerate(pieces):
            time.sleep(pause_s)
            began = time.perf_counter()
            payload = self._pace(partial(codec.encode, piece))
            sent = time.perf_counter()
            self._number += 1
            self._answered.clear()
            self._send(_ORDER.pack(self._number, KINDS.index(kind)) + payload)
            if not self._answered.wait(_PATIENCE_S):
                raise SystemExit("The hub did not answer a stream in time.")
            if index:  # the first one opens a session there
                latencies.append(time.perf_counter() - began)
                device.append(sent - began)
                hub.append(self._busy_s)
                sizes.append(len(payload))
        return {
            "windows": len(latencies),
            "latency_s": statistics.median(latencies),
            "p95_s": sorted(latencies)[int(0.95 * (len(latencies) - 1))],
            "device_s": statistics.median(device),
            "hub_s": statistics.median(hub),
            "bytes": statistics.median(sizes),
            "places": ["hub"],
        }
