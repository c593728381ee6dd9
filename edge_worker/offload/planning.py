"""Which placement a policy prefers, and why: device, hub, stream, or a split of the bundle."""

from __future__ import annotations

from collections.abc import Sequence

from edge_worker.offload.bundle import Bundle, Cut, InputTier, Tier
from edge_worker.offload.partition import peak_bytes
from edge_worker.offload.parts import INPUT_CUT
from edge_worker.offload.placement import (
    Constraints,
    Costs,
    Link,
    Option,
    Placement,
    Policy,
    Where,
)
from edge_worker.offload.policies import HEADER_BYTES, WISH, energy_j, preference
from edge_worker.offload.profile import Profile

# A stream needs room for its own headers and for what else the radio does.
_STREAM_HEADROOM = 1.25


def plan(
    bundle: Bundle,
    *,
    device: Profile,
    hub: Profile,
    link: Link,
    policy: Policy = Policy.LATENCY,
    constraints: Constraints | None = None,
) -> Placement:
    """Compare every way to run the model and choose by policy.

    Device-only always remains possible: when it breaks a constraint too, it is chosen and
    the reason says what it breaks.
    """
    rules = constraints or Constraints(raw_stays=bundle.manifest.raw_stays)
    options = [_device_only(bundle, device, rules)]
    options += [
        option
        for tier in _input_tiers(bundle, device)
        for option in _hub_only(bundle, tier, device, hub, link, rules)
    ]
    options += [
        _split(bundle, cut, tier, device, hub, link, rules)
        for cut in bundle.manifest.cuts
        for tier in cut.tiers
    ]
    allowed = [option for option in options if not option.forbidden]
    chosen = min(allowed or options[:1], key=lambda option: preference(option, policy))
    ranked = sorted(options, key=lambda item: (bool(item.forbidden), *preference(item, policy)))
    return Placement(
        chosen=chosen,
        options=tuple(ranked),
        policy=policy,
        reason=_reason(chosen, allowed, policy),
        advice=_advice(bundle, chosen, options, link, policy),
    )


def _input_tiers(bundle: Bundle, device: Profile) -> tuple[InputTier, ...]:
    """Those of the manifest, else plain floats and 16-bit integers as measured here."""
    return bundle.manifest.input_tiers or tuple(
        InputTier(
            name=name,
            codec=name,
            bytes_mean=device.parts[f"{INPUT_CUT}/{name}"].bytes,
            accuracy_loss=0.0 if name == "float32" else None,
        )
        for name in ("float32", "int16")
    )


def _late(seconds: float, rules: Constraints) -> str:
    if rules.period_s is not None and seconds > rules.period_s:
        return f"It falls behind: {_ms(seconds)} for a window every {_ms(rules.period_s)}."
    return ""


def _device_only(bundle: Bundle, device: Profile, rules: Constraints) -> Option:
    too_large = _too_large(device.memory_bytes, rules.device_memory_bytes, "device")
    return Option(
        where=Where.DEVICE,
        costs=Costs(device_s=device.whole_s, energy_j=energy_j(device_s=device.whole_s, size=0)),
        tensors=bundle.graph.outputs,
        forbidden=too_large or _late(device.whole_s, rules),
    )


def _too_large(size: int, limit: int | None, side: str) -> str:
    if limit is not None and size > limit:
        return f"It needs {size / 2**20:.1f} MiB on the {side}, which has {limit / 2**20:.1f}."
    return ""


def _hub_only(
    bundle: Bundle,
    tier: InputTier,
    device: Profile,
    hub: Profile,
    link: Link,
    rules: Constraints,
) -> list[Option]:
    size = tier.bytes_mean + HEADER_BYTES
    common = "Raw data may not leave the device." if rules.raw_stays else ""
    common = common or _too_large(hub.memory_bytes, rules.hub_memory_bytes, "hub")
    common = common or _too_lossy(tier.accuracy_loss, rules)
    link_s = link.transfer_s(size) + link.rtt_s / 2
    name = f"{INPUT_CUT}/{tier.name}"
    encode_s, decode_s = device.parts[name].encode_s, hub.parts[name].decode_s
    found = [
        Option(
            where=Where.HUB,
            costs=Costs(
                encode_s=encode_s,
                link_s=link_s,
                decode_s=decode_s,
                hub_s=hub.whole_s,
                bytes=size,
                energy_j=energy_j(device_s=encode_s, size=size),
            ),
            tier=tier.name,
            tensors=bundle.graph.inputs,
            accuracy_loss=tier.accuracy_loss,
            forbidden=common or _late(link_s, rules),
        )
    ]
    if tier.stream_bytes_per_s is not None and tier.stream_chunk_s is not None:
        last = tier.stream_bytes_per_s * tier.stream_chunk_s + HEADER_BYTES
        rate = last / tier.stream_chunk_s
        slow = rate * 8 * _STREAM_HEADROOM > link.bandwidth_bps * (1 - link.loss)
        sent = rate * (rules.period_s or bundle.manifest.period_s or tier.stream_chunk_s)
        found.append(
            Option(
                where=Where.STREAM,
                costs=Costs(
                    link_s=link.transfer_s(last) + link.rtt_s / 2,
                    hub_s=hub.whole_s,
                    bytes=sent,
                    energy_j=energy_j(device_s=encode_s, size=sent),
                ),
                tier=tier.name,
                tensors=bundle.graph.inputs,
                accuracy_loss=tier.accuracy_loss,
                forbidden=common
                or (
                    f"The link is slower than the stream of {rate * 8 / 1000:.0f} kbit/s."
                    if slow
                    else ""
                ),
            )
        )
    return found


def _too_lossy(loss: float | None, rules: Constraints) -> str:
    if rules.max_accuracy_loss is None:
        return ""
    if loss is None:
        return "What it loses in accuracy was not measured."
    if loss > rules.max_accuracy_loss:
        return f"It loses {loss:g} of accuracy; {rules.max_accuracy_loss:g} are allowed."
    return ""


def _split(
    bundle: Bundle,
    cut: Cut,
    tier: Tier,
    device: Profile,
    hub: Profile,
    link: Link,
    rules: Constraints,
) -> Option:
    name = f"{cut.name}/{tier.name}"
    graph = bundle.graph
    names = tuple(entry.name for entry in cut.tensors)
    measured = tier.bytes_mean
    size = HEADER_BYTES + (device.parts[name].bytes if measured is None else measured)
    head_s, encode_s = device.parts[name].head_s, device.parts[name].encode_s
    link_s = link.transfer_s(size) + link.rtt_s / 2
    raw = rules.raw_stays and bool(set(names) & set(graph.inputs))
    forbidden = "Raw data may not leave the device." if raw else ""
    forbidden = forbidden or _too_lossy(tier.accuracy_loss, rules)
    forbidden = forbidden or _too_large(
        peak_bytes(graph, graph.head(names), names), rules.device_memory_bytes, "device"
    )
    forbidden = forbidden or _late(max(head_s + encode_s, link_s), rules)
    return Option(
        where=Where.SPLIT,
        costs=Costs(
            device_s=head_s,
            encode_s=encode_s,
            link_s=link_s,
            decode_s=hub.parts[name].decode_s,
            hub_s=hub.parts[name].tail_s,
            bytes=size,
            energy_j=energy_j(device_s=head_s + encode_s, size=size),
        ),
        cut=cut.name,
        tier=tier.name,
        tensors=names,
        accuracy_loss=tier.accuracy_loss,
        forbidden=forbidden,
    )


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


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.3g} ms"


def _amount(option: Option, policy: Policy) -> str:
    match policy:
        case Policy.TRAFFIC:
            return f"{option.costs.bytes:,.0f} bytes"
        case Policy.ENERGY:
            return f"{1000 * option.costs.energy_j:.3g} mJ"
        case _:
            return _ms(option.costs.latency_s)


def _reason(chosen: Option, allowed: Sequence[Option], policy: Policy) -> str:
    if not allowed:
        return f"Nothing fits, so the device alone runs it. {chosen.forbidden}"
    doubt = ""
    if chosen.accuracy_loss is None:
        doubt = f" What {chosen.tier} costs in accuracy was not measured for this model."
    name = label(chosen)
    sentence = f"{name[0].upper()}{name[1:]} is {WISH[policy]} ({_amount(chosen, policy)}"
    others = [option for option in allowed if option.where is not chosen.where]
    if not others:
        return f"{sentence}); nothing else is allowed.{doubt}"
    rival = min(others, key=lambda option: preference(option, policy))
    return f"{sentence}, against {_amount(rival, policy)} for {label(rival)}).{doubt}"


def _advice(
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
    lead = f"A split doesn't pay here: the best, {label(best)}, takes {_ms(costs.latency_s)}."
    if spare > 0:
        needed = costs.bytes * 8 / (1 - link.loss) / spare
        if needed > link.bandwidth_bps and chosen.where is Where.DEVICE:
            return f"{lead} It would from {needed / 1e6:.3g} Mbit/s, or with a slower device."
    if chosen.where is Where.DEVICE:
        return f"{lead} Only a slower device or a shorter round trip would change that."
    return f"{lead} A slower link, or raw data that must stay, would change that."
