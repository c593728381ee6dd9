"""Backward chaining from a goal to its sources, over the tools a home announces.

A plan is found from the types alone: which tools give the wanted port, which tools give
what those need, down to sources that need nothing. No tool is known by its name, so the
two branches of mood, and a model that was trained a minute ago, come out by themselves.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..messages import Catalogue, Goal, Intent, Plan, PlanStep
from .home import Home
from .missing import why_missing
from .ports import PORT_OF
from .search import Node, Search, nodes_below
from .target import find_target
from .words import say


def make_plan(goal: Goal, catalogue: Catalogue, home: Home, language: str = "en") -> Plan:
    """Find the best graph of tools on devices for every quantity of the goal.

    What cannot run is in `refused`, with a sentence in `language` (en, zh); an optional
    branch that is missing while the quantity runs without it stands there under the name
    of its port. The same goal over the same catalogue gives the same `id`.
    """
    target, refusals = find_target(goal, home, language)
    if any(not refusal.quantity for refusal in refusals):
        return _finished(Plan(id="", goal=goal, refused=refusals, person=target.person))
    refused = {refusal.quantity for refusal in refusals}
    wanted = [quantity for quantity in goal.quantities if quantity not in refused]
    found = Search(catalogue, home, target).run(wanted)
    rooms = {node.room: None for node in nodes_below(found.values()).values()}
    rooms.pop(None, None)
    if len(rooms) > 1:
        # Sensors of two rooms do not see one person: keep to the first that is known.
        room = next(room for room in rooms if room)
        target = replace(target, areas=(room,), strict_area=True)
        found = Search(catalogue, home, target).run(wanted)
    nodes = nodes_below(found.values())
    lacking = [(str(quantity), PORT_OF[quantity]) for quantity in wanted if quantity not in found]
    absent = dict.fromkeys(port for node in nodes.values() for port in node.absent)
    lacking += [(port, port) for port in absent]
    missing = [
        why_missing(quantity, port, catalogue, home, target, language) for quantity, port in lacking
    ]
    sensed = next((node.room for node in nodes.values() if node.room), None)
    return _finished(
        Plan(
            id="",
            goal=goal,
            steps=_steps(nodes, home, language),
            refused=(*refusals, *missing),
            person=target.person,
            area=goal.area or sensed,
        )
    )


def plan_id(plan: Plan) -> str:
    """Canonical hash of what a plan does; words, duration and names of steps play no part."""
    goal = plan.goal
    # A question is answered by the monitor that already runs, hence by the same plan.
    intent = Intent.MONITOR if goal.intent is Intent.QUERY else goal.intent
    condition = goal.condition
    content = {
        "intent": intent,
        "quantities": sorted(goal.quantities),
        "person": plan.person,
        "area": plan.area,
        "condition": condition
        and [condition.quantity, condition.op, condition.value, condition.for_s],
        "steps": _canonical(plan.steps),
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return "plan-" + hashlib.sha256(text.encode()).hexdigest()[:16]


def _finished(plan: Plan) -> Plan:
    return replace(plan, id=plan_id(plan))


def _canonical(steps: Sequence[PlanStep]) -> list[list[object]]:
    """Steps with names that depend on what they do alone."""
    places = {step.id: f"{step.tool}@{step.device}" for step in steps}
    return sorted(
        [step.tool, step.device, sorted((port, places[id_]) for port, id_ in step.inputs.items())]
        for step in steps
    )


def _steps(
    nodes: Mapping[tuple[str, str], Node], home: Home, language: str
) -> tuple[PlanStep, ...]:
    names = {key: f"s{number}" for number, key in enumerate(nodes, start=1)}
    return tuple(
        PlanStep(
            id=names[key],
            tool=node.tool.name,
            device=node.device.id,
            inputs={port: names[child.tool.name, child.device.id] for port, child in node.inputs},
            reason=_reason(node, home, language),
        )
        for key, node in nodes.items()
    )


def _reason(node: Node, home: Home, language: str) -> str:
    """Why this device and this tool."""
    device = node.device.name
    if any(port in child.tool.local_outputs for port, child in node.inputs):
        why = say(
            language,
            f"on {device}, because its input may not leave that device",
            f"在{device}上运行，因为输入数据不得离开该设备",
        )
    elif node.room is not None:
        area = home.area(node.room)
        room = area.name if area else say(language, "its room", "所在房间")
        why = say(language, f"on {device}, which senses {room}", f"由{room}的{device}感知")
    elif any(child.device.id == node.device.id for _, child in node.inputs):
        why = say(
            language, f"on {device}, where its input is made", f"在产生输入数据的{device}上运行"
        )
    else:
        why = say(language, f"on {device}, which can run it", f"在能够运行它的{device}上运行")
    if node.alternatives > 1:
        why += say(
            language,
            f"; best of {node.alternatives} tools",
            f"；从{node.alternatives}个工具中选出的最佳者",
        )
    return why
