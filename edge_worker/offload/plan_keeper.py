"""What the plans of one shared model cost here and now, and which of them runs."""

from __future__ import annotations

import logging
import statistics
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from edge_worker.catalogue.notes import Note
from edge_worker.offload.costs import DeviceCost, HubCost, measure_device, read_costs
from edge_worker.offload.forecast import forecast, options
from edge_worker.offload.frames import Frame, FrameKind
from edge_worker.offload.link_meter import FASTEST_BPS
from edge_worker.offload.parts import Arrays, SplitModel
from edge_worker.offload.placement import Link, Option, Policy
from edge_worker.offload.policies import HEADER_BYTES
from edge_worker.offload.replan import Forecast, Replanner, clearly_better

_LOGGER = logging.getLogger(__name__)

RECONSIDER_S = 0.8
_ASK_AGAIN_S = 30.0
_KEPT_TIMES = 20
# A result that is this late is late even on a link where everything takes a millisecond.
_SHORTEST_DEADLINE_S = 0.25
_DEADLINE_FACTOR = 2.0
_ENOUGH_TIMES = 5
# Of a plan's first window, when nothing is known about the link.
_UNKNOWN_DEADLINE_S = 30.0
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


class PlanKeeper:
    """Times the device's parts, learns the hub's, and follows link and policy with the plan."""

    def __init__(
        self, model: SplitModel, hub: HubLink, *, raw_may_leave: bool, policy: Policy
    ) -> None:
        self._model = model
        self._hub = hub
        self._raw_may_leave = raw_may_leave
        self._policy = policy
        self._whole_s = 0.0
        self._device_costs: Mapping[str, DeviceCost] = {}
        self._hub_costs: Mapping[str, HubCost] = {}
        self._replanner = Replanner(self._forecast)
        # A hub that leaves while its plan is being chosen must not be chosen after all.
        self._choosing = threading.RLock()
        self._times: dict[str, deque[float]] = {}
        self._note: Note | None = None
        self._policy_changed = False
        self._reconsidered = 0.0
        self._costs_asked = -_ASK_AGAIN_S
        self.waits_for_link = True
        """Whether another plan would be clearly better over the best of links."""
        self.waits_for_bandwidth = True
        """Whether another plan would be clearly better over a link with more bandwidth."""

    @property
    def plan(self) -> str:
        """`device`, or `<cut>/<tier>`."""
        return self._replanner.plan

    @property
    def reason(self) -> str:
        """Why, for people."""
        return self._replanner.reason

    @property
    def hub_away(self) -> bool:
        """Whether the hub does not answer."""
        return self._replanner.hub_away

    @property
    def most_bytes(self) -> int:
        """Of the payloads that a plan may send; 0 when nothing may be."""
        sizes = (round(option.costs.bytes) for option in self.options(_IDEAL_LINK).values())
        return max(sizes, default=0)

    def options(self, link: Link | None = None) -> dict[str, Option]:
        """Every plan that could run now, or over another link, with its predicted costs."""
        return options(
            whole_s=self._whole_s,
            device=self._device_costs,
            hub=self._hub_costs,
            link=link or self._hub.link,
            raw_may_leave=self._raw_may_leave,
            note=self._note,
            loss=self._model.relative_loss,
            period_s=self._model.period_s,
        )

    def deadline_s(self, plan: str) -> float:
        """Twice the p95 of what the way to the hub and back took, or should take."""
        times = self._times.get(plan, ())
        option = self.options().get(plan)
        if option is None and not times:
            return _UNKNOWN_DEADLINE_S
        predicted = 0.0
        if option is not None:
            costs = option.costs
            predicted = costs.link_s + costs.decode_s + costs.hub_s
            if self._note and (link := self._hub.link) is not None:
                predicted += link.transfer_s(HEADER_BYTES)  # until the device knows
        if len(times) >= _ENOUGH_TIMES:
            predicted = max(predicted, statistics.quantiles(times, n=20)[-1])
        elif option is None:
            predicted = max(times)
        return max(_SHORTEST_DEADLINE_S, _DEADLINE_FACTOR * predicted)

    # --- what happens ---

    def set_policy(self, policy: Policy) -> None:
        """What the owner wants least of, from now on."""
        self._policy_changed = self._policy_changed or policy is not self._policy
        self._policy = policy

    def hub_answered(self) -> None:
        """The hub is there."""
        with self._choosing:
            self._replanner.hub_answered()

    def hub_left(self) -> None:
        """The hub said goodbye, or the broker did for it; it may come back as another one."""
        with self._choosing:
            self.plan_failed()
            self._hub_costs = {}
            self._costs_asked = -_ASK_AGAIN_S

    def plan_failed(self) -> None:
        """The plan could not be followed here: the device is on its own for a while."""
        with self._choosing:
            self._replanner.hub_left(time.monotonic())

    def payload_made(self, plan: str, size: int) -> None:
        """A window took `size` bytes: what was timed was an example, this is the truth."""
        known = self._device_costs.get(plan)
        if known is not None:
            mixed = round(0.8 * known.bytes + 0.2 * size)
            self._device_costs = {**self._device_costs, plan: replace(known, bytes=mixed)}

    def note_made(self, note: Note | None) -> None:
        """Results are wanted on the hub, with notes like this; None: on the device."""
        self._note = note

    def answer_came(self, plan: str, took_s: float) -> None:
        """A window was answered in time."""
        with self._choosing:
            self._replanner.result_came()
        self._times.setdefault(plan, deque(maxlen=_KEPT_TIMES)).append(took_s)

    def answer_missed(self) -> None:
        """A window was not answered in time, or not in a way that can be used."""
        with self._choosing:
            self._replanner.deadline_missed(time.monotonic())

    # --- in the model's own thread ---

    def time_parts(self, window: Arrays, pace: Pace) -> None:
        """Measure what each plan costs this computer. window: an example input."""
        try:
            self._whole_s, self._device_costs = measure_device(self._model, window, pace)
        except Exception:
            _LOGGER.exception("The parts of a model could not be timed")

    def look_around(self) -> None:
        """Learn the hub's costs once, knock where it was silent, and think of another plan."""
        now = time.monotonic()
        if self.hub_away:
            if self._replanner.may_probe(now):
                self._hub.knock()
            return
        if not self._hub_costs and now - self._costs_asked >= _ASK_AGAIN_S:
            self._costs_asked = now
            ask = Frame(kind=FrameKind.ASK_COSTS, sequence=0, model=self._model.hash)
            self._hub.post(ask, self._costs_came)
        changed, self._policy_changed = self._policy_changed, False
        if changed or now - self._reconsidered >= RECONSIDER_S:
            self._reconsidered = now
            self._reconsider(now, at_once=changed)

    def _reconsider(self, now: float, *, at_once: bool) -> None:
        with self._choosing:
            before = self.plan
            self._replanner.reconsider(now, at_once=at_once)
        if (link := self._hub.link) is not None:
            self.waits_for_link = self._is_held_back(_IDEAL_LINK)
            broad = replace(link, bandwidth_bps=_IDEAL_LINK.bandwidth_bps)
            self.waits_for_bandwidth = self._is_held_back(broad)
        if self.plan != before:
            _LOGGER.info("Plan %s instead of %s: %s", self.plan, before, self.reason)

    def _forecast(self, banned: frozenset[str], link: Link | None = None) -> Forecast:
        allowed = {plan: item for plan, item in self.options(link).items() if plan not in banned}
        return forecast(allowed, self._policy)

    def _is_held_back(self, ideal: Link) -> bool:
        """Whether another plan would be clearly better over this link than the one that runs."""
        here = self._forecast(frozenset()).costs.get(self.plan)
        there = self._forecast(frozenset(), ideal)
        better = here is not None and clearly_better(there.costs[there.best], here)
        return there.best != self.plan and better

    def _costs_came(self, answer: Frame) -> None:
        """In the link's thread."""
        try:
            self._hub_costs = read_costs(answer.payload) if answer.kind is FrameKind.COSTS else {}
        except ValueError as error:
            _LOGGER.warning("The hub's costs can't be read: %s", error)
