"""What the terminal shows: reply, goal, plan, placement, live readings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from demo_home.story import PERSON

# What the check asks for, and how it is called. A reading of zero app use is no use.
_ANNA = f"person.{PERSON.lower()}_"
SHOWN = {
    f"{_ANNA}mood": "Mood",
    f"{_ANNA}mood_confidence": "Confidence",
    f"{_ANNA}activation": "Activation",
    f"{_ANNA}breathing_rate": "Breathing",
    f"{_ANNA}heart_rate": "Heart",
    f"{_ANNA}app_usage": "App usage, last hour",
    f"{_ANNA}stress": "Stress",
}
REQUIRED = tuple(
    f"{_ANNA}{key}" for key in ("mood", "activation", "breathing_rate", "heart_rate", "app_usage")
)
_NOTHING = ("unknown", "unavailable")


def missing(states: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Names of required entities without a value."""
    return [
        SHOWN[key]
        for key in REQUIRED
        if key not in states
        or states[key]["state"] in _NOTHING
        or (key.endswith("app_usage") and float(states[key]["state"]) <= 0)
    ]


def understanding(said: str, reply: str, answer: Mapping[str, Any]) -> RenderableType:
    """The request, the spoken reply, the goal and the plan with its placement."""
    goal = answer["goals"][0]
    slots = ", ".join(
        f"{name}: {', '.join(value) if isinstance(value, list) else value}"
        for name, value in goal.items()
        if value not in (None, [])
    )
    plan = Tree(f"Plan {answer['plans'][0]['id']}, understood by the {answer['source']}")
    consumers: dict[str, list[Mapping[str, Any]]] = {}
    steps = answer["plans"][0]["steps"]
    for step in steps:
        for producer in step["inputs"].values():
            consumers.setdefault(producer, []).append(step)
    fed = {producer for step in steps for producer in step["inputs"].values()}
    for last in [step for step in steps if step["id"] not in fed]:
        _branch(plan, last, {step["id"]: step for step in steps})
    body = Table.grid(padding=(0, 2))
    body.add_row(Text("You", style="bold"), f"“{said}”")
    body.add_row(Text("Home", style="bold"), f"“{reply}”")
    body.add_row(Text("Goal", style="bold"), slots)
    body.add_row(Text("Plan", style="bold"), plan)
    return Panel(body, title="Request", border_style="cyan")


def _branch(tree: Tree, step: Mapping[str, Any], steps: Mapping[str, Mapping[str, Any]]) -> None:
    """A step and, below it, the steps that feed it."""
    where = f"[green]{step['device']}[/]" + (
        f" [dim]({step['reason']})[/]" if step["reason"] else ""
    )
    branch = tree.add(f"[bold]{step['tool']}[/] on {where}")
    for producer in step["inputs"].values():
        _branch(branch, steps[producer], steps)


def readings(states: Mapping[str, Mapping[str, Any]]) -> Table:
    """The entities in Home Assistant as they are now."""
    table = Table("Entity in Home Assistant", "", "Value", "", title="Live readings", expand=True)
    for key, label in SHOWN.items():
        state = states.get(key, {"entity_id": "", "state": "not there yet", "attributes": {}})
        lacks = state["state"] in (*_NOTHING, "not there yet")
        unit = "" if lacks else state["attributes"].get("unit_of_measurement", "")
        value = Text(f"{state['state']} {unit}", style="dim" if lacks else "bold green")
        why = state["attributes"].get("state_reason", "") if lacks else ""
        table.add_row(label, state["entity_id"], value, Text(why, style="dim"))
    return table


def progress() -> Progress:
    """How many of the required entities have values."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
    )  # fmt: skip


def live(bar: Progress, states: Mapping[str, Mapping[str, Any]]) -> Group:
    """Progress above, readings below."""
    return Group(bar, readings(states))
