"""The hub's side: finishes windows that several devices began, many at once."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from edge_worker.offload.costs import example_window, measure_hub, write_costs
from edge_worker.offload.frames import (
    HANDED_ON,
    JSON,
    Frame,
    FrameError,
    FrameKind,
    coding_of,
    pack,
    unpack,
)
from edge_worker.offload.generic_codecs import RawCodec, write_answer
from edge_worker.offload.parts import INPUT_CUT, STREAM_CUT, cut_of, describe
from edge_worker.offload.samples import sample_of
from edge_worker.offload.streaming import KeptWindows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge_worker.offload.parts import Codec, SplitModel

_LOGGER = logging.getLogger(__name__)

# A device has one window of a model on its way and one behind it; more is one that runs wild.
_WAITING_PER_MODEL = 2
_MOST_WAITING = 128
# Frames of one connection hardly overtake one another. A probe whose number is further back is
# that of a device that began again with its clock set back, as a computer without one does.
_OVERTAKING = 1000
_MAX_BATCH = 16
_MAX_DEVICES = 64


HandOn = Callable[[str, Frame, "dict[str, NDArray[Any]]"], bool]
"""(device, the window's frame, outputs) → whether they were given to whoever waits for them."""


@dataclass(frozen=True, kw_only=True)
class HubCounts:
    """What happened since the start."""

    served: int = 0
    batches: int = 0
    largest_batch: int = 0
    refused: int = 0
    """Windows of an unknown model or plan, or that the tail could not take."""
    broken: int = 0
    """Frames that could not be read."""
    stale: int = 0
    """Repeated, or overtaken by a newer one of the same device."""
    dropped: int = 0
    """Oldest of too many that waited."""


@dataclass(frozen=True, kw_only=True)
class _Waiting:
    device: str
    frame: Frame
    came: float


class TailServer:
    """Runs tails in a thread of its own.

    models: hash → model, None when the hub doesn't have it.
    send: (device, frame) → on its way; called in the server's thread, and for echoes in
    the caller's of `receive`.
    hand_on: is offered the answers of windows whose frame names a step; those that it does not
    take return to the device. Called in the server's thread.
    """

    def __init__(
        self,
        models: Callable[[str], SplitModel | None],
        send: Callable[[str, bytes], None],
        hand_on: HandOn = lambda device, frame, outputs: False,
    ) -> None:
        self._models = models
        self._send = send
        self._hand_on = hand_on
        self._waiting: deque[_Waiting] = deque()
        self._costs: dict[str, bytes] = {}
        self._streamed = KeptWindows()
        self._newest: dict[tuple[str, str], int] = {}
        self._counts = HubCounts()
        self._condition = threading.Condition()
        self._running = False
        self._thread = threading.Thread(target=self._run, name="tails", daemon=True)

    @property
    def counts(self) -> HubCounts:
        """What happened since the start."""
        return self._counts

    def start(self) -> None:
        """Begin to serve."""
        self._running = True
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch that runs."""
        with self._condition:
            self._running = False
            self._condition.notify()
        self._thread.join(timeout=10)

    def receive(self, device: str, data: bytes) -> None:
        """Take a frame of a device; returns at once, whatever it holds."""
        try:
            frame = unpack(data)
        except FrameError as error:
            self._count(broken=1)
            _LOGGER.debug("A frame of %s was not read: %s", device, error)
            return
        if frame.kind is FrameKind.PROBE:
            self._greet(device, frame.sequence)
            self._send(device, pack(Frame(kind=FrameKind.ECHO, sequence=frame.sequence)))
        elif frame.kind in (FrameKind.INFER, FrameKind.ASK_COSTS):
            self._queue(_Waiting(device=device, frame=frame, came=time.monotonic()))

    def _greet(self, device: str, number: int) -> None:
        """Forget higher numbers of this device when it counts from a much lower one now."""
        with self._condition:
            for key, newest in list(self._newest.items()):
                if key[0] == device and number < newest - _OVERTAKING:
                    del self._newest[key]

    def _queue(self, item: _Waiting) -> None:
        with self._condition:
            if item.frame.kind is FrameKind.INFER and self._is_stale(item):
                self._count(stale=1)
                return
            mine = [other for other in self._waiting if _same_sender(other, item)]
            if len(mine) >= _WAITING_PER_MODEL:
                self._waiting.remove(mine[0])
                self._count(dropped=1)
            elif len(self._waiting) >= _MOST_WAITING:
                self._waiting.popleft()
                self._count(dropped=1)
            self._waiting.append(item)
            self._condition.notify()

    def _is_stale(self, item: _Waiting) -> bool:
        """Whether it is a repetition, or late; else its number is the newest."""
        key = (item.device, item.frame.model)
        if item.frame.sequence <= self._newest.get(key, -1):
            return True
        if key not in self._newest and len(self._newest) >= _MAX_DEVICES:
            self._newest.pop(next(iter(self._newest)))
        self._newest[key] = item.frame.sequence
        return False

    def _count(self, **more: int) -> None:
        """From the link's thread and the server's."""
        with self._condition:
            self._counts = replace(
                self._counts, **{name: getattr(self._counts, name) + n for name, n in more.items()}
            )

    # --- in the server's thread ---

    def _run(self) -> None:
        while batch := self._next_batch():
            try:
                self._serve(batch)
            except Exception:
                # One bad window must not end the service of all rooms.
                _LOGGER.exception("A batch of %s could not be computed", batch[0].frame.plan)
                for item in batch:
                    self._refuse(item, "The hub failed to compute this window; see its log.")

    def _next_batch(self) -> list[_Waiting]:
        """All that wait for the same tail as the oldest; batches form while one is computed."""
        with self._condition:
            while self._running and not self._waiting:
                self._condition.wait()
            if not self._running:
                return []
            first = self._waiting[0].frame
            batch = [item for item in self._waiting if _same_work(item.frame, first)][:_MAX_BATCH]
            for item in batch:
                self._waiting.remove(item)
            return batch

    def _serve(self, batch: list[_Waiting]) -> None:
        import numpy as np

        first = batch[0].frame
        model = self._models(first.model)
        if first.kind is FrameKind.ASK_COSTS:
            self._tell_costs(batch, model)
            return
        if model is None or first.plan not in model.plans:
            for item in batch:
                self._refuse(item, "unknown model" if model is None else "unknown plan")
            return
        decoded: list[tuple[_Waiting, dict[str, NDArray[Any]]]] = []
        for item in batch:
            try:
                decoded.append((item, self._decode(model, item)))
            except ValueError as error:
                self._refuse(item, str(error))
        if not decoded:
            return
        axes = model.batch_axes(first.plan)
        together = [decoded]
        if any(axis is None for axis in axes.values()):
            together = [[item] for item in decoded]  # this model takes one window at a time
        for group in together:
            stacked = {
                name: np.concatenate([each[name] for _, each in group], axis=axes[name] or 0)
                for name in group[0][1]
            }
            outputs = model.tail(first.plan).run(stacked)
            with self._condition:
                self._count(batches=1, served=len(group))
                largest = max(self._counts.largest_batch, len(group))
                self._counts = replace(self._counts, largest_batch=largest)
            for row, (item, _) in enumerate(group):
                own = {
                    spec.name: sample_of(outputs[spec.name], spec.shape, row, len(group))
                    for spec in model.outputs
                }
                if item.frame.step and self._hand_on(item.device, item.frame, own):
                    self._reply(item, HANDED_ON, b"")
                    continue
                # Where nothing was lost on the way here, nothing shall be on the way back.
                exact = _codec_of(model, item.frame).name == RawCodec.name
                self._reply(item, *write_answer(own, model.outputs, exact=exact))

    def _decode(self, model: SplitModel, item: _Waiting) -> dict[str, NDArray[Any]]:
        """What the tail takes; ValueError with the reason when the frame does not hold it."""
        frame = item.frame
        codec = _codec_of(model, frame)
        if frame.coding != coding_of(codec.name, codec.tables):
            raise ValueError("another codec, or other tables")
        tensors = codec.decode(frame.payload)
        if describe(tensors) != model.specs(_sent_as(frame)):
            raise ValueError("other tensors than this cut has")
        if cut_of(frame.plan) != STREAM_CUT:
            return tensors
        key = (item.device, frame.model)
        return self._streamed.join(key, frame.sequence, frame.base, tensors)

    def _tell_costs(self, batch: list[_Waiting], model: SplitModel | None) -> None:
        """Time the tails once for each model, when somebody wants to plan with them."""
        costs = b"{}"
        if model is not None:
            if model.hash not in self._costs:
                self._costs[model.hash] = write_costs(measure_hub(model, example_window(model)))
            costs = self._costs[model.hash]
        for item in batch:
            told = Frame(
                kind=FrameKind.COSTS, sequence=item.frame.sequence, codec=JSON, payload=costs
            )
            self._send(item.device, pack(told))

    def _reply(self, item: _Waiting, codec: str, payload: bytes) -> None:
        result = Frame(
            kind=FrameKind.RESULT,
            sequence=item.frame.sequence,
            busy_us=int(1e6 * (time.monotonic() - item.came)),
            codec=codec,
            payload=payload,
        )
        self._send(item.device, pack(result))

    def _refuse(self, item: _Waiting, why: str) -> None:
        self._count(refused=1)
        refusal = Frame(kind=FrameKind.REFUSED, sequence=item.frame.sequence, text=why)
        self._send(item.device, pack(refusal))


def _same_sender(one: _Waiting, other: _Waiting) -> bool:
    return (one.device, one.frame.model, one.frame.kind) == (
        other.device,
        other.frame.model,
        other.frame.kind,
    )


def _sent_as(frame: Frame) -> str:
    """The plan by which a window was coded: the first one of a stream comes whole."""
    if cut_of(frame.plan) == STREAM_CUT and not frame.base:
        return frame.plan.replace(STREAM_CUT, INPUT_CUT, 1)
    return frame.plan


def _codec_of(model: SplitModel, frame: Frame) -> Codec:
    return model.codec(_sent_as(frame))


def _same_work(one: Frame, other: Frame) -> bool:
    return (one.kind, one.model, one.plan) == (other.kind, other.model, other.plan)
