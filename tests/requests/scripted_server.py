"""An OpenAI-compatible server that answers from a script, well or badly behaved."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Turn:
    """One answer: what the message says, and how the server treats the call."""

    content: str | None = None
    status: int = 200
    finish: str = "stop"
    refusal: str | None = None
    delay_s: float = 0.0
    arguments: str | None = None
    """Arguments of a tool call."""
    body: str | None = None
    """A whole body instead, such as an error page."""


@dataclass
class ScriptedServer:
    """Answers calls one after the other; the last turn repeats. Use as a context."""

    turns: Sequence[Turn]
    refuses: frozenset[str] = frozenset()
    """Forms of output that are answered with 400: json_schema, tool, json_object."""
    calls: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def __enter__(self) -> ScriptedServer:
        script = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                call = json.loads(self.rfile.read(length))
                script.headers.append(dict(self.headers))
                status, body = script.answer(call)
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.end_headers()
                    self.wfile.write(body.encode())
                except BrokenPipeError:
                    # The client had its deadline.
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                """Say nothing on the console."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def answer(self, call: dict[str, Any]) -> tuple[int, str]:
        """Status and body for one call."""
        self.calls.append(call)
        if form_of(call) in self.refuses:
            return 400, json.dumps({"error": f"{form_of(call)} is not supported"})
        served = [c for c in self.calls if form_of(c) not in self.refuses]
        turn = self.turns[min(len(served), len(self.turns)) - 1]
        time.sleep(turn.delay_s)
        if turn.body is not None:
            return turn.status, turn.body
        message: dict[str, Any] = {"role": "assistant", "content": turn.content}
        if turn.refusal is not None:
            message["refusal"] = turn.refusal
        if turn.arguments is not None:
            function = {"name": "goals", "arguments": turn.arguments}
            message["tool_calls"] = [{"id": "1", "type": "function", "function": function}]
        choice = {"index": 0, "message": message, "finish_reason": turn.finish}
        usage = {"prompt_tokens": 100, "completion_tokens": 20}
        return turn.status, json.dumps({"choices": [choice], "usage": usage})


def form_of(call: dict[str, Any]) -> str:
    """Which form of output a call asks for."""
    if "tools" in call:
        return "tool"
    return str(call.get("response_format", {}).get("type", "text"))
