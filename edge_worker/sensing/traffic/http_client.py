"""A small JSON client for servers at home: bounded answers, short waits, no redirects."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

TIMEOUT_S = 8.0
MAX_ANSWER_BYTES = 8 << 20


class ServerError(Exception):
    """The server cannot be reached or answered with an error; `status` 0 means no answer."""

    def __init__(self, message: str, status: int = 0) -> None:
        self.status = status
        super().__init__(message)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows nothing: a password must not travel to another server."""

    def redirect_request(self, *_: Any) -> None:
        return None


class JsonClient:
    """Calls one server. Raises ServerError; its message holds neither URL nor password."""

    def __init__(self, url: str) -> None:
        if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
            raise ServerError("the URL must begin with http:// or https://")
        self._url = url.rstrip("/")
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int | float] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The decoded JSON answer; None for an empty one."""
        url = self._url + path + (f"?{urllib.parse.urlencode(query)}" if query else "")
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(url, data, dict(headers or {}), method=method)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as response:
                answer = response.read(MAX_ANSWER_BYTES + 1)
        except urllib.error.HTTPError as error:
            error.close()
            raise ServerError(f"the server answered {error.code}", error.code) from None
        except (OSError, ValueError) as error:
            kind = getattr(error, "reason", error)
            raise ServerError(f"the server cannot be reached ({type(kind).__name__})") from None
        if len(answer) > MAX_ANSWER_BYTES:
            raise ServerError("the answer is too long")
        try:
            return json.loads(answer) if answer else None
        except (ValueError, RecursionError):
            raise ServerError("the answer is not JSON") from None
