"""Read what a language model answered: JSON somewhere in its text, then goals and plans.

Nothing is repaired by guessing: an answer is taken as it is or refused with a complaint
that the model may read.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..messages import (
    GOAL_QUANTITIES,
    Catalogue,
    Condition,
    Goal,
    Intent,
    Plan,
    PlanStep,
    Quantity,
)
from .chain import plan_id
from .home import Home
from .lexicon import Kind
from .limits import out_of_range
from .prompt import Prompt
from .scan import scan
from .target import find_target
from .tokens import tokenize
from .validate import validate

MAX_GOALS = 8
MAX_STEPS = 32
# An answer is a few hundred characters long. Each bracket may begin the JSON, and trying
# them all would let a hostile answer cost quadratic time.
MAX_ANSWER = 20_000
MAX_BEGINNINGS = 50
_THINKING = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)


class AnswerError(ValueError):
    """The answer cannot be used; the message is a complaint for the model."""


def extract(text: str) -> Any:
    """The first JSON object or list in the text, behind thoughts, fences and chatter.

    Raises AnswerError when there is none.
    """
    text = _THINKING.sub("", text[:MAX_ANSWER])
    decoder = json.JSONDecoder()
    for match in itertools.islice(re.finditer(r"[{\[]", text), MAX_BEGINNINGS):
        start = match.start()
        try:
            value, _ = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, (dict, list)):
            return value
    raise AnswerError("there is no complete JSON object in the answer")


def read_goals(answer: Any, prompt: Prompt, text: str, home: Home) -> tuple[Goal, ...]:
    """Goals with the home's own ids.

    Raises AnswerError naming what is wrong: an unknown id or word, a number out of range, a
    person or an area that the request does not name.
    """
    named = _Named(text, home)
    return tuple(_goal(item, prompt, named) for item in _items(answer))


def read_plans(
    answer: Any, prompt: Prompt, goals: Sequence[Goal], catalogue: Catalogue, home: Home
) -> tuple[Plan | None, ...]:
    """A plan for each goal that has one. Raises AnswerError with the validator's complaint."""
    return tuple(
        _plan(item.get("plan"), prompt, goal, catalogue, home)
        for item, goal in zip(_items(answer), goals, strict=True)
    )


class _Named:
    """Who and what a request names by itself; a model may not bring in anybody else."""

    def __init__(self, text: str, home: Home) -> None:
        items = scan(tokenize(text), home)
        everyone = any(item.kind is Kind.EVERYONE for item in items)
        self.people = {item.value for item in items if item.kind is Kind.PERSON}
        self.areas = {item.value for item in items if item.kind is Kind.AREA}
        if everyone:
            self.people |= {person.id for person in home.people}


def _items(answer: Any) -> list[Mapping[str, Any]]:
    if isinstance(answer, dict):
        answer = answer.get("goals", [answer] if "intent" in answer else None)
    if not isinstance(answer, list) or not all(isinstance(item, dict) for item in answer):
        raise AnswerError('the answer must be an object with a list "goals"')
    if len(answer) > MAX_GOALS:
        raise AnswerError(f"at most {MAX_GOALS} goals")
    # "None" is a wordy way to say that nothing is wanted.
    return [item for item in answer if item.get("intent") != Intent.NONE]


def _goal(item: Mapping[str, Any], prompt: Prompt, named: _Named) -> Goal:
    quantities = item.get("quantities", [])
    if not isinstance(quantities, list):
        raise AnswerError("quantities must be a list")
    goal = Goal(
        intent=_one_of(Intent, item.get("intent"), "intent"),
        quantities=tuple(dict.fromkeys(_quantity(name) for name in quantities)),
        person=_known(item.get("person"), prompt.people, "person"),
        area=_known(item.get("area"), prompt.areas, "area"),
        duration_s=_seconds(item.get("duration_s"), "duration_s"),
        condition=_condition(item.get("condition")),
        policy=_policy(item.get("policy"), prompt),
    )
    if goal.person is not None and goal.person not in named.people:
        raise AnswerError("person is not named in the request; use null")
    if goal.area is not None and goal.area not in named.areas:
        raise AnswerError("area is not named in the request; use null")
    if not goal.quantities and goal.intent not in (Intent.STOP, Intent.TRAIN):
        raise AnswerError("quantities must not be empty")
    if goal.condition is not None and goal.intent is not Intent.ALERT:
        raise AnswerError("condition belongs to the intent alert only")
    slot = out_of_range(goal)
    if slot is not None:
        raise AnswerError(f"{slot} is out of range")
    return goal


def _policy(name: Any, prompt: Prompt) -> str | None:
    if name is None or (isinstance(name, str) and name in prompt.policies):
        return name
    raise AnswerError("policy must be one of the listed ids or null")


def _condition(item: Any) -> Condition | None:
    if item is None:
        return None
    if not isinstance(item, dict):
        raise AnswerError("condition must be an object or null")
    value = item.get("value")
    if isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, (float, str, bool)):
        raise AnswerError("condition.value must be a number, a word, true or false")
    return Condition(
        quantity=_quantity(item.get("quantity")),
        op=str(item.get("op")),
        value=value,
        for_s=_seconds(item.get("for_s"), "condition.for_s"),
    )


def _quantity(name: Any) -> Quantity:
    quantity: Quantity = _one_of(Quantity, name, "quantity")
    if quantity not in GOAL_QUANTITIES:
        raise AnswerError("quantity is none of: " + ", ".join(GOAL_QUANTITIES))
    return quantity


def _one_of(kind: Any, value: Any, field: str) -> Any:
    try:
        return kind(value)
    except ValueError:
        raise AnswerError(f"{field} is none of: {', '.join(kind)}") from None


def _known(value: Any, ids: Mapping[str, str], field: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or value not in ids:
        raise AnswerError(f"{field} must be null or one of: {', '.join(ids)}")
    return ids[value]


def _seconds(value: Any, field: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value // 1:
        raise AnswerError(f"{field} must be whole seconds or null")
    return int(value)


def _plan(steps: Any, prompt: Prompt, goal: Goal, catalogue: Catalogue, home: Home) -> Plan | None:
    if not steps or not prompt.plans or goal.intent in (Intent.STOP, Intent.TRAIN):
        return None
    if not isinstance(steps, list) or len(steps) > MAX_STEPS:
        raise AnswerError(f"plan must be a list of at most {MAX_STEPS} steps, or null")
    target, _ = find_target(goal, home, "en")
    bare = Plan(
        id="",
        goal=goal,
        steps=tuple(_step(step, prompt) for step in steps),
        person=target.person,
        area=goal.area,
    )
    plan = Plan(id=plan_id(bare), goal=goal, steps=bare.steps, person=bare.person, area=bare.area)
    faults = validate(plan, catalogue, home)
    if faults:
        raise AnswerError("plan: " + " ".join(f"{fault.code}." for fault in faults[:5]))
    return plan


def _step(step: Any, prompt: Prompt) -> PlanStep:
    if not isinstance(step, dict) or not isinstance(step.get("inputs", []), list):
        raise AnswerError("a step is an object with id, tool, device and a list of inputs")
    tool = _known(step.get("tool"), prompt.tools, "tool")
    device = _known(step.get("device"), prompt.devices, "device")
    if tool is None or device is None:
        raise AnswerError("a step needs a tool and a device")
    links = step.get("inputs", [])
    if not all(isinstance(link, dict) for link in links):
        raise AnswerError("an input is an object with port and step")
    return PlanStep(
        id=str(step.get("id"))[:20],
        tool=tool,
        device=device,
        inputs={str(link.get("port"))[:40]: str(link.get("step"))[:20] for link in links},
    )
