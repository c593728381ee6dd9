"""Settings of the sonar: the table `[tools.sonar]`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from edge_worker.sensing.acoustic.probe import BANDS_HZ, COMBS, MAX_LEVEL, Probe


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SegmentSettings(_Table):
    """A stretch of the simulated person's life."""

    duration_s: float = Field(gt=0)
    breathing_rate: float = Field(ge=4, le=60)
    heart_rate: float = Field(ge=30, le=220)


class ScenarioSettings(_Table):
    """What the simulator plays: `[tools.sonar.scenario]`."""

    distance_m: float = Field(default=0.5, ge=0.2, le=3)
    empty: bool = False
    breath_mm: float = Field(default=6.0, gt=0, le=30)
    heart_mm: float = Field(default=0.3, ge=0, le=2)
    skew_ppm: float = Field(default=0.0, ge=-300, le=300)
    noise_db: float | None = None
    seed: int = 1
    segments: tuple[SegmentSettings, ...] = (
        SegmentSettings(duration_s=120, breathing_rate=13, heart_rate=62),
        SegmentSettings(duration_s=3600, breathing_rate=19, heart_rate=84),
    )


class SonarSettings(_Table):
    """Where the sound comes from and what is played."""

    enabled: bool = True
    """The off switch: False plays nothing and gives no reading."""
    source: Literal["sound_card", "wav", "simulator"] = "sound_card"
    device: str | int | None = None
    """Sound card, as `edge-worker acoustic doctor` lists it."""
    path: Path | None = None
    speed: float = Field(default=1.0, gt=0, le=100)
    """How fast a recording or simulation is played; 8 = eight times real time."""
    loop: bool = False
    band: str = "standard"
    comb: int = Field(default=0, ge=0, lt=COMBS)
    level: float = Field(default=MAX_LEVEL, gt=0, le=MAX_LEVEL)
    spacing_m: float = Field(default=0.07, ge=0, le=1)
    """Loudspeaker to microphone."""
    scenario: ScenarioSettings = ScenarioSettings()

    @model_validator(mode="after")
    def _complete(self) -> SonarSettings:
        if self.band not in BANDS_HZ:
            raise ValueError(f"band: choose one of {', '.join(BANDS_HZ)}")
        if self.source == "wav" and self.path is None:
            raise ValueError('path: needed with source = "wav"')
        if self.source == "sound_card" and self.speed != 1:
            raise ValueError("speed: a sound card plays at speed 1")
        return self

    @property
    def probe(self) -> Probe:
        """What is played."""
        return Probe.of_band(self.band, comb=self.comb, level=self.level)
