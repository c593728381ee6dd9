"""Settings of the mood tools, `[tools.<name>]` of the settings file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ActivationSettings(_Settings):
    """`[tools.activation_forest]`. Lengths are seconds of the vitals' own stream."""

    window_s: float = Field(default=60.0, ge=30.0, le=120.0)
    baseline_s: float = Field(default=120.0, ge=60.0, le=600.0)
    time_scale: float = Field(default=1.0, gt=0.0, le=100.0)
    """Stream seconds per second of the stamps: 8 when a recording is replayed at eightfold
    speed but stamped by the wall clock."""
    home_prior: float = Field(default=0.5, gt=0.0, lt=1.0)
    """How often this person is activated, before anything is measured."""


class UsageSettings(_Settings):
    """`[tools.usage_tree]`."""

    every_s: float = Field(default=60.0, ge=1.0, le=3600.0)
    """How often the evidence is computed again."""


class LanguageModelSettings(_Settings):
    """`[tools.mood_fusion.language_model]`: off unless this table exists."""

    base_url: str
    model: str
    api_key: SecretStr = SecretStr("none")
    timeout_s: float = Field(default=20.0, gt=0.0, le=120.0)
    decides: bool = False
    """True: its label is published where it is valid; False: it is recorded only."""


class FusionSettings(_Settings):
    """`[tools.mood_fusion]`."""

    every_s: float = Field(default=10.0, ge=1.0, le=60.0)
    """How often the judgement is published when nothing has changed."""
    night_hour: int = Field(default=3, ge=0, le=23)
    """Local hour at which the person's own parameters are fitted again."""
    language_model: LanguageModelSettings | None = None


def parse_activation(settings: Mapping[str, Any]) -> ActivationSettings:
    """Raises pydantic.ValidationError, which names the field."""
    return ActivationSettings.model_validate(dict(settings))


def parse_usage(settings: Mapping[str, Any]) -> UsageSettings:
    """Raises pydantic.ValidationError, which names the field."""
    return UsageSettings.model_validate(dict(settings))


def parse_fusion(settings: Mapping[str, Any]) -> FusionSettings:
    """Raises pydantic.ValidationError, which names the field."""
    return FusionSettings.model_validate(dict(settings))
