"""How a language model is reached: Home Assistant's AI Task, or an OpenAI-compatible server.

What is asked, and what is believed of the answer, is the planner's business.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from . import compat
from .const import (
    CONF_API_KEY,
    CONF_BASE_URL,
    CONF_DAILY_BUDGET,
    CONF_MODEL,
    CONF_USE_AI_TASK,
    DEFAULT_DAILY_BUDGET,
)
from .planner.language_model import (
    CompletionRequest,
    CompletionResponse,
    LanguageModel,
    Mode,
    ModelSettings,
    TransportError,
)

# An answer to a request has a few hundred tokens; a longer body is no answer.
MAX_ANSWER_BYTES = 1_000_000
CHECK_TIMEOUT_S = 10.0


class LanguageModels:
    """Second readers of requests, as the options allow them."""

    def __init__(self, hass: HomeAssistant, options: Mapping[str, Any]) -> None:
        self._hass = hass
        calls_per_day = int(options.get(CONF_DAILY_BUDGET, DEFAULT_DAILY_BUDGET))
        self._ai_task: LanguageModel | None = None
        self._endpoint: LanguageModel | None = None
        if options.get(CONF_USE_AI_TASK, True):
            # An AI task takes instructions and gives text; its structures are flat.
            settings = ModelSettings(modes=(Mode.TEXT,), calls_per_day=calls_per_day)
            self._ai_task = LanguageModel(AiTask(hass).complete, settings)
        if options.get(CONF_BASE_URL) and options.get(CONF_MODEL):
            endpoint = Endpoint(
                async_get_clientsession(hass),
                options[CONF_BASE_URL],
                options.get(CONF_API_KEY),
                options[CONF_MODEL],
            )
            settings = ModelSettings(calls_per_day=calls_per_day)
            self._endpoint = LanguageModel(endpoint.complete, settings)

    @property
    def present(self) -> LanguageModel | None:
        """The model to ask now: an AI task where there is one, else the endpoint."""
        if self._ai_task is not None and compat.ai_task_available(self._hass):
            return self._ai_task
        return self._endpoint


class Endpoint:
    """A server that speaks OpenAI's chat completions (cloud, Ollama, llama.cpp, vLLM...).

    Plain HTTP in Home Assistant's own session: the `openai` package would cost seconds of
    import, and its version is pinned differently by every Home Assistant release.
    """

    def __init__(
        self, session: aiohttp.ClientSession, base_url: str, key: str | None, model: str
    ) -> None:
        self._session = session
        self._base_url = base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._model = model

    async def complete(self, request: CompletionRequest) -> CompletionResponse:
        """Send one request. Raises TransportError or TimeoutError."""
        body = {"model": self._model, **request.arguments()}
        body.pop("timeout", None)  # an argument of OpenAI's client, not of the server
        try:
            async with (
                asyncio.timeout(request.timeout_s),
                self._session.post(
                    f"{self._base_url}/chat/completions", json=body, headers=self._headers
                ) as response,
            ):
                raw = await response.content.read(MAX_ANSWER_BYTES + 1)
                if response.status != HTTPStatus.OK:
                    # The server's text stays out: it may repeat the request or the key.
                    raise TransportError("the server refused", status=response.status)
                if len(raw) > MAX_ANSWER_BYTES:
                    raise TransportError("the answer is too long", status=response.status)
        except aiohttp.ClientError as error:
            raise TransportError(type(error).__name__) from error
        return CompletionResponse.from_openai(read_json(raw))

    async def check(self) -> str | None:
        """Ask for the list of models; return a translation key when that fails.

        Not every server has this list, hence only what proves that the address or the key
        is wrong counts. Without the list, the path that is used must exist: an address
        without its /v1 would fail silently at each request.
        """
        parts = urlsplit(self._base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return "invalid_url"
        try:
            async with (
                asyncio.timeout(CHECK_TIMEOUT_S),
                self._session.get(f"{self._base_url}/models", headers=self._headers) as response,
            ):
                if response.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
                    return "invalid_auth"
                if response.status != HTTPStatus.NOT_FOUND:
                    return None
            async with (
                asyncio.timeout(CHECK_TIMEOUT_S),
                self._session.post(
                    f"{self._base_url}/chat/completions", json={}, headers=self._headers
                ) as response,
            ):
                absent = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)
                return "no_language_model" if response.status in absent else None
        except (aiohttp.ClientError, TimeoutError):
            return "cannot_connect"


class AiTask:
    """The AI task entity that the user preferred in Home Assistant."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass

    async def complete(self, request: CompletionRequest) -> CompletionResponse:
        """Send one request. Raises TransportError or TimeoutError."""
        instructions = "\n\n".join(message["content"] for message in request.messages)
        try:
            async with asyncio.timeout(request.timeout_s):
                answer = await self._hass.services.async_call(
                    "ai_task",
                    "generate_data",
                    {"task_name": "edge_ai request", "instructions": instructions},
                    blocking=True,
                    return_response=True,
                )
        except HomeAssistantError as error:
            raise TransportError(type(error).__name__) from error
        data = (answer or {}).get("data")
        if not isinstance(data, str):
            raise TransportError("the AI task gave no text")
        return CompletionResponse(text=data)


def read_json(raw: bytes) -> Mapping[str, Any]:
    """Read an answer's body. Raises TransportError when it is not a JSON object."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise TransportError("the answer is not JSON") from error
    if not isinstance(body, dict):
        raise TransportError("the answer is not a JSON object")
    return body
