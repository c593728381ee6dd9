"""Sensors of each monitor: where it runs, how quick that is, and what it sends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, UnitOfDataRate, UnitOfTime
from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from .const import DOMAIN
from .coordinator import EdgeCoordinator
from .entity import HubEntity
from .messages import Catalogue, Monitor, Place
from .planner.words import name_of

KEY = "monitor."


@dataclass(frozen=True, kw_only=True)
class MonitorSensorDescription(SensorEntityDescription):
    """A sensor that every monitor has."""

    value_fn: Callable[[Monitor, Catalogue], StateType]


def _place(monitor: Monitor, catalogue: Catalogue) -> str | None:
    """Where it is computed; for a plan without shared models, where its steps are."""
    places = {item.place for item in monitor.placements}
    if len(places) == 1:
        return str(next(iter(places)))
    if places:
        return str(Place.SPLIT)
    hubs = {card.id for card in catalogue.devices if card.hub}
    kinds = {step.device in hubs for step in monitor.plan.steps}
    if not kinds:
        return None
    return str(Place.SPLIT if len(kinds) == 2 else Place.HUB if kinds == {True} else Place.DEVICE)


def _latency(monitor: Monitor, _catalogue: Catalogue) -> float | None:
    """Of the slowest shared model."""
    return max(
        (item.latency_ms for item in monitor.placements if item.latency_ms is not None),
        default=None,
    )


SENSORS = (
    MonitorSensorDescription(
        key="placement",
        translation_key="monitor_placement",
        device_class=SensorDeviceClass.ENUM,
        options=[str(place) for place in Place],
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=_place,
    ),
    MonitorSensorDescription(
        key="latency",
        translation_key="monitor_latency",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.MILLISECONDS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=_latency,
    ),
    MonitorSensorDescription(
        key="traffic",
        translation_key="monitor_traffic",
        device_class=SensorDeviceClass.DATA_RATE,
        native_unit_of_measurement=UnitOfDataRate.BYTES_PER_SECOND,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda monitor, _catalogue: monitor.bytes_per_s,
    ),
)


class MonitorSensor(HubEntity, SensorEntity):
    """One property of one monitor."""

    entity_description: MonitorSensorDescription
    _unrecorded_attributes = frozenset({"placements"})

    def __init__(
        self, coordinator: EdgeCoordinator, monitor: Monitor, description: MonitorSensorDescription
    ) -> None:
        super().__init__(coordinator, description)
        self._monitor_id = monitor.id
        self._attr_unique_id = f"{coordinator.hub_id}_{KEY}{monitor.id}_{description.key}"
        self._attr_translation_placeholders = {"monitor": _title(coordinator, monitor)}

    @property
    def _monitor(self) -> Monitor | None:
        monitors = self.coordinator.data.monitors
        return next((item for item in monitors if item.id == self._monitor_id), None)

    @property
    def available(self) -> bool:
        """Tell whether hub and monitor are there."""
        return super().available and self._monitor is not None

    @property
    def native_value(self) -> StateType:
        """What the hub told last."""
        monitor = self._monitor
        if monitor is None:
            return None
        return self.entity_description.value_fn(monitor, self.coordinator.data.catalogue)

    @property
    def extra_state_attributes(self) -> dict[str, object] | None:
        """Why it runs there, for each shared model."""
        monitor = self._monitor
        if self.entity_description.key != "placement" or monitor is None:
            return None
        return {
            "placements": [
                {
                    "plan": item.plan,
                    "reason": item.reason,
                    "dropped": item.dropped,
                    "fallbacks": item.fallbacks,
                }
                for item in monitor.placements
            ]
        }


def _title(coordinator: EdgeCoordinator, monitor: Monitor) -> str:
    """Quantities, and for whom: enough to tell monitors apart."""
    plan = monitor.plan
    whom = next((item.name for item in coordinator.people if item.id == plan.person), plan.area)
    language = coordinator.hass.config.language
    what = ", ".join(name_of(quantity, language) for quantity in plan.goal.quantities)
    return f"{what} ({whom})" if whom else what


@callback
def async_add_monitor_sensors(
    coordinator: EdgeCoordinator, add: AddConfigEntryEntitiesCallback
) -> None:
    """Add sensors as monitors come, and forget them as monitors end."""
    shown: set[str] = set()

    @callback
    def changed() -> None:
        if coordinator.data.policy is None:
            return  # the hub has not told yet what runs
        running = {monitor.id: monitor for monitor in coordinator.data.monitors}
        for name in running.keys() - shown:
            add([MonitorSensor(coordinator, running[name], item) for item in SENSORS])
        shown.update(running)
        shown.intersection_update(running)
        _forget_others(coordinator, set(running))

    changed()
    coordinator.config_entry.async_on_unload(coordinator.async_add_listener(changed))


def _forget_others(coordinator: EdgeCoordinator, running: set[str]) -> None:
    registry = er.async_get(coordinator.hass)
    prefix = f"{coordinator.hub_id}_{KEY}"
    for entry in er.async_entries_for_config_entry(registry, coordinator.config_entry.entry_id):
        if entry.platform == DOMAIN and entry.unique_id.startswith(prefix):
            name = entry.unique_id.removeprefix(prefix).rpartition("_")[0]
            if name not in running:
                registry.async_remove(entry.entity_id)
