from __future__ import annotations

from dataclasses import replace

import pytest
from edge_ai.messages import Condition, Goal, Intent, Mood, Quantity, ReadingState, Refusal
from edge_ai.planner import reply
from edge_ai.planner.chain import make_plan

MOOD = Goal(intent=Intent.MONITOR, quantities=(Quantity.MOOD,))


def alert(quantity, op, value, for_s=None, **goal):
    condition = Condition(quantity=quantity, op=op, value=value, for_s=for_s)
    return Goal(intent=Intent.ALERT, quantities=(quantity,), condition=condition, **goal)


@pytest.mark.parametrize(
    ("goal", "english", "chinese"),
    [
        (
            MOOD,
            "I'm now monitoring your mood in the Bedroom.",
            "好的，开始监测Bedroom里您的情绪。",
        ),
        (
            replace(MOOD, person="ben", duration_s=9_000),
            "I'm now monitoring Ben's mood in the Bedroom for 2 hours and 30 minutes.",
            "好的，开始监测Bedroom里Ben的情绪，持续2小时30分钟。",
        ),
        (
            alert(Quantity.HEART_RATE, ">", 100.0, 300),
            "I'll tell you when your heart rate is above 100 for 5 minutes.",
            "好的，您的心率高于100持续5分钟时我会告诉您。",
        ),
        (
            alert(Quantity.STRESS, "==", True, person="ben"),
            "I'll tell you when Ben is stressed.",
            "好的，Ben有压力时我会告诉您。",
        ),
        (
            alert(Quantity.PRESENCE, "==", False, area="bed"),
            "I'll tell you when nobody is in the Bedroom.",
            "好的，Bedroom里没有人时我会告诉您。",
        ),
        (
            alert(Quantity.MOOD, "==", "down"),
            "I'll tell you when your mood is down.",
            "好的，您的情绪低落时我会告诉您。",
        ),
    ],
)
def test_a_start_says_what_was_understood(catalogue, home, goal, english, chinese):
    plan = make_plan(goal, catalogue, home)
    assert reply.started(plan, home, "en-GB") == english
    assert reply.started(plan, home, "zh-Hans") == chinese


def test_a_partial_start_says_what_is_missing(catalogue, home):
    goal = replace(MOOD, quantities=(Quantity.APP_USAGE, Quantity.HEART_RATE), area="living")
    plan = make_plan(goal, catalogue, home)
    assert reply.started(plan, home, "en") == (
        "I'm now monitoring your app usage in the Living room. "
        "No heart rate: no speaker and microphone in the Living room."
    )


@pytest.mark.parametrize(
    ("quantity", "value", "english", "chinese"),
    [
        (Quantity.HEART_RATE, 71.6, "heart rate is 72 beats per minute", "心率是每分钟72次"),
        (Quantity.BREATHING_RATE, 14.0, "breathing rate is 14 breaths", "呼吸频率是每分钟14次"),
        (Quantity.MOOD, "down", "mood is down", "情绪低落"),
        (Quantity.STRESS, True, "seem stressed", "看起来有压力"),
        (Quantity.STRESS, False, "seem not to be stressed", "看起来没有压力"),
        (Quantity.PRESENCE, True, "Somebody is here", "这里有人"),
        (Quantity.PRESENCE, False, "Nobody is here", "这里没有人"),
        (Quantity.APP_USAGE, 125.0, "2 hours and 5 minutes", "2小时5分钟"),
    ],
)
def test_readings_are_spoken_in_both_languages(quantity, value, english, chinese):
    said = [
        reply.reading(quantity, value, None, ReadingState.OK, language)
        for language in ("en", "zh-CN")
    ]
    assert english in said[0]
    assert chinese in said[1]


def test_readings_name_person_and_area():
    said = reply.reading(
        Quantity.HEART_RATE, 60, None, ReadingState.OK, "en", person="Anna", area="Bedroom"
    )
    assert said == "Anna's heart rate is 60 beats per minute."
    present = reply.reading(
        Quantity.PRESENCE, True, None, ReadingState.OK, "zh", person="安娜", area="卧室"
    )
    assert present == "安娜在卧室。"


@pytest.mark.parametrize("state", [state for state in ReadingState if state != "ok"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_missing_value_gives_its_reason_in_words(state, language):
    said = reply.reading(Quantity.HEART_RATE, None, None, state, language)
    assert "_" not in said
    assert ":" in said or "：" in said


@pytest.mark.parametrize("mood", list(Mood))
def test_every_mood_has_words_of_its_own(mood):
    assert reply.reading(Quantity.MOOD, mood, None, ReadingState.OK, "zh").endswith("。")


def test_stop_says_whether_there_was_anything(home):
    goal = Goal(intent=Intent.STOP, quantities=(Quantity.MOOD,), person="ben")
    assert reply.stopped(goal, 1, home, "en") == "I stopped monitoring Ben's mood."
    assert reply.stopped(goal, 0, home, "en") == "I wasn't monitoring Ben's mood."
    assert reply.stopped(replace(goal, quantities=()), 2, home, "zh") == "已停止监测Ben的所有内容。"


def test_refusals_are_said_once(home):
    refusal = Refusal(quantity="mood", code="offline", reason="No mood: hub is offline.")
    assert reply.refused([refusal, refusal], "en") == "I can't do that. No mood: hub is offline."


def test_the_other_sentences_differ_by_language(catalogue, home):
    plan = make_plan(alert(Quantity.HEART_RATE, ">", 100.0), catalogue, home)
    goal = Goal(intent=Intent.TRAIN, quantities=(Quantity.STRESS,))
    for sentence in (
        lambda language: reply.already_running(plan, home, language),
        lambda language: reply.already_running(make_plan(MOOD, catalogue, home), home, language),
        lambda language: reply.no_reading(Quantity.MOOD, language),
        lambda language: reply.alert(plan, 110.0, home, language),
        lambda language: reply.ended(MOOD, home, language),
        lambda language: reply.training_started(goal, language),
        reply.not_understood,
        reply.hub_away,
    ):
        english, chinese = sentence("en"), sentence("zh-TW")
        assert english.isascii()
        assert any("一" <= char <= "鿿" for char in chinese)
