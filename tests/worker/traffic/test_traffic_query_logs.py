"""AdGuard Home and Pi-hole: fake servers that speak their documented HTTP."""

from __future__ import annotations

import base64
import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from edge_worker.catalogue.tool import SourceError
from edge_worker.messages import Person
from edge_worker.sensing.traffic.adguard import AdGuardLog
from edge_worker.sensing.traffic.http_client import JsonClient, ServerError
from edge_worker.sensing.traffic.observation import NameSource
from edge_worker.sensing.traffic.pihole import PiHoleLog
from edge_worker.sensing.traffic.query_log import MAX_FAILURES, Visits, polled
from edge_worker.sensing.traffic.settings import CaptureSettings
from edge_worker.sensing.traffic.watch import watch_people

ANNA_IP, BERT_IP = "192.168.1.23", "192.168.1.24"
WATCH = watch_people([Person(id="anna", name="Anna", addresses=(ANNA_IP,))])
T0 = 1_700_000_000.0


class FakeServer(ABC):
    """An HTTP server on loopback; a subclass gives the answers."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                parts = urlsplit(self.path)
                query = {key: values[0] for key, values in parse_qs(parts.query).items()}
                size = int(self.headers.get("Content-Length", 0))
                body = json.loads(self.rfile.read(size)) if size else None
                outer.calls.append(f"{self.command} {parts.path}")
                status, answer = outer.answer(self, parts.path, query, body)
                data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                if status in (301, 302):
                    self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_DELETE = _answer  # noqa: N815

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @abstractmethod
    def answer(
        self, request: BaseHTTPRequestHandler, path: str, query: dict[str, str], body: Any
    ) -> tuple[int, Any]:
        """Status and body; bytes go out as they are, all else as JSON."""

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class AdGuard(FakeServer):
    """Rows newest first, pages by `older_than`, basic authentication."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.config = {"enabled": True, "anonymize_client_ip": False, "interval": 86_400_000}
        self.page = 3
        super().__init__()

    def add(self, client: str, name: str, t: float, kind: str = "A", **more: Any) -> None:
        stamp = datetime.fromtimestamp(t, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "123Z"
        row = {
            "client": client,
            "question": {"class": "IN", "name": name, "type": kind},
            "answer": [{"type": "A", "value": "198.18.0.7", "ttl": 60}],
            "reason": "NotFilteredNotFound",
            "time": stamp,
        }
        self.rows.insert(0, {**row, **more})

    def answer(
        self, request: BaseHTTPRequestHandler, path: str, query: dict[str, str], body: Any
    ) -> tuple[int, Any]:
        expected = base64.b64encode(b"user:secret").decode()
        if request.headers.get("Authorization") != f"Basic {expected}":
            return 401, b"no"
        if path == "/control/querylog/config":
            return 200, self.config
        assert path == "/control/querylog"
        address = query["search"].strip('"')
        older = query.get("older_than", "9")
        rows = [r for r in self.rows if r["client"] == address and r["time"] < older]
        rows = rows[: self.page]
        return 200, {"data": rows, "oldest": rows[-1]["time"] if rows else ""}


class PiHole(FakeServer):
    """Sessions, ids, newest first, `start` and `length`."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.sessions: set[str] = set()
        self.made = 0
        self.privacy = 0
        super().__init__()

    def add(self, client: str, name: str, t: float, status: str = "FORWARDED") -> None:
        row = {"id": len(self.rows) + 1, "time": t, "type": "A", "status": status, "domain": name}
        self.rows.insert(0, {**row, "client": {"ip": client, "name": None}})

    def answer(
        self, request: BaseHTTPRequestHandler, path: str, query: dict[str, str], body: Any
    ) -> tuple[int, Any]:
        session = request.headers.get("X-FTL-SID")
        if path == "/api/auth" and request.command == "POST":
            if body != {"password": "secret"}:
                return 401, {"session": {"valid": False, "sid": None}}
            self.made += 1
            self.sessions.add(f"sid{self.made}")
            return 200, {"session": {"valid": True, "sid": f"sid{self.made}", "validity": 1800}}
        if session not in self.sessions:
            return 401, {"error": {"key": "unauthorized"}}
        if path == "/api/auth":
            self.sessions.discard(session)
            return 200, {}
        if path == "/api/config/misc/privacylevel":
            return 200, {"config": {"misc": {"privacylevel": self.privacy}}}
        assert path == "/api/queries"
        rows = [
            r
            for r in self.rows
            if r["client"]["ip"] == query["client_ip"] and r["time"] >= float(query["from"])
        ]
        start, length = int(query.get("start", 0)), int(query["length"])
        if self.privacy == 3:
            return 200, {"queries": [], "cursor": None}
        return 200, {"queries": rows[start : start + length], "cursor": len(self.rows)}


@pytest.fixture(name="adguard")
def adguard_fixture() -> Iterator[AdGuard]:
    server = AdGuard()
    yield server
    server.close()


@pytest.fixture(name="pihole")
def pihole_fixture() -> Iterator[PiHole]:
    server = PiHole()
    yield server
    server.close()


def adguard_log(server: AdGuard, password: str = "secret", **more: Any) -> AdGuardLog:
    settings = CaptureSettings(source="adguard", url=server.url, username="user", password=password)
    return AdGuardLog(settings, WATCH, **more)


def pihole_log(server: PiHole, password: str = "secret", now: float = T0) -> PiHoleLog:
    settings = CaptureSettings(source="pihole", url=server.url, password=password)
    return PiHoleLog(settings, WATCH, lambda: now)


# --- AdGuard Home ----------------------------------------------------------------------


def test_adguard_gives_new_questions_once(adguard: AdGuard) -> None:
    adguard.add(ANNA_IP, "old.example.org", T0)
    log = adguard_log(adguard)
    log.open()
    assert log.poll() == []
    for i in range(8):  # more than one page
        adguard.add(ANNA_IP, f"n{i}.example.org", T0 + 10 + i)
    adguard.add(BERT_IP, "private.example.org", T0 + 20)
    found = log.poll()
    assert [seen.name for seen in found] == [f"n{i}.example.org" for i in range(8)]
    assert {(seen.client, seen.name_source) for seen in found} == {("anna", NameSource.DNS_LOG)}
    assert found[0].t0 == pytest.approx(T0 + 10, abs=1e-3)
    assert (found[0].up, found[0].down) == (None, None)
    assert log.poll() == []


def test_adguard_rows_of_one_nanosecond_are_all_read(adguard: AdGuard) -> None:
    log = adguard_log(adguard)
    log.open()
    adguard.add(ANNA_IP, "a.example.org", T0)
    assert [seen.name for seen in log.poll()] == ["a.example.org"]
    adguard.add(ANNA_IP, "b.example.org", T0)
    assert [seen.name for seen in log.poll()] == ["b.example.org"]


def test_adguard_leaves_out_blocked_and_counts_a_visit_once(adguard: AdGuard) -> None:
    log = adguard_log(adguard)
    log.open()
    adguard.add(ANNA_IP, "ads.example.org", T0, reason="FilteredBlackList")
    for i, kind in enumerate(("A", "AAAA", "HTTPS")):
        adguard.add(ANNA_IP, "www.example.org", T0 + 1 + i / 10, kind)
    adguard.add(ANNA_IP, "www.example.org", T0 + 30)
    assert [round(seen.t0 - T0) for seen in log.poll()] == [1, 30]


def test_adguard_answers_feed_the_join(adguard: AdGuard) -> None:
    learned: list[tuple[Any, ...]] = []
    log = adguard_log(adguard, learn=lambda *answer: learned.append(answer))
    log.open()
    adguard.add(ANNA_IP, "www.example.org", T0)
    log.poll()
    assert [answer[:3] for answer in learned] == [(ANNA_IP, "198.18.0.7", "www.example.org")]


def test_adguard_that_hides_clients_is_refused(adguard: AdGuard) -> None:
    adguard.config["anonymize_client_ip"] = True
    with pytest.raises(SourceError, match="anonymization"):
        adguard_log(adguard).open()


def test_adguard_without_log_is_refused(adguard: AdGuard) -> None:
    adguard.config["enabled"] = False
    with pytest.raises(SourceError, match="switched off"):
        adguard_log(adguard).open()


def test_adguard_needs_ip_addresses(adguard: AdGuard) -> None:
    settings = CaptureSettings(source="adguard", url=adguard.url)
    mac = watch_people([Person(id="a", name="A", addresses=("02:00:00:00:00:01",))])
    with pytest.raises(SourceError, match="IP addresses"):
        AdGuardLog(settings, mac)


# --- Pi-hole ---------------------------------------------------------------------------


def test_pihole_gives_new_queries_once(pihole: PiHole) -> None:
    pihole.add(ANNA_IP, "old.example.org", T0 - 5)
    log = pihole_log(pihole)
    log.open()
    assert log.poll() == []
    for i in range(3):
        pihole.add(ANNA_IP, f"n{i}.example.org", T0 + i)
    pihole.add(ANNA_IP, "ads.example.org", T0 + 4, "GRAVITY")
    pihole.add(BERT_IP, "private.example.org", T0 + 5)
    assert [seen.name for seen in log.poll()] == [f"n{i}.example.org" for i in range(3)]
    assert log.poll() == []


def test_pihole_keeps_one_session_and_gives_it_back(pihole: PiHole) -> None:
    log = pihole_log(pihole)
    log.open()
    for _ in range(5):
        log.poll()
    assert pihole.made == 1
    pihole.sessions.clear()  # expired, or the server was restarted
    pihole.add(ANNA_IP, "www.example.org", T0)
    assert len(log.poll()) == 1
    assert pihole.made == 2
    log.close()
    assert pihole.sessions == set()


def test_pihole_that_hides_clients_is_refused(pihole: PiHole) -> None:
    pihole.privacy = 3
    log = pihole_log(pihole)
    with pytest.raises(SourceError, match="privacy level"):
        log.open()


# --- The loop --------------------------------------------------------------------------


def drive(log: Any, seconds: float, poll_s: float = 15) -> list[Any]:
    """Run the loop for some seconds of a clock of its own."""
    now = [0.0]
    found: list[Any] = []
    for group in polled(
        log, poll_s, clock=lambda: now[0], sleep=lambda s: now.__setitem__(0, now[0] + s)
    ):
        found += group
        if now[0] >= seconds:
            break
    return found


def test_loop_polls_at_its_pace_and_logs_out(pihole: PiHole) -> None:
    pihole.add(ANNA_IP, "before.example.org", T0)
    drive(pihole_log(pihole), 60)
    polls = pihole.calls.count("GET /api/queries")
    assert 4 <= polls <= 6
    assert pihole.calls[-1] == "DELETE /api/auth"


@pytest.mark.parametrize("make", [adguard_log, pihole_log])
def test_wrong_password_is_told(make: Callable[..., Any], adguard: AdGuard, pihole: PiHole) -> None:
    server = adguard if make is adguard_log else pihole
    with pytest.raises(SourceError, match="refused the password"):
        drive(make(server, password="wrong"), 60)


def test_server_that_is_away_is_given_up_after_some_tries() -> None:
    class Away:
        tries = 0

        def open(self) -> None:
            self.tries += 1
            raise ServerError("nobody there")

        def close(self) -> None:
            raise AssertionError

    log = Away()
    with pytest.raises(SourceError, match="doesn't answer"):
        drive(log, 10_000)
    assert log.tries == MAX_FAILURES


def test_full_server_is_asked_less_often(pihole: PiHole) -> None:
    pihole.answer = lambda *_: (429, {"error": "too many"})  # type: ignore[method-assign]
    with pytest.raises(SourceError, match="no free session"):
        drive(pihole_log(pihole), 10_000)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [(500, b"", "500"), (200, b"<html>", "JSON"), (302, b"", "302")],
)
def test_odd_answers_are_errors_without_secrets(
    pihole: PiHole, status: int, body: bytes, words: str
) -> None:
    pihole.answer = lambda *_: (status, body)  # type: ignore[method-assign]
    with pytest.raises(ServerError, match=words) as caught:
        JsonClient(pihole.url).call("GET", "/secret-path")
    assert "127.0.0.1" not in str(caught.value)
    assert pihole.calls == ["GET /secret-path"]


def test_odd_names_are_no_visit() -> None:
    visits = Visits()
    assert visits.visit("anna", "bad name", T0) is None
    assert visits.visit("anna", None, T0) is None
    assert visits.visit("anna", "Good.Example.", T0) is not None
