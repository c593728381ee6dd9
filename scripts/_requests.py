"""The benchmark of requests: cases, the fixture home, and how answers are scored."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import _planner

_planner.load()

from edge_ai.messages import (  # noqa: E402  (the loader must run first)
    Catalogue,
    DeviceCard,
    Goal,
    Intent,
    Measured,
    Plan,
    ToolCard,
    ToolInput,
    from_dict,
)
from edge_ai.planner.home import Home, Named  # noqa: E402
from edge_ai.planner.ports import PORT_OF  # noqa: E402

FOLDER = _planner.ROOT / "tests" / "requests"
ROUNDS = tuple(f"sight{number}" for number in range(1, 22))
"""Written before the grammar was scored on them, and seen since."""
PARTS = ("development", "held_out", *ROUNDS, "rounds", "all")
LARGE_HOME = ("sight20", "sight21")
"""Parts whose requests name rooms and people that the home of the others does not have."""
_SLOTS = ("person", "area", "duration_s")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One request with the goals that people expect; none for a request of others."""

    id: str
    language: str
    family: str
    text: str
    goals: tuple[Goal, ...]
    home: str = "small"
    """Which of the homes in `homes.json` it is said in."""


@dataclass(kw_only=True)
class Score:
    """Sums over cases; the properties are shares."""

    cases: int = 0
    ours: int = 0
    foreign: int = 0
    intents: int = 0
    goals: int = 0
    false_accepts: int = 0
    plans: int = 0
    plans_exact: int = 0
    slots: Counter[str] = field(default_factory=Counter)
    nodes: Counter[str] = field(default_factory=Counter)
    edges: Counter[str] = field(default_factory=Counter)

    def add(self, case: Case, goals: Sequence[Goal], plans: Sequence[Plan | None]) -> bool:
        """Count one answer; True when its goals are exactly right."""
        self.cases += 1
        if not case.goals:
            self.foreign += 1
            self.false_accepts += bool(goals)
            return not goals
        self.ours += 1
        right = _same(goals, case.goals)
        self.intents += Counter(g.intent for g in goals) == Counter(g.intent for g in case.goals)
        self.goals += right
        _count(self.slots, _slots(goals), _slots(case.goals))
        wanted = [goal for goal in case.goals if goal.intent not in (Intent.STOP, Intent.TRAIN)]
        if wanted:
            got = [_graph(plan) for plan in plans if plan is not None]
            gold = [gold_graph(goal, case.language, case.home) for goal in wanted]
            self.plans += 1
            self.plans_exact += Counter(map(repr, got)) == Counter(map(repr, gold))
            for kind, sums in enumerate((self.nodes, self.edges)):
                _count(sums, (x for g in got for x in g[kind]), (x for g in gold for x in g[kind]))
        return right


def load_cases(part: str, languages: Sequence[str] = ("en", "zh")) -> list[Case]:
    """Cases of one of PARTS; "all" are those that the grammar's own authors wrote.

    Each of ROUNDS was written before the grammar was scored on it; "rounds" are all of them.
    """
    together = {"all": ("development", "held_out"), "rounds": ROUNDS}
    parts = together.get(part, (part,))
    return [
        Case(
            id=row["id"],
            language=row["language"],
            family=row["family"],
            text=row["text"],
            goals=tuple(from_dict(Goal, goal) for goal in row["goals"]),
            home="large" if name in LARGE_HOME else "small",
        )
        for name in parts
        for language in languages
        for row in _rows(FOLDER / f"{name}_{language}.jsonl")
    ]


def fixture_home(language: str, home: str = "small") -> Home:
    """A home of the cases; the first person asks from the first area."""
    names = _json("homes.json")[home][language]
    areas = tuple(Named(name, name) for name in names["areas"])
    return Home(
        people=tuple(Named(name, name) for name in names["people"]),
        areas=areas,
        area_devices={area.id: (f"room-{number}",) for number, area in enumerate(areas)},
        speaker=names["people"][0],
        satellite_area=areas[0].id,
    )


def fixture_catalogue(language: str, home: str = "small") -> Catalogue:
    """One hub, one router, and a speaker with a microphone in every room."""
    data = _json("plans.json")
    tools = tuple(
        ToolCard(
            name=name,
            version="1",
            summary="",
            inputs=tuple(
                ToolInput(port=port.rstrip("?"), required=not port.endswith("?"))
                for port in card["inputs"]
            ),
            outputs=tuple(card["outputs"]),
            needs=tuple(card.get("needs", ())),
            local_outputs=tuple(card.get("local", ())),
        )
        for name, card in data["tools"].items()
    )
    rooms = range(len(fixture_home(language, home).areas))
    ids = ["hub", "router", *(f"room-{number}" for number in rooms)]
    devices = tuple(
        DeviceCard(
            id=id_,
            name=id_,
            version="1",
            hub=id_ == "hub",
            capabilities=tuple(data["devices"][id_.split("-")[0]]["capabilities"]),
            tools=tuple(data["tools"]),
        )
        for id_ in ids
    )
    return Catalogue(devices=devices, tools=tools)


def large_catalogue(tools: int, devices: int) -> Catalogue:
    """A home of many kinds of everything: the main path many times over, on every device.

    Every device can run every tool, and each step of the main path has several rivals; this
    is the hardest case for the search, since nothing can be left out at once.
    """
    base = fixture_catalogue("en").tools
    cards = tuple(
        replace(
            base[number % len(base)],
            name=f"{base[number % len(base)].name}_{number:03d}",
            quality=(Measured(metric="accuracy", value=0.5 + number % 37 / 100),),
        )
        for number in range(tools)
    )
    needs = tuple({need for card in cards for need in card.needs})
    machines = tuple(
        DeviceCard(
            id=f"device-{number:02d}",
            name=f"device-{number:02d}",
            version="1",
            hub=number == 0,
            capabilities=needs,
            tools=tuple(card.name for card in cards),
        )
        for number in range(devices)
    )
    return Catalogue(devices=machines, tools=cards)


def gold_graph(
    goal: Goal, language: str, home: str = "small"
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Nodes and edges that were written by hand, in the room that the goal means."""
    rooms = fixture_home(language, home)
    place = goal.area or rooms.satellite_area
    room = "room-" + str([area.id for area in rooms.areas].index(place or ""))
    gold = _json("plans.json")["gold"]
    found: list[set[str]] = [set(), set()]
    for port in {PORT_OF[quantity] for quantity in goal.quantities}:
        for index, kind in enumerate(("nodes", "edges")):
            found[index].update(item.replace("@room", f"@{room}") for item in gold[port][kind])
    return tuple(sorted(found[0])), tuple(sorted(found[1]))


def f1(sums: Counter[str]) -> float:
    """F1 of counted hits; 1.0 where nothing was wanted and nothing given."""
    total = sums["got"] + sums["gold"]
    return 2 * sums["hit"] / total if total else 1.0


def _graph(plan: Plan) -> tuple[tuple[str, ...], tuple[str, ...]]:
    place = {step.id: f"{step.tool}@{step.device}" for step in plan.steps}
    edges = {
        f"{place[source]}>{place[step.id]}"
        for step in plan.steps
        for source in step.inputs.values()
        if source in place
    }
    return tuple(sorted(place.values())), tuple(sorted(edges))


def _count(sums: Counter[str], got: Iterable[Any], gold: Iterable[Any]) -> None:
    first, second = Counter(got), Counter(gold)
    sums["hit"] += (first & second).total()
    sums["got"] += first.total()
    sums["gold"] += second.total()


def _slots(goals: Sequence[Goal]) -> list[str]:
    """Every filled slot as text, normalised."""
    found: list[str] = []
    for goal in goals:
        found += [f"quantity={quantity}" for quantity in goal.quantities]
        found += [
            f"{slot}={value}" for slot in _SLOTS if (value := getattr(goal, slot)) is not None
        ]
        if goal.condition is not None:
            found.append(f"condition={_plain(goal)[-1]}")
    return found


def _same(goals: Sequence[Goal], gold: Sequence[Goal]) -> bool:
    return Counter(map(repr, map(_plain, goals))) == Counter(map(repr, map(_plain, gold)))


def _plain(goal: Goal) -> tuple[Any, ...]:
    condition = goal.condition
    value = None if condition is None else condition.value
    number = float(value) if isinstance(value, int) and not isinstance(value, bool) else value
    plain = condition and (condition.quantity, condition.op, number, condition.for_s)
    quantities = tuple(sorted(goal.quantities))
    return goal.intent, quantities, goal.person, goal.area, goal.duration_s, plain


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def _json(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return data
