"""Which placement a policy prefers, and why: device, hub, stream, or a split of the bundle."""

from __future__ import annotations

from dataclasses import replace

from edge_worker.offload.bundle import Bundle, Cut, InputTier, Tier
from edge_worker.offload.frames import MAX_FRAME_BYTES
from edge_worker.offload.generic_codecs import answer_bytes
from edge_worker.offload.partition import peak_bytes
from edge_worker.offload.parts import INPUT_CUT, STREAM_CUT
from edge_worker.offload.placement import (
    Constraints,
    Costs,
    Link,
    Option,
    Placement,
    Policy,
    Where,
)
from edge_worker.offload.policies import HEADER_BYTES, MOST_LOST, energy_j, preference, shared_costs
from edge_worker.offload.profile import Profile
from edge_worker.offload.wording import advice, doubt, late, reason


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
    if rules.max_accuracy_loss is None:
        options = [_within_policy(option, policy) for option in options]
    allowed = [option for option in options if not option.forbidden]
    chosen = min(allowed or options[:1], key=lambda option: preference(option, policy))
    ranked = sorted(options, key=lambda item: (bool(item.forbidden), *preference(item, policy)))
    return Placement(
        chosen=chosen,
        options=tuple(ranked),
        policy=policy,
        reason=f"{reason(chosen, allowed, policy)} {doubt(chosen)}".rstrip(),
        advice=advice(bundle, chosen, options, link, policy),
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


def _within_policy(option: Option, policy: Policy) -> Option:
    """Forbidden when it is known to lose more than the policy bears."""
    loss = option.relative_loss
    if option.forbidden or loss is None or loss <= MOST_LOST[policy]:
        return option
    sentence = f"It loses {loss:.1%} of accuracy; {MOST_LOST[policy]:.0%} are allowed."
    return replace(option, forbidden=sentence)


def _device_only(bundle: Bundle, device: Profile, rules: Constraints) -> Option:
    too_large = _too_large(device.memory_bytes, rules.device_memory_bytes, "device")
    return Option(
        where=Where.DEVICE,
        costs=Costs(device_s=device.whole_s, energy_j=energy_j(device_s=device.whole_s, size=0)),
        tensors=bundle.graph.outputs,
        forbidden=too_large or late(device.whole_s, rules.period_s),
    )


def _too_large(size: int, limit: float | None, side: str) -> str:
    if limit is not None and size > limit:
        return f"It needs {size / 2**20:.1f} MiB on the {side}, which has {limit / 2**20:.1f}."
    return ""


def _too_long(size: float) -> str:
    if size > MAX_FRAME_BYTES:
        return f"A window takes {size / 2**20:.1f} MiB, a frame {MAX_FRAME_BYTES >> 20} at most."
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
    common = common or _too_long(size)  # of a stream the first window, which goes whole
    name = f"{INPUT_CUT}/{tier.name}"
    encode_s = device.parts[name].encode_s
    costs = shared_costs(
        link,
        size,
        answer=_answer(bundle, tier.codec),
        encode_s=encode_s,
        decode_s=hub.parts[name].decode_s,
        hub_s=hub.whole_s,
    )
    found = [
        Option(
            where=Where.HUB,
            costs=costs,
            tier=tier.name,
            tensors=bundle.graph.inputs,
            accuracy_loss=tier.accuracy_loss,
            relative_loss=bundle.manifest.relative(tier.accuracy_loss),
            forbidden=common or late(costs.link_s, rules.period_s),
        )
    ]
    if tier.stream_bytes_per_s is not None and tier.stream_chunk_s is not None:
        last = tier.stream_bytes_per_s * tier.stream_chunk_s + HEADER_BYTES
        rate = last / tier.stream_chunk_s
        slow = not link.carries(rate)
        sent = rate * (rules.period_s or bundle.manifest.period_s or tier.stream_chunk_s)
        piece = f"{STREAM_CUT}/{tier.name}"
        encode_s = device.parts[piece].encode_s if piece in device.parts else encode_s
        decode_s = hub.parts[piece if piece in hub.parts else name].decode_s
        found.append(
            Option(
                where=Where.STREAM,
                costs=Costs(
                    encode_s=encode_s,
                    link_s=link.exchange_s(last, _answer(bundle, tier.codec)),
                    decode_s=decode_s,
                    hub_s=hub.whole_s,
                    bytes=sent,
                    energy_j=energy_j(device_s=encode_s, size=sent),
                ),
                tier=tier.name,
                tensors=bundle.graph.inputs,
                accuracy_loss=tier.accuracy_loss,
                relative_loss=bundle.manifest.relative(tier.accuracy_loss),
                forbidden=common
                or (
                    f"The link is slower than the stream of {rate * 8 / 1000:.0f} kbit/s."
                    if slow
                    else ""
                ),
            )
        )
    return found


def _answer(bundle: Bundle, codec: str) -> int:
    """Bytes of the result on its way back, headers included."""
    return HEADER_BYTES + answer_bytes(bundle.manifest.outputs, exact=codec == "float32")


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
    costs = shared_costs(
        link,
        size,
        answer=_answer(bundle, tier.codec),
        device_s=head_s,
        encode_s=encode_s,
        decode_s=hub.parts[name].decode_s,
        hub_s=hub.parts[name].tail_s,
    )
    raw = rules.raw_stays and bool(set(names) & set(graph.inputs))
    forbidden = "Raw data may not leave the device." if raw else ""
    forbidden = forbidden or _too_lossy(tier.accuracy_loss, rules) or _too_long(size)
    forbidden = forbidden or _too_large(
        peak_bytes(graph, graph.head(names), names), rules.device_memory_bytes, "device"
    )
    forbidden = forbidden or late(max(head_s + encode_s, costs.link_s), rules.period_s)
    return Option(
        where=Where.SPLIT,
        costs=costs,
        cut=cut.name,
        tier=tier.name,
        tensors=names,
        accuracy_loss=tier.accuracy_loss,
        relative_loss=bundle.manifest.relative(tier.accuracy_loss),
        forbidden=forbidden,
    )
