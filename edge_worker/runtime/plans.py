"""Checks a plan against the catalogue before anything runs, and names its steps."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from graphlib import CycleError, TopologicalSorter

from edge_worker.messages import Catalogue, DeviceCard, Plan, PlanStep, ToolCard

MAX_STEPS = 64


class PlanError(ValueError):
    """The plan can't run; the message says which step and why."""


def check(plan: Plan, catalogue: Catalogue) -> Plan:
    """Return the plan with canonical step ids, in an order in which inputs come first.

    The id of a step is a hash of what it computes (tool, device, person where it matters,
    inputs): steps of two monitors that do the same share an id and run once.
    Raises PlanError.
    """
    if not plan.steps:
        raise PlanError("The plan has no steps.")
    if len(plan.steps) > MAX_STEPS:
        raise PlanError(f"The plan has {len(plan.steps)} steps, at most {MAX_STEPS} are allowed.")
    steps = {step.id: step for step in plan.steps}
    if len(steps) != len(plan.steps):
        raise PlanError("Two steps of the plan have the same id.")
    tools = {tool.name: tool for tool in catalogue.tools}
    devices = {device.id: device for device in catalogue.devices}
    for step in plan.steps:
        _check_place(step, tools, devices)
    for step in plan.steps:
        _check_inputs(step, steps, tools)
        if tools[step.tool].per_person and plan.person is None:
            raise PlanError(f"The tool {step.tool} needs a person.")
    try:
        order = TopologicalSorter(
            {name: tuple(step.inputs.values()) for name, step in steps.items()}
        ).static_order()
        names: dict[str, str] = {}
        renamed = []
        for name in order:
            step = steps[name]
            inputs = {port: names[producer] for port, producer in sorted(step.inputs.items())}
            person = plan.person if tools[step.tool].per_person else None
            names[name] = _canonical(step, inputs, person)
            renamed.append(dataclasses.replace(step, id=names[name], inputs=inputs))
    except CycleError:
        raise PlanError("The steps of the plan go round in a circle.") from None
    return dataclasses.replace(plan, steps=tuple(renamed))


def monitor_id(plan: Plan) -> str:
    """The same wish gets the same id: what runs, for whom, where, for which quantities."""
    parts = [sorted(step.id for step in plan.steps), plan.person, plan.area]
    return _hash([*parts, sorted(plan.goal.quantities), str(plan.goal.condition)])


def _check_place(
    step: PlanStep, tools: dict[str, ToolCard], devices: dict[str, DeviceCard]
) -> None:
    tool, device = tools.get(step.tool), devices.get(step.device)
    if tool is None:
        raise PlanError(f"There is no tool {step.tool!r:.60}.")
    if device is None:
        raise PlanError(f"There is no device {step.device!r:.60}.")
    if step.tool not in device.tools:
        raise PlanError(f"The device {device.name} does not offer the tool {step.tool}.")


def _check_inputs(step: PlanStep, steps: dict[str, PlanStep], tools: dict[str, ToolCard]) -> None:
    tool = tools[step.tool]
    ports = {item.port: item for item in tool.inputs}
    if missing := [
        port for port, item in ports.items() if item.required and port not in step.inputs
    ]:
        raise PlanError(f"The tool {step.tool} has no {missing[0]}.")
    if ports and not step.inputs:
        raise PlanError(f"The tool {step.tool} has no input at all.")
    for port, producer_id in step.inputs.items():
        producer = steps.get(producer_id)
        if port not in ports or producer is None or port not in tools[producer.tool].outputs:
            raise PlanError(f"The input {port!r:.60} of the tool {step.tool} comes from nowhere.")
        if port in tools[producer.tool].local_outputs and producer.device != step.device:
            raise PlanError(f"{port} may not leave the device {producer.device}.")


def _canonical(step: PlanStep, inputs: dict[str, str], person: str | None) -> str:
    return f"{step.tool}-{_hash([step.tool, step.device, person, inputs])}"


def _hash(parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]
