"""What belongs to one config entry while it is loaded."""

from __future__ import annotations

from dataclasses import dataclass, field

from homeassistant.config_entries import ConfigEntry

from .alerts import AlertWatcher
from .coordinator import EdgeCoordinator
from .language_model import LanguageModels
from .planner.confirm import Confirmations


@dataclass(frozen=True, kw_only=True)
class EdgeRuntime:
    """The link to the hub, and what reads and follows it."""

    coordinator: EdgeCoordinator
    alerts: AlertWatcher
    models: LanguageModels
    confirmations: Confirmations = field(default_factory=Confirmations)


EdgeConfigEntry = ConfigEntry[EdgeRuntime]
