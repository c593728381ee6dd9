"""The vitals network as a step: fills in the rates that signal processing refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from edge_worker.catalogue.ports import Vitals
from edge_worker.catalogue.tool import Output, Step
from edge_worker.messages import ReadingState
from edge_worker.offload.bundle import load_bundle, shipped_bundles
from edge_worker.offload.vitals.gate import GATE
from edge_worker.offload.vitals.grid import (
    BREATHING_RATES,
    FRAMES,
    HEART_RATES,
    network_input,
)
from edge_worker.offload.vitals.reading import Rate, RateTracker

MODEL = "vitals_network"
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


class WholeModel:
    """The network in ONNX Runtime, on one thread."""

    def __init__(self) -> None:
        import onnxruntime

        bundle = load_bundle(shipped_bundles()[MODEL])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(bundle.path(bundle.manifest.model)), options, providers=["CPUExecutionProvider"]
        )

    def run(self, window: npt.NDArray[np.float32]) -> Mapping[str, npt.NDArray[np.float32]]:
        """Logits of one window, shape (2, 38, 750), by output name."""
        names = [item.name for item in self._session.get_outputs()]
        return dict(zip(names, self._session.run(names, {"range_map": window[None]}), strict=True))


class VitalsNetworkStep:
    """Range maps in, the receiver's vital signs with fewer gaps out."""

    def __init__(self, receiver: Step) -> None:
        """`receiver`: the step that reads vital signs from range maps by signal processing."""
        self._receiver = receiver
        self._model = WholeModel()
        self._filler = Filler()

    def update(self, port: str, value: Any) -> Iterable[Output]:
        """Take one range map."""
        judged = list(self._receiver.update(port, value))
        self._filler.push(value)
        window = self._filler.window()
        outputs = None if window is None else self._model.run(window)
        return [(name, self._filler.fill(vitals, outputs)) for name, vitals in judged]

    def tick(self, now: float) -> Iterable[Output]:
        """What the receiver says in silence."""
        return self._receiver.tick(now)


class Filler:
    """Keeps the last 30 s and decides which of the network's numbers may be given."""

    def __init__(self) -> None:
        self._ring: npt.NDArray[np.complex64] | None = None
        self._breathing = RateTracker(BREATHING_RATES)
        self._heart = RateTracker(HEART_RATES)

    def push(self, hop: Hop) -> None:
        """Take the next two seconds of echoes."""
        if self._ring is None or not hop.continuous:
            self._ring = hop.echoes[:0]
            self._forget()
        self._ring = np.concatenate((self._ring, hop.echoes))[-FRAMES:]

    def window(self) -> npt.NDArray[np.float32] | None:
        """The network's input; None until 30 s are there."""
        if self._ring is None or len(self._ring) < FRAMES:
            return None
        return network_input(self._ring)

    def fill(self, vitals: Vitals, outputs: Mapping[str, npt.NDArray[np.float32]] | None) -> Vitals:
        """The receiver's numbers where it gave them, the network's where it may know better."""
        if outputs is None or vitals.state not in REFUSED:
            self._forget()
            return vitals
        breathing = self._breathing.update(outputs["breathing"][0])
        heart = self._heart.update(outputs["heart"][0])
        present = 1 / (1 + float(np.exp(-outputs["state"][0, 0])))
        if present < GATE.presence or vitals.breathing_pause:
            return vitals
        result = vitals
        if vitals.breathing_rate is None and breathing.trust >= GATE.breathing:
            result = replace(
                result,
                breathing_rate=breathing.value,
                breathing_error=breathing.error,
                breathing_quality=breathing.trust,
            )
        if vitals.heart_rate is None and heart.trust >= GATE.heart:
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
