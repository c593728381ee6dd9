"""From packet batches to what each person used: the inside of the capture process."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from edge_worker.sensing.traffic.categories import (
    HIDDEN,
    HOUSEKEEPING,
    UNKNOWN,
    AppEntry,
    Categories,
    Category,
    Role,
)
from edge_worker.sensing.traffic.flows import DNS_PORTS, MAX_FLOWS, Activity, FlowRow, FlowTable
from edge_worker.sensing.traffic.headers import TCP, UDP
from edge_worker.sensing.traffic.layers import decode_headers
from edge_worker.sensing.traffic.observation import NameSource, UsageSlice
from edge_worker.sensing.traffic.packets import PacketBatch
from edge_worker.sensing.traffic.watch import Watch, address_text, is_group, is_home

# A conversation that was silent for so long has ended (UDP mappings of routers live for
# less, idle TCP connections for longer, but those carry nothing to count).
IDLE_NS = 300 * 1_000_000_000
# Time, discovery, file shares and printers of the home.
_HOUSEKEEPING_PORTS = frozenset((*DNS_PORTS, 67, 68, 123, 137, 138, 139, 445, 546, 547, 631, 1900))
_TUNNEL_PORTS = frozenset((500, 1194, 1701, 1723, 4500, 51820, 853))
_ESP, _GRE = 50, 47


class FlowReport(NamedTuple):
    """One conversation, named and sorted. Times in Unix seconds, addresses as text.

    A tuple, because there are many and a frozen dataclass takes five times as long to make.
    """

    client: str
    server: str
    client_port: int
    server_port: int
    protocol: int
    name: str | None
    name_source: NameSource | None
    app: str | None
    category: Category
    packets: int
    up: int
    down: int
    first: float
    last: float


class TrafficMeter:
    """Counts, names and sorts the traffic of the people of a watch.

    Without a watch (analysis of a file) every home address is a client of its own.
    """

    def __init__(self, categories: Categories, watch: Watch | None = None) -> None:
        self._categories = categories
        self._watch = watch
        self.table = FlowTable()
        self._activities: list[Activity] = []
        # Sorted before their time, because their conversations had to be forgotten.
        self._early: list[UsageSlice] = []
        self._clients: list[str] = list(watch.ids) if watch is not None else []
        self._client_numbers: dict[tuple[int, int], int] = {}
        self.packets = 0
        self.moved = False
        """A watched device seems to have changed its private MAC address."""

    def add(self, batch: PacketBatch) -> None:
        """Count a batch. Packets of people who are not watched are dropped unread."""
        headers = decode_headers(batch)
        owners = None
        if self._watch is not None:
            self.moved = self.moved or bool(self._watch.moved(headers).any())
            sender, receiver = self._watch.owners(headers)
            own = (sender >= 0) | (receiver >= 0)
            if not own.all():
                headers, sender, receiver = headers.select(own), sender[own], receiver[own]
            owners = sender, receiver
        self.packets += len(headers)
        if self.full:
            self._make_room()
        activity = self.table.add(headers, owners)
        if len(activity.flow):
            self._activities.append(activity)

    def take(self, before: float = float("inf")) -> list[UsageSlice]:
        """What was used in the seconds that ended before this Unix time, each taken once."""
        slices = [part for part in self._early if part.t + 1 <= before]
        self._early = [part for part in self._early if part.t + 1 > before]
        later: list[Activity] = []
        for rows in self._activities:
            due = rows.second + 1 <= before
            if due.all():
                slices += self._slices(rows)
            elif not due.any():
                later.append(rows)
            else:
                slices += self._slices(_chosen(rows, due))
                later.append(_chosen(rows, ~due))
        self._activities = later
        return slices

    def forget_idle(self, now_ns: int) -> None:
        """Drop conversations that ended, once they are a quarter of all."""
        keep = self.table.last_seen() > now_ns - IDLE_NS
        for rows in self._activities:
            keep[rows.flow] = True
        if not len(keep) or 4 * int(keep.sum()) > 3 * len(keep):
            return
        numbers = self.table.forget(keep)
        self._activities = [
            dataclasses.replace(rows, flow=numbers[rows.flow]) for rows in self._activities
        ]

    def _make_room(self) -> None:
        """Forget the half of the conversations that was silent for longest."""
        for rows in self._activities:
            self._early += self._slices(rows)
        self._activities.clear()
        seen = self.table.last_seen()
        self.table.forget(seen > np.partition(seen, len(seen) // 2)[len(seen) // 2])

    def drop_activity(self) -> None:
        """Forget the use so far, where only conversations are wanted."""
        self._activities.clear()

    def forget_all(self) -> None:
        """Start again with no conversations."""
        self._activities.clear()
        self.table.forget(np.zeros(len(self.table), np.bool_))

    def reports(self) -> Iterator[FlowReport]:
        """Every conversation that is held, named as well as it can be."""
        for flow in self.table.rows():
            name, source = self.name(flow)
            entry = self._entry(flow, name, source)
            yield FlowReport(
                client=address_text(*flow.client),
                server=address_text(*flow.server),
                client_port=flow.client_port,
                server_port=flow.server_port,
                protocol=flow.protocol,
                name=name,
                name_source=source,
                app=entry.app,
                category=entry.category,
                packets=flow.packets,
                up=flow.up,
                down=flow.down,
                first=flow.first_ns / 1e9,
                last=flow.last_ns / 1e9,
            )

    @property
    def full(self) -> bool:
        """Too many conversations are held: take, list and forget them."""
        return len(self.table) >= MAX_FLOWS

    def name(self, flow: FlowRow) -> tuple[str | None, NameSource | None]:
        """The best name of a conversation's server.

        Without one in its packets, or with only that of an ECH front, the name that the
        client had asked DNS for counts, unless other names share the address.
        """
        if flow.name is not None and flow.name_source is not NameSource.OUTER_SNI:
            return flow.name, flow.name_source
        joined = self.table.joined(flow)
        if joined is not None and not (flow.name and joined.shared):
            return joined.name, NameSource.DNS_JOIN
        return flow.name, flow.name_source

    def _entry(self, flow: FlowRow, name: str | None, source: NameSource | None) -> AppEntry:
        """App, category and role of a conversation with this name."""
        port = flow.server_port
        if flow.protocol in (_ESP, _GRE):
            return HIDDEN
        if flow.protocol not in (TCP, UDP) or port in _HOUSEKEEPING_PORTS:
            return HOUSEKEEPING
        if is_group(*flow.server) or (is_home(*flow.server) and is_home(*flow.client)):
            return HOUSEKEEPING
        if source is NameSource.LOCAL:
            return HOUSEKEEPING
        found = self._categories.find(name)
        if found is UNKNOWN and (source is NameSource.OUTER_SNI or port in _TUNNEL_PORTS):
            return HIDDEN
        return found

    def _slices(self, rows: Activity) -> Iterator[UsageSlice]:
        flows, inverse = np.unique(rows.flow, return_inverse=True)
        kinds: dict[tuple[int, AppEntry], int] = {}
        kind_of = np.empty(len(flows), np.int64)
        for place, flow in enumerate(self.table.rows(flows)):
            entry = self._entry(flow, *self.name(flow))
            plain = AppEntry(category=entry.category, role=entry.role)
            kind_of[place] = kinds.setdefault((self._owner(flow), plain), len(kinds))
        pairs, groups = np.unique((rows.second << 24) | kind_of[inverse], return_inverse=True)
        sums = [
            np.bincount(groups, column, len(pairs)).astype(np.int64).tolist()
            for column in (rows.up, rows.down, rows.packets)
        ]
        owners = list(kinds)
        for pair, up, down, packets in zip(pairs.tolist(), *sums, strict=True):
            owner, entry = owners[pair & 0xFF_FFFF]
            yield UsageSlice(
                t=pair >> 24,
                person=self._clients[owner],
                category=entry.category,
                foreground=entry.foreground,
                hidden=entry.role is Role.TUNNEL,
                up=up,
                down=down,
                packets=packets,
            )

    def _owner(self, flow: FlowRow) -> int:
        """The person of a conversation; in an analysis the home device that takes part."""
        if flow.owner >= 0:
            return flow.owner
        turned = is_home(*flow.server) and not is_home(*flow.client)
        device = flow.server if turned else flow.client
        number = self._client_numbers.get(device)
        if number is None:
            number = self._client_numbers[device] = len(self._clients)
            self._clients.append(address_text(*device))
        self.table.set_owner(flow.number, number)
        return number


def _chosen(rows: Activity, mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Activity:
    return Activity(**{name: getattr(rows, name)[mask] for name in Activity.__dataclass_fields__})
