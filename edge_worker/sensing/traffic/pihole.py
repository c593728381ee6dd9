"""Pi-hole v6: its query log over HTTP; one session, kept and given back.

The server has sixteen sessions; a login for every poll would lock the owner out
(pi-hole issue 6102).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from edge_worker.catalogue.tool import SourceError
from edge_worker.sensing.traffic.http_client import JsonClient, ServerError
from edge_worker.sensing.traffic.observation import Observation
from edge_worker.sensing.traffic.query_log import Visits
from edge_worker.sensing.traffic.settings import CaptureSettings
from edge_worker.sensing.traffic.watch import Watch, address_text

PAGE_ROWS = 500
MAX_PAGES = 20
# Rows may be stored some seconds after they were asked; ids keep them from counting twice.
OVERLAP_S = 30.0
_BLOCKED = ("GRAVITY", "REGEX", "DENYLIST", "EXTERNAL_BLOCKED", "SPECIAL_DOMAIN")


class PiHoleLog:
    """Reads new queries of watched addresses, one address at a time."""

    def __init__(
        self,
        settings: CaptureSettings,
        watch: Watch,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not watch.ips:
            raise SourceError("Pi-hole knows IP addresses only: tell those of the people")
        assert settings.url is not None
        try:
            self._client = JsonClient(settings.url)
        except ServerError as error:
            raise SourceError(f"Pi-hole: {error}") from error
        self._password = settings.password or ""
        self._clock = clock
        self._session: str | None = None
        self._people = {
            address_text(*words): watch.ids[number] for words, number in watch.ips.items()
        }
        self._visits = Visits()
        self._since = clock()
        self._last_ids = dict.fromkeys(self._people, -1)

    def open(self) -> None:
        """Log in, and begin after the newest query."""
        self._log_in()
        for address in self._people:
            self._rows(address, self._since - OVERLAP_S)

    def poll(self) -> Sequence[Observation]:
        """New queries of all watched addresses."""
        now = self._clock()
        found: list[Observation] = []
        for address, person in self._people.items():
            for row in self._rows(address, self._since - OVERLAP_S):
                status, t = str(row.get("status")), row.get("time")
                if status.startswith(_BLOCKED) or not isinstance(t, (int, float)):
                    continue
                seen = self._visits.visit(person, row.get("domain"), float(t))
                if seen is not None:
                    found.append(seen)
        self._since = now
        return found

    def close(self) -> None:
        """Give the session back."""
        if self._session:
            self._client.call("DELETE", "/api/auth", headers=self._headers())
            self._session = None

    def _rows(self, address: str, since: float) -> list[dict[str, Any]]:
        """Rows with an id above the last one read, oldest first."""
        query: dict[str, str | int | float] = {
            "from": int(since),
            "client_ip": address,
            "length": PAGE_ROWS,
        }
        fresh: list[dict[str, Any]] = []
        for page in range(MAX_PAGES):
            answer = self._get("/api/queries", {**query, "start": page * PAGE_ROWS})
            if not isinstance(answer, dict) or not isinstance(answer.get("queries"), list):
                raise ServerError("the query log has an unknown form")
            rows = [row for row in answer["queries"] if isinstance(row, dict)]
            fresh += [row for row in rows if self._is_new(row, address)]
            if answer.get("cursor") is None and not rows:
                self._check_privacy()
            if len(rows) < PAGE_ROWS:
                break
            # The cursor keeps the pages apart while new queries come in.
            query["cursor"] = answer.get("cursor") or 0
        ids = [int(row["id"]) for row in fresh]
        self._last_ids[address] = max([self._last_ids[address], *ids])
        unique = {int(row["id"]): row for row in fresh}
        return [unique[number] for number in sorted(unique)]

    def _is_new(self, row: dict[str, Any], address: str) -> bool:
        client, number = row.get("client"), row.get("id")
        own = isinstance(client, dict) and client.get("ip") == address
        return own and isinstance(number, int) and number > self._last_ids[address]

    def _check_privacy(self) -> None:
        """Level 3 hides everything: an empty log is then no silence."""
        answer = self._get("/api/config/misc/privacylevel")
        with suppress(KeyError, TypeError):
            if answer["config"]["misc"]["privacylevel"] >= 2:
                raise SourceError("Pi-hole hides clients: set its privacy level to 0 or 1")

    def _log_in(self) -> None:
        answer = self._client.call("POST", "/api/auth", body={"password": self._password})
        session = answer.get("session") if isinstance(answer, dict) else None
        if not isinstance(session, dict) or not session.get("valid"):
            raise ServerError("the login was refused", 401)
        self._session = session.get("sid")

    def _get(self, path: str, query: dict[str, str | int | float] | None = None) -> Any:
        """Call with the session; log in again, once, when it has expired."""
        try:
            return self._client.call("GET", path, query=query, headers=self._headers())
        except ServerError as error:
            if error.status != 401:
                raise
        self._log_in()
        return self._client.call("GET", path, query=query, headers=self._headers())

    def _headers(self) -> dict[str, str]:
        return {"X-FTL-SID": self._session} if self._session else {}
