"""Repair issues: only what the user can mend."""

from __future__ import annotations

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN
from .messages import CONTRACT_VERSION, ContractVersionError


@callback
def async_raise_version_issue(
    hass: HomeAssistant, entry: ConfigEntry, error: ContractVersionError
) -> None:
    """Say that integration and hub speak different versions of the contract."""
    newer_hub = isinstance(error.found, int) and error.found > CONTRACT_VERSION
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"contract_version_{entry.entry_id}",
        is_fixable=False,
        severity=ir.IssueSeverity.ERROR,
        translation_key="contract_newer_hub" if newer_hub else "contract_older_hub",
        translation_placeholders={
            "hub": entry.title,
            "found": str(error.found)[:20],
            "own": str(CONTRACT_VERSION),
        },
    )


@callback
def async_clear_version_issue(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Withdraw the issue."""
    ir.async_delete_issue(hass, DOMAIN, f"contract_version_{entry.entry_id}")
