"""Words that are all ours and still order nothing, and orders that must not turn round."""

from __future__ import annotations

import pytest
from edge_ai.messages import Condition, Intent, Quantity
from edge_ai.planner.grammar import parse
from edge_ai.planner.home import Home, Named

HOME = Home(
    people=(Named("anna", "Anna"), Named("ben", "Ben")),
    areas=(Named("bed", "bedroom"), Named("garage", "garage")),
)


@pytest.mark.parametrize(
    "text",
    [
        # The opposite of the last word.
        "please don't stop monitoring my mood",
        "不要停止监测我的情绪",
        # How, and what is missed: no order to stop.
        "can you measure heart rate without a watch?",
        "you are not tracking my stress",
        "how come you're not monitoring my heart rate",
        "你没有监测我的心率",
        "怎么不监测我的压力",
        # Whether a monitor runs is asked, and none is started.
        "are you still monitoring my stress",
        "你还在监测我的压力吗",
        "有没有在记录我的心率",
        # Complaints that order nothing.
        "呼吸检测老不准",
        "the stress detection is always wrong",
        # What was or is done.
        "breathing was not measured",
        "stops breathing",
        "breathing pause",
        "it senses mood",
        "what are you monitoring",
        # States and statements.
        "am I calm enough",
        "there's nobody in the bedroom",
        "我呼吸挺好的",
        "我的心情是好的",
        "I can feel my heartbeat",
        "log that I'm feeling stressed",
        # Of the body, of sleep, and of a bus.
        "stop breathing",
        "停止呼吸",
        "hold your breath",
        "don't wake me up",
        "别叫醒我",
        "don't let me miss my stop",
        "stress me out",
        # Later, and any app's.
        "stop monitoring my heart rate at ten",
        "十点停止监测我的心率",
        "stop notifications",
        # The screen on the desk, the set in the corner, the camera.
        "turn the monitor on my desk off",
        "stop watching telly",
        # Whoever tells something behind an order is not whom it is about; nor is it taken back.
        "stop watching Ben i am back",
        "monitor my stress i have changed my mind",
        "监控给我关了",
        # A reminder to relax, and where readings are stored.
        "每小时提醒我放松一下",
        "你们测的心率存在哪里",
        # An order to somebody else.
        "Ben stop watching your phone",
        # Devices, alarms and noises.
        "turn off the computer monitor in the bedroom",
        "turn on presence mode",
        "警报解除",
        "stop beeping",
        "is pulse a good app",
        "make the model train go faster",
        # Knowledge, advice, permission and mankind.
        "what should my heart rate be",
        "is 120 a high heart rate",
        "怎么少玩手机",
        "人一天呼吸多少次",
        "爷爷能玩手机吗",
        "what makes me sad",
        # Somebody else.
        "is my boss stressed",
        "no more screen time for Ben today",
        "remind me to stop stressing",
        "提醒我别紧张",
        # No condition that could be kept.
        "tell me when everyone is in the bedroom",
        "set an alert for my heart rate at 80",
    ],
)
def test_weak_evidence_is_declined(text: str) -> None:
    assert parse(text, HOME) == ()


@pytest.mark.parametrize(
    "text",
    ["停止Anna的心率和情绪跟踪", "结束Anna心率和情绪的监测", "把Anna的心率和情绪的监测停了"],
)
def test_one_stop_ends_several(text: str) -> None:
    (goal,) = parse(text, HOME)
    assert goal.intent is Intent.STOP
    assert set(goal.quantities) == {Quantity.HEART_RATE, Quantity.MOOD}


@pytest.mark.parametrize(
    "text",
    ["呼吸检测老不准，帮我改进改进", "the breathing detection is always wrong, please improve it"],
)
def test_a_complaint_with_an_order_behind_it_trains(text: str) -> None:
    (goal,) = parse(text, HOME)
    assert (goal.intent, goal.quantities) == (Intent.TRAIN, (Quantity.BREATHING_RATE,))


@pytest.mark.parametrize(
    "text",
    ["watch Ben's breathing and wake me if it stops", "看护Ben的呼吸，停了就叫醒我"],
)
def test_a_stop_behind_if_is_a_breathing_pause(text: str) -> None:
    (goal,) = parse(text, HOME)
    assert (goal.intent, goal.person) == (Intent.ALERT, "ben")
    assert goal.condition == Condition(quantity=Quantity.BREATHING_RATE, op="==", value=0.0)


@pytest.mark.parametrize(
    ("text", "op", "value"),
    [
        ("set up a heart rate alert at 150", ">=", 150.0),
        ("alert me at a heart rate of 40", "<=", 40.0),
        ("alert me when my heart rate is low", "<", 50.0),
    ],
)
def test_a_bare_number_is_a_limit_only_beyond_the_usual(text: str, op: str, value: float) -> None:
    (goal,) = parse(text, HOME)
    assert goal.condition == Condition(quantity=Quantity.HEART_RATE, op=op, value=value)


def test_worse_stress_is_more_of_it() -> None:
    for how, stressed in (("worse", True), ("better", False)):
        (goal,) = parse(f"tell me when my stress gets {how}", HOME)
        assert goal.condition == Condition(quantity=Quantity.STRESS, op="==", value=stressed)


def test_the_last_quantity_of_a_list_may_be_another_persons() -> None:
    goals = parse("monitor Anna's mood and the heart rate of Ben", HOME)
    assert [(goal.person, goal.quantities) for goal in goals] == [
        ("anna", (Quantity.MOOD,)),
        ("ben", (Quantity.HEART_RATE,)),
    ]


def test_an_area_may_be_called_like_a_thing_of_others() -> None:
    (goal,) = parse("is anyone in the garage", HOME)
    assert goal.area == "garage"
