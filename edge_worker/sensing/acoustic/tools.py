"""The sonar's tools, as the catalogue sees them. Imports nothing heavy."""

from __future__ import annotations

import ctypes.util
import importlib.util
from collections.abc import Mapping
from typing import Any

from edge_worker.catalogue.measured import measured
from edge_worker.catalogue.ports import Port
from edge_worker.catalogue.tool import Source, Step, Tool, ToolContext
from edge_worker.messages import ToolCard, ToolInput


def _make_sonar(context: ToolContext) -> Source:
    from edge_worker.sensing.acoustic.sonar import SonarSource

    return SonarSource(context)


def _make_vital_signs(context: ToolContext) -> Step:
    from edge_worker.sensing.acoustic.sonar import VitalSignsStep

    return VitalSignsStep(context)


def _sound_problem(settings: Mapping[str, Any]) -> str | None:
    """What a live sound card lacks here; recordings and the simulator work without."""
    if settings.get("source", "sound_card") != "sound_card":
        return None
    if importlib.util.find_spec("sounddevice") is None:
        return "A live sonar needs the package sounddevice: install edge-worker[sound]."
    if ctypes.util.find_library("portaudio") is None:
        return "A live sonar needs the PortAudio library: apt install libportaudio2."
    return None


TOOLS: tuple[Tool, ...] = (
    Tool(
        card=ToolCard(
            name="sonar",
            version="1.0.0",
            summary="Plays a faint sound near 20 kHz and hears how the room's echoes move.",
            outputs=(Port.RANGE_MAP,),
            needs=("speaker", "microphone"),
            local_outputs=(Port.RANGE_MAP,),
            cpu_ms_per_s=2.0,
            leaves="Nothing: sound and echoes stay in the memory of this device.",
        ),
        make_source=_make_sonar,
        problem=_sound_problem,
    ),
    Tool(
        card=ToolCard(
            name="vital_signs",
            version="1.0.0",
            summary="Breathing rate, heart rate, presence and breathing pauses from echoes.",
            inputs=(ToolInput(port=Port.RANGE_MAP),),
            outputs=(Port.VITALS,),
            cpu_ms_per_s=3.0,
            bytes_per_s=300.0,
            quality=measured("vital_signs"),
            leaves="Rates, presence and their quality, every two seconds.",
        ),
        make_step=_make_vital_signs,
    ),
)
