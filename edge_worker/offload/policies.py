"""What an owner may want least of, as cards, and how each policy weighs costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edge_worker.messages import PolicyCard
from edge_worker.offload.placement import Costs, Link, Option, Policy, Where

# Frame, MQTT, TCP, IP and Ethernet headers of one message.
HEADER_BYTES = 200
# A proxy, not a measurement: a Raspberry Pi's core under load draws about two watts more
# than idle, a Wi-Fi radio about a microjoule for each byte that it sends.
CORE_W = 2.0
JOULE_PER_BYTE = 1e-6

POLICY_CARDS: tuple[PolicyCard, ...] = (
    PolicyCard(
        name=Policy.LATENCY,
        title="Quickest result",
        summary="Run where the result is ready first.",
        phrases=("as fast as possible", "quickest", "lowest latency", "尽快", "最快"),
    ),
    PolicyCard(
        name=Policy.TRAFFIC,
        title="Least traffic",
        summary="Send as few bytes as possible; for a slow or a shared radio.",
        phrases=("save bandwidth", "save data", "least traffic", "节省流量", "省流量"),
    ),
    PolicyCard(
        name=Policy.ENERGY,
        title="Least energy",
        summary="Spare the device's battery: its processor and its radio together.",
        phrases=("save battery", "save energy", "save power", "省电", "节能"),
    ),
    PolicyCard(
        name=Policy.PRIVACY,
        title="Most private",
        summary="Let nothing but results leave the device while it keeps up; else as little as "
        "possible.",
        phrases=("keep it private", "most private", "as private as possible", "保护隐私"),
    ),
)

MOST_LOST: Mapping[Policy, float] = {
    Policy.LATENCY: 0.01,
    Policy.TRAFFIC: 0.03,
    Policy.ENERGY: 0.01,
    Policy.PRIVACY: 0.01,
}
"""Share of the model's quality that a coding may cost where nobody said otherwise: a number is
worth little when it is quick but wrong. Who asks for the least traffic gets coarser tiers. Where
a bundle does not tell what a coding costs, nothing is forbidden, and the reason says so."""

WISH: Mapping[Policy, str] = {
    Policy.LATENCY: "the quickest",
    Policy.TRAFFIC: "the one that sends least",
    Policy.ENERGY: "the one that costs the device least energy",
    Policy.PRIVACY: "the one that tells the hub least",
}
_OPENNESS = (Where.DEVICE, Where.SPLIT, Where.HUB, Where.STREAM)
# Among options that are equal for the policy, the quicker one.
TIE = 1e-6


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What a second and a byte cost under a policy; used by the min-cut."""

    device_s: float
    hub_s: float
    link_s: float
    byte: float


WEIGHTS: Mapping[Policy, Weights] = {
    Policy.LATENCY: Weights(device_s=1, hub_s=1, link_s=1, byte=0),
    Policy.TRAFFIC: Weights(device_s=TIE, hub_s=TIE, link_s=TIE, byte=1),
    Policy.ENERGY: Weights(device_s=CORE_W, hub_s=TIE, link_s=TIE, byte=JOULE_PER_BYTE),
    # The hub learns what it computes from: every second of its work is a second too much.
    Policy.PRIVACY: Weights(device_s=TIE, hub_s=1, link_s=TIE, byte=TIE),
}


def energy_j(*, device_s: float, size: float) -> float:
    """Of the device, by the proxy above."""
    return CORE_W * device_s + JOULE_PER_BYTE * size


def shared_costs(
    link: Link,
    size: float,
    *,
    answer: float | None = 0.0,
    device_s: float = 0.0,
    encode_s: float = 0.0,
    decode_s: float,
    hub_s: float,
) -> Costs:
    """Of one inference: `size` bytes travel to the hub and `answer` bytes back, with headers.

    answer: None when the result is wanted on the hub, so that nothing has to return.
    """
    return Costs(
        device_s=device_s,
        encode_s=encode_s,
        link_s=link.transfer_s(size) if answer is None else link.exchange_s(size, answer),
        decode_s=decode_s,
        hub_s=hub_s,
        bytes=size,
        energy_j=energy_j(device_s=device_s + encode_s, size=size),
    )


def preference(option: Option, policy: Policy) -> tuple[float, float]:
    """Sort key: smaller is better; options equal for the policy are compared by latency."""
    costs = option.costs
    match policy:
        case Policy.LATENCY:
            first = costs.latency_s
        case Policy.TRAFFIC:
            first = costs.bytes
        case Policy.ENERGY:
            first = costs.energy_j
        case Policy.PRIVACY:
            first = _OPENNESS.index(option.where) * 1e9 + costs.bytes
    return first, costs.latency_s
