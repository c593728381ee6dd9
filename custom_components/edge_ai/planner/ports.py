"""The planner's view of the typed ports: which port answers which quantity.

A mirror of the worker's table; a test compares the two. The worker's package cannot be
imported here, since HACS installs the integration's folder alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..messages import Quantity

PORT_OF: Mapping[Quantity, str] = {
    Quantity.BREATHING_RATE: "vitals",
    Quantity.HEART_RATE: "vitals",
    Quantity.PRESENCE: "vitals",
    Quantity.APP_USAGE: "app_usage",
    Quantity.ACTIVATION: "activation",
    Quantity.VALENCE: "valence",
    Quantity.MOOD: "mood",
    Quantity.STRESS: "mood",
}

# Quantities that mean nothing without a person; the others can be had of a room.
PERSONAL = frozenset(
    {
        Quantity.MOOD,
        Quantity.STRESS,
        Quantity.APP_USAGE,
        Quantity.ACTIVATION,
        Quantity.VALENCE,
    }
)

# A device with one of these senses the room it stands in, so the room must be the right one.
ROOM_CAPABILITIES = frozenset({"microphone", "speaker", "camera", "radar"})
