"""AdGuard Home: its query log over HTTP (OpenAPI 0.107), password by basic authentication."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from edge_worker.catalogue.tool import SourceError
from edge_worker.sensing.traffic.boundary import NOTICES
from edge_worker.sensing.traffic.http_client import JsonClient, ServerError
from edge_worker.sensing.traffic.observation import Observation
from edge_worker.sensing.traffic.query_log import Visits
from edge_worker.sensing.traffic.settings import CaptureSettings
from edge_worker.sensing.traffic.watch import Watch, address_text

PAGE_ROWS = 500
MAX_PAGES = 20

# Unix seconds and nine digits of nanoseconds: a float would lose some of them.
Moment = tuple[int, str]
_NEVER: Moment = (0, "")


class AdGuardLog:
    """Reads the query log page by page, newest first, one watched address at a time.

    The server searches for the address, so nobody else's questions travel.
    learn: called with (client, address, name, time, time to live) of every answer.
    """

    def __init__(
        self,
        settings: CaptureSettings,
        watch: Watch,
        learn: Callable[[str, str, str, float, float], None] | None = None,
    ) -> None:
        if not watch.ips:
            raise SourceError("AdGuard Home knows IP addresses only: tell those of the people")
        assert settings.url is not None
        try:
            self._client = JsonClient(settings.url)
        except ServerError as error:
            raise SourceError(f"AdGuard Home: {error}") from error
        login = f"{settings.username or ''}:{settings.password or ''}".encode()
        self._headers = {"Authorization": f"Basic {base64.b64encode(login).decode()}"}
        self._people = {
            address_text(*words): watch.ids[number] for words, number in watch.ips.items()
        }
        self._visits = Visits()
        self._learn = learn
        # Per address the time of the newest row that was read, and all rows of that time.
        self._newest: dict[str, tuple[Moment, frozenset[str]]] = {}

    def open(self) -> None:
        """Check the log's settings and begin after its newest rows."""
        config = self._get("/control/querylog/config")
        if not isinstance(config, dict) or config.get("enabled") is False:
            raise SourceError("AdGuard Home's query log is switched off")
        if config.get("anonymize_client_ip"):
            raise SourceError(NOTICES["anonymized"])
        for address in self._people:
            rows, _ = self._page(address, None)
            self._remember(address, rows)

    def poll(self) -> Sequence[Observation]:
        """New questions of all watched addresses."""
        found: list[Observation] = []
        for address, person in self._people.items():
            for row in reversed(self._new_rows(address)):
                seen = self._observation(row, person)
                if seen is not None:
                    found.append(seen)
        return found

    def close(self) -> None:
        """Nothing to log out from."""

    def _new_rows(self, address: str) -> list[dict[str, Any]]:
        """Rows since the last poll, newest first."""
        newest, known = self._newest.get(address, (_NEVER, frozenset()))
        rows: list[dict[str, Any]] = []
        older_than: str | None = None
        for _ in range(MAX_PAGES):
            page, older_than = self._page(address, older_than)
            fresh = [
                row
                for row in page
                if _moment(row) > newest or (_moment(row) == newest and _key(row) not in known)
            ]
            rows += fresh
            if len(fresh) < len(page) or not page or not older_than:
                break
        self._remember(address, rows)
        return rows

    def _page(self, address: str, older_than: str | None) -> tuple[list[dict[str, Any]], str]:
        """Rows of this client and the server's mark for the next page.

        The mark is passed back unchanged: its nanoseconds don't survive a datetime.
        """
        query: dict[str, str | int] = {"limit": PAGE_ROWS, "search": f'"{address}"'}
        if older_than:
            query["older_than"] = older_than
        answer = self._get("/control/querylog", query)
        if not isinstance(answer, dict) or not isinstance(answer.get("data"), list):
            raise ServerError("the query log has an unknown form")
        rows = [row for row in answer["data"] if isinstance(row, dict)]
        own = [row for row in rows if row.get("client") == address]
        oldest = answer.get("oldest")
        # A page of strangers' rows (a name that equals the address) still leads on.
        return own, oldest if rows and isinstance(oldest, str) else ""

    def _remember(self, address: str, rows: list[dict[str, Any]]) -> None:
        newest, known = self._newest.get(address, (_NEVER, frozenset()))
        latest = max([newest, *(_moment(row) for row in rows)])
        keys = frozenset(_key(row) for row in rows if _moment(row) == latest)
        self._newest[address] = (latest, keys | known if latest == newest else keys)

    def _observation(self, row: dict[str, Any], person: str) -> Observation | None:
        reason, question = row.get("reason"), row.get("question")
        if not isinstance(question, dict) or str(reason).startswith("Filtered"):
            return None  # blocked: the app got no answer
        try:
            t = datetime.fromisoformat(str(row.get("time"))).timestamp()
        except ValueError:
            return None
        if self._learn is not None:
            self._learn_answers(row, question.get("name"), t)
        return self._visits.visit(person, question.get("name"), t)

    def _learn_answers(self, row: dict[str, Any], name: object, t: float) -> None:
        answers = row.get("answer")
        for answer in answers if isinstance(answers, list) else []:
            if not isinstance(answer, dict) or answer.get("type") not in ("A", "AAAA"):
                continue
            value, ttl = answer.get("value"), answer.get("ttl", 0)
            if isinstance(value, str) and isinstance(name, str) and isinstance(ttl, (int, float)):
                assert self._learn is not None
                self._learn(str(row.get("client")), value, name, t, float(ttl))

    def _get(self, path: str, query: dict[str, str | int] | None = None) -> Any:
        return self._client.call("GET", path, query=query, headers=self._headers)


def _moment(row: dict[str, Any]) -> Moment:
    """The row's time; the zero moment when it has none."""
    text = str(row.get("time", ""))
    try:
        seconds = int(datetime.fromisoformat(text).timestamp())
    except ValueError:
        return _NEVER
    digits = text.partition(".")[2].rstrip("Zz").partition("+")[0].partition("-")[0]
    return seconds, f"{digits:0<9}"


def _key(row: dict[str, Any]) -> str:
    return str(row.get("question"))
