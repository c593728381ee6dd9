"""Cards of the traffic tools."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edge_worker import __version__
from edge_worker.catalogue.ports import Port
from edge_worker.catalogue.tool import Source, SourceError, Step, Tool, ToolContext
from edge_worker.messages import Measured, ToolCard, ToolInput


def _make_capture(context: ToolContext) -> Source:
    from edge_worker.sensing.traffic.process import TrafficCapture

    return TrafficCapture(context)


def _make_windows(context: ToolContext) -> Step:
    from edge_worker.sensing.traffic.usage_step import AppUsageStep

    return AppUsageStep(context)


def _capture_problem(settings: Mapping[str, Any]) -> str | None:
    from edge_worker.sensing.traffic.settings import CaptureSettings, SourceKind, parse_settings

    if not sys.platform.startswith("linux"):
        return "traffic_capture needs Linux for the capture process"
    try:
        parsed = parse_settings(CaptureSettings, settings, "traffic_capture")
    except SourceError as error:
        return str(error)
    if parsed.source is SourceKind.INTERFACE:
        return _interface_problem(parsed.interface or "")
    if parsed.source is SourceKind.PCAP and parsed.path and not parsed.path.is_file():
        return "the capture file of traffic_capture does not exist"
    return None


def _interface_problem(name: str) -> str | None:
    import socket

    if name not in (interface for _, interface in socket.if_nameindex()):
        return f"traffic_capture: there is no network interface {name}"
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    except PermissionError:
        return "traffic_capture needs the right CAP_NET_RAW: see docs/traffic.md"
    return None


def _windows_problem(settings: Mapping[str, Any]) -> str | None:
    from edge_worker.sensing.traffic.settings import WindowSettings, parse_settings

    try:
        parse_settings(WindowSettings, settings, "app_usage_windows")
    except SourceError as error:
        return str(error)
    return None


def _forget(data_dir: Path, person: str) -> None:
    from edge_worker.sensing.traffic.day_store import delete_person

    delete_person(data_dir, person)


TOOLS: tuple[Tool, ...] = (
    Tool(
        card=ToolCard(
            name="traffic_capture",
            version=__version__,
            summary="Sees which kinds of apps the devices of people who opted in talk to",
            outputs=(Port.OBSERVATIONS,),
            local_outputs=(Port.OBSERVATIONS,),
            needs=("network_traffic",),
            quality=(
                Measured(
                    metric="server names found where nDPI finds one (lower bound, tested)",
                    value=0.99,
                    data="46 captures of the nDPI test corpus",
                ),
            ),
            leaves="Nothing: packets, addresses and names stay in the capture process.",
        ),
        make_source=_make_capture,
        problem=_capture_problem,
    ),
    Tool(
        card=ToolCard(
            name="app_usage_windows",
            version=__version__,
            summary="Adds up seconds and bytes per app category for each person and window",
            inputs=(ToolInput(port=Port.OBSERVATIONS),),
            outputs=(Port.APP_USAGE,),
            per_person=True,
            bytes_per_s=50.0,
            leaves="Seconds and bytes per app category, no names and no addresses.",
        ),
        make_step=_make_windows,
        forget=_forget,
        problem=_windows_problem,
    ),
)
