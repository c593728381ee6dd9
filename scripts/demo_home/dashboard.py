"""The demo's dashboard: cards that every Home Assistant has, a pattern for one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from demo_home.home_assistant import HomeAssistant
from demo_home.story import AREA, PERSON

_PERSON = f"person.{PERSON.lower()}_"
_TILES = ("mood", "stress", "breathing_rate", "heart_rate", "app_usage", "activation")


async def furnish(home: HomeAssistant, entities: Mapping[str, Mapping[str, Any]]) -> None:
    """Replace the default dashboard by one of our entities."""

    def entity(key: str) -> str:
        return str(entities[key]["entity_id"])

    now = [{"type": "tile", "entity": entity(f"{_PERSON}{key}")} for key in _TILES]
    graph = {
        "type": "history-graph",
        "hours_to_show": 0.05,
        "entities": [
            {"entity": entity(f"{_PERSON}{key}"), "name": name}
            for key, name in (
                ("mood", "Mood"),
                ("heart_rate", "Heart"),
                ("breathing_rate", "Breathing"),
            )
        ],
    }
    controls = {
        "type": "entities",
        "entities": [
            entity(f"{_PERSON}check_in"),
            entity(f"{_PERSON}calibrate"),
            entity(f"{_PERSON}sensing"),
        ],
    }
    view = {
        "title": "Edge AI",
        "type": "sections",
        "sections": [
            {"type": "grid", "cards": [_heading(PERSON, "mdi:account-heart"), *now]},
            {"type": "grid", "cards": [_heading("Last minutes", "mdi:chart-line"), graph]},
            {"type": "grid", "cards": [_heading(f"{AREA}, {PERSON}", "mdi:tune"), controls]},
        ],
    }
    await home.command("lovelace/config/save", config={"views": [view]})


def _heading(text: str, icon: str) -> dict[str, str]:
    return {"type": "heading", "heading": text, "icon": icon}
