"""Sensors: readings of persons and areas, and what the hub runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, UnitOfTime
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType
from homeassistant.util import dt as dt_util

from .coordinator import EdgeCoordinator
from .entity import (
    HubEntity,
    ReadingEntity,
    async_add_for_subjects,
    async_add_on_reading,
)
from .messages import Monitor, Mood, Quantity, Reading, ReadingState, Scalar, TrainingState
from .people import person_subentries
from .placement import async_add_monitor_sensors
from .runtime import EdgeConfigEntry

# Everything is pushed.
PARALLEL_UPDATES = 0

# Categories of apps that have a name in the translations; others show their own word.
NAMED_CATEGORIES = frozenset(
    {
        "builtin",
        "communication",
        "entertainment",
        "finance",
        "game",
        "office",
        "other",
        "social",
        "travel",
        "unknown",
        "utilities",
        "weather",
    }
)


CATEGORY_KEY = "app_usage_"
# A category names an entity, hence no other words than those that can.
CATEGORY = re.compile(r"[a-z][a-z0-9_]{0,39}")


def _number(value: Scalar) -> float | int | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _mood(value: Scalar) -> str | None:
    return value if isinstance(value, str) and value in set(Mood) else None


@dataclass(frozen=True, kw_only=True)
class EdgeSensorDescription(SensorEntityDescription):
    """A sensor that shows one quantity of a subject."""

    quantity: Quantity
    kinds: tuple[str, ...] = ("person",)
    """Which subjects have it from the beginning: person, area."""
    value_fn: Callable[[Reading], StateType]
    explains: bool = False
    """Show the evidence behind the value as attributes."""


SENSORS: tuple[EdgeSensorDescription, ...] = (
    EdgeSensorDescription(
        key="mood",
        translation_key="mood",
        quantity=Quantity.MOOD,
        device_class=SensorDeviceClass.ENUM,
        options=[str(mood) for mood in Mood],
        value_fn=lambda reading: _mood(reading.value),
        explains=True,
    ),
    EdgeSensorDescription(
        key="mood_confidence",
        translation_key="mood_confidence",
        quantity=Quantity.MOOD,
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement="%",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda reading: round(100 * reading.quality, 1),
    ),
    EdgeSensorDescription(
        key="activation",
        translation_key="activation",
        quantity=Quantity.ACTIVATION,
        entity_category=EntityCategory.DIAGNOSTIC,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        value_fn=lambda reading: _number(reading.value),
        explains=True,
    ),
    EdgeSensorDescription(
        key="valence",
        translation_key="valence",
        quantity=Quantity.VALENCE,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        value_fn=lambda reading: _number(reading.value),
        explains=True,
    ),
    EdgeSensorDescription(
        key="breathing_rate",
        translation_key="breathing_rate",
        quantity=Quantity.BREATHING_RATE,
        kinds=("person", "area"),
        native_unit_of_measurement="br/min",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        value_fn=lambda reading: _number(reading.value),
        explains=True,
    ),
    EdgeSensorDescription(
        key="heart_rate",
        translation_key="heart_rate",
        quantity=Quantity.HEART_RATE,
        kinds=("person", "area"),
        native_unit_of_measurement="bpm",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda reading: _number(reading.value),
        explains=True,
    ),
    EdgeSensorDescription(
        key="signal_quality",
        translation_key="signal_quality",
        quantity=Quantity.BREATHING_RATE,
        kinds=("person", "area"),
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement="%",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda reading: round(100 * reading.quality, 1),
    ),
    EdgeSensorDescription(
        key="app_usage",
        translation_key="app_usage",
        quantity=Quantity.APP_USAGE,
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.MINUTES,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda reading: _number(reading.value),
    ),
)

TRAINING = SensorEntityDescription(
    key="training",
    translation_key="training",
    device_class=SensorDeviceClass.ENUM,
    options=[str(state) for state in TrainingState],
    entity_category=EntityCategory.DIAGNOSTIC,
)
MONITORS = SensorEntityDescription(
    key="monitors",
    translation_key="monitors",
    state_class=SensorStateClass.MEASUREMENT,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: EdgeConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the hub's sensor, those of persons and areas, and app categories as they appear."""
    coordinator = entry.runtime_data.coordinator
    async_add_entities(
        [MonitorsSensor(coordinator, MONITORS), TrainingSensor(coordinator, TRAINING)]
    )

    def make(subject: str) -> Iterable[Entity]:
        kind = subject.partition(".")[0]
        return [
            EdgeSensor(coordinator, subject, description)
            for description in SENSORS
            if kind in description.kinds
        ]

    async_add_for_subjects(coordinator, async_add_entities, make)
    async_add_monitor_sensors(coordinator, async_add_entities)

    shown: set[tuple[str, str]] = set()

    def make_categories(subject: str, categories: Iterable[str]) -> Iterator[Entity]:
        for category in categories:
            if CATEGORY.fullmatch(category) and (subject, category) not in shown:
                shown.add((subject, category))
                yield CategorySensor(coordinator, subject, category)

    # Those of before the last restart, which would stay unavailable until the next use.
    registered = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    for subentry, person in person_subentries(entry):
        prefix = f"{coordinator.hub_id}_person.{person.id}_{CATEGORY_KEY}"
        async_add_entities(
            make_categories(
                f"person.{person.id}",
                [
                    item.unique_id.removeprefix(prefix)
                    for item in registered
                    if item.unique_id.startswith(prefix)
                ],
            ),
            config_subentry_id=subentry.subentry_id,
        )

    def categories_of(reading: Reading) -> Iterator[Entity]:
        if reading.quantity is Quantity.APP_USAGE:
            yield from make_categories(reading.subject, minutes_by_category(reading))

    async_add_on_reading(coordinator, async_add_entities, categories_of)


class EdgeSensor(ReadingEntity, SensorEntity):
    """A sensor that shows one quantity of a subject."""

    entity_description: EdgeSensorDescription

    def __init__(
        self, coordinator: EdgeCoordinator, subject: str, description: EdgeSensorDescription
    ) -> None:
        super().__init__(coordinator, subject, description, description.quantity)

    @property
    def native_value(self) -> StateType:
        """The value, unknown when there is none that counts."""
        reading = self.reading
        if reading is None or reading.state is not ReadingState.OK:
            return None
        return self.entity_description.value_fn(reading)

    @property
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Say why there is a value or none, and from what it was judged."""
        if not self.entity_description.explains or (reading := self.reading) is None:
            return None
        return {
            "quality": round(reading.quality, 3),
            "state_reason": str(reading.state),
            "measured_at": dt_util.utc_from_timestamp(reading.time).isoformat(),
            "evidence": dict(reading.details),
        }


class CategorySensor(ReadingEntity, SensorEntity):
    """Minutes of use of one category of apps within the last hour."""

    def __init__(self, coordinator: EdgeCoordinator, subject: str, category: str) -> None:
        named = category in NAMED_CATEGORIES
        description = SensorEntityDescription(
            key=f"{CATEGORY_KEY}{category}",
            translation_key=f"{CATEGORY_KEY}{category}" if named else "app_usage_category",
            device_class=SensorDeviceClass.DURATION,
            native_unit_of_measurement=UnitOfTime.MINUTES,
            state_class=SensorStateClass.MEASUREMENT,
            suggested_display_precision=0,
        )
        super().__init__(coordinator, subject, description, Quantity.APP_USAGE)
        self._category = category
        if not named:
            self._attr_translation_placeholders = {"category": category}

    @property
    def native_value(self) -> StateType:
        """Minutes of use; 0 for a category that was not used."""
        reading = self.reading
        if reading is None or reading.state is not ReadingState.OK:
            return None
        return _number(minutes_by_category(reading).get(self._category, 0))


def minutes_by_category(reading: Reading) -> Mapping[str, Any]:
    """Return the part of an app-usage reading that tells categories apart."""
    minutes = reading.details.get("minutes")
    return minutes if isinstance(minutes, Mapping) else {}


class MonitorsSensor(HubEntity, SensorEntity):
    """How many monitors run, and what they do where."""

    _unrecorded_attributes = frozenset({"monitors"})

    @property
    def native_value(self) -> int | None:
        """The number of monitors; unknown until the hub told them."""
        data = self.coordinator.data
        return len(data.monitors) if data.monitors_told else None

    @property
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Describe each monitor, with the device of each step."""
        return {"monitors": [describe_monitor(m) for m in self.coordinator.data.monitors]}


class TrainingSensor(HubEntity, SensorEntity):
    """What the hub's learning loop does, and how far it is."""

    @property
    def native_value(self) -> str:
        """Idle, running, waiting for a yes, or failed."""
        return str(self.coordinator.data.training.state)

    @property
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Progress and result."""
        training = self.coordinator.data.training
        return {
            "task": training.task,
            "attempt": training.attempt,
            "attempts": training.attempts,
            "baseline": training.baseline,
            "best": training.best,
            "candidate": training.candidate,
            "gain": training.gain,
            "gain_error": training.gain_error,
            "message": training.sentence,
        }


def describe_monitor(monitor: Monitor) -> dict[str, Any]:
    """Describe a monitor in plain JSON types, for attributes, actions and tools."""
    plan = monitor.plan
    return {
        "id": monitor.id,
        "state": str(monitor.state),
        "intent": str(plan.goal.intent),
        "quantities": [str(quantity) for quantity in plan.goal.quantities],
        "person": plan.person,
        "area": plan.area,
        "steps": [{"tool": step.tool, "device": step.device} for step in plan.steps],
        "started": dt_util.utc_from_timestamp(monitor.created).isoformat(),
        "ends": (
            None if monitor.ends is None else dt_util.utc_from_timestamp(monitor.ends).isoformat()
        ),
        "problem": monitor.problem,
    }
