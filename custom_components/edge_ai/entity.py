"""What all entities of the integration have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from homeassistant.core import callback
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
from .coordinator import EdgeCoordinator
from .messages import Quantity, Reading
from .people import people, person_subentries


class HubEntity(CoordinatorEntity[EdgeCoordinator]):
    """An entity of the hub itself."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: EdgeCoordinator, description: EntityDescription) -> None:
        super().__init__(coordinator)
        self.entity_description = description
        self._attr_unique_id = f"{coordinator.hub_id}_{description.key}"
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, coordinator.hub_id)})

    @property
    def available(self) -> bool:
        """Tell whether broker and hub can be reached."""
        return self.coordinator.available


class SubjectEntity(HubEntity):
    """An entity of a person or of an area."""

    def __init__(
        self, coordinator: EdgeCoordinator, subject: str, description: EntityDescription
    ) -> None:
        super().__init__(coordinator, description)
        self.subject = subject
        self._attr_unique_id = f"{coordinator.hub_id}_{subject}_{description.key}"
        self._attr_device_info = subject_device(coordinator, subject)


class ReadingEntity(SubjectEntity):
    """An entity that shows the reading of one quantity, and nothing when it expired."""

    _unrecorded_attributes = frozenset({"evidence", "state_reason", "measured_at", "quality"})

    def __init__(
        self,
        coordinator: EdgeCoordinator,
        subject: str,
        description: EntityDescription,
        quantity: Quantity,
    ) -> None:
        super().__init__(coordinator, subject, description)
        self.quantity = quantity

    @property
    def reading(self) -> Reading | None:
        """The reading that is valid now."""
        return self.coordinator.readings.get(self.subject, self.quantity)

    async def async_added_to_hass(self) -> None:
        """Follow the subject's readings."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self.coordinator.readings.async_listen(self.subject, self._reading_changed)
        )

    @callback
    def _reading_changed(self, _subject: str, quantity: Quantity) -> None:
        if quantity is self.quantity:
            self.async_write_ha_state()


@callback
def async_add_for_subjects(
    coordinator: EdgeCoordinator,
    add: AddConfigEntryEntitiesCallback,
    make: Callable[[str], Iterable[Entity]],
) -> None:
    """Add what `make` gives for each person now, and for each area once it has readings."""
    entry = coordinator.config_entry
    for subentry, person in person_subentries(entry):
        add(make(f"person.{person.id}"), config_subentry_id=subentry.subentry_id)
    shown: set[str] = set()

    @callback
    def add_areas() -> None:
        for area in sorted(coordinator.areas - shown):
            shown.add(area)
            add(make(f"area.{area}"))

    add_areas()
    entry.async_on_unload(coordinator.async_add_listener(add_areas))


@callback
def async_add_on_reading(
    coordinator: EdgeCoordinator,
    add: AddConfigEntryEntitiesCallback,
    make: Callable[[Reading], Iterable[Entity]],
) -> None:
    """Add what `make` gives for a reading; it must give each entity only once."""
    entry = coordinator.config_entry
    subentries = {
        f"person.{person.id}": subentry.subentry_id for subentry, person in person_subentries(entry)
    }

    @callback
    def changed(subject: str, quantity: Quantity) -> None:
        reading = coordinator.readings.get(subject, quantity)
        if reading is not None and (entities := list(make(reading))):
            add(entities, config_subentry_id=subentries.get(subject))

    entry.async_on_unload(coordinator.readings.async_listen(None, changed))


def subject_device(coordinator: EdgeCoordinator, subject: str) -> DeviceInfo:
    """Describe the device that stands for a person or an area."""
    kind, _, name = subject.partition(".")
    identifiers = {(DOMAIN, f"{coordinator.hub_id}_{subject}")}
    if kind == "area":
        area = ar.async_get(coordinator.hass).async_get_area(name)
        title = area.name if area else name
        return DeviceInfo(
            identifiers=identifiers,
            name=title,
            manufacturer="Edge AI",
            model="Area",
            suggested_area=title,
            entry_type=DeviceEntryType.SERVICE,
        )
    title = next((p.name for p in people(coordinator.config_entry) if p.id == name), name)
    return DeviceInfo(
        identifiers=identifiers,
        name=title,
        manufacturer="Edge AI",
        model="Person",
        entry_type=DeviceEntryType.SERVICE,
    )
