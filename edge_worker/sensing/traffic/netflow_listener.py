"""Listens for a router's flow export, and names the flows by what the client asked DNS."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from edge_worker.catalogue.tool import SourceError
from edge_worker.sensing.traffic.http_client import ServerError
from edge_worker.sensing.traffic.join import NameJoin
from edge_worker.sensing.traffic.names.host import host_name
from edge_worker.sensing.traffic.netflow import FlowDecoder, FlowRecord
from edge_worker.sensing.traffic.observation import NameSource, Observation
from edge_worker.sensing.traffic.query_log import QueryLog
from edge_worker.sensing.traffic.watch import Watch, ip_words, is_home

WAIT_S = 0.2
MAX_DATAGRAM = 65_535
MAX_BATCH = 1000
# Reported flows are never longer than a router's active timeout; damaged clocks claim more.
MAX_FLOW_S = 1800.0
_TUNNEL_PORTS = frozenset((500, 853, 1194, 4500, 51820))
_HOUSEKEEPING_PORTS = frozenset((53, 67, 68, 123, 137, 138, 1900, 5353, 5355))


def open_listener(address: str, port: int) -> socket.socket:
    """A UDP socket for flow exports. Raises SourceError when the port is taken."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_DGRAM)
    try:
        listener.bind((address, port))
    except OSError as error:
        listener.close()
        raise SourceError(f"cannot listen on UDP port {port}: {error.strerror}") from error
    listener.setblocking(False)
    return listener


class DnsJoin:
    """Names for addresses, by client; filled by a DNS log."""

    def __init__(self) -> None:
        self._join = NameJoin()

    def learn(self, client: str, address: str, name: str, now: float, ttl: float) -> None:
        """Remember an answer. Anything that is no address or no name is left out."""
        asker, server, known = ip_words(client), ip_words(address), host_name(name.encode())
        if asker and server and known:
            self._join.learn((*asker, *server), known, now=now, ttl=ttl)

    def find(self, client: tuple[int, int], server: tuple[int, int], now: float) -> str | None:
        """The name that this client was last given this address for."""
        found = self._join.find((*client, *server), now)
        return found.name if found is not None else None


def flow_observations(
    listener: socket.socket,
    exporter: str,
    watch: Watch,
    *,
    join: DnsJoin | None = None,
    log: QueryLog | None = None,
    poll_s: float = 15.0,
    clock: Callable[[], float] = time.time,
) -> Iterator[Sequence[Observation]]:
    """Yield observations as exports arrive, empty sequences while none do.

    exporter: the router's address; datagrams of others are dropped unread.
    log: a DNS log that feeds `join`, asked every `poll_s` seconds.
    """
    names, decoder = join or DnsJoin(), FlowDecoder()
    allowed = ip_words(exporter)
    due, opened = 0.0, False
    with listener:
        while True:
            if log is not None and clock() >= due:
                with suppress(ServerError):  # names are missing until the log answers again
                    if not opened:
                        log.open()
                        opened = True
                    log.poll()
                due = clock() + poll_s
            found: list[Observation] = []
            if select.select([listener], [], [], WAIT_S)[0]:
                for datagram in _datagrams(listener, allowed):
                    for record in decoder.decode(datagram):
                        found += _observations(record, watch, names, clock())
            yield found


def _datagrams(listener: socket.socket, allowed: tuple[int, int] | None) -> Iterator[bytes]:
    for _ in range(MAX_BATCH):
        try:
            data, sender = listener.recvfrom(MAX_DATAGRAM)
        except BlockingIOError:
            return
        if ip_words(sender[0]) == allowed:
            yield data


def _observations(
    record: FlowRecord, watch: Watch, names: DnsJoin, now: float
) -> Iterator[Observation]:
    """What the record tells about each watched end; nothing about anybody else."""
    forward, backward = (
        (record.bytes, record.packets),
        (
            record.reverse_bytes,
            record.reverse_packets,
        ),
    )
    ends = (
        (record.source, record.target, forward, backward, record.target_port),
        (record.target, record.source, backward, forward, record.source_port),
    )
    for client, server, up, down, port in ends:
        person = watch.ips.get(client)
        # What stays in the home is no use of an app.
        if person is None or is_home(*server) or port in _HOUSEKEEPING_PORTS:
            continue
        last = min(record.last, now)
        first = max(record.first, last - MAX_FLOW_S)
        name = names.find(client, server, first)
        yield Observation(
            t0=first,
            t1=max(last, first + 0.001),
            client=watch.ids[person],
            name=name,
            name_source=NameSource.DNS_JOIN if name else None,
            up=up[0],
            down=down[0],
            packets=up[1] + down[1],
            hidden=name is None and port in _TUNNEL_PORTS,
        )
