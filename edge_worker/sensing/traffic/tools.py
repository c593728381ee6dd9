"""Cards of the traffic tools."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from edge_worker import __version__
from edge_worker.catalogue.ports import Port
from edge_worker.catalogue.tool import Source, Step, Tool, ToolContext
from edge_worker.messages import ToolCard, ToolInput


def _make_capture(context: ToolContext) -> Source:
    from edge_worker.sensing.traffic.process import TrafficCapture

    return TrafficCapture(context)


def _make_windows(context: ToolContext) -> Step:
    from edge_worker.sensing.traffic.usage_step import AppUsageStep

    return AppUsageStep(context)


def _capture_problem(settings: Mapping[str, Any]) -> str | None:
    if not sys.platform.startswith("linux"):
        return "traffic_capture needs Linux for the capture process"
    return None


TOOLS: tuple[Tool, ...] = (
    Tool(
        card=ToolCard(
            name="traffic_capture",
            version=__version__,
            summary="Sees which kinds of apps the devices of people who opted in talk to",
            outputs=(Port.OBSERVATIONS,),
            local_outputs=(Port.OBSERVATIONS,),
            needs=("network_traffic",),
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
    ),
)
