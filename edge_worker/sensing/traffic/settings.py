"""Settings of the tools `traffic_capture` and `app_usage_windows`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from edge_worker.catalogue.tool import SourceError


class SourceKind(StrEnum):
    """Where traffic is seen."""

    GENERATOR = "generator"
    PCAP = "pcap"
    INTERFACE = "interface"
    STREAM = "stream"
    ADGUARD = "adguard"
    PIHOLE = "pihole"
    NETFLOW = "netflow"
    NFSTREAM = "nfstream"


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CaptureSettings(_Settings):
    """How to see the traffic of the people who opted in."""

    source: SourceKind = SourceKind.INTERFACE
    path: Path | None = None
    """pcap: the file. stream: a FIFO, or "-" for standard input."""
    speed: float = Field(default=1.0, ge=0, le=10_000)
    """pcap: replay factor; 0 reads as fast as possible, with the file's own time."""
    loop: bool = False
    """pcap: begin again at the end."""
    interface: str | None = None
    """interface: name of the network interface, such as `br-lan`."""
    seed: int = 1
    """generator: the same seed, the same day."""
    categories: Mapping[str, str] = Field(default_factory=dict)
    """The home's own rules, domain → category; they win over the shipped list."""
    url: str | None = None
    """adguard, pihole: address of the server, such as http://192.168.1.2:3000.
    netflow: that of an AdGuard Home whose answers name the flows."""
    username: str | None = None
    password: str | None = Field(default=None, repr=False)
    poll_s: float = Field(default=15.0, ge=1, le=300)
    listen: str = "0.0.0.0"
    """netflow: local address, with `port`."""
    port: int = Field(default=2055, ge=1, le=65_535)
    exporter: str | None = None
    """netflow: the router's address; packets of others are dropped."""
    flow_lag_s: float = Field(default=60.0, ge=0, le=3600)
    """netflow: the router's active timeout: so late it may tell of a long flow."""

    @model_validator(mode="after")
    def _complete(self) -> CaptureSettings:
        needed = {
            SourceKind.PCAP: "path",
            SourceKind.STREAM: "path",
            SourceKind.INTERFACE: "interface",
            SourceKind.ADGUARD: "url",
            SourceKind.PIHOLE: "url",
            SourceKind.NETFLOW: "exporter",
            SourceKind.NFSTREAM: "path",
        }.get(self.source)
        if needed and getattr(self, needed) is None:
            raise ValueError(f"source {self.source.value!r} needs `{needed}`")
        return self


class WindowSettings(_Settings):
    """How long a window of app use lasts, in seconds."""

    window_s: int = Field(default=10, ge=1, le=86_400)


SettingsT = TypeVar("SettingsT", bound=BaseModel)


def parse_settings(kind: type[SettingsT], table: Mapping[str, Any], tool: str) -> SettingsT:
    """Read a tool's table.

    Raises SourceError naming the table and the field.
    """
    try:
        return kind.model_validate(dict(table))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in (tool, *first["loc"]))
        raise SourceError(f"[tools.{place}]: {first['msg']}") from error
