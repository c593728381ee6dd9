"""Settings of a worker: one frozen object, built once from a TOML file and the environment."""

from __future__ import annotations

import os
import socket
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationError

ENVIRONMENT_PREFIX = "EDGE_WORKER_"
CONFIG_VARIABLE = f"{ENVIRONMENT_PREFIX}CONFIG"

# An id is a level of an MQTT topic, so it may hold no `/`, `+` or `#`.
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]


class SettingsError(Exception):
    """The settings can't be used; the message says where and what to change."""


class Role(StrEnum):
    """What this process is. A home has one hub; one machine may be both."""

    HUB = "hub"
    DEVICE = "device"


class Capability(StrEnum):
    """What a device has. Sensors count only when the settings name them."""

    SPEAKER = "speaker"
    MICROPHONE = "microphone"
    NETWORK_TRAFFIC = "network_traffic"
    PERSON_STORE = "person_store"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MqttSettings(_Frozen):
    """Where the broker is."""

    host: str = "127.0.0.1"
    port: int = Field(1883, ge=1, le=65535)
    username: str | None = None
    password: SecretStr | None = None
    tls: bool = False
    ca_file: Path | None = None


class HubSettings(_Frozen):
    """The hub that this worker is, or belongs to."""

    id: Id = "home"
    name: str = Field("Edge AI hub", max_length=80)


class DeviceSettings(_Frozen):
    """This machine as a device."""

    id: Id = Field(default_factory=lambda: _host_id())
    name: str = Field(default_factory=lambda: socket.gethostname(), max_length=80)
    area: str | None = None
    capabilities: tuple[Capability, ...] = ()


class FederatedSettings(_Frozen):
    """Training on the hub: what to learn from, who proposes, and how long."""

    data: Path | None = None
    """Folder of recordings, laid out as the tasks expect them."""
    attempts: int = Field(8, ge=1, le=100)
    minutes: float = Field(120.0, gt=0)
    base_url: str | None = None
    """Any service that speaks OpenAI's protocol; without one rules of thumb propose."""
    model: str | None = None
    api_key: SecretStr | None = None
    allow_code: bool = False
    """Let a language model's proposals hold code; it runs in a sandbox, or not at all."""


class Settings(_Frozen):
    """Everything that can be set. `tools` holds one table for each tool, read by the tool."""

    roles: tuple[Role, ...] = (Role.HUB, Role.DEVICE)
    data_dir: Path = Path("~/.local/share/edge-ai")
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    mqtt: MqttSettings = MqttSettings()
    hub: HubSettings = HubSettings()
    device: DeviceSettings = Field(default_factory=DeviceSettings)
    federated: FederatedSettings = FederatedSettings()
    tools: Mapping[str, Mapping[str, Any]] = {}

    @property
    def capabilities(self) -> tuple[Capability, ...]:
        """What the device of this process has; the hub keeps what is known of persons."""
        sensors = self.device.capabilities if Role.DEVICE in self.roles else ()
        return (*sensors, Capability.PERSON_STORE) if Role.HUB in self.roles else sensors


def load(path: Path | None, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the file, if any, then let the environment override it.

    EDGE_WORKER_MQTT__HOST sets `host` in `[mqtt]`; lists are comma-separated.
    Raises SettingsError.
    """
    data = _read_file(path) if path else {}
    for name, text in environment.items():
        if name.startswith(ENVIRONMENT_PREFIX) and name != CONFIG_VARIABLE:
            _place(data, name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__"), text)
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        raise SettingsError(_explain(error, path)) from None
    return settings.model_copy(update={"data_dir": settings.data_dir.expanduser()})


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"Cannot read the settings file {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from None


_LISTS = (["roles"], ["device", "capabilities"])


def _place(data: dict[str, Any], keys: list[str], text: str) -> None:
    """Put one environment value where its name says; unknown names fail validation later."""
    value: Any = [item.strip() for item in text.split(",")] if keys in _LISTS else text
    for key in keys[:-1]:
        table = data.setdefault(key, {})
        if not isinstance(table, dict):
            raise SettingsError(f"{ENVIRONMENT_PREFIX}{'__'.join(keys).upper()}: no such table")
        data = table
    data[keys[-1]] = value


def _explain(error: ValidationError, path: Path | None) -> str:
    where = f" in {path}" if path else ""
    lines = [
        f"  {'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors()
    ]
    return "\n".join([f"These settings{where} can't be used:", *lines])


def _host_id() -> str:
    name = socket.gethostname().split(".")[0].lower()
    return "".join(c if c.isalnum() and c.isascii() else "-" for c in name).strip("-_") or "device"
