"""The sonar as tools: a source of range maps and the step that reads vital signs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import replace

from pydantic import ValidationError

from edge_worker.catalogue.ports import Port
from edge_worker.catalogue.tool import Emit, Output, SourceError, ToolContext
from edge_worker.sensing.acoustic.channel import Channel
from edge_worker.sensing.acoustic.errors import AcousticError
from edge_worker.sensing.acoustic.probe import SAMPLE_RATE_HZ
from edge_worker.sensing.acoustic.range_map import RangeMap
from edge_worker.sensing.acoustic.recording import WavSource
from edge_worker.sensing.acoustic.settings import ScenarioSettings, SonarSettings
from edge_worker.sensing.acoustic.simulated_body import Body, Segment
from edge_worker.sensing.acoustic.simulated_source import SimulatedSource
from edge_worker.sensing.acoustic.simulator import Scene
from edge_worker.sensing.acoustic.sound_card import SoundCardSource
from edge_worker.sensing.acoustic.sources import AudioSource
from edge_worker.sensing.acoustic.vitals import VitalSigns


def parse_settings(context: ToolContext) -> SonarSettings:
    """Read the tool's table; raises SourceError that names the wrong field."""
    try:
        return SonarSettings.model_validate(dict(context.settings))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in ("tools", "sonar", *first["loc"]))
        raise SourceError(f"settings, {place}: {first['msg']}") from error


class SonarSource:
    """Plays and listens; emits one range map every two seconds of sound."""

    def __init__(self, context: ToolContext) -> None:
        self.settings = parse_settings(context)

    def run(self, emit: Emit, stop: threading.Event) -> None:
        """Emit range maps until the sound ends or `stop` is set."""
        settings = self.settings
        if not settings.enabled:
            stop.wait()
            return
        try:
            self._stream(emit, stop)
        except AcousticError as error:
            raise SourceError(str(error), retry=settings.source == "sound_card") from error

    def _stream(self, emit: Emit, stop: threading.Event) -> None:
        settings = self.settings
        source = open_source(settings)
        channel = Channel(settings.probe, settings.spacing_m)
        began = time.monotonic()
        heard = 0
        try:
            for block in source.blocks():
                if stop.is_set():
                    return
                maps = channel.push_gap(block.lost) if block.lost else []
                maps += channel.push(block.samples)
                for hop in maps:
                    emit(Port.RANGE_MAP, hop)
                heard += len(block.samples) + block.lost
                if settings.source == "sound_card":
                    continue
                ahead_s = heard / SAMPLE_RATE_HZ / settings.speed - (time.monotonic() - began)
                if ahead_s > 0 and stop.wait(ahead_s):
                    return
        finally:
            source.close()


class VitalSignsStep:
    """Range maps in, vital signs out, stamped with the time of day at which they come."""

    def __init__(self, context: ToolContext) -> None:
        self._vital_signs = VitalSigns()

    def update(self, port: str, value: object) -> Iterable[Output]:
        """Take one range map."""
        if not isinstance(value, RangeMap):
            raise TypeError(f"expected a RangeMap on {port}, got {type(value).__name__}")
        vitals = replace(self._vital_signs.update(value), t=time.time())
        return [(Port.VITALS, vitals)]

    def tick(self, now: float) -> Iterable[Output]:
        """Nothing happens in silence: a source that stops lets its readings expire."""
        return ()


def open_source(settings: SonarSettings) -> AudioSource:
    """Open what the settings name; raises AcousticError."""
    if settings.source == "sound_card":
        return SoundCardSource(settings.probe, settings.device)
    if settings.source == "simulator":
        return SimulatedSource(scene_of(settings.scenario), settings.probe)
    assert settings.path is not None  # checked by SonarSettings
    return WavSource(settings.path, loop=settings.loop)


def scene_of(scenario: ScenarioSettings) -> Scene:
    """The simulator's scene for a scenario of the settings; its script repeats."""
    body = Body(
        segments=tuple(
            Segment(
                duration_s=segment.duration_s,
                breathing_rate=segment.breathing_rate,
                heart_rate=segment.heart_rate,
            )
            for segment in scenario.segments
        ),
        breath_mm=scenario.breath_mm,
        heart_mm=scenario.heart_mm,
    )
    return Scene(
        distance_m=None if scenario.empty else scenario.distance_m,
        body=body,
        skew_ppm=scenario.skew_ppm,
        white_db=scenario.noise_db,
        seed=scenario.seed,
    )
