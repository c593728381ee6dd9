"""Tools made of two wings, which don't know each other. Imports nothing heavy."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Any

from edge_worker.catalogue.coinference import Finish
from edge_worker.catalogue.measured import measured
from edge_worker.catalogue.ports import Port
from edge_worker.catalogue.tool import SourceError, Step, Tool, ToolContext
from edge_worker.messages import ToolCard, ToolInput


def _make_vitals_network(context: ToolContext) -> Step:
    from edge_worker.offload.vitals.step import VitalsNetworkStep, open_model
    from edge_worker.sensing.acoustic.sonar import VitalSignsStep

    raw_may_leave = context.settings.get("raw_may_leave", False)
    if not isinstance(raw_may_leave, bool):
        raise SourceError("raw_may_leave of the vitals network must be true or false.")
    model = open_model(context.offload, raw_may_leave=raw_may_leave)
    return VitalsNetworkStep(VitalSignsStep(context), model)


def _make_vitals_finish() -> Finish:
    from edge_worker.offload.vitals.step import Filler

    return Filler().fill


def _runtime_problem(settings: Mapping[str, Any]) -> str | None:
    if importlib.util.find_spec("onnxruntime") is None:
        return "The vitals network needs ONNX Runtime: install edge-worker[offload]."
    return None


TOOLS: tuple[Tool, ...] = (
    Tool(
        card=ToolCard(
            name="vitals_network",
            version="2.0.0",
            summary="Vital signs from echoes; a network adds rates in noise, distance and motion.",
            inputs=(ToolInput(port=Port.RANGE_MAP),),
            outputs=(Port.VITALS,),
            cpu_ms_per_s=6.5,
            bytes_per_s=300.0,
            quality=measured("vitals_network"),
            leaves="Rates, presence and their quality, every two seconds; to the hub, where a plan "
            "splits the network, coded features of the echoes.",
        ),
        make_step=_make_vitals_network,
        make_finish=_make_vitals_finish,
        problem=_runtime_problem,
    ),
)
