"""Binary sensors: stress, presence, and whether hub and devices can be reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN
from .coordinator import EdgeCoordinator
from .entity import (
    HubEntity,
    ReadingEntity,
    async_add_for_subjects,
    async_add_on_reading,
)
from .messages import DeviceCard, Quantity, Reading, ReadingState
from .people import hub_identifier
from .runtime import EdgeConfigEntry

# Everything is pushed.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class EdgeBinarySensorDescription(BinarySensorEntityDescription):
    """A binary sensor that shows one quantity of a subject."""

    quantity: Quantity
    kinds: tuple[str, ...]
    """Which subjects have it from the beginning; all others with their first reading."""


BINARY_SENSORS: tuple[EdgeBinarySensorDescription, ...] = (
    EdgeBinarySensorDescription(
        key="stress",
        translation_key="stress",
        quantity=Quantity.STRESS,
        kinds=("person",),
    ),
    EdgeBinarySensorDescription(
        key="presence",
        device_class=BinarySensorDeviceClass.OCCUPANCY,
        quantity=Quantity.PRESENCE,
        kinds=("area",),
    ),
)

CONNECTED = BinarySensorEntityDescription(
    key="connected",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
    entity_category=EntityCategory.DIAGNOSTIC,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: EdgeConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add those of hub and devices, persons and areas."""
    coordinator = entry.runtime_data.coordinator
    async_add_entities([HubConnected(coordinator, CONNECTED)])
    made: set[tuple[str, str]] = set()

    def make(subject: str) -> Iterator[Entity]:
        kind = subject.partition(".")[0]
        for description in BINARY_SENSORS:
            if kind in description.kinds:
                made.add((subject, description.key))
                yield EdgeBinarySensor(coordinator, subject, description)

    def make_for(reading: Reading) -> Iterator[Entity]:
        for description in BINARY_SENSORS:
            key = (reading.subject, description.key)
            kind = reading.subject.partition(".")[0]
            if (
                reading.quantity is description.quantity
                and kind not in description.kinds
                and key not in made
            ):
                made.add(key)
                yield EdgeBinarySensor(coordinator, reading.subject, description)

    async_add_for_subjects(coordinator, async_add_entities, make)
    async_add_on_reading(coordinator, async_add_entities, make_for)

    shown: set[str] = set()

    @callback
    def add_devices() -> None:
        new: Iterable[DeviceCard] = [
            card
            for card in coordinator.data.catalogue.devices
            if not card.hub and card.id not in shown
        ]
        shown.update(card.id for card in new)
        async_add_entities(DeviceConnected(coordinator, card) for card in new)

    add_devices()
    entry.async_on_unload(coordinator.async_add_listener(add_devices))


class EdgeBinarySensor(ReadingEntity, BinarySensorEntity):
    """A binary sensor that shows one quantity of a subject."""

    entity_description: EdgeBinarySensorDescription

    def __init__(
        self,
        coordinator: EdgeCoordinator,
        subject: str,
        description: EdgeBinarySensorDescription,
    ) -> None:
        super().__init__(coordinator, subject, description, description.quantity)

    @property
    def is_on(self) -> bool | None:
        """The value, unknown when there is none that counts."""
        reading = self.reading
        if reading is None or reading.state is not ReadingState.OK:
            return None
        return reading.value if isinstance(reading.value, bool) else None

    @property
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Say why there is a value or none."""
        if (reading := self.reading) is None:
            return None
        return {"quality": round(reading.quality, 3), "state_reason": str(reading.state)}


class HubConnected(HubEntity, BinarySensorEntity):
    """Whether the hub can be reached; the one entity that is never unavailable."""

    @property
    def available(self) -> bool:
        """Always: this is what it tells."""
        return True

    @property
    def is_on(self) -> bool:
        """Whether broker and hub can be reached."""
        return self.coordinator.available


class DeviceConnected(HubEntity, BinarySensorEntity):
    """Whether a device of the hub can be reached, and what it lacks."""

    def __init__(self, coordinator: EdgeCoordinator, card: DeviceCard) -> None:
        super().__init__(coordinator, CONNECTED)
        identifier = hub_identifier(coordinator.hub_id, card)
        self._device = card.id
        self._attr_unique_id = f"{identifier}_{CONNECTED.key}"
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, identifier)})

    @property
    def _card(self) -> DeviceCard | None:
        devices = self.coordinator.data.catalogue.devices
        return next((card for card in devices if card.id == self._device), None)

    @property
    def is_on(self) -> bool:
        """Whether the hub reaches the device."""
        return self._card is not None and self._card.online

    @property
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """What this machine can do, and what is missing on it."""
        card = self._card
        return {
            "capabilities": [] if card is None else list(card.capabilities),
            "problems": [] if card is None else list(card.problems),
        }
