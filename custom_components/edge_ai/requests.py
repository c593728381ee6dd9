"""From a sentence to what happens: understand it, do it, and answer in its language."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util import dt as dt_util

from .alerts import Asker
from .const import DOMAIN
from .coordinator import CommandRefused, EdgeCoordinator
from .messages import (
    CommandName,
    Goal,
    Intent,
    MessageError,
    Monitor,
    Plan,
    Quantity,
    Reading,
    from_dict,
    to_dict,
)
from .planner import reply
from .planner.confirm import reason_to_ask
from .planner.home import Home
from .planner.request import Understanding, understand
from .runtime import EdgeConfigEntry

_LOGGER = logging.getLogger(__name__)

# What the hub's codes mean, for those whom its English sentences would not help.
HUB_REFUSALS_ZH = {
    "busy": "已有训练正在进行。",
    "invalid_plan": "中枢无法运行这个计划。",
    "no_data": "中枢没有可供学习的录音数据：请在其设置的 [federated] 中填写 data。",
    "nothing_to_calibrate": "现在没有测量此人的状态。请先监测心情，再校准。",
    "nothing_to_undo": "没有更早的模型可以恢复。",
    "nothing_waits": "没有等待答复的模型。",
    "storage": "中枢无法保存。",
    "unknown_monitor": "没有这个监测。",
    "unknown_person": "此人没有在中枢上参与。",
    "unsupported": "中枢还不支持这个请求。",
}


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A request, and who makes it where."""

    text: str
    language: str
    user_id: str | None = None
    device_id: str | None = None
    """The device that was spoken to."""
    by_model: bool = False
    """Does a language model pass the sentence on? Then it cannot confirm anything."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is said, and what was understood and done."""

    reply: str
    understood: bool
    understanding: Understanding = field(default_factory=Understanding)
    monitors: tuple[str, ...] = ()
    """Ids of the monitors that run because of this request."""
    stopped: tuple[str, ...] = ()
    error: str | None = None
    """A code, when the hub refused or did not answer; `reply` says it in words."""

    def as_dict(self) -> dict[str, Any]:
        """Return the answer in plain JSON types."""
        seen = self.understanding
        return {
            "reply": self.reply,
            "understood": self.understood,
            "source": seen.source,
            "goals": [to_dict(goal) for goal in seen.goals],
            "plans": [None if plan is None else to_dict(plan) for plan in seen.plans],
            "refused": [to_dict(refusal) for refusal in seen.refusals],
            "monitors": list(self.monitors),
            "stopped": list(self.stopped),
            "error": self.error,
        }


def loaded_entries(hass: HomeAssistant) -> list[EdgeConfigEntry]:
    """Return the hubs that are set up, the oldest first."""
    return [
        entry
        for entry in hass.config_entries.async_entries(DOMAIN)
        if entry.state is ConfigEntryState.LOADED
    ]


def entry_for(hass: HomeAssistant, text: str = "", entry_id: str | None = None) -> EdgeConfigEntry:
    """Return the hub a request is for: the one named, else the one whose people it names.

    Raises ServiceValidationError when there is none.
    """
    entries = [e for e in loaded_entries(hass) if entry_id in (None, e.entry_id)]
    if not entries and entry_id is not None:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="hub_not_loaded")
    if not entries:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_hub_loaded")
    folded = text.casefold()

    def names_found(entry: EdgeConfigEntry) -> int:
        return sum(
            person.name.casefold() in folded
            for person in entry.runtime_data.coordinator.home().people
        )

    return max(entries, key=names_found)  # the first of equals


async def async_understand(hass: HomeAssistant, entry: EdgeConfigEntry, ask: Ask) -> Understanding:
    """Read a request and plan it, without doing anything."""
    coordinator = entry.runtime_data.coordinator
    understanding = await understand(
        ask.text,
        home=coordinator.home(user_id=ask.user_id, device_id=ask.device_id),
        catalogue=coordinator.catalogue,
        language=ask.language,
        model=entry.runtime_data.models.present,
        now=dt_util.now(),
    )
    for note in understanding.notes:
        _LOGGER.debug("Request: %s", note)
    return understanding


async def async_handle(hass: HomeAssistant, entry: EdgeConfigEntry, ask: Ask) -> Answer:
    """Understand a request and do it; without goals it is not ours and nothing happened."""
    understanding = await async_understand(hass, entry, ask)
    if not understanding.goals:
        return Answer(
            reply=reply.not_understood(ask.language),
            understood=False,
            understanding=understanding,
        )
    return await _Doing(entry, ask, understanding).async_run()


class _Doing:
    """Does the goals of one request, one after the other, and collects what to say."""

    def __init__(self, entry: EdgeConfigEntry, ask: Ask, understanding: Understanding) -> None:
        self._runtime = entry.runtime_data
        self._coordinator: EdgeCoordinator = entry.runtime_data.coordinator
        self._ask = ask
        self._understanding = understanding
        self._home: Home = self._coordinator.home(user_id=ask.user_id, device_id=ask.device_id)
        self._monitors: list[str] = []
        self._stopped: list[str] = []

    async def async_run(self) -> Answer:
        said: list[str] = []
        error: str | None = None
        understanding = self._understanding
        for goal, plan in zip(understanding.goals, understanding.plans, strict=True):
            try:
                said.append(await self._async_do(goal, plan))
            except CommandRefused as refusal:
                said.append(self._refused_by_hub(refusal))
                error = refusal.code
            except HomeAssistantError as failure:
                # Broker or hub is away or silent: the rest would fail in the same way.
                said.append(reply.hub_away(self._ask.language))
                error = failure.translation_key or "hub_offline"
                break
        space = "" if is_chinese(self._ask.language) else " "
        return Answer(
            reply=space.join(said),
            understood=True,
            understanding=understanding,
            monitors=tuple(self._monitors),
            stopped=tuple(self._stopped),
            error=error,
        )

    async def _async_do(self, goal: Goal, plan: Plan | None) -> str:
        if goal.intent is Intent.QUERY:
            return self._query(goal, plan)
        if goal.intent is Intent.STOP:
            return await self._async_stop(goal)
        if goal.intent is Intent.TRAIN:
            await self._coordinator.async_command(
                CommandName.TRAIN, {"quantities": [str(item) for item in goal.quantities]}
            )
            return reply.training_started(goal, self._ask.language)
        if plan is None or not plan.steps:
            refused = () if plan is None else plan.refused
            return reply.refused(refused, self._ask.language)
        return self._asked_first(plan) or await self._async_start(plan)

    def _asked_first(self, plan: Plan) -> str | None:
        """Ask for a second word where one is needed; None when the plan may start."""
        reason = reason_to_ask(
            plan,
            proposed=self._understanding.source == "language_model",
            catalogue=self._coordinator.catalogue,
            home=self._home,
        )
        if reason is None:
            return None
        ask, waiting, now_s = self._ask, self._runtime.confirmations, time.monotonic()
        if not ask.by_model and waiting.take(ask.user_id, ask.device_id, plan, now_s):
            return None
        if not ask.by_model:
            waiting.ask(ask.user_id, ask.device_id, plan, now_s)
        return reply.confirm(plan, reason, self._home, ask.language, by_model=ask.by_model)

    async def _async_start(self, plan: Plan) -> str:
        result = await self._coordinator.async_command(CommandName.START, {"plan": to_dict(plan)})
        try:
            monitor = from_dict(Monitor, result.get("monitor"), "monitor")
        except MessageError:
            # The answer to a repeated command says only that it was done.
            _LOGGER.debug("The hub started plan %s without telling the monitor", plan.id)
        else:
            self._monitors.append(monitor.id)
            self._runtime.alerts.async_remember(
                monitor.id, Asker(language=self._ask.language, device_id=self._ask.device_id)
            )
        if result.get("already_running"):
            return reply.already_running(plan, self._home, self._ask.language)
        return reply.started(plan, self._home, self._ask.language)

    def _refused_by_hub(self, refusal: CommandRefused) -> str:
        """Say why the hub refused; it speaks English only."""
        if not is_chinese(self._ask.language):
            return refusal.sentence
        return HUB_REFUSALS_ZH.get(refusal.code, f"中枢拒绝了：{refusal.sentence}")

    async def _async_stop(self, goal: Goal) -> str:
        filters: dict[str, Any] = {}
        person = goal.person or (self._home.speaker if goal.quantities else None)
        if person is not None:
            filters["person"] = person
        if goal.area is not None:
            filters["area"] = goal.area
        if goal.quantities:
            filters["quantities"] = [str(item) for item in goal.quantities]
        result = await self._coordinator.async_command(CommandName.STOP, filters)
        stopped = [str(item) for item in result.get("stopped", ())]
        self._stopped += stopped
        return reply.stopped(goal, len(stopped), self._home, self._ask.language)

    def _query(self, goal: Goal, plan: Plan | None) -> str:
        """Answer from the readings that are valid now."""
        person = goal.person or (plan.person if plan else None) or self._home.speaker
        area = goal.area or (plan.area if plan else None)
        said = []
        for quantity in goal.quantities:
            found = self._find(quantity, person, area, goal.area is not None)
            said.append(
                reply.no_reading(quantity, self._ask.language)
                if found is None
                else self._say(found, goal)
            )
        space = "" if is_chinese(self._ask.language) else " "
        return space.join(said)

    def _find(
        self, quantity: Quantity, person: str | None, area: str | None, area_named: bool
    ) -> Reading | None:
        subjects = [f"person.{person}"] if person else []
        if area is not None:
            subjects.insert(0 if area_named else len(subjects), f"area.{area}")
        for subject in subjects:
            if reading := self._coordinator.readings.get(subject, quantity):
                return reading
        return None

    def _say(self, reading: Reading, goal: Goal) -> str:
        kind, _, name = reading.subject.partition(".")
        person = self._home.person(name) if kind == "person" else None
        area = self._home.area(name) if kind == "area" else None
        own = person is not None and goal.person is None
        return reply.reading(
            reading.quantity,
            reading.value,
            reading.unit,
            reading.state,
            self._ask.language,
            person=None if own or person is None else person.name,
            area=None if area is None else area.name,
        )


def is_chinese(language: str) -> bool:
    """Tell whether a language tag is a kind of Chinese, in any spelling."""
    return language.replace("_", "-").casefold().split("-")[0] == "zh"


def language_of(text: str, hint: str) -> str:
    """Return the language to answer in: the text's script decides, else the hint.

    Assist may hear Chinese in an English pipeline, and an action need not name a language.
    """
    if any("\u4e00" <= char <= "\u9fff" for char in text):
        return hint if is_chinese(hint) else "zh"
    return "en" if is_chinese(hint) and any(char.isalpha() for char in text) else hint
