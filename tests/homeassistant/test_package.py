"""What hassfest and HACS would check, as far as it can be checked here; and import cost."""

from __future__ import annotations

import ast
import asyncio
import json
import re
import struct
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from homeassistant.components.automation.const import DOMAIN as AUTOMATION
from homeassistant.config_entries import HANDLERS
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_custom_components, async_get_integration
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    async_mock_service,
)

import custom_components.edge_ai
from custom_components.edge_ai import compat
from custom_components.edge_ai import messages as m
from custom_components.edge_ai.const import DOMAIN, PLATFORMS
from custom_components.edge_ai.coordinator import TRANSLATED_REFUSALS
from custom_components.edge_ai.diagnostics import async_get_config_entry_diagnostics

from .conftest import FakeHub, until
from .test_requests import request

PACKAGE = Path(custom_components.edge_ai.__file__).parent
ROOT = PACKAGE.parent.parent
TRANSLATIONS = ("en", "zh-Hans")

MANIFEST_KEYS = {
    "after_dependencies",
    "codeowners",
    "config_flow",
    "dependencies",
    "documentation",
    "domain",
    "integration_type",
    "iot_class",
    "issue_tracker",
    "mqtt",
    "name",
    "requirements",
    "version",
}


def load(name: str) -> Any:
    return json.loads((PACKAGE / name).read_text(encoding="utf-8"))


def leaves(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        here = f"{path}.{key}" if path else key
        if isinstance(value, dict):
            yield from leaves(value, here)
        else:
            yield here, value


# --- Manifest, translations, actions, HACS ---------------------------------------------


def test_manifest() -> None:
    manifest = load("manifest.json")
    keys = list(manifest)
    assert keys == ["domain", "name", *sorted(set(keys) - {"domain", "name"})]
    assert set(keys) == MANIFEST_KEYS
    assert manifest["domain"] == DOMAIN == PACKAGE.name
    assert manifest["iot_class"] == "local_push"
    assert manifest["integration_type"] == "hub"
    assert manifest["requirements"] == []
    assert manifest["mqtt"] == [m.Topics("+").hello]
    assert re.fullmatch(r"\d+\.\d+\.\d+", manifest["version"])
    assert manifest["codeowners"]
    assert all(owner.startswith("@") for owner in manifest["codeowners"])
    for key in ("documentation", "issue_tracker"):
        assert manifest[key].startswith("https://")
        assert "home-assistant.io" not in manifest[key]


async def test_home_assistant_accepts_the_integration(hass: HomeAssistant) -> None:
    assert DOMAIN in await async_get_custom_components(hass)
    integration = await async_get_integration(hass, DOMAIN)
    assert integration.config_flow is True
    await integration.async_get_platform("config_flow")
    assert DOMAIN in HANDLERS


def test_translations_have_the_same_keys() -> None:
    english, chinese = (dict(leaves(load(f"translations/{name}.json"))) for name in TRANSLATIONS)
    assert english.keys() == chinese.keys()
    for key, text in english.items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", chinese[key])), key


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_translations_have_the_form_that_hassfest_wants(language: str) -> None:
    for key, text in leaves(load(f"translations/{language}.json")):
        assert all(re.fullmatch(r"[a-z0-9-_]+", part) for part in key.split(".")), key
        assert text == text.strip(), key
        assert text, key
        assert not re.search(r"<[a-z/]|\[%key:|['\"]{\w+}['\"]|https?://(?!localhost)\w", text), key


def _steps(tree: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for key, value in tree.items():
        if key == "step":
            yield from value.values()
        elif isinstance(value, dict):
            yield from _steps(value)


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_each_field_of_a_form_is_described(language: str) -> None:
    steps = list(_steps(load(f"translations/{language}.json")))
    assert len(steps) == 8
    for step in steps:
        assert step.get("data_description", {}).keys() == step.get("data", {}).keys()


def test_all_that_the_code_names_is_translated() -> None:
    texts = load("translations/en.json")
    source = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.glob("*.py"))
    raised = set(re.findall(r'translation_domain=DOMAIN,\s*translation_key="(\w+)"', source))
    raised |= {f"refused_{code}" for code in TRANSLATED_REFUSALS}
    assert raised == texts["exceptions"].keys()
    assert set(re.findall(r'"(contract_\w+_hub|model_waits)"', source)) == texts["issues"].keys()
    for file, aborts in (
        ("config_flow.py", texts["config"]["abort"]),
        ("repairs.py", texts["issues"]["model_waits"]["fix_flow"]["abort"]),
    ):
        reasons = re.findall(r'async_abort\(reason="(\w+)"\)', (PACKAGE / file).read_text())
        assert reasons
        assert set(reasons) <= aborts.keys()


def test_actions_are_described() -> None:
    actions = yaml.safe_load((PACKAGE / "services.yaml").read_text(encoding="utf-8"))
    texts = load("translations/en.json")["services"]
    icons = load("icons.json")
    assert actions.keys() == texts.keys() == icons["services"].keys()
    for name, action in actions.items():
        assert action["fields"].keys() == texts[name]["fields"].keys()
        assert texts[name]["name"]
        assert texts[name]["description"]


async def test_actions_are_registered_without_a_hub(
    hass: HomeAssistant, hubs: dict[str, FakeHub]
) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    actions = yaml.safe_load((PACKAGE / "services.yaml").read_text(encoding="utf-8"))
    assert hass.services.async_services_for_domain(DOMAIN).keys() == actions.keys()


def test_icons_exist_for_translated_entities() -> None:
    icons = load("icons.json")
    for key, icon in leaves(icons):
        assert icon.startswith("mdi:"), key
    texts = load("translations/en.json")["entity"]
    for platform, entities in icons["entity"].items():
        assert entities.keys() <= texts[platform].keys()


def test_brand_icon() -> None:
    data = (PACKAGE / "brand" / "icon.png").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", data[16:24]) == (256, 256)


def test_hacs() -> None:
    hacs = json.loads((ROOT / "hacs.json").read_text(encoding="utf-8"))
    assert hacs.keys() <= {"name", "homeassistant", "render_readme"}
    assert hacs["name"] == load("manifest.json")["name"]
    assert (ROOT / "docs" / "homeassistant.md").exists()


def test_quality_scale_is_complete() -> None:
    rules = yaml.safe_load((PACKAGE / "quality_scale.yaml").read_text(encoding="utf-8"))["rules"]
    assert len(rules) == 54
    for name, rule in rules.items():
        status = rule if isinstance(rule, str) else rule["status"]
        assert status in {"done", "exempt"}, name
        assert isinstance(rule, str) or rule["comment"], name


def test_platforms_say_how_many_updates_run_at_once() -> None:
    for platform in PLATFORMS:
        tree = ast.parse((PACKAGE / f"{platform}.py").read_text(encoding="utf-8"))
        names = [
            target.id
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        ]
        assert "PARALLEL_UPDATES" in names, platform


# --- Import cost -----------------------------------------------------------------------

HEAVY = ("torch", "numpy", "openai", "sklearn", "scipy")

LOADED = """
import json, sys
{before}
before = [name for name in {heavy} if name in sys.modules]
import custom_components.edge_ai
for name in {modules}:
    __import__(f"custom_components.edge_ai.{{name}}")
heavy = [name for name in {heavy} if name in sys.modules]
print(json.dumps({{"before": before, "heavy": heavy}}))
"""

# What a running Home Assistant has loaded before it imports us: our dependencies.
BEFORE = """
import homeassistant.bootstrap
import homeassistant.components.conversation
import homeassistant.components.diagnostics
import homeassistant.components.mqtt
import homeassistant.components.persistent_notification
import homeassistant.helpers.llm
from homeassistant.components import (
    binary_sensor, button, event, select, sensor, switch, mqtt
)
import homeassistant.components.mqtt.config_flow
"""


def test_import_brings_nothing_heavy() -> None:
    code = LOADED.format(before=BEFORE, heavy=HEAVY, modules=["config_flow", *map(str, PLATFORMS)])
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout.splitlines()[-1])
    # Home Assistant's own conversation brings numpy on some versions.
    assert set(found["heavy"]) == set(found["before"]) <= {"numpy"}


# --- Differences between versions ------------------------------------------------------


async def test_mqtt_is_not_connected_where_it_was_never_set_up(hass: HomeAssistant) -> None:
    assert compat.mqtt_connected(hass) is False


async def test_device_is_looked_up_in_either_way(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    class New:
        def async_get_device_by_identifier(self, identifier: Any, entry_id: str) -> Any:
            return (identifier, entry_id)

    class Old:
        def async_get_device(self, identifiers: Any) -> Any:
            return identifiers

    monkeypatch.setattr(compat.dr, "async_get", lambda hass: New())
    assert compat.device_by_identifier(hass, "a", "b") == ((DOMAIN, "a"), "b")
    monkeypatch.setattr(compat.dr, "async_get", lambda hass: Old())
    assert compat.device_by_identifier(hass, "a", "b") == {(DOMAIN, "a")}


def test_tools_for_assist_where_the_platform_exists() -> None:
    component = pytest.importorskip(
        "homeassistant.components.llm", reason="this version has no LLM platform"
    )
    assert isinstance(compat.llm_tools([], "prompt"), component.LLMTools)


# --- Diagnostics -----------------------------------------------------------------------


async def test_diagnostics_tell_nothing_private(
    hass: HomeAssistant, hub: FakeHub, entry: MockConfigEntry
) -> None:
    options = {"base_url": "http://llm.secret/v1", "model": "m", "api_key": "key-123"}
    hass.config_entries.async_update_entry(entry, options=options)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    await request(hass, "monitor my mood in the bedroom")
    hub.read("person.anna", m.Quantity.MOOD, "stressed", details={"why": "late"})
    await hass.async_block_till_done()
    found = await async_get_config_entry_diagnostics(hass, entry)
    text = json.dumps(found)
    for secret in (
        "anna",
        "Anna",
        "stressed",
        "late",
        "key-123",
        "llm.secret",
        "192.168.1.20",
        "edroom",
    ):
        assert secret not in text, secret
    assert found["available"] is True
    assert found["people"] == 1
    assert [step["tool"] for step in found["monitors"][0]["plan"]["steps"]]
    assert found["readings"][0]["quantity"] == "mood"
    assert found["readings"][0]["quality"] == 0.8


# --- Blueprints ------------------------------------------------------------------------


def blueprint_use(path: str, inputs: dict[str, Any]) -> dict[str, Any]:
    return {"id": path, "use_blueprint": {"path": path, "input": inputs}}


@pytest.fixture
async def automations(hass: HomeAssistant, tmp_path: Path) -> HomeAssistant:
    """A Home Assistant that has our blueprints."""
    target = tmp_path / "blueprints"
    target.symlink_to(ROOT / "blueprints")
    hass.config.config_dir = str(tmp_path)
    uses = [
        blueprint_use(
            "edge_ai/act_on_mood.yaml",
            {
                "mood_sensor": "sensor.anna_mood",
                "begin_actions": [{"action": "test.begin"}],
                "end_actions": [{"action": "test.end"}],
            },
        ),
        blueprint_use(
            "edge_ai/suggest_a_break.yaml",
            {
                "stress_sensor": "binary_sensor.anna_stress",
                "notify_actions": [{"action": "test.notify", "data": {"text": "{{ message }}"}}],
            },
        ),
        blueprint_use(
            "edge_ai/request_on_arrival.yaml",
            {
                "person": "person.anna",
                "participant": "Anna",
                "request": "monitor Anna's mood",
            },
        ),
    ]
    assert await async_setup_component(hass, AUTOMATION, {AUTOMATION: uses})
    await hass.async_block_till_done()
    assert len(hass.states.async_entity_ids(AUTOMATION)) == len(uses)
    assert all(state.state == "on" for state in hass.states.async_all(AUTOMATION))
    return hass


async def test_every_blueprint_is_tried() -> None:
    files = {path.name for path in (ROOT / "blueprints" / "automation" / "edge_ai").iterdir()}
    assert files == {"act_on_mood.yaml", "suggest_a_break.yaml", "request_on_arrival.yaml"}


async def test_blueprint_act_on_mood(automations: HomeAssistant, freezer: Any) -> None:
    hass = automations
    begun = async_mock_service(hass, "test", "begin")
    ended = async_mock_service(hass, "test", "end")

    async def show(*moods: str, minutes: float = 0) -> None:
        # Not `async_block_till_done`, which would wait for the automation's own waiting.
        for mood in moods:
            hass.states.async_set("sensor.anna_mood", mood)
            await asyncio.sleep(0)
        freezer.tick(timedelta(minutes=minutes, seconds=1))
        async_fire_time_changed(hass)
        for _ in range(20):
            await asyncio.sleep(0)

    await show("neutral", "stressed", minutes=1)
    await show("content")
    assert (len(begun), len(ended)) == (0, 0)  # too short: nothing began that could be over
    await show("stressed", minutes=5)
    assert (len(begun), len(ended)) == (1, 0)
    await show("unknown", "unavailable", "unknown")
    assert (len(begun), len(ended)) == (1, 0)
    await show("content")
    await until(lambda: ended)
    assert (len(begun), len(ended)) == (1, 1)


async def test_blueprint_suggest_a_break(automations: HomeAssistant, freezer: Any) -> None:
    hass = automations
    told = async_mock_service(hass, "test", "notify")
    for _ in range(2):
        hass.states.async_set("binary_sensor.anna_stress", "off")
        hass.states.async_set("binary_sensor.anna_stress", "on")
        await asyncio.sleep(0)
        freezer.tick(timedelta(minutes=10, seconds=1))
        async_fire_time_changed(hass)
        # Not `async_block_till_done`, which would wait for the automation's pause.
        await until(lambda: told)
    await asyncio.sleep(0)
    assert len(told) == 1
    assert "walk" in told[0].data["text"]
    await hass.services.async_call(
        AUTOMATION, "turn_off", {"entity_id": "all", "stop_actions": True}, blocking=True
    )


async def test_blueprint_request_on_arrival(
    automations: HomeAssistant, hub: FakeHub, loaded: MockConfigEntry
) -> None:
    hass = automations
    hass.states.async_set("person.anna", "not_home", {"friendly_name": "Anna"})
    hass.states.async_set("person.anna", "home", {"friendly_name": "Anna"})
    await hass.async_block_till_done()
    assert list(hub.monitors) == ["m1"]
    hass.states.async_set("person.anna", "not_home", {"friendly_name": "Anna"})
    await hass.async_block_till_done()
    assert hub.monitors == {}
