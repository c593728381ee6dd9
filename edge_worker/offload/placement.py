"""Where a model runs, what that costs, and why: results of planning, without any method."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

_STREAM_HEADROOM = 1.25


class Policy(StrEnum):
    """What the owner wants least of. Cards: `policies.POLICY_CARDS`."""

    LATENCY = "latency"
    TRAFFIC = "traffic"
    ENERGY = "energy"
    PRIVACY = "privacy"


class Where(StrEnum):
    """Who computes. STREAM: the hub, fed while the sensor records."""

    DEVICE = "device"
    HUB = "hub"
    STREAM = "stream"
    SPLIT = "split"


@dataclass(frozen=True, kw_only=True)
class Link:
    """The way from device to hub: bits per second up, seconds there and back."""

    bandwidth_bps: float
    rtt_s: float
    loss: float = 0.0

    def __post_init__(self) -> None:
        fits = 0 < self.bandwidth_bps < math.inf and 0 <= self.rtt_s < math.inf
        if not (fits and 0 <= self.loss < 1):
            raise ValueError(
                "A link needs a bandwidth above 0, a round trip of 0 or more, a loss below 1."
            )

    def transfer_s(self, size: float) -> float:
        """Seconds until `size` bytes sent now have arrived (half a round trip included).

        Lost packets are sent again by TCP, hence the share that arrives.
        """
        return size * 8 / (self.bandwidth_bps * (1 - self.loss)) + self.rtt_s / 2

    def carries(self, bytes_per_s: float) -> bool:
        """Whether a stream fits, with room for what else the radio does."""
        return bytes_per_s * 8 * _STREAM_HEADROOM <= self.bandwidth_bps * (1 - self.loss)

    def exchange_s(self, size: float, back: float = 0.0) -> float:
        """There with `size` bytes, and back, as fast, with `back` bytes."""
        return self.transfer_s(size) + self.transfer_s(back)


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Of one inference. Times in seconds; their sum is the latency.

    Counted from the complete window on the device until the result is where it is wanted: back
    there, or, in a monitor whose results the hub publishes, on the hub.
    """

    device_s: float = 0.0
    encode_s: float = 0.0
    link_s: float = 0.0
    decode_s: float = 0.0
    hub_s: float = 0.0
    bytes: float = 0.0
    """Sent by the device, headers included."""
    energy_j: float = 0.0
    """Of the device: a proxy from processor time and bytes sent, see `policies`."""

    @property
    def latency_s(self) -> float:
        return self.device_s + self.encode_s + self.link_s + self.decode_s + self.hub_s


@dataclass(frozen=True, kw_only=True)
class Option:
    """One way to run the model. `forbidden`: a sentence when a constraint rules it out."""

    where: Where
    costs: Costs
    cut: str | None = None
    """Name of the cut, for SPLIT."""
    tier: str | None = None
    """How the features, or the inputs (HUB, STREAM), are coded."""
    tensors: tuple[str, ...] = ()
    """What crosses."""
    accuracy_loss: float | None = None
    """Measured, in the unit of the bundle's metric; None = not measured."""
    relative_loss: float | None = None
    """The same as a share of the whole model's quality."""
    forbidden: str = ""


@dataclass(frozen=True, kw_only=True)
class Constraints:
    """What no policy may break."""

    raw_stays: bool = True
    """Inputs of the model, in whatever coding, may not leave the device."""
    device_memory_bytes: float | None = None
    hub_memory_bytes: float | None = None
    max_accuracy_loss: float | None = None
    """None: what the policy bears of a measured loss (`policies.MOST_LOST`)."""
    period_s: float | None = None
    """Seconds from one inference to the next: what takes longer falls behind."""

    def __post_init__(self) -> None:
        for what, limit in (
            ("period", self.period_s),
            ("device's memory", self.device_memory_bytes),
            ("hub's memory", self.hub_memory_bytes),
        ):
            if limit is not None and not 0 < limit < math.inf:
                raise ValueError(f"The {what} is a number above 0.")


@dataclass(frozen=True, kw_only=True)
class Placement:
    """The chosen option, all others, and sentences for people."""

    chosen: Option
    options: tuple[Option, ...]
    policy: Policy
    reason: str
    advice: str = ""
    """When a split doesn't pay: what would have to change."""
