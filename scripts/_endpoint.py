"""An OpenAI-compatible endpoint by HTTP, with the standard library alone."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request

import _planner

_planner.load()

from edge_ai.planner.language_model import (  # noqa: E402  (the loader must run first)
    Complete,
    CompletionRequest,
    CompletionResponse,
    TransportError,
)


def http_transport(base_url: str, model: str, key: str | None) -> Complete:
    """Send completions by HTTP, in a thread."""
    url = base_url.rstrip("/") + "/chat/completions"
    headers = {"Content-Type": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"

    def send(request: CompletionRequest) -> CompletionResponse:
        arguments = {**request.arguments(), "model": model}
        arguments.pop("timeout")
        body = json.dumps(arguments).encode()
        call = urllib.request.Request(url, data=body, headers=headers)
        try:
            with urllib.request.urlopen(call, timeout=request.timeout_s) as response:
                return CompletionResponse.from_openai(json.load(response))
        except urllib.error.HTTPError as error:
            raise TransportError("refused by the server", status=error.code) from error
        except (OSError, ValueError, RecursionError) as error:
            raise TransportError("no answer") from error

    async def complete(request: CompletionRequest) -> CompletionResponse:
        return await asyncio.to_thread(send, request)

    return complete
