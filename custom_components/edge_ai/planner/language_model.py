"""A language model as a second reader of requests; its answer is data to be checked.

The transport is injected: an async function that sends one `CompletionRequest` and gives
one `CompletionResponse`. Everything else is here: the ladder of structured output, one
repair, the budget, the deadline, the cache and the pause after failures.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from ..messages import Catalogue, Goal, Plan, encode
from .answer import AnswerError, extract, read_goals, read_plans
from .home import Home
from .lexicon import Kind
from .prompt import Prompt, make_prompt
from .scan import scan
from .tokens import MAX_CHARACTERS, tokenize

FAILURES_BEFORE_PAUSE = 3
PAUSE_S = 600.0
CACHED = 64
DAY_S = 86_400.0

# What a server answers when it doesn't know the asked form of output.
_UNSUPPORTED = frozenset({400, 404, 405, 415, 422, 501})
# A model is asked only about a request that has something of ours in it, so that no other
# request leaves the home, whatever the names around it try.
_HINTS = frozenset(
    {
        Kind.QUANTITY,
        Kind.FEELING,
        Kind.MONITOR,
        Kind.SENSING,
        Kind.TRAIN,
        Kind.ANYONE,
        Kind.NOBODY,
        Kind.PERSON,
        Kind.PHONE,
    }
)


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
        arguments: dict[str, Any] = {
            "messages": [dict(message) for message in self.messages],
            "max_tokens": self.max_tokens,
            "temperature": 0,
            "timeout": self.timeout_s,
        }
        if self.mode is Mode.JSON_SCHEMA:
            arguments["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "goals", "strict": True, "schema": self.schema},
            }
        elif self.mode is Mode.TOOL:
            function = {"name": "goals", "parameters": self.schema}
            arguments["tools"] = [{"type": "function", "function": function}]
            arguments["tool_choice"] = {"type": "function", "function": {"name": "goals"}}
        elif self.mode is Mode.JSON_OBJECT:
            arguments["response_format"] = {"type": "json_object"}
        return arguments


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
        try:
            choice = body["choices"][0]
            message = choice["message"]
            calls = message.get("tool_calls") or []
            text = calls[0]["function"]["arguments"] if calls else message.get("content")
            usage = body.get("usage") or {}
            return cls(
                text=text if isinstance(text, str) else "",
                finish_reason=str(choice.get("finish_reason") or "stop"),
                refusal=message.get("refusal"),
                tokens_in=int(usage.get("prompt_tokens") or 0),
                tokens_out=int(usage.get("completion_tokens") or 0),
            )
        except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
            raise TransportError("not an OpenAI-compatible answer") from error


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
    may_plan: bool = False
    """May it propose whole plans? Small models fill slots well and compose badly."""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What the model understood. `plans` belong to `goals` by position; None: chain it."""

    goals: tuple[Goal, ...] = ()
    plans: tuple[Plan | None, ...] = ()
    failure: str | None = None
    """Why there is nothing: not_ours, timeout, budget, paused, invalid, refused, transport.
    Never a text of the server, which may repeat the key."""
    calls: int = 0
    tokens: int = 0


class _Failure(Exception):
    """The request ends here; the argument is the reason."""


class LanguageModel:
    """Asks one model; remembers what its server accepts, and what the day has cost."""

    def __init__(
        self,
        complete: Complete,
        settings: ModelSettings | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._complete = complete
        self._settings = settings or ModelSettings()
        self._clock = clock
        self._rung = 0
        self._failures = 0
        self._paused_until = 0.0
        self._day = -1
        self._calls_today = 0
        self._cache: OrderedDict[str, Proposal] = OrderedDict()

    @property
    def mode(self) -> Mode:
        """The form of output that the server is asked for at present."""
        return self._settings.modes[self._rung]

    async def propose(
        self, text: str, *, home: Home, catalogue: Catalogue, language: str
    ) -> Proposal:
        """Read a request. Never raises for what the model or its server did."""
        if not is_about_us(text, home):
            return Proposal(failure="not_ours")
        prompt = make_prompt(text, home, catalogue, language, may_plan=self._settings.may_plan)
        # The prompt holds all that the answer may depend on, but for the home's own ids.
        key = hashlib.sha256(repr((prompt, home)).encode() + encode(catalogue)).hexdigest()
        if key in self._cache:
            self._cache.move_to_end(key)
            return replace(self._cache[key], calls=0, tokens=0)
        if self._clock() < self._paused_until:
            return Proposal(failure="paused")
        asked = _Asked(self, prompt, text, home, catalogue)
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                proposal = await asked.run()
        except _Failure as failure:
            return self._failed(str(failure), asked)
        except TimeoutError:
            return self._failed("timeout", asked)
        except TransportError as error:
            status = f" {error.status}" if error.status else ""
            return self._failed(f"transport{status}", asked)
        self._failures = 0
        self._cache[key] = proposal
        if len(self._cache) > CACHED:
            self._cache.popitem(last=False)
        return proposal

    def _failed(self, reason: str, asked: _Asked) -> Proposal:
        if reason != "budget":
            self._failures += 1
        if self._failures >= FAILURES_BEFORE_PAUSE:
            self._failures = 0
            self._paused_until = self._clock() + PAUSE_S
        return Proposal(failure=reason, calls=asked.calls, tokens=asked.tokens)

    async def ask(
        self, messages: tuple[Mapping[str, str], ...], schema: Mapping[str, Any]
    ) -> CompletionResponse:
        """One completion, one rung down for each form that the server does not know."""
        while True:
            self._spend()
            request = CompletionRequest(
                messages=messages,
                mode=self.mode,
                schema=schema,
                max_tokens=self._settings.max_tokens,
                timeout_s=self._settings.timeout_s,
            )
            try:
                return await self._complete(request)
            except TransportError as error:
                lowest = self._rung == len(self._settings.modes) - 1
                if error.status not in _UNSUPPORTED or lowest:
                    raise
                self._rung += 1

    def _spend(self) -> None:
        day = int(self._clock() // DAY_S)
        if day != self._day:
            self._day, self._calls_today = day, 0
        if self._calls_today >= self._settings.calls_per_day:
            raise _Failure("budget")
        self._calls_today += 1


class _Asked:
    """One request on its way: the question, and one repair."""

    def __init__(
        self, model: LanguageModel, prompt: Prompt, text: str, home: Home, catalogue: Catalogue
    ) -> None:
        self._model = model
        self._prompt = prompt
        self._text = text
        self._home = home
        self._catalogue = catalogue
        self.calls = 0
        self.tokens = 0

    async def run(self) -> Proposal:
        """Raises _Failure, TransportError or TimeoutError."""
        messages = self._prompt.messages
        goals: tuple[Goal, ...] = ()
        for _ in range(2):
            response = await self._model.ask(messages, self._prompt.schema)
            self.calls += 1
            self.tokens += response.tokens_in + response.tokens_out
            if response.refusal or response.finish_reason == "content_filter":
                raise _Failure("refused")
            try:
                answer = self._answer(response)
                goals = read_goals(answer, self._prompt, self._text, self._home)
                plans = read_plans(answer, self._prompt, goals, self._catalogue, self._home)
            except AnswerError as error:
                messages = (*self._prompt.messages, *_complaint(response.text, str(error)))
                continue
            return Proposal(goals=goals, plans=plans, calls=self.calls, tokens=self.tokens)
        if goals:
            # The goals are sound, only the plan is not: the chain makes a better one.
            return Proposal(
                goals=goals, plans=(None,) * len(goals), calls=self.calls, tokens=self.tokens
            )
        raise _Failure("invalid")

    def _answer(self, response: CompletionResponse) -> Any:
        if response.finish_reason == "length":
            raise AnswerError("the answer was cut off; answer shorter")
        return extract(response.text)


def is_about_us(text: str, home: Home) -> bool:
    """Does the request have a word of ours at all?"""
    if len(text) > MAX_CHARACTERS:
        return False
    return any(item.kind in _HINTS for item in scan(tokenize(text), home))


def _complaint(answer: str, complaint: str) -> tuple[Mapping[str, str], ...]:
    return (
        {"role": "assistant", "content": answer[:2_000]},
        {"role": "user", "content": f"Not accepted: {complaint}. Answer again, JSON only."},
    )
