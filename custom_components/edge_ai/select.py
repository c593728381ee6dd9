"""The check-in: how a person says that they feel; and what placements shall spare."""

from __future__ import annotations

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import RestoreEntity

from .entity import HubEntity, SubjectEntity, async_add_for_subjects
from .messages import CommandName
from .runtime import EdgeConfigEntry

# The hub takes one check-in after the other.
PARALLEL_UPDATES = 1

# From worst to best: the hub counts them from 1 to 5.
STEPS = ("very_bad", "bad", "okay", "good", "very_good")

CHECK_IN = SelectEntityDescription(key="check_in", translation_key="check_in", options=list(STEPS))

POLICIES = ("latency", "traffic", "energy", "privacy")

POLICY = SelectEntityDescription(
    key="placement_policy",
    translation_key="placement_policy",
    options=list(POLICIES),
    entity_category=EntityCategory.CONFIG,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: EdgeConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the hub's, and one for each person."""
    coordinator = entry.runtime_data.coordinator
    async_add_entities([PlacementPolicy(coordinator, POLICY)])
    async_add_for_subjects(
        coordinator,
        async_add_entities,
        lambda subject: (
            [CheckIn(coordinator, subject, CHECK_IN)] if subject.startswith("person.") else []
        ),
    )


class CheckIn(SubjectEntity, SelectEntity, RestoreEntity):
    """Shows the last answer and takes a new one."""

    _attr_current_option: str | None = None

    async def async_added_to_hass(self) -> None:
        """Show the last answer again."""
        await super().async_added_to_hass()
        last = await self.async_get_last_state()
        if last is not None and last.state in STEPS:
            self._attr_current_option = last.state

    async def async_select_option(self, option: str) -> None:
        """Send the answer to the hub, which learns from it."""
        await self.coordinator.async_command(
            CommandName.CHECK_IN,
            {"person": self.subject.partition(".")[2], "value": STEPS.index(option) + 1},
        )
        self._attr_current_option = option
        self.async_write_ha_state()


class PlacementPolicy(HubEntity, SelectEntity):
    """What the owner wants least of when device and hub share a neural model."""

    @property
    def current_option(self) -> str | None:
        """What the hub keeps; nothing when it follows a policy that we don't know."""
        policy = self.coordinator.data.policy
        return policy if policy in POLICIES else None

    async def async_select_option(self, option: str) -> None:
        """Tell the hub, which keeps it and tells it back."""
        await self.coordinator.async_command(CommandName.SET_POLICY, {"policy": option})
