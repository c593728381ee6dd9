"""A language model as a second reader of requests; its answer is data to be checked.

The transport is injected: an async function that sends one `CompletionRequest` and gives
one `CompletionResponse`. Everything else is here: the prompt, the ladder of structured
output, one repair, the budget, the deadline and the pause after failures.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ..messages import Catalogue, Goal, Plan
from .home import Home


class Mode(StrEnum):
    """How structured output is asked for; from best to most tolerant."""

    JSON_SCHEMA = "json_schema"
    TOOL = "tool"
    JSON_OBJECT = "json_object"
    TEXT = "text"


@dataclass(frozen=True, kw_only=True)
class CompletionRequest:
    """One question to the model."""

    messages: tuple[Mapping[str, str], ...]
    """`role` (system, user, assistant) and `content`."""
    mode: Mode
    schema: Mapping[str, Any]
    max_tokens: int
    timeout_s: float

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of the OpenAI client's `chat.completions.create`, less `model`."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class CompletionResponse:
    """What came back. `text`: the message, or the arguments of the tool call."""

    text: str
    finish_reason: str = "stop"
    refusal: str | None = None
    tokens_in: int = 0
    tokens_out: int = 0

    @classmethod
    def from_openai(cls, body: Mapping[str, Any]) -> CompletionResponse:
        """Read an OpenAI-compatible answer (`model_dump()` of the client's object).

        Raises TransportError when it is not one.
        """
        raise NotImplementedError


class TransportError(Exception):
    """The transport failed; `status` is the HTTP status, None when nothing answered."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        self.status = status
        super().__init__(message)


Complete = Callable[[CompletionRequest], Awaitable[CompletionResponse]]
"""Raises TransportError, or TimeoutError."""


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """Limits of the model's use, and the modes its server may know."""

    modes: tuple[Mode, ...] = tuple(Mode)
    timeout_s: float = 8.0
    """Deadline for the whole request, a repair included."""
    max_tokens: int = 600
    calls_per_day: int = 200
    may_plan: bool = True
    """May it propose whole plans, or only goals?"""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What the model understood. `plans` belong to `goals` by position; None: chain it."""

    goals: tuple[Goal, ...] = ()
    plans: tuple[Plan | None, ...] = ()
    failure: str | None = None
    """Why there is nothing: timeout, budget, paused, invalid, refused, transport."""
    calls: int = 0
    tokens: int = 0


class LanguageModel:
    """Asks one model; remembers what its server accepts, and what the day has cost."""

    def __init__(
        self,
        complete: Complete,
        settings: ModelSettings | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        raise NotImplementedError

    async def propose(
        self, text: str, *, home: Home, catalogue: Catalogue, language: str
    ) -> Proposal:
        """Read a request. Never raises for what the model or its server did."""
        raise NotImplementedError
