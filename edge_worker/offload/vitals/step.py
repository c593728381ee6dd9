"""The vitals network as a step: fills in the rates that signal processing refused."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from edge_worker.catalogue.coinference import CoInference, Inference, Offload
from edge_worker.catalogue.ports import Vitals
from edge_worker.catalogue.tool import Output, Step
from edge_worker.messages import Place, ReadingState
from edge_worker.offload.bundle import load_bundle, shipped_bundles
from edge_worker.offload.bundle_model import BundleModel
from edge_worker.offload.parts import Arrays, Part
from edge_worker.offload.vitals.gate import GATE, Gate
from edge_worker.offload.vitals.grid import (
    BREATHING_RATES,
    FRAMES,
    HEART_RATES,
    network_input,
)
from edge_worker.offload.vitals.reading import Rate, RateTracker

MODEL = "vitals_network"
INPUT = "range_map"
_GAP_S = 5.0
"""Of windows two seconds apart; after a longer pause somebody else may be there."""
_PATIENCE = 2
"""Windows that may come before an answer does."""
REFUSED = frozenset(
    {ReadingState.OK, ReadingState.LOW_QUALITY, ReadingState.MOTION, ReadingState.TWO_TARGETS}
    | {ReadingState.NOISY}
)
"""States in which the network may still know a rate; in all others there is nobody, no probe
or not enough sound yet."""


class Hop(Protocol):
    """What the step needs of the sonar's range map."""

    echoes: npt.NDArray[np.complex64]
    continuous: bool


class AloneModel:
    """`CoInference` of a computer without a hub: the whole model, at once."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._results: list[Inference] = []

    def submit(
        self, inputs: Arrays, tag: object = None, word: tuple[str, Any] | None = None
    ) -> None:
        """Compute this window."""
        began = time.perf_counter()
        outputs = self._part.run(inputs)
        took = time.perf_counter() - began
        self._results.append(
            Inference(
                tag=tag,
                outputs=outputs,
                place=Place.DEVICE,
                latency_s=took,
                bytes_sent=0,
                device_s=took,
            )
        )

    def results(self) -> list[Inference]:
        """The results since the last call."""
        found, self._results = self._results, []
        return found

    def close(self) -> None:
        """Nothing to let go of."""


def open_model(offload: Offload | None, *, raw_may_leave: bool = False) -> CoInference:
    """The shipped network: shared with the hub where the worker offers that.

    raw_may_leave: whether the echoes themselves may be sent to the hub.
    Raises SourceError with a sentence when this computer can't run it.
    """
    folder = shipped_bundles()[MODEL]
    if offload is not None:
        return offload.open(folder, raw_may_leave=raw_may_leave)
    return AloneModel(BundleModel(load_bundle(folder)).whole())


@dataclass(frozen=True, kw_only=True)
class _Waiting:
    """What the receiver said of a hop; `number` of its window, None when there is none."""

    port: str
    vitals: Vitals
    number: int | None


class VitalsNetworkStep:
    """Range maps in, the receiver's vital signs with fewer gaps out.

    The network may run elsewhere: what the receiver said waits for its answer, is given in
    order, and goes out without it when the next two windows are there before the answer is.
    An answer that the hub has handed on is not given here again, nor is what is older.
    """

    def __init__(self, receiver: Step, model: CoInference) -> None:
        """`receiver`: the step that reads vital signs from range maps by signal processing."""
        self._receiver = receiver
        self._model = model
        self._filler = Filler()
        self._waiting: deque[_Waiting] = deque()
        self._answers: dict[int, Inference] = {}
        self._windows = 0
        self._handed_on = -1

    def update(self, port: str, value: Any) -> Iterable[Output]:
        """Take one range map."""
        judged = list(self._receiver.update(port, value))
        self._filler.push(value)
        window = self._filler.window()
        number = None
        if window is not None:
            number = self._windows
            self._windows += 1
            word = judged[0] if len(judged) == 1 else None
            self._model.submit({INPUT: window[None]}, number, word)
        self._waiting.extend(_Waiting(port=p, vitals=v, number=number) for p, v in judged)
        return self._ready()

    def tick(self, now: float) -> Iterable[Output]:
        """Answers that came since, and what the receiver says in silence."""
        return [*self._ready(), *self._receiver.tick(now)]

    def _ready(self) -> list[Output]:
        for result in self._model.results():
            if isinstance(result.tag, int):
                self._answers[result.tag] = result
                if result.handed_on:
                    self._handed_on = result.tag
        # An answer comes after all before it; what is older was dropped on its way.
        oldest = max(max(self._answers, default=0), self._windows - _PATIENCE)
        ready: list[Output] = []
        while self._waiting:
            first = self._waiting[0]
            answer = None
            if first.number is not None:
                if first.number >= oldest and first.number not in self._answers:
                    break
                answer = self._answers.pop(first.number, None)
            self._waiting.popleft()
            if first.number is not None and first.number <= self._handed_on:
                continue
            outputs = None if answer is None else answer.outputs
            ready.append((first.port, self._filler.fill(first.vitals, outputs)))
        waiting = {item.number for item in self._waiting}
        for late in [number for number in self._answers if number not in waiting]:
            del self._answers[late]
        return ready


class Filler:
    """Keeps the last 30 s and decides which of the network's numbers may be given.

    `fill` needs no echoes: where the network's answers stay on the hub, another filler does it.
    """

    def __init__(self, gate: Gate = GATE) -> None:
        self._gate = gate
        self._ring: npt.NDArray[np.complex64] | None = None
        self._standing: npt.NDArray[np.complex64] | None = None
        self._breathing = RateTracker(BREATHING_RATES)
        self._heart = RateTracker(HEART_RATES)
        self._filled = -np.inf

    def push(self, hop: Hop) -> None:
        """Take the next two seconds of echoes."""
        if self._ring is None or not hop.continuous:
            self._ring = hop.echoes[:0]
            self._standing = None
            self._forget()
        self._ring = np.concatenate((self._ring, hop.echoes))[-FRAMES:]

    def window(self) -> npt.NDArray[np.float32] | None:
        """The network's input; None until 30 s are there."""
        if self._ring is None or len(self._ring) < FRAMES:
            return None
        return network_input(self._ring, self._steady(self._ring))

    def _steady(self, ring: npt.NDArray[np.complex64]) -> npt.NDArray[np.complex64]:
        """The standing echoes to take out: the same for window after window.

        So the next window is the last one, moved on, and a hub that has that one needs only
        what is new. They are taken anew when they have drifted by more than what moves.
        """
        mean = ring.mean(axis=0)
        drift = np.abs(mean - self._standing).max() if self._standing is not None else np.inf
        if self._standing is None or drift > np.abs(ring - mean).max():
            self._standing = mean
        return self._standing

    def fill(self, vitals: Vitals, outputs: Mapping[str, npt.NDArray[np.float32]] | None) -> Vitals:
        """The receiver's numbers where it gave them, the network's where it may know better."""
        after_gap = not 0 <= vitals.t - self._filled <= _GAP_S
        self._filled = vitals.t
        if after_gap or outputs is None or vitals.state not in REFUSED:
            self._forget()
        if outputs is None or vitals.state not in REFUSED:
            return vitals
        breathing = self._breathing.update(outputs["breathing"][0])
        heart = self._heart.update(outputs["heart"][0])
        present = 1 / (1 + float(np.exp(-outputs["state"][0, 0])))
        if present < self._gate.presence or vitals.breathing_pause:
            return vitals
        result = vitals
        if vitals.breathing_rate is None and breathing.trust >= self._gate.breathing:
            result = replace(
                result,
                breathing_rate=breathing.value,
                breathing_error=breathing.error,
                breathing_quality=breathing.trust,
            )
        if vitals.heart_rate is None and heart.trust >= self._gate.heart:
            result = _with_heart(result, heart)
        if result is vitals:
            return vitals
        return replace(result, state=ReadingState.OK, present=True)

    def _forget(self) -> None:
        self._breathing.forget()
        self._heart.forget()


def _with_heart(vitals: Vitals, heart: Rate) -> Vitals:
    return replace(
        vitals, heart_rate=heart.value, heart_error=heart.error, heart_quality=heart.trust
    )
