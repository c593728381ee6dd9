"""Sensing on or off: the quick way to privacy, for one person or for the whole home."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN
from .coordinator import EdgeCoordinator
from .entity import HubEntity, SubjectEntity, async_add_for_subjects
from .messages import CommandName, Monitor, MonitorState
from .runtime import EdgeConfigEntry

PARALLEL_UPDATES = 1

SENSING = SwitchEntityDescription(key="sensing", translation_key="sensing")


async def async_setup_entry(
    hass: HomeAssistant,
    entry: EdgeConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add one for the hub, one for each person, one for each area."""
    coordinator = entry.runtime_data.coordinator
    async_add_entities([HubSensing(coordinator, SENSING)])
    async_add_for_subjects(
        coordinator,
        async_add_entities,
        lambda subject: [SubjectSensing(coordinator, subject, SENSING)],
    )


class Sensing(HubEntity, SwitchEntity):
    """Pauses and resumes monitors; on while one of them runs."""

    coordinator: EdgeCoordinator

    @property
    @abstractmethod
    def monitors(self) -> Sequence[Monitor]:
        """The monitors that this switch is about."""

    @property
    def is_on(self) -> bool | None:
        """Whether any of them runs; unknown until the hub told, or each start would switch."""
        if not self.coordinator.data.monitors_told:
            return None
        return any(monitor.state is not MonitorState.PAUSED for monitor in self.monitors)

    async def async_turn_on(self, **kwargs: Any) -> None:
        """Resume what is paused."""
        if not self.monitors:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="nothing_to_resume"
            )
        for monitor in self.monitors:
            if monitor.state is MonitorState.PAUSED:
                await self.coordinator.async_command(CommandName.RESUME, {"monitor": monitor.id})

    async def async_turn_off(self, **kwargs: Any) -> None:
        """Pause what runs."""
        for monitor in self.monitors:
            if monitor.state is not MonitorState.PAUSED:
                await self.coordinator.async_command(CommandName.PAUSE, {"monitor": monitor.id})


class HubSensing(Sensing):
    """The switch for the whole home."""

    @property
    def monitors(self) -> Sequence[Monitor]:
        """All monitors."""
        return self.coordinator.data.monitors


class SubjectSensing(SubjectEntity, Sensing):
    """The switch for one person or one area."""

    @property
    def monitors(self) -> Sequence[Monitor]:
        """The monitors of this person or area."""
        return self.coordinator.monitors_of(self.subject)
