"""What the page for users says is tried here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

import custom_components.edge_ai
from custom_components.edge_ai import voice
from custom_components.edge_ai.const import DOMAIN
from custom_components.edge_ai.planner import reply

from .conftest import FakeHub
from .test_requests import request, say

ROOT = Path(custom_components.edge_ai.__file__).parents[2]
PAGE = (ROOT / "docs" / "homeassistant.md").read_text(encoding="utf-8")


def sentences() -> list[str]:
    section = PAGE.split("## Say it")[1].split("The reply is")[0]
    examples = re.findall(r"\"([^\"]+)\"", section)
    assert len(examples) >= 9
    return examples


@pytest.mark.parametrize("text", sentences())
async def test_sentence_works_in_assist(
    hass: HomeAssistant,
    hub: FakeHub,
    loaded: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
) -> None:
    heard: list[str] = []
    answer = voice.async_answer

    async def listen(hass: HomeAssistant, user_input: dict[str, str]) -> str:
        heard.append(user_input["text"])
        return await answer(hass, user_input)

    monkeypatch.setattr(voice, "async_answer", listen)
    chinese = any("\u4e00" <= char <= "\u9fff" for char in text)
    assert await say(hass, text, "zh-CN" if chinese else "en")
    assert heard == [text]
    assert (await request(hass, text))["understood"] is True


def readme_sentences() -> list[str]:
    table = (ROOT / "README.md").read_text(encoding="utf-8").split("| you say |")[1]
    return re.findall(r"^\| “([^”]+)” \|", table, re.MULTILINE)


def freer_sentences() -> list[str]:
    return re.findall(r"\"([^\"]+)\"", PAGE.split("freer\n")[1].split(")")[0])


def test_the_tables_are_found() -> None:
    assert len(readme_sentences()) == 6
    assert len(freer_sentences()) == 4


@pytest.mark.parametrize("text", [*readme_sentences(), *freer_sentences()])
async def test_sentence_works_with_the_hubs_agent(
    hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry, text: str
) -> None:
    agent = er.async_get(hass).async_get_entity_id("conversation", DOMAIN, "home_agent")
    assert agent is not None
    answer = await request(hass, text)
    assert answer["understood"] is True
    assert await say(hass, text, agent=agent) != reply.not_understood("en")


def test_every_action_is_documented(hass: HomeAssistant) -> None:
    folder = Path(custom_components.edge_ai.__file__).parent
    actions = yaml.safe_load((folder / "services.yaml").read_text(encoding="utf-8"))
    assert set(re.findall(rf"\| `{DOMAIN}\.(\w+)`", PAGE)) == actions.keys()


async def test_example_action(hass: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    call = yaml.safe_load(example)
    domain, action = call["action"].split(".")
    answer = await hass.services.async_call(
        domain, action, call["data"], blocking=True, return_response=True
    )
    assert answer is not None
    assert answer["monitors"] == ["m1"]
