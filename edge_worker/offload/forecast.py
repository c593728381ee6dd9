"""What each plan would cost over the link as it is now, and which one the policy prefers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edge_worker.catalogue.notes import Note
from edge_worker.offload.costs import DeviceCost, HubCost
from edge_worker.offload.frames import MAX_FRAME_BYTES
from edge_worker.offload.parts import DEVICE_PLAN, INPUT_CUT, RAW_CUTS, STREAM_CUT
from edge_worker.offload.placement import Costs, Link, Option, Policy, Where
from edge_worker.offload.policies import (
    HEADER_BYTES,
    MOST_LOST,
    TIE,
    energy_j,
    preference,
    shared_costs,
)
from edge_worker.offload.replan import Forecast
from edge_worker.offload.wording import late, reason

_WHERE = {INPUT_CUT: Where.HUB, STREAM_CUT: Where.STREAM}


def options(
    *,
    whole_s: float,
    device: Mapping[str, DeviceCost],
    hub: Mapping[str, HubCost],
    link: Link | None,
    raw_may_leave: bool,
    note: Note | None = None,
    loss: Callable[[str], float | None] = lambda plan: None,
    period_s: float | None = None,
) -> dict[str, Option]:
    """Every plan that is allowed and known, by name; the device alone is always one.

    note: None when the result is wanted on the device. Else it is wanted on the hub: a note like
    this travels with every frame, and nothing returns; a result of the device travels by itself.
    loss: share of the quality that coding costs under a plan, where it was measured.
    period_s: from one window to the next; a plan that takes longer over one is forbidden.
    """
    told = note.told_bytes + HEADER_BYTES if note else 0
    found = {
        DEVICE_PLAN: Option(
            where=Where.DEVICE,
            costs=Costs(
                device_s=whole_s,
                link_s=link.transfer_s(told) if link and told else 0.0,
                bytes=told,
                energy_j=energy_j(device_s=whole_s, size=told),
            ),
            forbidden=late(whole_s, period_s),
        )
    }
    for plan, here in device.items():
        there = hub.get(plan)
        cut, _, tier = plan.partition("/")
        raw = cut in RAW_CUTS
        if link is None or there is None or (raw and not raw_may_leave):
            continue
        size = here.bytes + (len(note.packed) if note else 0) + HEADER_BYTES
        if size > MAX_FRAME_BYTES:
            continue
        if here.every_s is not None and not link.carries(size / here.every_s):
            continue
        costs = shared_costs(
            link,
            size,
            answer=None if note else here.answer_bytes + HEADER_BYTES,
            device_s=here.head_s,
            encode_s=here.encode_s,
            decode_s=there.decode_s,
            hub_s=there.tail_s,
        )
        found[plan] = Option(
            where=_WHERE.get(cut, Where.SPLIT),
            cut=None if raw else cut,
            tier=tier,
            relative_loss=loss(plan),
            costs=costs,
            forbidden=late(max(here.head_s + here.encode_s, costs.link_s), period_s),
        )
    return found


def forecast(found: Mapping[str, Option], policy: Policy) -> Forecast:
    """The costs in what the policy counts, and the best plan with its reason.

    Plans that fall behind, or are known to lose more than the policy allows, are left out; where
    none is left, the device alone does what it can.
    """
    allowed = {
        plan: option
        for plan, option in found.items()
        if not option.forbidden
        and (option.relative_loss is None or option.relative_loss <= MOST_LOST[policy])
    }
    found = allowed or {DEVICE_PLAN: found[DEVICE_PLAN]}
    costs = {
        plan: preference(option, policy)[0] + TIE * option.costs.latency_s
        for plan, option in found.items()
    }
    best = min(costs, key=lambda plan: costs[plan])
    return Forecast(
        costs=costs,
        best=best,
        latency_s={plan: option.costs.latency_s for plan, option in found.items()},
        reason=reason(found[best], tuple(allowed.values()), policy),
    )
