"""Events: what happened once, as entities that automations can use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .alerts import EVENT_ALERT
from .entity import HubEntity, SubjectEntity, async_add_for_subjects
from .messages import EventKind
from .runtime import EdgeConfigEntry

# Everything is pushed.
PARALLEL_UPDATES = 0

CALIBRATION_FAILED = "calibration_failed"


@dataclass(frozen=True, kw_only=True)
class EdgeEventDescription(EventEntityDescription):
    """An event entity of a subject."""

    kinds: tuple[str, ...]


EVENTS: tuple[EdgeEventDescription, ...] = (
    EdgeEventDescription(
        key="mood_event",
        translation_key="mood_event",
        event_types=[str(EventKind.MOOD_CHANGED)],
        kinds=("person",),
    ),
    EdgeEventDescription(
        key="breathing_event",
        translation_key="breathing_event",
        event_types=[str(EventKind.BREATHING_PAUSE)],
        kinds=("person", "area"),
    ),
    EdgeEventDescription(
        key="calibration_event",
        translation_key="calibration_event",
        event_types=[str(EventKind.CALIBRATION_FINISHED), CALIBRATION_FAILED],
        kinds=("person",),
    ),
    EdgeEventDescription(
        key="alert",
        translation_key="alert",
        event_types=[EVENT_ALERT],
        kinds=("person", "area"),
    ),
)

HUB_EVENT = EventEntityDescription(
    key="hub_event",
    translation_key="hub_event",
    event_types=[str(EventKind.MONITOR_ENDED), str(EventKind.TRAINING_FINISHED)],
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: EdgeConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add those of the hub, of persons and of areas."""
    coordinator = entry.runtime_data.coordinator
    async_add_entities([HubEvent(coordinator, HUB_EVENT)])
    async_add_for_subjects(
        coordinator,
        async_add_entities,
        lambda subject: [
            SubjectEvent(coordinator, subject, description)
            for description in EVENTS
            if subject.partition(".")[0] in description.kinds
        ],
    )


class HubEvent(HubEntity, EventEntity):
    """Tells events that concern the hub, whatever their subject."""

    async def async_added_to_hass(self) -> None:
        """Follow the hub's events."""
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.async_listen_events(self._told))

    @callback
    def _told(self, subject: str, kind: str, data: Mapping[str, Any]) -> None:
        if kind in self.event_types and self._concerns(subject):
            # The hub has one kind for both ends; people and automations need to tell them apart.
            failed = kind == EventKind.CALIBRATION_FINISHED and data.get("ok") is False
            self._trigger_event(CALIBRATION_FAILED if failed else kind, dict(data))
            self.async_write_ha_state()

    def _concerns(self, subject: str) -> bool:
        return True


class SubjectEvent(SubjectEntity, HubEvent):
    """Tells events of one person or area."""

    def _concerns(self, subject: str) -> bool:
        return subject == self.subject
