"""What each plan would cost over the link as it is now, and which one the policy prefers."""

from __future__ import annotations

from collections.abc import Mapping

from edge_worker.offload.costs import DeviceCost, HubCost
from edge_worker.offload.parts import DEVICE_PLAN, INPUT_CUT
from edge_worker.offload.placement import Costs, Link, Option, Policy, Where
from edge_worker.offload.planning import label
from edge_worker.offload.policies import HEADER_BYTES, WISH, energy_j, preference
from edge_worker.offload.replan import Forecast

# Among plans that are equal for the policy, the quicker one.
_TIE = 1e-6


def options(
    *,
    whole_s: float,
    device: Mapping[str, DeviceCost],
    hub: Mapping[str, HubCost],
    link: Link | None,
    raw_may_leave: bool,
) -> dict[str, Option]:
    """Every plan that is allowed and known, by name; the device alone is always one."""
    found = {
        DEVICE_PLAN: Option(
            where=Where.DEVICE,
            costs=Costs(device_s=whole_s, energy_j=energy_j(device_s=whole_s, size=0)),
        )
    }
    for plan, here in device.items():
        there = hub.get(plan)
        cut, _, tier = plan.partition("/")
        raw = cut == INPUT_CUT
        if link is None or there is None or (raw and not raw_may_leave):
            continue
        size = here.bytes + HEADER_BYTES
        found[plan] = Option(
            where=Where.HUB if raw else Where.SPLIT,
            cut=None if raw else cut,
            tier=tier,
            costs=Costs(
                device_s=here.head_s,
                encode_s=here.encode_s,
                # There with the payload, and back with next to nothing.
                link_s=link.transfer_s(size) + link.rtt_s / 2,
                decode_s=there.decode_s,
                hub_s=there.tail_s,
                bytes=size,
                energy_j=energy_j(device_s=here.head_s + here.encode_s, size=size),
            ),
        )
    return found


def forecast(found: Mapping[str, Option], policy: Policy) -> Forecast:
    """The costs in what the policy counts, and the best plan with its reason."""
    costs = {
        plan: preference(option, policy)[0] + _TIE * option.costs.latency_s
        for plan, option in found.items()
    }
    best = min(costs, key=lambda plan: costs[plan])
    return Forecast(
        costs=costs,
        best=best,
        latency_s={plan: option.costs.latency_s for plan, option in found.items()},
        reason=_reason(found, best, policy),
    )


def _reason(found: Mapping[str, Option], best: str, policy: Policy) -> str:
    option = found[best]
    if len(found) == 1:
        return "Only the device can run it now."
    took = f"{1000 * option.costs.latency_s:.3g} ms"
    name = label(option)
    sentence = f"{name[0].upper()}{name[1:]} is {WISH[policy]} ({took}"
    if option.where is Where.DEVICE:
        return f"{sentence})."
    return f"{sentence}, the device alone {1000 * found[DEVICE_PLAN].costs.latency_s:.3g} ms)."
