"""One model that device and hub share: windows in, results out, whatever the link does."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from edge_worker.catalogue.coinference import Inference
from edge_worker.catalogue.notes import Note
from edge_worker.messages import Place, StepPlacement
from edge_worker.offload.frames import HANDED_ON, Frame, FrameKind, coding_of
from edge_worker.offload.generic_codecs import read_answer
from edge_worker.offload.parts import (
    DEVICE_PLAN,
    INPUT_CUT,
    RAW_CUTS,
    STREAM_CUT,
    Arrays,
    SplitModel,
    cut_of,
)
from edge_worker.offload.placement import Option, Policy
from edge_worker.offload.plan_keeper import RECONSIDER_S, HubLink, Pace, PlanKeeper, at_once
from edge_worker.offload.streaming import SentWindow, device_part

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LOGGER = logging.getLogger(__name__)

# Waiting windows: the newest counts, an old one is news nobody wants any more.
_QUEUE = 2
_KEPT_RESULTS = 16
_RATE_WINDOW_S = 60.0

WriteNote = Callable[[str, tuple[str, Any]], Note | None]
"""(step, what it says of a window) → for the hub to publish; None when the answer must return."""


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What happened since the model was opened."""

    done: int = 0
    dropped: int = 0
    """Windows that were pushed out of the queue by newer ones."""
    fallbacks: int = 0
    """Windows that the hub did not answer in time."""
    refused: int = 0
    """Windows that the hub refused, or whose answer could not be used."""
    failed: int = 0
    """Windows that could not be computed here either."""


@dataclass(frozen=True, kw_only=True)
class _Window:
    inputs: Arrays
    tag: object
    word: tuple[str, Any] | None
    came: float


@dataclass(frozen=True, kw_only=True)
class _Share:
    """What came of asking the hub; no outputs when it did not give any in time."""

    bytes: int
    device_s: float
    hub_s: float = 0.0
    outputs: dict[str, NDArray[Any]] | None = None
    handed_on: bool = False


class SharedModel:
    """`CoInference` of one bundle. All work is done in a thread of its own.

    window: an example input, to time the parts with before the first result.
    forced, deadline_s: fix the plan, and how long to wait for the hub.
    note: writes what the step says of a window for the hub.
    """

    def __init__(
        self,
        model: SplitModel,
        hub: HubLink,
        window: Arrays,
        *,
        raw_may_leave: bool = False,
        policy: Policy = Policy.LATENCY,
        pace: Pace = at_once,
        forced: str | None = None,
        deadline_s: float | None = None,
        note: WriteNote = lambda step, word: None,
        closed: Callable[[SharedModel], None] = lambda model: None,
    ) -> None:
        self._closed = closed
        self.step = ""
        """Id of the step that opened it."""
        self._model = model
        self._hub = hub
        self._example = window
        self._pace = pace
        self._forced = forced
        self._deadline_s = deadline_s
        self._note = note
        self._keeper = PlanKeeper(model, hub, raw_may_leave=raw_may_leave, policy=policy)
        self._sent_window = SentWindow()
        self._sent: deque[tuple[float, int]] = deque()
        self._windows: deque[_Window] = deque()
        self._results: deque[Inference] = deque(maxlen=_KEPT_RESULTS)
        self._counts = Counts()
        self._last: Inference | None = None
        self._condition = threading.Condition()
        self._open = True
        self.timed = threading.Event()
        """Set once this computer's costs are known."""
        self._thread = threading.Thread(target=self._run, name="co-inference", daemon=True)
        self._thread.start()

    # --- what a step and the service ask, from any thread ---

    def submit(
        self, inputs: Arrays, tag: object = None, word: tuple[str, Any] | None = None
    ) -> None:
        """Take a window; of three that wait, the oldest is dropped and counted."""
        with self._condition:
            if len(self._windows) >= _QUEUE:
                self._windows.popleft()
                self._counts = replace(self._counts, dropped=self._counts.dropped + 1)
            came = time.perf_counter()
            self._windows.append(_Window(inputs=inputs, tag=tag, word=word, came=came))
            self._condition.notify()

    def results(self) -> list[Inference]:
        """Results since the last call."""
        with self._condition:
            found = list(self._results)
            self._results.clear()
            return found

    def close(self) -> None:
        """End the thread; a window that is computed now is not delivered any more."""
        with self._condition:
            self._open = False
            self._condition.notify()
        self._closed(self)

    def set_policy(self, policy: Policy) -> None:
        """What the owner wants least of, from now on."""
        with self._condition:
            self._keeper.set_policy(policy)
            self._condition.notify()

    def hub_answered(self) -> None:
        """The hub is there."""
        with self._condition:
            self._keeper.hub_answered()
            self._condition.notify()

    def hub_left(self) -> None:
        """The hub said goodbye, or the broker did for it."""
        with self._condition:
            self._keeper.hub_left()

    @property
    def model(self) -> SplitModel:
        """What is shared."""
        return self._model

    @property
    def hub_away(self) -> bool:
        """Whether the hub does not answer."""
        return self._keeper.hub_away

    @property
    def keeper(self) -> PlanKeeper:
        """What its plans cost, and what they wait for."""
        return self._keeper

    @property
    def hash(self) -> str:
        """Of the model."""
        return self._model.hash

    @property
    def plan(self) -> str:
        """What runs now: `device`, or `<cut>/<tier>`."""
        return self._forced or self._keeper.plan

    @property
    def reason(self) -> str:
        """Why, for people."""
        return self._keeper.reason

    @property
    def counts(self) -> Counts:
        """What happened so far."""
        return self._counts

    @property
    def last(self) -> Inference | None:
        """The newest result."""
        return self._last

    @property
    def bytes_per_s(self) -> float:
        """Sent for this model within the last minute."""
        with self._condition:
            self._forget_old(time.monotonic())
            return sum(size for _, size in self._sent) / _RATE_WINDOW_S

    def placement(self) -> StepPlacement:
        """What Home Assistant is told; rounded, so that it changes only when it matters."""
        last = self._last
        place = last.place if last else _place(self.plan)
        return StepPlacement(
            step=self.step,
            place=place,
            plan=self.plan,
            latency_ms=None if last is None else float(f"{1000 * last.latency_s:.2g}"),
            bytes_per_s=float(f"{self.bytes_per_s:.2g}"),
            dropped=self._counts.dropped,
            fallbacks=self._counts.fallbacks,
            reason=self.reason,
        )

    def options(self) -> dict[str, Option]:
        """Every plan that could run now, with its predicted costs."""
        return self._keeper.options()

    # --- in the model's own thread ---

    def _run(self) -> None:
        if self._forced is None:
            self._keeper.time_parts(self._example, self._pace)
        self.timed.set()
        while self._open:
            with self._condition:
                if not self._windows and self._open:
                    self._condition.wait(RECONSIDER_S)
                window = self._windows.popleft() if self._windows else None
            if self._forced is None:
                self._keeper.look_around()
            if window is not None:
                self._finish(window)

    def _finish(self, window: _Window) -> None:
        plan = self.plan
        place = _place(plan)
        share = None
        note = self._note_of(window)
        self._keeper.note_made(note)
        if plan != DEVICE_PLAN:
            try:
                share = self._with_hub(plan, window, note)
            except Exception:
                _LOGGER.exception("The plan %s failed on this device", plan)
                self._keeper.plan_failed()
        began = time.perf_counter()
        outputs = None if share is None else share.outputs
        if outputs is None:
            place = place if plan == DEVICE_PLAN else Place.LOCAL_FALLBACK
            try:
                outputs = self._pace(lambda: self._model.whole().run(window.inputs))
            except Exception:
                _LOGGER.exception("A window could not be computed")
                self._count("failed")
                return
        now = time.perf_counter()
        handed_on = share is not None and share.handed_on
        way_back_s = self._way_back_s() if handed_on else 0.0
        result = Inference(
            tag=window.tag,
            outputs=outputs,
            place=place,
            latency_s=max(0.0, now - window.came - way_back_s),
            bytes_sent=0 if share is None else share.bytes,
            device_s=now - began + (0.0 if share is None else share.device_s),
            hub_s=0.0 if share is None else share.hub_s,
            handed_on=handed_on,
        )
        self._count("done")
        with self._condition:
            self._last = result
            self._results.append(result)

    def _note_of(self, window: _Window) -> Note | None:
        """For the hub; None when the answer has to return, also because nothing can be written."""
        if window.word is None:
            return None
        try:
            return self._note(self.step, window.word)
        except Exception:
            _LOGGER.exception("What a step says of a window could not be written")
            return None

    def _way_back_s(self) -> float:
        """What the hub's word that it has handed an answer on took, after the answer was there."""
        link = self._hub.link
        return 0.0 if link is None else link.rtt_s / 2

    def _with_hub(self, plan: str, window: _Window, note: Note | None) -> _Share:
        began = time.perf_counter()
        sent_plan, base, payload = self._pace(lambda: self._begin(plan, window.inputs))
        sent = time.perf_counter()
        codec = self._model.codec(sent_plan)
        frame = Frame(
            kind=FrameKind.INFER,
            sequence=0,
            model=self._model.hash,
            plan=plan,
            coding=coding_of(codec.name, codec.tables),
            base=base,
            step=self.step if note else "",
            note=note.packed if note else b"",
            payload=payload,
        )
        self._note_sent(sent_plan, len(payload))
        reply = self._hub.ask(frame, self._deadline_s or self._keeper.deadline_s(sent_plan))
        share = _Share(bytes=len(payload), device_s=sent - began)
        self._sent_window.forget()
        if reply is None:
            self._count("fallbacks")
            self._keeper.answer_missed()
            return share
        outputs, why = self._read(reply, noted=bool(note))
        if outputs is None:
            _LOGGER.warning("The hub refused a window of %s: %s", plan, why)
            self._count("refused")
            self._keeper.answer_missed()
            return share
        if cut_of(plan) == STREAM_CUT:
            self._sent_window.keep(window.inputs, reply.sequence)
        self._keeper.answer_came(sent_plan, time.perf_counter() - sent)
        handed_on = reply.codec == HANDED_ON
        return replace(share, outputs=outputs, hub_s=reply.busy_us / 1e6, handed_on=handed_on)

    def _begin(self, plan: str, window: Arrays) -> tuple[str, int, bytes]:
        """The device's part: how it is sent, which frame it continues, and the payload."""
        base = 0
        if (piece := self._model.piece(plan)) is not None:
            base = self._sent_window.base(window, piece.samples)
            if not base:  # the hub needs the whole window once
                plan = plan.replace(STREAM_CUT, INPUT_CUT, 1)
        return plan, base, self._model.codec(plan).encode(device_part(self._model, plan, window))

    def _read(self, reply: Frame, *, noted: bool) -> tuple[dict[str, NDArray[Any]] | None, str]:
        """The answer, or None and why there is none."""
        if reply.kind is not FrameKind.RESULT:
            return None, reply.text
        if noted and reply.codec == HANDED_ON:
            return {}, ""
        try:
            return read_answer(reply.codec, reply.payload, self._model.outputs), ""
        except ValueError as error:
            return None, str(error)

    def _note_sent(self, plan: str, size: int) -> None:
        self._keeper.payload_made(plan, size)
        now = time.monotonic()
        with self._condition:
            self._sent.append((now, size))
            self._forget_old(now)

    def _forget_old(self, now: float) -> None:
        while self._sent and self._sent[0][0] < now - _RATE_WINDOW_S:
            self._sent.popleft()

    def _count(self, what: str) -> None:
        with self._condition:
            counts = self._counts
            self._counts = replace(counts, **{what: getattr(counts, what) + 1})


def _place(plan: str) -> Place:
    if plan == DEVICE_PLAN:
        return Place.DEVICE
    return Place.HUB if cut_of(plan) in RAW_CUTS else Place.SPLIT
