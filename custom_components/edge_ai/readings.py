"""The readings of a hub that still mean something."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from .messages import MessageError, Quantity, Reading

# No tool renews its readings less often than every few minutes; a validity beyond a day
# is a mistake, and would freeze an entity.
MAX_VALIDITY_S = 86_400.0

Listener = Callable[[str, Quantity], None]


class Readings:
    """Keeps the latest reading of each subject and quantity until it expires.

    The clocks of hub and Home Assistant may differ, hence a reading is valid for
    `expires - time` seconds from its arrival.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._latest: dict[tuple[str, Quantity], Reading] = {}
        self._expiry: dict[tuple[str, Quantity], CALLBACK_TYPE] = {}
        self._listeners: dict[str | None, list[Listener]] = defaultdict(list)

    def get(self, subject: str, quantity: Quantity) -> Reading | None:
        """Return the reading that is valid now."""
        return self._latest.get((subject, quantity))

    def __iter__(self) -> Iterator[Reading]:
        """Iterate over all readings that are valid now."""
        return iter(tuple(self._latest.values()))

    @callback
    def async_add(self, reading: Reading) -> None:
        """Take a reading; one that is older than the present one is dropped.

        Raises MessageError for times that make no sense.
        """
        validity = reading.expires - reading.time
        if not (math.isfinite(validity) and 0 < validity <= MAX_VALIDITY_S):
            raise MessageError(f"valid for {validity} s", "expires")
        if isinstance(reading.value, float) and not math.isfinite(reading.value):
            raise MessageError("not a finite number", "value")
        key = (reading.subject, reading.quantity)
        present = self._latest.get(key)
        # Messages may repeat and arrive out of order.
        if present is not None and reading.time <= present.time:
            return
        if cancel := self._expiry.pop(key, None):
            cancel()
        self._latest[key] = reading
        self._expiry[key] = async_call_later(self._hass, validity, partial(self._expire, key))
        self._notify(*key)

    @callback
    def async_forget(self) -> None:
        """Drop everything and cancel all timers."""
        for cancel in self._expiry.values():
            cancel()
        self._expiry.clear()
        keys = tuple(self._latest)
        self._latest.clear()
        for key in keys:
            self._notify(*key)

    @callback
    def async_listen(self, subject: str | None, listener: Listener) -> CALLBACK_TYPE:
        """Call `listener(subject, quantity)` on each change of a subject; None: of any."""
        self._listeners[subject].append(listener)

        @callback
        def remove() -> None:
            self._listeners[subject].remove(listener)

        return remove

    @callback
    def _expire(self, key: tuple[str, Quantity], _now: datetime) -> None:
        del self._expiry[key]
        del self._latest[key]
        self._notify(*key)

    @callback
    def _notify(self, subject: str, quantity: Quantity) -> None:
        for listener in (*self._listeners[subject], *self._listeners[None]):
            listener(subject, quantity)
