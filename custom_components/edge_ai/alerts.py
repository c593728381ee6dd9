"""Alerts: conditions over readings that are told once, when they come true."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from functools import partial
from typing import Any

from homeassistant.components import persistent_notification
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .coordinator import EdgeCoordinator
from .messages import Condition, EventKind, Monitor, Plan, Quantity, ReadingState, Scalar
from .planner import reply
from .planner.conditions import is_breathing_pause

EVENT_ALERT = "alert"

# A rate that hovers around its threshold must not tell again and again: it has to come
# back by this share of the threshold, a label or a yes/no has to stay away this long.
REARM_SHARE = 0.05
REARM_S = 60.0
# While a condition is held, readings may be missing this long (somebody moves, a lost
# message) before the holding starts again.
MAX_GAP_S = 60.0
SAVE_DELAY_S = 1.0

COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}


def told_store(hass: HomeAssistant, entry: ConfigEntry) -> Store[dict[str, Any]]:
    """Where one hub's alerts remember over a restart who asked and what was told."""
    return Store(hass, 1, f"{DOMAIN}.{entry.entry_id}", private=True)


def holds(condition: Condition, value: Scalar) -> bool:
    """Tell whether a value meets the condition; never for a value of another kind."""
    compare = COMPARISONS.get(condition.op)
    if compare is None or value is None:
        return False
    wanted = condition.value
    if isinstance(value, bool) is not isinstance(wanted, bool):
        return False
    if isinstance(value, str) is not isinstance(wanted, str):
        return False
    return compare(value, wanted)


def recovered(condition: Condition, value: Scalar) -> bool:
    """Tell whether a value is so far from the condition that it may be told anew."""
    wanted = condition.value
    if isinstance(wanted, (bool, str)) or not isinstance(value, (int, float)):
        return not holds(condition, value)
    margin = REARM_SHARE * abs(wanted)
    if condition.op in (">", ">="):
        return value < wanted - margin
    if condition.op in ("<", "<="):
        return value > wanted + margin
    return not holds(condition, value)


class Phase(Enum):
    """Where an alert stands."""

    ARMED = auto()
    HOLDING = auto()
    """The condition is true, not yet long enough."""
    TOLD = auto()
    RECOVERING = auto()
    """Told, and the condition is no longer true, not yet long enough to arm again."""


class Alert:
    """Follows one condition through its phases."""

    def __init__(
        self,
        hass: HomeAssistant,
        condition: Condition,
        tell: Callable[[Scalar], None],
        *,
        told: bool = False,
    ) -> None:
        self._hass = hass
        self._condition = condition
        self._tell = tell
        self._phase = Phase.TOLD if told else Phase.ARMED
        self._value: Scalar = None
        self._since = 0.0
        self._missing_since: float | None = None
        self._timer: CALLBACK_TYPE | None = None

    @property
    def told(self) -> bool:
        """Whether it was told and has not been armed again."""
        return self._phase in (Phase.TOLD, Phase.RECOVERING)

    @callback
    def async_update(self, value: Scalar) -> None:
        """Take the present value; None: there is none."""
        self._value = value
        if value is None:
            if self._missing_since is None:
                self._missing_since = _now()
            return
        gap = 0.0 if self._missing_since is None else _now() - self._missing_since
        self._missing_since = None
        true = holds(self._condition, value)
        match self._phase:
            case Phase.ARMED if true:
                self._hold()
            case Phase.HOLDING if not true:
                self._enter(Phase.ARMED)
            case Phase.HOLDING if gap > MAX_GAP_S:
                self._hold()
            case Phase.HOLDING:
                self._tell_if_held()
            case Phase.TOLD if recovered(self._condition, value):
                self._recover()
            case Phase.RECOVERING if true:
                self._enter(Phase.TOLD)

    @callback
    def async_cancel(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer()
            self._timer = None

    def _enter(self, phase: Phase, after_s: float | None = None) -> None:
        self.async_cancel()
        self._phase = phase
        self._since = _now()
        if after_s is not None:
            self._timer = async_call_later(self._hass, after_s, self._time_over)

    def _hold(self) -> None:
        if not self._condition.for_s:
            self._enter(Phase.TOLD)
            self._tell(self._value)
        else:
            self._enter(Phase.HOLDING, self._condition.for_s)

    def _recover(self) -> None:
        if isinstance(self._condition.value, (bool, str)):
            self._enter(Phase.RECOVERING, REARM_S)
        else:
            self._enter(Phase.ARMED)

    def _tell_if_held(self) -> None:
        held_s = _now() - self._since
        if self._value is not None and held_s >= (self._condition.for_s or 0):
            value = self._value
            self._enter(Phase.TOLD)
            self._tell(value)

    @callback
    def _time_over(self, _now: datetime) -> None:
        self._timer = None
        if self._phase is Phase.HOLDING:
            self._tell_if_held()
        elif self._phase is Phase.RECOVERING:
            self._enter(Phase.ARMED)


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Who wants to hear of a monitor: the language, and the satellite that was spoken to."""

    language: str
    device_id: str | None = None


class AlertWatcher:
    """Derives the alerts from the hub's monitors, so that they survive any restart."""

    def __init__(self, hass: HomeAssistant, coordinator: EdgeCoordinator) -> None:
        self._hass = hass
        self._coordinator = coordinator
        self._alerts: dict[str, Alert] = {}
        self._monitors: dict[str, Monitor] = {}
        self._askers: dict[str, Asker] = {}
        self._told: set[str] = set()
        # Gone with the last list of monitors; the event that says why may follow it.
        self._leaving: dict[str, Monitor] = {}
        self._store = told_store(hass, coordinator.config_entry)

    async def async_start(self) -> None:
        """Remember what was told before, and follow monitors, readings and events."""
        stored = await self._store.async_load() or {}
        self._askers = {key: Asker(**item) for key, item in stored.get("askers", {}).items()}
        self._told = set(stored.get("told", ()))
        entry = self._coordinator.config_entry
        entry.async_on_unload(self._coordinator.async_add_listener(self._monitors_changed))
        entry.async_on_unload(self._coordinator.readings.async_listen(None, self._reading_changed))
        entry.async_on_unload(self._coordinator.async_listen_events(self._event_told))
        entry.async_on_unload(self._stop)
        self._monitors_changed()

    @callback
    def async_remember(self, monitor: str, asker: Asker) -> None:
        """Note who asked for a monitor."""
        self._askers[monitor] = asker
        self._save()

    @callback
    def _stop(self) -> None:
        for alert in self._alerts.values():
            alert.async_cancel()

    def _save(self) -> None:
        self._store.async_delay_save(
            lambda: {
                "askers": {
                    key: {"language": asker.language, "device_id": asker.device_id}
                    for key, asker in self._askers.items()
                },
                "told": sorted(key for key, alert in self._alerts.items() if alert.told),
            },
            SAVE_DELAY_S,
        )

    @callback
    def _monitors_changed(self) -> None:
        monitors = {monitor.id: monitor for monitor in self._coordinator.data.monitors}
        if monitors.keys() == self._monitors.keys():
            self._monitors = monitors
            return
        for key in self._leaving.keys() - monitors.keys():
            self._askers.pop(key, None)
        self._leaving = {key: m for key, m in self._monitors.items() if key not in monitors}
        for key in self._alerts.keys() - monitors.keys():
            self._alerts.pop(key).async_cancel()
        known, self._monitors = self._monitors, monitors
        for key in monitors.keys() - known.keys():
            condition = monitors[key].plan.goal.condition
            if condition is not None:
                # A pause is told when it has lasted long enough to be one.
                if is_breathing_pause(condition):
                    condition = replace(condition, for_s=None)
                self._alerts[key] = Alert(
                    self._hass,
                    condition,
                    partial(self._tell, monitors[key]),
                    told=key in self._told,
                )
                for subject in _subjects(monitors[key].plan):
                    self._feed(key, subject, condition.quantity)

    @callback
    def _reading_changed(self, subject: str, quantity: Quantity) -> None:
        for key in tuple(self._alerts):
            plan = self._monitors[key].plan
            condition = plan.goal.condition
            if condition and condition.quantity is quantity and subject in _subjects(plan):
                self._feed(key, subject, quantity)

    def _feed(self, key: str, subject: str, quantity: Quantity) -> None:
        reading = self._coordinator.readings.get(subject, quantity)
        alert = self._alerts[key]
        was_told = alert.told
        valid = reading is not None and reading.state is ReadingState.OK
        alert.async_update(reading.value if reading is not None and valid else None)
        if alert.told != was_told:
            self._save()

    @callback
    def _event_told(self, subject: str, kind: str, data: Mapping[str, Any]) -> None:
        """Tell that somebody holds their breath, or that the time of a monitor is over."""
        if kind == EventKind.BREATHING_PAUSE:
            self._breathing_paused(subject)
            return
        key = str(data.get("monitor"))
        monitor = self._monitors.get(key) or self._leaving.get(key)
        if kind != EventKind.MONITOR_ENDED or monitor is None:
            return
        asker = self._askers.pop(monitor.id, None)
        self._save()
        if asker is not None:
            text = reply.ended(monitor.plan.goal, self._coordinator.home(), asker.language)
            self._say(asker, text)

    def _breathing_paused(self, subject: str) -> None:
        for key, alert in self._alerts.items():
            plan = self._monitors[key].plan
            condition = plan.goal.condition
            if condition and is_breathing_pause(condition) and subject in _subjects(plan):
                alert.async_update(0.0)
                self._save()

    @callback
    def _tell(self, monitor: Monitor, value: Scalar) -> None:
        """Tell that the condition came true: event entity, notification, satellite."""
        asker = self._askers.get(monitor.id) or Asker(language=self._hass.config.language)
        plan = monitor.plan
        text = reply.alert(plan, value, self._coordinator.home(), asker.language)
        for subject in _subjects(plan)[:1]:
            quantity = plan.goal.condition.quantity if plan.goal.condition else ""
            self._coordinator.async_tell(
                subject,
                EVENT_ALERT,
                {
                    "monitor": monitor.id,
                    "quantity": str(quantity),
                    "value": value,
                    "message": text,
                },
            )
        persistent_notification.async_create(self._hass, text, "Edge AI", f"{DOMAIN}_{monitor.id}")
        self._save()
        self._say(asker, text)

    def _say(self, asker: Asker, text: str) -> None:
        if asker.device_id is not None:
            self._coordinator.config_entry.async_create_background_task(
                self._hass, _async_announce(self._hass, asker.device_id, text), "edge_ai_announce"
            )


async def _async_announce(hass: HomeAssistant, device_id: str, text: str) -> None:
    """Speak on the satellite of a device, if it is one that can."""
    entity_id = next(
        (
            item.entity_id
            for item in er.async_entries_for_device(er.async_get(hass), device_id)
            if item.domain == "assist_satellite"
        ),
        None,
    )
    if entity_id is None or not hass.services.has_service("assist_satellite", "announce"):
        return
    try:
        await hass.services.async_call(
            "assist_satellite",
            "announce",
            {"entity_id": entity_id, "message": text},
            blocking=True,
        )
    except HomeAssistantError:
        # Busy or away: the notification has told it already.
        return


def _subjects(plan: Plan) -> list[str]:
    """Return where a plan's readings may appear, the person's first."""
    return [
        f"{kind}.{name}" for kind, name in (("person", plan.person), ("area", plan.area)) if name
    ]


def _now() -> float:
    return dt_util.utcnow().timestamp()
