"""The grammar against the written cases, and its cost."""

from __future__ import annotations

import gc
import json
import statistics
import subprocess
import sys
import time
from collections import Counter

import pytest
from _requests import (
    ROUNDS,
    Score,
    f1,
    fixture_catalogue,
    fixture_home,
    gold_graph,
    large_catalogue,
    load_cases,
)
from edge_ai.messages import Goal, Intent, Quantity
from edge_ai.planner.chain import make_plan
from edge_ai.planner.grammar import parse
from edge_ai.planner.home import Home, Named

SCRIPTS = __import__("_planner").ROOT / "scripts"


def scored(part, language):
    score = Score()
    for case in load_cases(part, (language,)):
        score.add(case, parse(case.text, fixture_home(language, case.home), language), ())
    return score


@pytest.mark.parametrize("language", ["en", "zh"])
def test_development_requests_are_understood(language):
    score = scored("development", language)
    assert score.intents / score.ours >= 0.97
    assert score.goals / score.ours >= 0.97
    assert score.false_accepts / score.foreign <= 0.02


@pytest.mark.parametrize("language", ["en", "zh"])
def test_held_out_requests_reach_the_bars(language):
    score = scored("held_out", language)
    assert score.intents / score.ours >= 0.95
    assert score.goals / score.ours >= 0.88
    # One of 38 and none of 28: the bar of 1 % can only be tested on many more.
    assert score.false_accepts <= 1


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("part", ROUNDS)
def test_rounds_that_were_seen_stay_understood(part, language):
    """What was mended behind a round must not break with the next one."""
    score = scored(part, language)
    assert score.intents / score.ours >= 0.95
    assert score.goals / score.ours >= 0.95
    assert score.false_accepts / score.foreign <= 0.02


def test_families_are_in_one_part_only_and_ids_are_unique():
    development, held_out = load_cases("development"), load_cases("held_out")
    assert not {case.family for case in development} & {case.family for case in held_out}
    assert max(Counter(case.id for case in development + held_out).values()) == 1
    assert len(development + held_out) >= 400
    assert sum(case.language == "zh" for case in development + held_out) >= 200


def test_no_text_is_in_both_parts():
    development = {case.text.casefold() for case in load_cases("development")}
    assert not development & {case.text.casefold() for case in load_cases("held_out")}


def test_plans_of_gold_goals_are_the_plans_written_by_hand():
    seen = 0
    for case in load_cases("all"):
        home, catalogue = fixture_home(case.language), fixture_catalogue(case.language)
        for goal in case.goals:
            if goal.intent in (Intent.STOP, Intent.TRAIN):
                continue
            plan = make_plan(goal, catalogue, home)
            nodes, edges = gold_graph(goal, case.language)
            places = {step.id: f"{step.tool}@{step.device}" for step in plan.steps}
            assert sorted(places.values()) == list(nodes), case.text
            got = [
                f"{places[s]}>{places[step.id]}"
                for step in plan.steps
                for s in step.inputs.values()
            ]
            assert sorted(got) == list(edges), case.text
            seen += 1
    assert seen > 300


def test_scores_count_what_they_should():
    (case, *_) = [case for case in load_cases("held_out") if len(case.goals) == 1]
    right, nothing = Score(), Score()
    assert right.add(case, case.goals, ())
    assert not nothing.add(case, (), ())
    assert (right.intents, right.goals, f1(right.slots)) == (1, 1, 1.0)
    assert (nothing.intents, nothing.goals, f1(nothing.slots)) == (0, 0, 0.0)


def test_a_longer_request_costs_in_proportion():
    """The scan is linear: eight times the words may cost eight times the time, not 64."""
    home = fixture_home("en")

    def cost(text):
        times = []
        for _ in range(15):
            begun = time.process_time_ns()
            parse(text, home)
            times.append(time.process_time_ns() - begun)
        return min(times)

    sentence = "monitor my heart rate and my stress "
    parse(sentence, home)
    assert cost(sentence * 8) < 8 * 3 * cost(sentence)


def test_planning_grows_no_faster_than_the_catalogue():
    """Four times the tools and four times the devices: sixteen times the pairs."""
    goal = Goal(intent=Intent.MONITOR, quantities=(Quantity.MOOD, Quantity.HEART_RATE))
    home = Home(people=(Named("a", "A"),))

    def cost(tools, devices):
        catalogue = large_catalogue(tools, devices)
        times = []
        for _ in range(5):
            begun = time.process_time_ns()
            assert len(make_plan(goal, catalogue, home).steps) == 7
            times.append(time.process_time_ns() - begun)
        return min(times)

    gc.disable()
    try:
        assert cost(200, 48) < 16 * 2 * cost(50, 12)
    finally:
        gc.enable()


def test_parse_requests_prints_a_goal_a_list_or_null_per_line():
    run = subprocess.run(
        [
            sys.executable,
            str(SCRIPTS / "parse-requests"),
            "--language",
            "en",
            "--people",
            "Anna,Ben",
            "--areas",
            "bedroom, living room",
        ],
        input=(
            "Tell me when Anna's heart rate is above 100 for five minutes\n"
            "play some jazz\n"
            "\n"
            "Monitor Anna's mood and Ben's pulse\n"
        ),
        capture_output=True,
        text=True,
        check=True,
    )
    alert, *nulls, both = [json.loads(line) for line in run.stdout.splitlines()]
    assert alert == {
        "intent": "alert",
        "quantities": ["heart_rate"],
        "person": "Anna",
        "area": None,
        "duration_s": None,
        "condition": {"quantity": "heart_rate", "op": ">", "value": 100, "for_s": 300},
    }
    assert nulls == [None, None]
    assert [goal["person"] for goal in both] == ["Anna", "Ben"]


def test_evaluate_requests_prints_a_table():
    run = subprocess.run(
        [sys.executable, str(SCRIPTS / "evaluate-requests"), "--language", "zh"],
        capture_output=True,
        text=True,
        check=True,
    )
    head, _, row = run.stdout.splitlines()
    assert head.startswith("| system | requests | intent |")
    assert row.startswith("| grammar, zh |")
    assert row.count("|") == head.count("|")


def test_the_median_request_takes_little_time():
    """A generous bound that only something quadratic or a lost cache would break."""
    home = fixture_home("en")
    times = []
    for case in load_cases("held_out", ("en",)):
        begun = time.process_time()
        parse(case.text, home)
        times.append(time.process_time() - begun)
    assert statistics.median(times) < 0.03
