"""The device's side: numbers frames, matches answers, probes the link, opens models."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Container
from dataclasses import dataclass, field, replace
from pathlib import Path

from edge_worker.catalogue.coinference import CoInference
from edge_worker.catalogue.tool import SourceError
from edge_worker.messages import StepPlacement
from edge_worker.offload.coinference import SharedModel, WriteNote
from edge_worker.offload.costs import example_window
from edge_worker.offload.frames import Frame, FrameError, FrameKind, pack, unpack
from edge_worker.offload.link_meter import LinkMeter
from edge_worker.offload.parts import SplitModel
from edge_worker.offload.placement import Link, Policy
from edge_worker.offload.plan_keeper import Pace, at_once
from edge_worker.offload.probing import TICK_S, ProbeSchedule

_LOGGER = logging.getLogger(__name__)

_MAX_POSTED = 8


@dataclass
class _Asked:
    """A frame that waits for its answer."""

    answered: threading.Event = field(default_factory=threading.Event)
    answer: Frame | None = None


class DeviceSide:
    """`Offload` of a device.

    send: puts a frame on its way to the hub. note: see `SharedModel`.
    """

    def __init__(
        self,
        send: Callable[[bytes], None],
        *,
        pace: Pace = at_once,
        note: WriteNote = lambda step, word: None,
    ) -> None:
        self._send = send
        self._pace = pace
        self._note = note
        self._meter = LinkMeter()
        self._schedule = ProbeSchedule(self._meter)
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        # Grows over restarts too, so that the hub can tell old from new.
        self._sequence = time.time_ns() // 1000
        self._asked: dict[int, _Asked] = {}
        self._posted: dict[int, Callable[[Frame], None]] = {}
        self._probes: dict[int, tuple[float, int]] = {}
        self._models: list[SharedModel] = []
        self._policy = Policy.LATENCY
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._probe_often, name="link-probe", daemon=True)
        self.broken = 0
        """Frames of the hub that could not be read."""

    def start(self) -> None:
        """Begin to probe, as soon as a model is open."""
        self._thread.start()

    def stop(self) -> None:
        """Close all models."""
        self._stop.set()
        for model in self.models:
            model.close()

    @property
    def models(self) -> tuple[SharedModel, ...]:
        """What is open."""
        with self._lock:
            return tuple(self._models)

    @property
    def link(self) -> Link | None:
        """The way to the hub, as measured."""
        return self._meter.link

    def open(self, bundle: Path, *, raw_may_leave: bool = False) -> SharedModel:
        """Open a bundle. Raises SourceError with a sentence when it can't be used."""
        try:
            from edge_worker.offload.bundle import BundleError, load_bundle
            from edge_worker.offload.bundle_model import BundleModel

            loaded = BundleModel(load_bundle(bundle))
            loaded.whole()
        except ImportError:
            raise SourceError(
                "ONNX Runtime is not installed: pip install 'edge-worker[offload]'"
            ) from None
        except BundleError as error:
            raise SourceError(str(error)) from None
        return self.share(loaded, raw_may_leave=raw_may_leave)

    def share(
        self,
        model: SplitModel,
        *,
        raw_may_leave: bool = False,
        forced: str | None = None,
        deadline_s: float | None = None,
    ) -> SharedModel:
        """Share a loaded model; `forced` fixes the plan, `deadline_s` the patience with the hub."""
        shared = SharedModel(
            model,
            self,
            example_window(model),
            raw_may_leave=raw_may_leave,
            policy=self._policy,
            pace=self._pace,
            forced=forced,
            deadline_s=deadline_s,
            note=self._note,
            closed=self._forget,
        )
        with self._lock:
            self._models.append(shared)
        return shared

    def set_policy(self, policy: Policy) -> None:
        """For all models, those that are opened later too."""
        self._policy = policy
        for model in self.models:
            model.set_policy(policy)

    def assign(self, model: SharedModel, step: str) -> None:
        """This model works for a step from now on; what the step had before is closed."""
        model.step = step
        for other in self.models:
            if other.step == step and other is not model:
                other.close()

    def keep_only(self, steps: Container[str]) -> None:
        """Close the models of steps that don't run any more."""
        for model in self.models:
            if model.step and model.step not in steps:
                model.close()

    def placements(self) -> tuple[StepPlacement, ...]:
        """Of all models that a step opened."""
        return tuple(model.placement() for model in self.models if model.step)

    def hub_left(self) -> None:
        """The hub, or the broker, is gone."""
        self._meter.forget()
        with self._lock:
            asked = list(self._asked.values())
        for item in asked:  # nobody needs to wait for the deadline
            item.answered.set()
        for model in self.models:
            model.hub_left()

    # --- for the models ---

    def ask(self, frame: Frame, timeout_s: float) -> Frame | None:
        """Send and wait for the answer with the same number."""
        waiting = _Asked()
        number = 0
        try:
            with self._sending:
                number = self._next_number()
                data = pack(replace(frame, sequence=number))
                with self._lock:
                    self._asked[number] = waiting
                began = time.perf_counter()
                self._send(data)
            waiting.answered.wait(timeout_s)
            answer = waiting.answer
        except FrameError as error:
            _LOGGER.warning("A window can't be sent: %s", error)
            return None
        finally:
            with self._lock:
                self._asked.pop(number, None)
        if answer is not None and answer.kind is FrameKind.RESULT:
            took = time.perf_counter() - began - answer.busy_us / 1e6
            self._meter.transfer(len(data) + len(answer.payload), took)
            self._schedule.heard(time.monotonic())
        return answer

    def post(self, frame: Frame, answered: Callable[[Frame], None]) -> None:
        """Send, and call `answered` in the link's thread when an answer comes."""
        with self._sending:
            number = self._next_number()
            with self._lock:
                kept = dict(list(self._posted.items())[:_MAX_POSTED])
                self._posted = {number: answered, **kept}
            self._send(pack(replace(frame, sequence=number)))

    def _next_number(self) -> int:
        """Call it, and send, with `_sending` held: the hub takes a lower number for an old one."""
        self._sequence += 1
        return self._sequence

    def knock(self) -> None:
        """A small probe."""
        self._probe(0)

    # --- frames of the hub, in the link's thread ---

    def receive(self, data: bytes) -> None:
        """Take a frame of the hub; returns at once."""
        try:
            frame = unpack(data)
        except FrameError as error:
            self.broken += 1
            _LOGGER.debug("A frame of the hub was not read: %s", error)
            return
        if frame.kind is FrameKind.ECHO:
            self._echo(frame)
            return
        with self._lock:
            waiting = self._asked.get(frame.sequence)
            call = self._posted.pop(frame.sequence, None)
        if call is not None:
            call(frame)
        if waiting is not None:  # else it comes too late, or twice
            waiting.answer = frame
            waiting.answered.set()

    def _echo(self, frame: Frame) -> None:
        with self._lock:
            probe = self._probes.pop(frame.sequence, None)
        if probe is None:
            return
        began, size = probe
        took = time.perf_counter() - began
        if size:
            self._meter.transfer(size, took)
            self._schedule.measured(time.monotonic())
        else:
            self._meter.small(took)
        for model in self.models:
            model.hub_answered()

    def _probe(self, size: int) -> None:
        with self._sending:
            number = self._next_number()
            data = pack(Frame(kind=FrameKind.PROBE, sequence=number, payload=os.urandom(size)))
            with self._lock:
                for old in list(self._probes)[:-3]:
                    del self._probes[old]
                self._probes[number] = (time.perf_counter(), len(data) if size else 0)
            self._send(data)

    def _probe_often(self) -> None:
        """Small probes for the round trip, larger ones for the bandwidth, as they are due."""
        while not self._stop.wait(TICK_S):
            here = [model for model in self.models if not model.hub_away]
            if not here or self._busy():
                continue
            self._meter.most_bytes = max(model.keeper.most_bytes for model in here)
            due = self._schedule.due(
                time.monotonic(),
                round_trip=any(model.keeper.waits_for_link for model in here),
                bandwidth=any(model.keeper.waits_for_bandwidth for model in here),
            )
            for size in due:
                self._probe(size)

    def _busy(self) -> bool:
        """Frames are on their way: probes would only queue behind them."""
        with self._lock:
            return bool(self._asked) or len(self._probes) > 2

    def _forget(self, model: SharedModel) -> None:
        with self._lock:
            self._models = [item for item in self._models if item is not model]


@dataclass(frozen=True)
class StepOffload:
    """The service as one step sees it: what the step opens is told with its id."""

    side: DeviceSide
    step: str

    def open(self, bundle: Path, *, raw_may_leave: bool = False) -> CoInference:
        """Open a bundle for this step. Raises SourceError."""
        model = self.side.open(bundle, raw_may_leave=raw_may_leave)
        self.side.assign(model, self.step)
        return model
