"""The sentence templates as Home Assistant's own matcher sees them: a gate for us alone."""

from __future__ import annotations

import itertools
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import home_assistant_intents
import pytest
from hassil.errors import MissingListError, MissingRuleError
from hassil.intents import Intents, TextSlotList
from hassil.recognize import recognize_all
from hassil.sample import sample_expression

from custom_components.edge_ai.planner.grammar import parse
from custom_components.edge_ai.planner.home import Home, Named
from custom_components.edge_ai.planner.sentences import TEMPLATES

CASES = Path(__file__).resolve().parents[1] / "requests"
HOMES = json.loads((CASES / "homes.json").read_text(encoding="utf-8"))
LARGE_HOME = ("sight20_", "sight21_")


@cache
def matcher() -> Intents:
    slots = set(re.findall(r"\{(\w+)\}", " ".join(TEMPLATES)))
    return Intents.from_dict(
        {
            "language": "en",
            "intents": {
                str(number): {"data": [{"sentences": [template]}]}
                for number, template in enumerate(TEMPLATES)
            },
            "lists": {slot: {"wildcard": True} for slot in slots},
        }
    )


# About us, but about somebody whom the home does not know: the gate cannot tell, and the
# answer is that nobody of that name is known.
STRANGERS = {
    "monitor Peter's heart rate",
    "Monitor Peter's heart rate",
    "what's Peter's heart rate",
    "What's Uncle Frank's pulse?",
    "监测王叔叔的呼吸",
    "Monitor Peter's breathing.",
    "What's the neighbour's heart rate?",
    "监测隔壁王叔的呼吸",
    "狗狗的心跳正常吗",
    "监测老王的心率",
    "奶奶的心率多少",
    "监测狗的心率",
    "正常人的呼吸频率是多少",
    "正常人的心率是多少",
    "老鼠的心率是多少",
    "What's Grandma's heart rate?",
    "Monitor Peter's breathing",
    "monitor the dog's heart rate",
    "外婆的心率是多少",
    "监测狗狗的心率",
    "monitor the baby's breathing",
    "watch the baby's mood in the bedroom",
    "monitor the dog's breathing in the bedroom",
    "监测宝宝的呼吸",
    "监测卧室里狗的呼吸",
}


# Known to slip through the gate, since a name may be any words. The grammar refuses them, and
# they are passed on to the agent that would have been asked (`voice.py`, tested with Assist).
PASSED_ON = {
    "Start monitoring my stress in an hour.",
    "Start tracking my pulse in an hour.",
    "Start monitoring my pulse in an hour.",
    "how's the stock market's mood",
    "高压锅的压力是多少",
    "昨天我的心率是多少",
    "我昨天的心率是多少",
    "昨晚我的心率是多少",
    "和上周比我的心率怎么样",
    "看看观众的情绪",
    "世界上最快的心跳是多少",
    "show me last month's heart rate",
    "show me last month's stress",
    "给我看看上个月的心率",
}


@cache
def passes(text: str) -> bool:
    return next(iter(recognize_all(text, matcher())), None) is not None


def cases() -> list[dict]:
    return [
        json.loads(line) | {"home": "large" if path.name.startswith(LARGE_HOME) else "small"}
        for path in sorted(CASES.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Monitor my mood",
        "please monitor my heart rate for two hours",
        "Keep an eye on Anna's stress level in the bedroom",
        "could you track my breathing",
        "turn on stress monitoring",
        "turn off the heart rate monitoring",
        "stop tracking my mood",
        "don't monitor my stress anymore",
        "what is my heart rate",
        "What's Ben's mood?",
        "how am I feeling",
        "am I stressed",
        "tell me when my heart rate goes above 100",
        "let me know if I get stressed",
        "train the mood model",
        "监测我的情绪",
        "請監測我的情緒",
        "请帮我监测一下小雨的心率吧",
        "接下来两个小时监测我的压力",
        "停止监测我的心率",
        "不用再监测我的呼吸了",
        "我的心率是多少",
        "小雨的心情怎么样",
        "如果我的心率超过100就提醒我",
        "我压力大的时候告诉我",
        "重新训练情绪模型",
    ],
)
def test_main_requests_pass_the_gate(text: str) -> None:
    assert passes(text)


def test_no_foreign_request_passes_the_gate() -> None:
    foreign = [case["text"] for case in cases() if not case["goals"]]
    assert len(foreign) > 200
    assert {text for text in foreign if passes(text)} <= STRANGERS | PASSED_ON


def test_what_passes_the_gate_is_parsed() -> None:
    """A sentence that the gate takes and the grammar refuses would be lost."""
    lost, passed = [], 0
    for case in cases():
        if passes(case["text"]):
            names = HOMES[case["home"]][case["language"]]
            home = Home(
                people=tuple(Named(name, name) for name in names["people"]),
                areas=tuple(Named(name, name) for name in names["areas"]),
            )
            passed += 1
            if not parse(case["text"], home):
                lost.append(case["text"])
    assert passed > 100
    assert set(lost) <= STRANGERS | PASSED_ON


def _samples(sentence: Any, lists: Any, rules: Any) -> list[str]:
    """The first two; none where the sentence is made of parts that the file doesn't hold."""
    expression = getattr(sentence, "expression", sentence)  # since hassil 3 a part of it
    try:
        return list(itertools.islice(sample_expression(expression, lists, rules), 2))
    except (MissingRuleError, MissingListError):
        return []


@pytest.mark.slow
@pytest.mark.parametrize(("language", "home"), [("en", "en"), ("zh-cn", "zh")])
def test_the_grammar_takes_none_of_home_assistants_own_sentences(language: str, home: str) -> None:
    """A few samples of every sentence that Assist knows by itself."""
    folder = Path(home_assistant_intents.__file__).parent / "data"
    # `zh-cn.json` or `zh-CN.json`, depending on the version.
    data = next(path for path in folder.iterdir() if path.name.lower() == f"{language}.json")
    intents = Intents.from_dict(json.loads(data.read_text(encoding="utf-8")))
    names = HOMES["small"][home]
    lists = {
        **intents.slot_lists,
        "name": TextSlotList.from_strings(["bedroom lamp", "台灯"], name="name"),
        "area": TextSlotList.from_strings(names["areas"], name="area"),
        "floor": TextSlotList.from_strings(["upstairs", "楼上"], name="floor"),
    }
    ours = Home(
        people=tuple(Named(name, name) for name in names["people"]),
        areas=tuple(Named(name, name) for name in names["areas"]),
    )
    texts = [
        text
        for name, intent in intents.intents.items()
        # Their numbers in words make millions of samples.
        if "Timer" not in name
        for group in intent.data
        for sentence in group.sentences
        for text in _samples(sentence, lists, {**intents.expansion_rules, **group.expansion_rules})
    ]
    assert len(texts) > 200
    taken = [text for text in texts if parse(text, ours)]
    # Whether a room is occupied is a question that both can answer.
    assert [text for text in taken if "occup" not in text and "presence" not in text] == []


def test_every_template_is_closed() -> None:
    """A name stands only right before a quantity, and every template has one."""
    for template in TEMPLATES:
        assert re.search(r"mood|heart rate|stress|情绪|心率|压力|壓力|心情", template), template
        for slot in re.findall(r"\{person\}(..)", template):
            assert slot.startswith(("'s", "的")), template


def test_templates_have_no_punctuation() -> None:
    assert not [t for t in TEMPLATES if re.search(r"[.,?!;:。，？！；：]", t)]
