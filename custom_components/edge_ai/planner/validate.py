"""Check any plan, whoever proposed it, before anything runs.

Faults of single steps are found first, then their consequences: a step that lost what it
must have, a quantity that nothing gives any more, a step that serves no quantity (a
proposal could otherwise switch on a microphone that nobody asked for).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..messages import Catalogue, DeviceCard, Intent, Plan, PlanStep, Quantity, Refusal, ToolCard
from .chain import plan_id
from .home import Home
from .limits import out_of_range
from .ports import PERSONAL, PORT_OF, ROOM_CAPABILITIES
from .search import MAX_STEPS
from .target import area_of, refuse_person
from .words import name_of, say


@dataclass(frozen=True, kw_only=True)
class StepRefusal(Refusal):
    """A refusal of one step."""

    step: str


def validate(
    plan: Plan, catalogue: Catalogue, home: Home, language: str = "en"
) -> tuple[Refusal, ...]:
    """All that forbids running the plan; empty when it may run as it is.

    A plain refusal concerns its quantity, or the whole plan when that is "". A
    `StepRefusal` concerns one step; consequences for quantities are listed too.
    """
    return _Check(plan, catalogue, home, language).refusals()


def prune(plan: Plan, refusals: Sequence[Refusal]) -> Plan:
    """The part of the plan that may still run; what was cut is in `refused`.

    refusals: those that `validate` gave for this plan.
    """
    lost = {item.step for item in refusals if isinstance(item, StepRefusal)}
    if any(not item.quantity and not isinstance(item, StepRefusal) for item in refusals):
        lost = {step.id for step in plan.steps}
    steps = tuple(
        replace(step, inputs={port: id_ for port, id_ in step.inputs.items() if id_ not in lost})
        for step in plan.steps
        if step.id not in lost
    )
    plain = tuple(
        Refusal(quantity=item.quantity, code=item.code, reason=item.reason) for item in refusals
    )
    pruned = replace(plan, steps=steps, refused=tuple(dict.fromkeys((*plan.refused, *plain))))
    return replace(pruned, id=plan_id(pruned))


class _Check:
    """One plan against one catalogue and one home."""

    def __init__(self, plan: Plan, catalogue: Catalogue, home: Home, language: str) -> None:
        self._plan = plan
        self._home = home
        self._language = language
        self._tools: Mapping[str, ToolCard] = {tool.name: tool for tool in catalogue.tools}
        self._devices: Mapping[str, DeviceCard] = {item.id: item for item in catalogue.devices}
        self._steps: Mapping[str, PlanStep] = {step.id: step for step in plan.steps}
        self._areas = {item.id: area_of(item, home) for item in catalogue.devices}

    def refusals(self) -> tuple[Refusal, ...]:
        whole = list(self._whole())
        if whole:
            return tuple(whole)
        faults = {}
        for step in self._plan.steps:
            fault = self._fault(step)
            if fault is not None:
                faults[step.id] = fault
        known = {refusal.quantity for refusal in self._plan.refused}
        alive = self._alive(set(faults))
        serving, lost = self._serving(alive)
        for id_ in self._steps:
            if id_ in faults or id_ in serving:
                continue
            faults[id_] = self._step(
                id_, "not_needed", "serves no quantity of the request", "与请求的内容无关"
            )
        results = [self._no_result(quantity) for quantity in lost if quantity not in known]
        return (*faults.values(), *results)

    # --- The plan as a whole ---

    def _whole(self) -> Iterator[Refusal]:
        plan, goal = self._plan, self._plan.goal
        if goal.intent in (Intent.NONE, Intent.STOP, Intent.TRAIN) and plan.steps:
            yield self._refusal(
                "unsupported", "Nothing has to run for this.", "这不需要运行任何步骤。"
            )
        slot = out_of_range(goal)
        if slot is not None:
            yield self._refusal(
                "out_of_range", f"The {slot} is out of range.", f"{slot}超出了允许的范围。"
            )
        for person in dict.fromkeys((plan.person, goal.person)):
            if person is not None and self._home.person(person) is None:
                yield refuse_person(person, self._home, self._language)
        if goal.person is not None and plan.person != goal.person:
            yield self._refusal("wrong_person", "That is another person.", "不是同一个人。")
        for area in dict.fromkeys((plan.area, goal.area)):
            if area is not None and self._home.area(area) is None:
                yield self._refusal(
                    "unknown_area", f"There is no area {area}.", f"没有“{area}”这个区域。"
                )
        if plan.person is None and PERSONAL.intersection(goal.quantities) and plan.steps:
            yield self._refusal("ambiguous", "Whose? Please say the name.", "是谁的？请说出名字。")
        if len(plan.steps) > MAX_STEPS or len(self._steps) < len(plan.steps):
            yield self._refusal("too_large", "The plan is too large.", "方案过大。")

    # --- Single steps ---

    def _fault(self, step: PlanStep) -> StepRefusal | None:
        tool, device = self._tools.get(step.tool), self._devices.get(step.device)
        if tool is None:
            return self._step(step.id, "no_tool", "is no tool of this home", "不是这个家里的工具")
        if device is None:
            return self._step(step.id, "no_device", "has no such device", "没有这台设备")
        if not device.online:
            return self._step(step.id, "offline", f"{device.name} is offline", f"{device.name}离线")
        if tool.name not in device.tools or not set(tool.needs) <= set(device.capabilities):
            return self._step(
                step.id, "no_device", f"{device.name} cannot run it", f"{device.name}无法运行它"
            )
        if not ROOM_CAPABILITIES.isdisjoint(tool.needs):
            wanted = self._plan.goal.area or self._plan.area
            if wanted is not None and self._areas[device.id] != wanted:
                return self._step(
                    step.id, "wrong_area", f"{device.name} is elsewhere", f"{device.name}在别处"
                )
        return self._wiring_fault(step, tool)

    def _wiring_fault(self, step: PlanStep, tool: ToolCard) -> StepRefusal | None:
        ports = {item.port for item in tool.inputs}
        for port, source_id in step.inputs.items():
            source = self._steps.get(source_id)
            giver = self._tools.get(source.tool) if source else None
            if port not in ports or source is None or giver is None or port not in giver.outputs:
                return self._step(
                    step.id, "wrong_input", f"cannot take {port} there", f"无法从那里得到{port}"
                )
            if port in giver.local_outputs and source.device != step.device:
                return self._step(
                    step.id,
                    "private_data",
                    f"{port} may not leave its device",
                    f"{port}不得离开所在设备",
                )
        if self._in_circle(step.id):
            return self._step(step.id, "circle", "needs its own result", "依赖自己的结果")
        return None

    def _in_circle(self, start: str) -> bool:
        seen: set[str] = set()
        ahead = list(self._steps[start].inputs.values())
        while ahead:
            id_ = ahead.pop()
            if id_ == start:
                return True
            if id_ not in seen and id_ in self._steps:
                seen.add(id_)
                ahead += self._steps[id_].inputs.values()
        return False

    # --- Consequences ---

    def _alive(self, faulty: set[str]) -> set[str]:
        """Steps that still have all they must have, once the faulty ones are gone."""
        alive = set(self._steps) - faulty
        while True:
            starved = {id_ for id_ in alive if self._is_starved(self._steps[id_], alive)}
            if not starved:
                return alive
            alive -= starved

    def _is_starved(self, step: PlanStep, alive: set[str]) -> bool:
        fed = {port for port, source in step.inputs.items() if source in alive}
        inputs = self._tools[step.tool].inputs
        if any(item.required and item.port not in fed for item in inputs):
            return True
        return bool(inputs) and not fed

    def _serving(self, alive: set[str]) -> tuple[set[str], list[Quantity]]:
        """Living steps that a quantity of the goal needs, and the quantities nothing gives."""
        serving: set[str] = set()
        lost: list[Quantity] = []
        for quantity in self._plan.goal.quantities:
            port = PORT_OF[quantity]
            ends = [id_ for id_ in alive if port in self._tools[self._steps[id_].tool].outputs]
            if not ends:
                lost.append(quantity)
            serving |= self._upstream(ends, alive)
        return serving, lost

    def _upstream(self, ends: Sequence[str], alive: set[str]) -> set[str]:
        found: set[str] = set()
        ahead = list(ends)
        while ahead:
            id_ = ahead.pop()
            if id_ in alive and id_ not in found:
                found.add(id_)
                ahead += self._steps[id_].inputs.values()
        return found

    # --- Words ---

    def _refusal(self, code: str, english: str, chinese: str) -> Refusal:
        return Refusal(quantity="", code=code, reason=say(self._language, english, chinese))

    def _step(self, id_: str, code: str, english: str, chinese: str) -> StepRefusal:
        tool = self._steps[id_].tool[:40]
        reason = say(self._language, f"{tool}: {english}.", f"{tool}：{chinese}。")
        return StepRefusal(quantity="", code=code, reason=reason, step=id_)

    def _no_result(self, quantity: Quantity) -> Refusal:
        name = name_of(quantity, self._language)
        return Refusal(
            quantity=quantity,
            code="no_result",
            reason=say(self._language, f"Nothing gives {name}.", f"没有步骤能给出{name}。"),
        )
