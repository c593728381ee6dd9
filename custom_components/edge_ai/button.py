"""Calibration: learn what is usual for a person at rest."""

from __future__ import annotations

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .entity import SubjectEntity, async_add_for_subjects
from .messages import CommandName
from .runtime import EdgeConfigEntry

PARALLEL_UPDATES = 1

CALIBRATE = ButtonEntityDescription(
    key="calibrate", translation_key="calibrate", entity_category=EntityCategory.CONFIG
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: EdgeConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add one for each person."""
    coordinator = entry.runtime_data.coordinator
    async_add_for_subjects(
        coordinator,
        async_add_entities,
        lambda subject: (
            [Calibrate(coordinator, subject, CALIBRATE)] if subject.startswith("person.") else []
        ),
    )


class Calibrate(SubjectEntity, ButtonEntity):
    """Starts a calibration; an event tells when it has finished."""

    async def async_press(self) -> None:
        """Ask the hub to begin."""
        await self.coordinator.async_command(
            CommandName.CALIBRATE, {"person": self.subject.partition(".")[2]}
        )
