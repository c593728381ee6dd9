"""Repair issues: only what the user can mend."""

from __future__ import annotations

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN
from .messages import CONTRACT_VERSION, ContractVersionError, Training, TrainingState

MODEL_WAITS = "model_waits"


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


@callback
def async_withdraw_issues(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Withdraw all issues of a hub that was removed: nobody could mend them any more."""
    async_clear_version_issue(hass, entry)
    ir.async_delete_issue(hass, DOMAIN, f"{MODEL_WAITS}_{entry.entry_id}")


@callback
def async_ask_about_model(hass: HomeAssistant, entry: ConfigEntry, training: Training) -> None:
    """Ask for a yes while a better model waits; withdraw the question afterwards."""
    issue = f"{MODEL_WAITS}_{entry.entry_id}"
    if training.state is not TrainingState.WAITING:
        ir.async_delete_issue(hass, DOMAIN, issue)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue,
        data={"entry_id": entry.entry_id},
        is_fixable=True,
        is_persistent=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key="model_waits",
        translation_placeholders=model_placeholders(entry, training),
    )


def model_placeholders(entry: ConfigEntry, training: Training) -> dict[str, str]:
    """What a person has to know before saying yes."""
    return {
        "hub": entry.title,
        "task": str(training.task),
        "version": str(training.candidate),
        "gain": _points(training.gain),
        "error": _points(training.gain_error),
    }


def _points(share: float | None) -> str:
    return "?" if share is None else f"{100 * share:.1f}"
