"""A plan is checked against the catalogue before anything runs."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable

import pytest

from edge_worker.messages import (
    Catalogue,
    DeviceCard,
    Goal,
    Intent,
    Plan,
    PlanStep,
    Quantity,
    ToolCard,
    ToolInput,
)
from edge_worker.runtime.plans import PlanError, check, monitor_id


def card(name: str, inputs: tuple[str, ...], output: str, **more: object) -> ToolCard:
    ports = tuple(ToolInput(port=port, required=name != "mood_fusion") for port in inputs)
    return ToolCard(name=name, version="1", summary="", inputs=ports, outputs=(output,), **more)


TOOLS = (
    card("sonar", (), "range_map", local_outputs=("range_map",)),
    card("vital_signs", ("range_map",), "vitals"),
    card("activation_forest", ("vitals",), "activation", per_person=True),
    card("mood_fusion", ("activation", "valence"), "mood", per_person=True),
)
ALL = tuple(tool.name for tool in TOOLS)
CATALOGUE = Catalogue(
    devices=(
        DeviceCard(id="pi", name="Bedroom Pi", version="1", tools=("sonar", "vital_signs")),
        DeviceCard(id="hub", name="Hub", version="1", hub=True, tools=ALL),
    ),
    tools=TOOLS,
)
PLAN = Plan(
    id="plan",
    goal=Goal(intent=Intent.MONITOR, quantities=(Quantity.MOOD,)),
    person="anna",
    steps=(
        PlanStep(id="4", tool="mood_fusion", device="hub", inputs={"activation": "3"}),
        PlanStep(id="3", tool="activation_forest", device="hub", inputs={"vitals": "2"}),
        PlanStep(id="2", tool="vital_signs", device="pi", inputs={"range_map": "1"}),
        PlanStep(id="1", tool="sonar", device="pi"),
    ),
)


def changed(step: str, **fields: object) -> Plan:
    steps = [
        dataclasses.replace(item, **fields) if item.id == step else item for item in PLAN.steps
    ]
    return dataclasses.replace(PLAN, steps=tuple(steps))


def test_good_plan_comes_back_with_inputs_first() -> None:
    steps = check(PLAN, CATALOGUE).steps
    assert [step.tool for step in steps] == [
        "sonar",
        "vital_signs",
        "activation_forest",
        "mood_fusion",
    ]
    for before, step in itertools.pairwise(steps):
        assert list(step.inputs.values()) == [before.id]


def test_shared_steps_have_one_id_and_personal_ones_their_own() -> None:
    anna = check(PLAN, CATALOGUE)
    ben = check(dataclasses.replace(PLAN, person="ben"), CATALOGUE)
    same = [a.id == b.id for a, b in zip(anna.steps, ben.steps, strict=True)]
    assert same == [True, True, False, False]


def test_id_does_not_depend_on_the_names_or_order_in_the_request() -> None:
    shuffled = dataclasses.replace(
        PLAN,
        id="other",
        steps=tuple(
            dataclasses.replace(
                step,
                id=f"x{step.id}",
                inputs={port: f"x{name}" for port, name in step.inputs.items()},
            )
            for step in reversed(PLAN.steps)
        ),
    )
    assert monitor_id(check(shuffled, CATALOGUE)) == monitor_id(check(PLAN, CATALOGUE))


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        (lambda: dataclasses.replace(PLAN, steps=()), "no steps"),
        (lambda: dataclasses.replace(PLAN, steps=PLAN.steps[3:] * 65), "at most 64"),
        (lambda: dataclasses.replace(PLAN, steps=PLAN.steps[3:] * 2), "same id"),
        (lambda: changed("1", tool="rm -rf"), "no tool 'rm -rf'"),
        (lambda: changed("1", device="moon"), "no device 'moon'"),
        (lambda: changed("3", device="pi"), "does not offer the tool activation_forest"),
        (lambda: changed("2", inputs={}), "has no range_map"),
        (lambda: changed("4", inputs={}), "no input at all"),
        (lambda: changed("4", inputs={"activation": "1"}), "comes from nowhere"),
        (lambda: changed("4", inputs={"activation": "9"}), "comes from nowhere"),
        (lambda: changed("3", inputs={"vitals": "2", "x": "1"}), "comes from nowhere"),
        (lambda: changed("2", device="hub"), "may not leave the device pi"),
        (lambda: dataclasses.replace(PLAN, person=None), "needs a person"),
    ],
)
def test_bad_plan_is_refused_with_a_sentence(plan: Callable[[], Plan], sentence: str) -> None:
    with pytest.raises(PlanError, match=sentence):
        check(plan(), CATALOGUE)


def test_circle_is_refused() -> None:
    loop = ToolCard(
        name="loop", version="1", summary="", inputs=(ToolInput(port="mood"),), outputs=("mood",)
    )
    catalogue = Catalogue(
        devices=(DeviceCard(id="hub", name="Hub", version="1", tools=("loop",)),), tools=(loop,)
    )
    plan = dataclasses.replace(
        PLAN,
        steps=(
            PlanStep(id="1", tool="loop", device="hub", inputs={"mood": "2"}),
            PlanStep(id="2", tool="loop", device="hub", inputs={"mood": "1"}),
        ),
    )
    with pytest.raises(PlanError, match="circle"):
        check(plan, catalogue)
