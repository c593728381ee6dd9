"""One model that device and hub share: windows in, results out, whatever the link does."""

from __future__ import annotations

import logging
import statistics
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from edge_worker.catalogue.coinference import Inference
from edge_worker.messages import Place, StepPlacement
from edge_worker.offload.costs import DeviceCost, HubCost, measure_device, read_costs
from edge_worker.offload.forecast import forecast, options
from edge_worker.offload.frames import Frame, FrameKind
from edge_worker.offload.generic_codecs import read_answer
from edge_worker.offload.link_meter import FASTEST_BPS
from edge_worker.offload.parts import DEVICE_PLAN, INPUT_CUT, Arrays, SplitModel
from edge_worker.offload.placement import Link, Option, Policy
from edge_worker.offload.replan import Forecast, Replanner, clearly_better

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LOGGER = logging.getLogger(__name__)

# Waiting windows: the newest counts, an old one is news nobody wants any more.
_QUEUE = 2
_KEPT_RESULTS = 16
_KEPT_TIMES = 20
# A result that is this late is late even on a link where everything takes a millisecond.
_SHORTEST_DEADLINE_S = 0.25
_DEADLINE_FACTOR = 2.0
# Of a forced plan's first window, when nothing is known about the link.
_UNKNOWN_DEADLINE_S = 30.0
_RECONSIDER_S = 0.8
_ASK_AGAIN_S = 30.0
_RATE_WINDOW_S = 60.0
# Better than any in a home; what it would change is worth watching for.
_IDEAL_LINK = Link(bandwidth_bps=FASTEST_BPS, rtt_s=0.001)

AnyT = TypeVar("AnyT")
Pace = Callable[[Callable[[], Any]], Any]
"""Runs the device's work; an emulated slow device takes longer over it."""


def at_once(work: Callable[[], AnyT]) -> AnyT:
    """The pace of this computer."""
    return work()


class HubLink(Protocol):
    """The way to the hub, as one model sees it."""

    @property
    def link(self) -> Link | None:
        """As measured."""

    def ask(self, frame: Frame, timeout_s: float) -> Frame | None:
        """Send and wait for the answer; None when there is none in time, or no way."""

    def post(self, frame: Frame, answered: Callable[[Frame], None]) -> None:
        """Send; `answered` is called in another thread, if an answer comes."""

    def knock(self) -> None:
        """Send a probe; an answer calls `hub_answered` of every model."""


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
    came: float


@dataclass(frozen=True, kw_only=True)
class _Share:
    """What came of asking the hub; no outputs when it did not give any in time."""

    bytes: int
    device_s: float
    hub_s: float = 0.0
    outputs: dict[str, NDArray[Any]] | None = None


class SharedModel:
    """`CoInference` of one bundle. All work is done in a thread of its own.

    window: an example input, to time the parts with before the first result.
    forced, deadline_s: fix the plan, and how long to wait for the hub.
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
        closed: Callable[[SharedModel], None] = lambda model: None,
    ) -> None:
        self._closed = closed
        self.step = ""
        """Id of the step that opened it."""
        self._model = model
        self._hub = hub
        self._example = window
        self._raw_may_leave = raw_may_leave
        self._policy = policy
        self._pace = pace
        self._forced = forced
        self._deadline_s = deadline_s
        self._whole_s = 0.0
        self._device_costs: Mapping[str, DeviceCost] = {}
        self._hub_costs: Mapping[str, HubCost] = {}
        self._replanner = Replanner(self._forecast)
        self._times: dict[str, deque[float]] = {}
        self._sent: deque[tuple[float, int]] = deque()
        self._windows: deque[_Window] = deque()
        self._results: deque[Inference] = deque(maxlen=_KEPT_RESULTS)
        self._counts = Counts()
        self._last: Inference | None = None
        self._condition = threading.Condition()
        self._open = True
        self._policy_changed = False
        self._waits_for_link = self._waits_for_bandwidth = True
        self._reconsidered = 0.0
        self._costs_asked = -_ASK_AGAIN_S
        self.timed = threading.Event()
        """Set once this computer's costs are known."""
        self._thread = threading.Thread(target=self._run, name="co-inference", daemon=True)
        self._thread.start()

    # --- what a step and the service ask, from any thread ---

    def submit(self, inputs: Arrays, tag: object = None) -> None:
        """Take a window; of three that wait, the oldest is dropped and counted."""
        with self._condition:
            if len(self._windows) >= _QUEUE:
                self._windows.popleft()
                self._counts = replace(self._counts, dropped=self._counts.dropped + 1)
            self._windows.append(_Window(inputs=inputs, tag=tag, came=time.perf_counter()))
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
            self._policy_changed = policy is not self._policy
            self._policy = policy
            self._condition.notify()

    def hub_answered(self) -> None:
        """The hub is there."""
        with self._condition:
            self._replanner.hub_answered()
            self._condition.notify()

    def hub_left(self) -> None:
        """The hub said goodbye, or the broker did for it."""
        with self._condition:
            self._replanner.hub_left(time.monotonic())
            self._hub_costs = {}
            self._costs_asked = -_ASK_AGAIN_S

    @property
    def model(self) -> SplitModel:
        """What is shared."""
        return self._model

    @property
    def hub_away(self) -> bool:
        """Whether the hub does not answer."""
        return self._replanner.hub_away

    @property
    def waits_for_link(self) -> bool:
        """Whether another plan would be clearly better over the best of links."""
        return self._waits_for_link

    @property
    def waits_for_bandwidth(self) -> bool:
        """Whether another plan would be clearly better over a link with more bandwidth."""
        return self._waits_for_bandwidth

    @property
    def most_bytes(self) -> int:
        """Of the payloads that a plan may send; 0 when nothing may be."""
        sizes = (round(option.costs.bytes) for option in self.options(_IDEAL_LINK).values())
        return max(sizes, default=0)

    @property
    def hash(self) -> str:
        """Of the model."""
        return self._model.hash

    @property
    def plan(self) -> str:
        """What runs now: `device`, or `<cut>/<tier>`."""
        return self._forced or self._replanner.plan

    @property
    def reason(self) -> str:
        """Why, for people."""
        return self._replanner.reason

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

    def options(self, link: Link | None = None) -> dict[str, Option]:
        """Every plan that could run now, or over another link, with its predicted costs."""
        return options(
            whole_s=self._whole_s,
            device=self._device_costs,
            hub=self._hub_costs,
            link=link or self._hub.link,
            raw_may_leave=self._raw_may_leave,
            loss=self._model.relative_loss,
        )

    # --- in the model's own thread ---

    def _forecast(self, banned: frozenset[str], link: Link | None = None) -> Forecast:
        allowed = {plan: item for plan, item in self.options(link).items() if plan not in banned}
        return forecast(allowed, self._policy)

    def _is_held_back(self, ideal: Link) -> bool:
        """Whether another plan would be clearly better over this link than the one that runs."""
        plan = self._replanner.plan
        here = self._forecast(frozenset()).costs.get(plan)
        there = self._forecast(frozenset(), ideal)
        better = here is not None and clearly_better(there.costs[there.best], here)
        return there.best != plan and better

    def _run(self) -> None:
        if self._forced is None:
            self._time_parts()
        self.timed.set()
        while self._open:
            with self._condition:
                if not self._windows and self._open:
                    self._condition.wait(_RECONSIDER_S)
                window = self._windows.popleft() if self._windows else None
            self._look_around()
            if window is not None:
                self._finish(window)

    def _time_parts(self) -> None:
        try:
            self._whole_s, self._device_costs = measure_device(
                self._model, self._example, self._pace
            )
        except Exception:
            _LOGGER.exception("The parts of a model could not be timed")

    def _look_around(self) -> None:
        """Learn the hub's costs once, knock where it was silent, and think of another plan."""
        now = time.monotonic()
        if self._forced is not None:
            return
        if self._replanner.hub_away:
            if self._replanner.may_probe(now):
                self._hub.knock()
            return
        if not self._hub_costs and now - self._costs_asked >= _ASK_AGAIN_S:
            self._costs_asked = now
            ask = Frame(kind=FrameKind.ASK_COSTS, sequence=0, model=self._model.hash)
            self._hub.post(ask, self._costs_came)
        changed, self._policy_changed = self._policy_changed, False
        if changed or now - self._reconsidered >= _RECONSIDER_S:
            self._reconsidered = now
            before = self._replanner.plan
            self._replanner.reconsider(now, at_once=changed)
            if (link := self._hub.link) is not None:
                self._waits_for_link = self._is_held_back(_IDEAL_LINK)
                broad = replace(link, bandwidth_bps=_IDEAL_LINK.bandwidth_bps)
                self._waits_for_bandwidth = self._is_held_back(broad)
            if self._replanner.plan != before and self._forced is None:
                _LOGGER.info("Plan %s instead of %s: %s", self.plan, before, self.reason)

    def _costs_came(self, answer: Frame) -> None:
        """In the link's thread."""
        try:
            self._hub_costs = read_costs(answer.payload) if answer.kind is FrameKind.COSTS else {}
        except ValueError as error:
            _LOGGER.warning("The hub's costs can't be read: %s", error)

    def _finish(self, window: _Window) -> None:
        plan = self.plan
        place = _place(plan)
        share = None
        if plan != DEVICE_PLAN:
            try:
                share = self._with_hub(plan, window)
            except Exception:
                _LOGGER.exception("The plan %s failed on this device", plan)
                self._replanner.hub_left(time.monotonic())
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
        result = Inference(
            tag=window.tag,
            outputs=outputs,
            place=place,
            latency_s=now - window.came,
            bytes_sent=0 if share is None else share.bytes,
            device_s=now - began + (0.0 if share is None else share.device_s),
            hub_s=0.0 if share is None else share.hub_s,
        )
        self._count("done")
        with self._condition:
            self._last = result
            self._results.append(result)

    def _with_hub(self, plan: str, window: _Window) -> _Share:
        head, codec = self._model.head(plan), self._model.codec(plan)

        def begin() -> bytes:
            return codec.encode(window.inputs if head is None else head.run(window.inputs))

        began = time.perf_counter()
        payload = self._pace(begin)
        sent = time.perf_counter()
        frame = Frame(
            kind=FrameKind.INFER,
            sequence=0,
            model=self._model.hash,
            plan=plan,
            codec=codec.name,
            tables=codec.tables,
            payload=payload,
        )
        self._note_sent(plan, len(payload))
        reply = self._hub.ask(frame, self._deadline(plan))
        share = _Share(bytes=len(payload), device_s=sent - began)
        if reply is None:
            self._count("fallbacks")
            self._replanner.deadline_missed(time.monotonic())
            return share
        outputs, why = self._read(reply)
        if outputs is None:
            _LOGGER.warning("The hub refused a window of %s: %s", plan, why)
            self._count("refused")
            self._replanner.deadline_missed(time.monotonic())
            return share
        self._replanner.result_came()
        self._times.setdefault(plan, deque(maxlen=_KEPT_TIMES)).append(time.perf_counter() - sent)
        return replace(share, outputs=outputs, hub_s=reply.busy_us / 1e6)

    def _read(self, reply: Frame) -> tuple[dict[str, NDArray[Any]] | None, str]:
        """The answer, or None and why there is none."""
        if reply.kind is not FrameKind.RESULT:
            return None, reply.text
        try:
            return read_answer(reply.codec, reply.payload, self._model.outputs), ""
        except ValueError as error:
            return None, str(error)

    def _deadline(self, plan: str) -> float:
        """Twice the p95 of what the way to the hub and back took, or should take."""
        if self._deadline_s is not None:
            return self._deadline_s
        times = self._times.get(plan)
        option = self.options().get(plan)
        if option is None and not times:
            return _UNKNOWN_DEADLINE_S
        predicted = 0.0
        if option is not None:
            costs = option.costs
            predicted = costs.link_s + costs.decode_s + costs.hub_s
        if times and len(times) >= 5:
            predicted = max(predicted, statistics.quantiles(times, n=20)[-1])
        return max(_SHORTEST_DEADLINE_S, _DEADLINE_FACTOR * predicted)

    def _note_sent(self, plan: str, size: int) -> None:
        now = time.monotonic()
        known = self._device_costs.get(plan)
        if known is not None:  # what was timed was an example; this is the truth
            mixed = round(0.8 * known.bytes + 0.2 * size)
            self._device_costs = {**self._device_costs, plan: replace(known, bytes=mixed)}
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
    return Place.HUB if plan.startswith(f"{INPUT_CUT}/") else Place.SPLIT
