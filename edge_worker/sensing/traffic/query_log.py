"""What polled DNS logs have in common: the loop, and one observation for one visit."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Protocol

from edge_worker.catalogue.tool import SourceError
from edge_worker.sensing.traffic.http_client import ServerError
from edge_worker.sensing.traffic.names.host import host_name
from edge_worker.sensing.traffic.observation import NameSource, Observation

HEARTBEAT_S = 0.2
# Clients ask for A, AAAA and HTTPS of a name at once: one visit, not three.
SAME_VISIT_S = 2.0
MAX_REMEMBERED = 4096
# Failed polls in a row before the source gives up; they are poll_s apart and more.
MAX_FAILURES = 5


class QueryLog(Protocol):
    """A server that tells which names its clients asked for."""

    def open(self) -> None:
        """Log in and check that the log can be used. Raises ServerError, SourceError."""

    def poll(self) -> Sequence[Observation]:
        """The new questions of watched clients, none twice. Raises ServerError."""

    def close(self) -> None:
        """Log out. Raises ServerError."""


class Visits:
    """Turns questions into observations: a name asked for again within seconds counts once."""

    def __init__(self) -> None:
        self._last: OrderedDict[tuple[str, str], float] = OrderedDict()

    def visit(self, person: str, raw_name: object, t: float) -> Observation | None:
        """The observation of a question at Unix time `t`; None for a repeat or no name."""
        name = host_name(raw_name.encode("utf-8", "replace")) if isinstance(raw_name, str) else None
        if name is None:
            return None
        key = (person, name)
        before = self._last.get(key)
        if before is not None and abs(t - before) <= SAME_VISIT_S:
            return None
        self._last[key] = t
        self._last.move_to_end(key)
        if len(self._last) > MAX_REMEMBERED:
            self._last.popitem(last=False)
        return Observation(t0=t, t1=t + 1, client=person, name=name, name_source=NameSource.DNS_LOG)


def polled(
    log: QueryLog,
    poll_s: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Sequence[Observation]]:
    """Ask the log every `poll_s` seconds; empty sequences in between.

    Raises SourceError when the server refuses, or doesn't answer several times in a row.
    """
    failures = 0
    due = clock()
    opened = False
    try:
        while True:
            if clock() < due:
                sleep(HEARTBEAT_S)
                yield ()
                continue
            try:
                if not opened:
                    log.open()
                    opened = True
                yield log.poll()
                failures = 0
            except ServerError as error:
                failures += 1
                if error.status in (401, 403) or failures >= MAX_FAILURES:
                    raise SourceError(_sentence(error), retry=error.status == 0) from error
            # A server that is busy or away is asked less and less often.
            due = clock() + poll_s * 2 ** min(failures, 4)
    finally:
        if opened:
            with suppress(ServerError):
                log.close()


def _sentence(error: ServerError) -> str:
    if error.status in (401, 403):
        return "the DNS server refused the password: check `username` and `password`"
    if error.status == 429:
        return "the DNS server has no free session: log out elsewhere or wait some minutes"
    return f"the DNS server doesn't answer as it should: {error}"
