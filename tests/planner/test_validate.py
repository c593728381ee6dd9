from __future__ import annotations

from dataclasses import replace

import pytest
from edge_ai.messages import Condition, Goal, Intent, PlanStep, Quantity
from edge_ai.planner.chain import make_plan
from edge_ai.planner.validate import StepRefusal, prune, validate

MOOD = Goal(intent=Intent.MONITOR, quantities=(Quantity.MOOD,))


def codes(plan, catalogue, home):
    return [refusal.code for refusal in validate(plan, catalogue, home)]


@pytest.fixture
def plan(catalogue, home):
    return make_plan(MOOD, catalogue, home)


def change(plan, which, /, **changes):
    steps = tuple(replace(s, **changes) if s.tool == which else s for s in plan.steps)
    return replace(plan, steps=steps)


def test_a_chained_plan_may_run_as_it_is(plan, catalogue, home):
    assert validate(plan, catalogue, home) == ()


@pytest.mark.parametrize(
    ("tool", "changes", "code"),
    [
        ("mood_fusion", {"tool": "rm -rf"}, "no_tool"),
        ("mood_fusion", {"device": "cloud"}, "no_device"),
        ("activation_forest", {"device": "pi"}, "no_device"),
        ("vital_signs", {"device": "router"}, "private_data"),
        ("activation_forest", {"inputs": {"vitals": "nowhere"}}, "wrong_input"),
        ("activation_forest", {"inputs": {"secrets": "s1"}}, "wrong_input"),
        ("activation_forest", {"inputs": {"vitals": "s1"}}, "wrong_input"),
    ],
)
def test_a_wrong_step_is_refused(plan, catalogue, home, tool, changes, code):
    changed = change(plan, tool, **changes)
    assert code in codes(changed, catalogue, home)
    pruned = prune(changed, validate(changed, catalogue, home))
    assert validate(pruned, catalogue, home) == ()


def test_an_unasked_microphone_is_not_switched_on(plan, catalogue, home):
    usage = Goal(intent=Intent.MONITOR, quantities=(Quantity.APP_USAGE,))
    greedy = replace(plan, goal=usage)
    kept = prune(greedy, validate(greedy, catalogue, home))
    assert [step.tool for step in kept.steps] == ["traffic_capture", "app_usage_windows"]


def test_a_device_lost_after_planning_costs_one_branch(plan, catalogue, home):
    devices = tuple(replace(item, online=item.id != "router") for item in catalogue.devices)
    later = replace(catalogue, devices=devices)
    kept = prune(plan, validate(plan, later, home))
    assert [step.tool for step in kept.steps] == [
        "sonar",
        "vital_signs",
        "activation_forest",
        "mood_fusion",
    ]
    assert kept.steps[-1].inputs.keys() == {"activation"}
    assert kept.id != plan.id
    assert "offline" in {refusal.code for refusal in kept.refused}
    assert not any(isinstance(refusal, StepRefusal) for refusal in kept.refused)


def test_when_all_is_lost_the_quantity_is_refused(plan, catalogue, home):
    devices = tuple(replace(item, online=item.hub) for item in catalogue.devices)
    later = replace(catalogue, devices=devices)
    kept = prune(plan, validate(plan, later, home))
    assert kept.steps == ()
    assert "mood" in {refusal.quantity for refusal in kept.refused}


def test_one_refused_quantity_leaves_the_other(catalogue, home):
    both = replace(MOOD, quantities=(Quantity.APP_USAGE, Quantity.HEART_RATE))
    plan = make_plan(both, catalogue, home)
    broken = change(plan, "sonar", device="router")
    kept = prune(broken, validate(broken, catalogue, home))
    assert {step.tool for step in kept.steps} == {"traffic_capture", "app_usage_windows"}
    assert "heart_rate" in {refusal.quantity for refusal in kept.refused}


def test_a_circle_is_refused(catalogue, home):
    steps = (
        PlanStep(id="a", tool="activation_forest", device="hub", inputs={"vitals": "b"}),
        PlanStep(id="b", tool="vital_signs", device="hub", inputs={"range_map": "a"}),
    )
    plan = replace(make_plan(MOOD, catalogue, home), steps=steps)
    assert prune(plan, validate(plan, catalogue, home)).steps == ()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"person": "carl"}, "no_consent"),
        ({"person": "mallory"}, "unknown_person"),
        ({"person": None}, "ambiguous"),
        ({"area": "nowhere"}, "unknown_area"),
        ({"goal": replace(MOOD, person="ben")}, "wrong_person"),
        ({"goal": replace(MOOD, duration_s=0)}, "out_of_range"),
        ({"goal": replace(MOOD, duration_s=10**9)}, "out_of_range"),
        ({"goal": replace(MOOD, intent=Intent.TRAIN)}, "unsupported"),
    ],
)
def test_a_wrong_target_or_goal_stops_the_whole_plan(plan, catalogue, home, changes, code):
    wrong = replace(plan, **changes)
    assert code in codes(wrong, catalogue, home)
    assert prune(wrong, validate(wrong, catalogue, home)).steps == ()


@pytest.mark.parametrize(
    ("quantity", "op", "value", "fits"),
    [
        (Quantity.HEART_RATE, ">", 100.0, True),
        (Quantity.HEART_RATE, ">", 9_000.0, False),
        (Quantity.HEART_RATE, ">", "high", False),
        (Quantity.HEART_RATE, "~", 100.0, False),
        (Quantity.HEART_RATE, ">", True, False),
        (Quantity.STRESS, "==", True, True),
        (Quantity.STRESS, ">", True, False),
        (Quantity.STRESS, "==", 1.0, False),
        (Quantity.MOOD, "==", "down", True),
        (Quantity.MOOD, "==", "furious", False),
        (Quantity.PRESENCE, "==", False, True),
        (Quantity.APP_USAGE, ">=", 120.0, True),
    ],
)
def test_conditions_compare_what_can_be_compared(catalogue, home, quantity, op, value, fits):
    condition = Condition(quantity=quantity, op=op, value=value)
    goal = Goal(intent=Intent.ALERT, quantities=(quantity,), condition=condition)
    plan = make_plan(goal, catalogue, home)
    assert (codes(plan, catalogue, home) == []) is fits


def test_a_sensor_of_another_room_is_refused(catalogue, home):
    goal = replace(MOOD, quantities=(Quantity.HEART_RATE,))
    plan = make_plan(goal, catalogue, home)
    elsewhere = replace(plan, goal=replace(goal, area="living"), area="living")
    assert "wrong_area" in codes(elsewhere, catalogue, home)


def test_too_many_steps_and_repeated_ids_are_refused(plan, catalogue, home):
    many = tuple(PlanStep(id=f"s{n}", tool="sonar", device="pi") for n in range(40))
    assert codes(replace(plan, steps=many), catalogue, home) == ["too_large"]
    twice = replace(plan, steps=(*plan.steps, plan.steps[0]))
    assert codes(twice, catalogue, home) == ["too_large"]
    assert prune(twice, validate(twice, catalogue, home)).steps == ()
