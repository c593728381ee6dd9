from __future__ import annotations

from dataclasses import replace

import pytest
from edge_ai.messages import Catalogue, Condition, Goal, Intent, Quantity
from edge_ai.planner.chain import make_plan
from edge_ai.planner.home import Home, Named
from edge_ai.planner.validate import validate
from sample_home import MAIN_TOOLS, device, tool

MOOD = Goal(intent=Intent.MONITOR, quantities=(Quantity.MOOD,))


def places(plan):
    return [(step.tool, step.device) for step in plan.steps]


def edges(plan):
    tools = {step.id: step.tool for step in plan.steps}
    return {(tools[s], step.tool) for step in plan.steps for s in step.inputs.values()}


def test_mood_has_the_two_branches_of_the_article(catalogue, home):
    plan = make_plan(MOOD, catalogue, home)
    assert set(places(plan)) == {
        ("sonar", "pi"),
        ("vital_signs", "pi"),
        ("activation_forest", "hub"),
        ("traffic_capture", "router"),
        ("app_usage_windows", "router"),
        ("usage_tree", "hub"),
        ("mood_fusion", "hub"),
    }
    assert edges(plan) == {
        ("sonar", "vital_signs"),
        ("vital_signs", "activation_forest"),
        ("activation_forest", "mood_fusion"),
        ("traffic_capture", "app_usage_windows"),
        ("app_usage_windows", "usage_tree"),
        ("usage_tree", "mood_fusion"),
    }
    assert (plan.person, plan.area, plan.refused) == ("anna", "bed", ())
    assert all(step.reason for step in plan.steps)


def test_names_of_tools_play_no_part(catalogue, home):
    renamed = {item.name: f"tool-{number}" for number, item in enumerate(catalogue.tools)}
    tools = tuple(replace(item, name=renamed[item.name]) for item in catalogue.tools)
    devices = tuple(
        replace(item, tools=tuple(renamed[name] for name in item.tools))
        for item in catalogue.devices
    )
    plan = make_plan(MOOD, Catalogue(devices=devices, tools=tools), home)
    assert len(plan.steps) == 7


def test_steps_come_after_what_feeds_them(catalogue, home):
    seen = set()
    for step in make_plan(MOOD, catalogue, home).steps:
        assert set(step.inputs.values()) <= seen
        seen.add(step.id)


def test_chain_of_the_first_example(home):
    """The article's first example: pose of a picture, then a picture of that pose."""
    steps = (
        tool("camera", "", "picture"),
        tool("pose", "picture", "pose_of_boy"),
        tool("draw", "pose_of_boy", "mood"),
    )
    found = make_plan(MOOD, Catalogue(devices=(device("d", "", steps),), tools=steps), home)
    assert edges(found) == {("camera", "pose"), ("pose", "draw")}


def test_two_quantities_share_their_steps(catalogue, home):
    goal = replace(MOOD, quantities=(Quantity.MOOD, Quantity.HEART_RATE, Quantity.STRESS))
    assert len(make_plan(goal, catalogue, home).steps) == 7


def test_the_better_measured_tool_wins_and_a_new_one_at_once(catalogue, home):
    better = tool("trained_today", "vitals", "activation", needs=("person_store",), accuracy=0.8)
    worse = tool("old_one", "vitals", "activation", needs=("person_store",), accuracy=0.65)
    for extra, expected in ((worse, "activation_forest"), (better, "trained_today")):
        tools = (*MAIN_TOOLS, extra)
        hub = device("hub", "person_store", tools, hub=True)
        plan = make_plan(MOOD, Catalogue(devices=(hub, *catalogue.devices[1:]), tools=tools), home)
        assert (expected, "hub") in places(plan)


def test_among_equals_less_data_travels(home):
    tools = (
        tool("chatty", "", "vitals", bytes_per_s=5_000.0),
        tool("quiet", "", "vitals", bytes_per_s=10.0),
        tool("far", "vitals", "activation", needs=("person_store",)),
        tool("end", "activation", "mood"),
    )
    devices = (device("a", "", tools[:2]), device("b", "person_store", tools[2:]))
    plan = make_plan(MOOD, Catalogue(devices=devices, tools=tools), home)
    # Both are fed by one of the sources: each plan is the cheapest of its kind.
    assert ("end", "b") in places(plan)
    assert len(plan.steps) == 3


def test_local_data_stays_on_its_device(home):
    tools = (
        tool("source", "", "raw", needs=("microphone",), local_outputs=("raw",)),
        tool("strong", "raw", "vitals", needs=("accelerator",), accuracy=0.99),
        tool("weak", "raw", "vitals", accuracy=0.5),
    )
    devices = (device("pi", "microphone", tools), device("server", "accelerator", tools))
    goal = replace(MOOD, quantities=(Quantity.HEART_RATE,))
    plan = make_plan(goal, Catalogue(devices=devices, tools=tools), home)
    assert places(plan) == [("source", "pi"), ("weak", "pi")]


def test_without_a_speaker_mood_runs_on_the_other_branch_and_says_so(catalogue, home):
    plan = make_plan(replace(MOOD, area="living"), catalogue, home)
    assert ("usage_tree", "hub") in places(plan)
    assert len(plan.steps) == 4
    (refusal,) = plan.refused
    assert (refusal.quantity, refusal.code) == ("activation", "no_device")
    assert refusal.reason == "No activation: no speaker and microphone in the Living room."


@pytest.mark.parametrize(
    ("goal", "code", "words"),
    [
        (replace(MOOD, person="carl"), "no_consent", "Carl"),
        (replace(MOOD, person="dora"), "unknown_person", "don't know"),
        (replace(MOOD, area="cellar"), "unknown_area", "cellar"),
    ],
)
def test_who_and_where_are_refused_with_a_reason(catalogue, home, goal, code, words):
    plan = make_plan(goal, catalogue, home)
    assert plan.steps == ()
    assert plan.refused[0].code == code
    assert words in plan.refused[0].reason


def test_a_speaker_without_consent_is_refused(catalogue, home):
    plan = make_plan(MOOD, catalogue, replace(home, speaker="carl"))
    assert [refusal.code for refusal in plan.refused] == ["no_consent"]


def test_an_unknown_speaker_among_several_is_asked_for_a_name(catalogue, home):
    goal = replace(MOOD, quantities=(Quantity.MOOD, Quantity.PRESENCE))
    plan = make_plan(goal, catalogue, replace(home, speaker=None))
    assert [(item.quantity, item.code) for item in plan.refused] == [("mood", "ambiguous")]
    assert places(plan) == [("sonar", "pi"), ("vital_signs", "pi")]


def test_an_offline_device_is_named(catalogue, home):
    devices = tuple(replace(item, online=item.id != "pi") for item in catalogue.devices)
    goal = replace(MOOD, quantities=(Quantity.HEART_RATE,))
    plan = make_plan(goal, replace(catalogue, devices=devices), home)
    assert plan.refused[0].code == "offline"
    assert "pi is offline" in plan.refused[0].reason


def test_refusals_speak_chinese(catalogue, home):
    goal = replace(MOOD, quantities=(Quantity.HEART_RATE,), area="living")
    plan = make_plan(goal, catalogue, home, "zh-CN")
    assert plan.refused[0].reason == "无法获取心率：Living room没有扬声器和麦克风。"


def test_an_area_with_two_devices_takes_the_one_without_problems(catalogue, home):
    second = device("alpha", "speaker microphone", problems=("the microphone is unplugged",))
    plan = make_plan(
        MOOD,
        replace(catalogue, devices=(second, *catalogue.devices)),
        replace(home, area_devices={"bed": ("alpha", "pi")}),
    )
    assert ("sonar", "pi") in places(plan)


def test_the_persons_room_comes_before_any_other(catalogue, home):
    far = device("away", "speaker microphone")
    goal = Goal(intent=Intent.MONITOR, quantities=(Quantity.HEART_RATE,), person="ben")
    plan = make_plan(
        goal,
        replace(catalogue, devices=(*catalogue.devices, far)),
        replace(
            home,
            area_devices={"bed": ("pi",), "living": ("away",)},
            person_areas={"ben": "living"},
        ),
    )
    assert ("sonar", "away") in places(plan)
    assert plan.area == "living"


def test_the_id_depends_on_what_is_done_alone(catalogue, home):
    first = make_plan(MOOD, catalogue, home)
    assert make_plan(MOOD, catalogue, home, "zh").id == first.id
    assert make_plan(replace(MOOD, duration_s=60), catalogue, home).id == first.id
    assert make_plan(replace(MOOD, intent=Intent.QUERY), catalogue, home).id == first.id
    shuffled = replace(catalogue, devices=catalogue.devices[::-1], tools=catalogue.tools[::-1])
    assert make_plan(MOOD, shuffled, home).id == first.id
    condition = Condition(quantity=Quantity.MOOD, op="==", value="down")
    others = (
        replace(MOOD, person="ben"),
        replace(MOOD, area="living"),
        replace(MOOD, intent=Intent.ALERT, condition=condition),
    )
    assert len({make_plan(goal, catalogue, home).id for goal in others} | {first.id}) == 4


def test_circles_end(home):
    tools = (
        tool("a", "activation", "mood", accuracy=0.9),
        tool("b", "mood", "activation", accuracy=0.9),
        tool("c", "valence", "activation", accuracy=0.1),
        tool("d", "mood?", "valence"),
        tool("e", "", "valence", accuracy=0.2),
    )
    plan = make_plan(MOOD, Catalogue(devices=(device("x", "", tools),), tools=tools), home)
    assert [name for name, _ in places(plan)] == ["e", "c", "a"]


def test_every_plan_of_random_catalogues_is_valid_or_refused():
    import random

    generator = random.Random(7)
    ports = ["mood", "vitals", "app_usage", "activation", "valence", "x", "y", "z"]
    areas = ("north", "south")
    home = Home(
        people=(Named("p", "P"),),
        areas=tuple(Named(area, area) for area in areas),
        area_devices={"north": ("d0", "d1"), "south": ("d2",)},
    )
    planned = 0
    for _ in range(300):
        tools = tuple(
            tool(
                f"t{number}",
                " ".join(
                    port + generator.choice(["", "?"])
                    for port in generator.sample(ports, generator.randint(0, 2))
                ),
                " ".join(generator.sample(ports, generator.randint(1, 2))),
                needs=tuple(generator.sample(["microphone", "gpu"], generator.randint(0, 1))),
                local_outputs=tuple(generator.sample(ports, generator.randint(0, 2))),
                accuracy=generator.random(),
            )
            for number in range(12)
        )
        devices = tuple(
            device(
                f"d{number}",
                " ".join(generator.sample(["microphone", "gpu"], generator.randint(0, 2))),
                tuple(generator.sample(tools, 8)),
                online=generator.random() < 0.9,
            )
            for number in range(4)
        )
        catalogue = Catalogue(devices=devices, tools=tools)
        goal = Goal(
            intent=Intent.MONITOR,
            quantities=(Quantity.MOOD, Quantity.HEART_RATE),
            area=generator.choice([None, *areas]),
        )
        plan = make_plan(goal, catalogue, home)
        assert validate(plan, catalogue, home) == ()
        refused = {refusal.quantity for refusal in plan.refused}
        outputs = {port for step in plan.steps for port in _outputs(tools, step.tool)}
        assert "mood" in outputs or "mood" in refused
        assert "vitals" in outputs or "heart_rate" in refused
        planned += bool(plan.steps)
    assert planned > 100


def _outputs(tools, name):
    return next(item.outputs for item in tools if item.name == name)
