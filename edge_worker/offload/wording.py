"""How people are told which way a model runs, why, and what would make a split pay."""

from __future__ import annotations

from collections.abc import Sequence

from edge_worker.offload.bundle import Bundle
from edge_worker.offload.placement import Link, Option, Policy, Where
from edge_worker.offload.policies import WISH, preference


def label(option: Option) -> str:
    """How people call an option."""
    match option.where:
        case Where.DEVICE:
            return "the device alone"
        case Where.HUB:
            return f"the hub, input as {option.tier}"
        case Where.STREAM:
            return f"the hub, fed while it records ({option.tier})"
        case Where.SPLIT:
            return f"a split {option.cut} ({option.tier})"


def milliseconds(seconds: float) -> str:
    """Three digits are more than any of these times is worth; seconds from one on."""
    return f"{seconds:.3g} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"


def late(seconds: float, period_s: float | None) -> str:
    """What is wrong with a step that takes so long for each window; empty when it keeps up."""
    if period_s is not None and seconds > period_s:
        every = milliseconds(period_s)
        return f"It falls behind: {milliseconds(seconds)} for a window every {every}."
    return ""


def _amount(option: Option, policy: Policy) -> str:
    match policy:
        case Policy.TRAFFIC:
            return f"{option.costs.bytes:,.0f} bytes"
        case Policy.ENERGY:
            return f"{1000 * option.costs.energy_j:.3g} mJ"
        case _:
            return milliseconds(option.costs.latency_s)


def reason(chosen: Option, allowed: Sequence[Option], policy: Policy) -> str:
    """Why this one, beside the best of another kind. allowed: all that may run, chosen or not."""
    if not allowed:
        return f"Nothing fits, so the device alone runs it. {chosen.forbidden}"
    name = label(chosen)
    sentence = f"{name[0].upper()}{name[1:]} is {WISH[policy]} ({_amount(chosen, policy)}"
    others = [option for option in allowed if option.where is not chosen.where]
    if not others:
        return f"{sentence}); nothing else is possible now."
    rival = min(others, key=lambda option: preference(option, policy))
    return f"{sentence}, against {_amount(rival, policy)} for {label(rival)})."


def doubt(chosen: Option) -> str:
    """What nobody measured of this choice; empty when nothing is coded or all is known."""
    if chosen.tier is None or chosen.accuracy_loss is not None:
        return ""
    return f"What {chosen.tier} costs in accuracy was not measured for this model."


def advice(
    bundle: Bundle, chosen: Option, options: Sequence[Option], link: Link, policy: Policy
) -> str:
    """When the answer isn't a split: what would have to change for one to win."""
    if chosen.where is Where.SPLIT or policy is not Policy.LATENCY:
        return ""
    splits = [option for option in options if option.where is Where.SPLIT]
    if not splits:
        return (
            f"{bundle.manifest.name} has no cut: no split of it pays on any link or device that "
            "was tried."
        )
    allowed = [option for option in splits if not option.forbidden]
    if not allowed:
        return f"A split doesn't pay here. {splits[0].forbidden}"
    best = min(allowed, key=lambda option: option.costs.latency_s)
    costs = best.costs
    spare = chosen.costs.latency_s - (costs.latency_s - costs.link_s) - link.rtt_s
    lead = (
        f"A split doesn't pay here: the best, {label(best)}, takes {milliseconds(costs.latency_s)}."
    )
    if spare > 0:
        needed = (costs.link_s - link.rtt_s) * link.bandwidth_bps / spare
        if needed > link.bandwidth_bps and chosen.where is Where.DEVICE:
            return f"{lead} It would from {needed / 1e6:.3g} Mbit/s, or with a slower device."
    if chosen.where is Where.DEVICE:
        return f"{lead} Only a slower device or a shorter round trip would change that."
    return f"{lead} A slower link, or raw data that must stay, would change that."
