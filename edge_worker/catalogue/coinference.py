"""What a step may ask of a neural model that device and hub share.

A step hands in windows and collects results when it is called next; which part of the
model ran where is none of its business, only told with the result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from edge_worker.messages import Place

if TYPE_CHECKING:
    from numpy.typing import NDArray


Finish = Callable[[Any, Mapping[str, "NDArray[Any]"]], Any]
"""What a step says of a window without its model, and the model's outputs → what it says."""


@dataclass(frozen=True, kw_only=True)
class Inference:
    """The model's outputs for one window."""

    tag: object
    """What `submit` was given, such as the time of the window."""
    outputs: Mapping[str, NDArray[Any]]
    """Empty when they were handed on."""
    place: Place
    latency_s: float
    """From `submit` to the result, waiting included; to its arrival on the hub, as far as the
    link's delay is known, when it was handed on there."""
    bytes_sent: int
    """Of the payload that left the device; 0 when none did."""
    device_s: float = 0.0
    """Of it, computing and coding on this device."""
    hub_s: float = 0.0
    """Of it, on the hub, decoding and waiting for its turn included."""
    handed_on: bool = False
    """The hub has finished what the step would have said, and published it."""


class CoInference(Protocol):
    """One model, opened by one step."""

    def submit(
        self,
        inputs: Mapping[str, NDArray[Any]],
        tag: object = None,
        word: tuple[str, Any] | None = None,
    ) -> None:
        """Take a window and return at once. Of three that wait, the oldest is dropped.

        word: (port, value), what the step says of the window without the model. Given it, the
        hub may finish it where the answer is (`Tool.make_finish`), so that nothing returns.
        """

    def results(self) -> list[Inference]:
        """Results since the last call, oldest first."""

    def close(self) -> None:
        """Let go of the model."""


class Offload(Protocol):
    """The service of a worker that runs such models."""

    def open(self, bundle: Path, *, raw_may_leave: bool = False) -> CoInference:
        """Open the bundle in this folder.

        raw_may_leave: whether the model's input may be sent to the hub.
        Raises SourceError with a sentence when this computer can't run it.
        """
