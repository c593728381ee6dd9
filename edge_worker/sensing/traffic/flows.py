"""Conversations: who talks to whom, how much, and to which server.

A table of arrays rather than objects: a batch updates it in a few numpy operations, and
50,000 conversations fit in a few megabytes. Python looks only at the first payloads of
each conversation, for its name.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge_worker.sensing.traffic.headers import TCP, UDP, BoolArray, HeaderTable, WordArray
from edge_worker.sensing.traffic.join import Joined, NameJoin
from edge_worker.sensing.traffic.names.dns import DnsMessage, parse_dns
from edge_worker.sensing.traffic.observation import NameSource
from edge_worker.sensing.traffic.packets import IntArray
from edge_worker.sensing.traffic.probe import Finding, Probe, TcpProbe, probe_for
from edge_worker.sensing.traffic.watch import address_words

MAX_FLOWS = 262_144
# Names are forgotten when there are more than this, and twice the conversations.
MIN_NAMES = 16_384
# Conversations whose name is still looked for at the same time.
MAX_PROBES = 4096
# Payloads in which a name must begin: greetings and STARTTLS take some before it.
MAX_EARLY_PAYLOADS = 10
# Payloads of one conversation that are looked at within one batch.
MAX_PAYLOADS_PER_BATCH = 512
DNS_PORTS = (53, 5353, 5355)

_ROW = np.dtype(
    [
        ("key", "u8"),
        ("client_high", "u8"),
        ("client_low", "u8"),
        ("server_high", "u8"),
        ("server_low", "u8"),
        ("client_port", "i4"),
        ("server_port", "i4"),
        ("protocol", "i2"),
        ("done", "?"),
        ("pending", "?"),
        ("payloads", "i4"),
        ("source", "i1"),
        ("name", "i4"),
        ("owner", "i4"),
        ("packets", "i8"),
        ("up", "i8"),
        ("down", "i8"),
        ("first_ns", "i8"),
        ("last_ns", "i8"),
    ]
)
_IS_DNS = np.zeros(65_536, np.bool_)
_IS_DNS[list(DNS_PORTS)] = True
_SOURCES = tuple(NameSource)
_ROWS_AT_ONCE = 4096
_ROW_COLUMNS = (
    *("client_high", "client_low", "server_high", "server_low", "name", "source", "owner"),
    *("client_port", "server_port", "protocol", "packets", "up", "down", "first_ns", "last_ns"),
)
_SYN, _ACK = 0x02, 0x10


@dataclass(frozen=True, kw_only=True)
class Activity:
    """Traffic per conversation and second, all columns of shape (rows,). Bytes as on the wire.

    flow: row in the table. second: Unix time.
    """

    flow: IntArray
    second: IntArray
    up: IntArray
    down: IntArray
    packets: IntArray


class FlowRow(NamedTuple):
    """One conversation: its number, both ends, its name and what it carried.

    Addresses as two words of 64 bits. Times in Unix nanoseconds. A tuple, because there
    are many: the rest of the program sees `FlowReport`.
    """

    number: int
    client: tuple[int, int]
    server: tuple[int, int]
    client_port: int
    server_port: int
    protocol: int
    owner: int
    name: str | None
    name_source: NameSource | None
    packets: int
    up: int
    down: int
    first_ns: int
    last_ns: int


class FlowTable:
    """All conversations that were seen, their counters and names.

    Owners are small numbers (people, or clients of an analysis) that the caller assigns.
    """

    def __init__(self) -> None:
        self._rows = np.zeros(1024, _ROW)
        self._count = 0
        self._index: dict[int, int] = {}
        self._probes: dict[int, Probe] = {}
        self._names: list[str] = []
        self._name_numbers: dict[str, int] = {}
        self._join = NameJoin()
        self._turned = False
        # Secret multipliers: nobody can craft conversations that share a key.
        self._mix = [np.uint64(secrets.randbits(64) | 1) for _ in range(4)]

    def __len__(self) -> int:
        return self._count

    def set_owner(self, flow: int, owner: int) -> None:
        """Remember to whom a conversation belongs."""
        self._rows["owner"][flow] = owner

    def joined(self, flow: FlowRow) -> Joined | None:
        """What the client had asked DNS for before it called this server."""
        return self._join.find((*flow.client, *flow.server), flow.first_ns / 1e9)

    def rows(self, numbers: IntArray | None = None) -> Iterator[FlowRow]:
        """The conversations of these numbers, or all in the order of their first packet."""
        if numbers is None:
            numbers = np.arange(self._count)
        for begin in range(0, len(numbers), _ROWS_AT_ONCE):
            chosen = numbers[begin : begin + _ROWS_AT_ONCE]
            rows = self._rows[chosen]
            columns = [rows[name].tolist() for name in _ROW_COLUMNS]
            for number, high, low, far_high, far_low, name, source, owner, *rest in zip(
                chosen.tolist(), *columns, strict=True
            ):
                client_port, server_port, protocol, packets, up, down, first, last = rest
                yield FlowRow(
                    number,
                    (high, low),
                    (far_high, far_low),
                    client_port,
                    server_port,
                    protocol,
                    owner,
                    self._names[name] if name >= 0 else None,
                    _SOURCES[source] if name >= 0 else None,
                    packets,
                    up,
                    down,
                    first,
                    last,
                )

    def add(self, table: HeaderTable, owners: tuple[IntArray, IntArray] | None = None) -> Activity:
        """Count a batch and look for names in it; the activity of this batch alone.

        owners: of each packet's sender and receiver, -1 for nobody.
        """
        if not len(table):
            empty = np.zeros(0, np.int64)
            return Activity(flow=empty, second=empty, up=empty, down=empty, packets=empty)
        keys = self._keys(table)
        order = np.argsort(keys, kind="stable")
        sorted_keys = keys[order]
        starts = np.flatnonzero(np.concatenate(([True], sorted_keys[1:] != sorted_keys[:-1])))
        flows = self._find_or_add(sorted_keys[starts], table, order[starts], owners)
        counts = np.diff(np.append(starts, len(order)))
        flow = np.empty(len(order), np.int64)
        flow[order] = np.repeat(flows, counts)
        upward = self._upward(table, flow)
        self._turned = False
        self._name(table, flow, order, upward)
        if self._turned:
            upward = self._upward(table, flow)
        return self._count_up(table, flow, order, upward)

    def forget(self, keep: BoolArray) -> IntArray:
        """Drop the conversations that `keep` (one flag per conversation) leaves out.

        Returns the new number of each conversation, -1 for those that are gone.
        """
        old = np.flatnonzero(keep)
        numbers = np.full(len(keep), -1, np.int64)
        numbers[old] = np.arange(len(old))
        self._rows[: len(old)] = self._rows[old]
        self._count = len(old)
        self._index = dict(
            zip(self._rows["key"][: self._count].tolist(), range(self._count), strict=True)
        )
        self._probes = {
            int(numbers[row]): probe for row, probe in self._probes.items() if numbers[row] >= 0
        }
        return numbers

    def last_seen(self) -> npt.NDArray[np.int64]:
        """Unix nanoseconds of each conversation's last packet."""
        return self._rows["last_ns"][: self._count]

    # --- Keys and counters ---------------------------------------------------------------

    def _keys(self, table: HeaderTable) -> WordArray:
        """One word per packet, the same for both directions of a conversation."""
        ends = self._end_hash(table.src_high, table.src_low, table.src_port) + self._end_hash(
            table.dst_high, table.dst_low, table.dst_port
        )
        return (ends ^ table.protocol.astype(np.uint64)) * self._mix[3]

    def _end_hash(self, high: WordArray, low: WordArray, port: IntArray) -> WordArray:
        mixed = low * self._mix[0] + high * self._mix[1]
        mixed ^= mixed >> np.uint64(29)
        mixed = (mixed + port.astype(np.uint64)) * self._mix[2]
        mixed ^= mixed >> np.uint64(32)
        return mixed * self._mix[1]

    def _find_or_add(
        self,
        keys: WordArray,
        table: HeaderTable,
        first: IntArray,
        owners: tuple[IntArray, IntArray] | None,
    ) -> IntArray:
        """Row of each key; `first` is the packet that a new conversation starts with."""
        find = self._index.get
        flows = np.fromiter((find(key, -1) for key in keys.tolist()), np.int64, len(keys))
        new = np.flatnonzero(flows < 0)
        if len(new):
            # In the order of time, so that a list of conversations reads as they began.
            new = new[np.argsort(first[new], kind="stable")]
            numbers = np.arange(self._count, self._count + len(new))
            flows[new] = numbers
            self._index.update(zip(keys[new].tolist(), numbers.tolist(), strict=True))
            self._start(keys[new], table, first[new], owners)
        return flows

    def _start(
        self,
        keys: WordArray,
        table: HeaderTable,
        first: IntArray,
        owners: tuple[IntArray, IntArray] | None,
    ) -> None:
        begin, self._count = self._count, self._count + len(keys)
        if self._count > len(self._rows):
            grown = np.zeros(max(self._count, 2 * len(self._rows)), _ROW)
            grown[:begin] = self._rows[:begin]
            self._rows = grown
        rows = self._rows[begin : self._count]
        rows[:] = np.zeros(1, _ROW)
        src_port, dst_port, flags = table.src_port[first], table.dst_port[first], table.flags[first]
        syn, ack = (flags & _SYN) != 0, (flags & _ACK) != 0
        # Who answers a SYN, or sends from a well-known port, is the server.
        by_port = (src_port < dst_port) & (src_port < 1024)
        swap = np.where(syn, ack, by_port)
        for word in ("high", "low", "port"):
            source = getattr(table, f"src_{word}")[first]
            target = getattr(table, f"dst_{word}")[first]
            rows[f"client_{word}"] = np.where(swap, target, source)
            rows[f"server_{word}"] = np.where(swap, source, target)
        rows["key"], rows["protocol"] = keys, table.protocol[first]
        rows["name"] = rows["owner"] = -1
        if owners is not None:
            sender, receiver = owners[0][first], owners[1][first]
            client, server = np.where(swap, receiver, sender), np.where(swap, sender, receiver)
            rows["owner"] = np.where(client >= 0, client, server)
        rows["first_ns"] = rows["last_ns"] = table.batch.time_ns[table.frame[first]]
        rows["done"] = (rows["protocol"] != TCP) & (rows["protocol"] != UDP)

    def _upward(self, table: HeaderTable, flow: IntArray) -> BoolArray:
        """Which packets go from client to server."""
        rows = self._rows
        upward: BoolArray = (
            (table.src_port == rows["client_port"][flow])
            & (table.src_low == rows["client_low"][flow])
            & (table.src_high == rows["client_high"][flow])
        )
        return upward

    def _count_up(
        self, table: HeaderTable, flow: IntArray, order: IntArray, upward: BoolArray
    ) -> Activity:
        frame = table.frame[order]
        flow, upward = flow[order], upward[order]
        time_ns, wire = table.batch.time_ns[frame], table.batch.wire[frame]
        second = time_ns // 1_000_000_000
        # Runs of packets of one conversation in one second.
        change = (flow[1:] != flow[:-1]) | (second[1:] != second[:-1])
        starts = np.flatnonzero(np.concatenate(([True], change)))
        total = np.add.reduceat(wire, starts)
        up = np.add.reduceat(np.where(upward, wire, 0), starts)
        packets = np.diff(np.append(starts, len(order)))
        activity = Activity(
            flow=flow[starts], second=second[starts], up=up, down=total - up, packets=packets
        )
        rows = self._rows
        np.add.at(rows["up"], activity.flow, activity.up)
        np.add.at(rows["down"], activity.flow, activity.down)
        np.add.at(rows["packets"], activity.flow, packets)
        np.maximum.at(rows["last_ns"], activity.flow, np.maximum.reduceat(time_ns, starts))
        np.minimum.at(rows["first_ns"], activity.flow, np.minimum.reduceat(time_ns, starts))
        return activity

    # --- Names ---------------------------------------------------------------------------

    def _name(self, table: HeaderTable, flow: IntArray, order: IntArray, upward: BoolArray) -> None:
        """Look at the first payloads of conversations without a name, and at all DNS."""
        dns = _IS_DNS[table.src_port] | _IS_DNS[table.dst_port]
        dns &= (table.protocol == UDP) | (table.protocol == TCP)
        rows = self._rows
        wanted = (table.size > 0) & (dns | ~rows["done"][flow])
        wanted &= dns | self._is_early(flow, order, wanted) | rows["pending"][flow]
        chosen = np.flatnonzero(wanted)
        data, done = table.batch.data, rows["done"]
        columns = [flow, table.payload, table.size, upward, dns, table.frame]
        seen: dict[int, int] = {}
        for row, number, start, size, up, is_dns, frame in zip(
            chosen.tolist(), *(column[chosen].tolist() for column in columns), strict=True
        ):
            if is_dns:
                payload = data[start : start + size].tobytes()
                self._take_dns(number, payload, up, int(table.batch.time_ns[frame]) / 1e9)
                continue
            if done[number]:
                continue
            count = seen[number] = seen.get(number, 0) + 1
            if count <= MAX_PAYLOADS_PER_BATCH:
                payload = data[start : start + size].tobytes()
                self._take_payload(number, table, row, payload, up)
        self._give_up(flow[wanted])

    def _give_up(self, flow: IntArray) -> None:
        """End the search in conversations whose first payloads began no name."""
        rows = self._rows
        late = (rows["payloads"][flow] >= MAX_EARLY_PAYLOADS) & ~rows["done"][flow]
        for number in np.unique(flow[late & ~rows["pending"][flow]]).tolist():
            rows["done"][number] = True
            self._probes.pop(number, None)

    def _is_early(self, flow: IntArray, order: IntArray, wanted: BoolArray) -> BoolArray:
        """Which payloads are among the first of their conversation; also counts them."""
        rows = self._rows
        counted = wanted[order]
        ordered = flow[order]
        total = np.cumsum(counted)
        starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
        sizes = np.diff(np.append(starts, len(order)))
        before: IntArray = np.repeat((total - counted)[starts], sizes)
        rank = total - before + rows["payloads"][ordered]
        rows["payloads"][ordered[starts]] = rank[starts + sizes - 1]
        early = np.empty(len(flow), np.bool_)
        early[order] = rank <= MAX_EARLY_PAYLOADS
        return early

    def _take_payload(
        self, number: int, table: HeaderTable, row: int, payload: bytes, upward: bool
    ) -> None:
        probe = self._probes.get(number)
        if probe is None:
            if len(self._probes) >= MAX_PROBES:
                oldest = next(iter(self._probes))
                del self._probes[oldest]
                self._rows["done"][oldest] = True
            probe = probe_for(int(table.protocol[row]))
            assert probe is not None
            self._probes[number] = probe
        ports = int(table.src_port[row]), int(table.dst_port[row])
        if isinstance(probe, TcpProbe):
            # A SYN may carry data (TCP Fast Open) and counts one itself.
            seq = int(table.seq[row]) + bool(table.flags[row] & _SYN)
            found = probe.feed(int(upward), seq, payload, ports)
        else:
            found = probe.feed(int(upward), payload, ports, whole=bool(table.whole[row]))
        if found is not None:
            self._found(number, found, upward)
        elif not self._rows["pending"][number]:
            self._rows["pending"][number] = probe.begun

    def _found(self, number: int, found: Finding, upward: bool) -> None:
        if found.name is not None:
            self._set_name(number, found.name, found.source)
        if found.from_client is not None and found.from_client != upward:
            self._swap(number)
        if found.final:
            self._rows["done"][number] = True
            self._probes.pop(number, None)

    def _set_name(self, number: int, name: str, source: NameSource) -> None:
        index = self._name_numbers.get(name)
        if index is None:
            if len(self._names) >= max(MIN_NAMES, 2 * self._count):
                self._forget_names()
            index = self._name_numbers[name] = len(self._names)
            self._names.append(name)
        row = self._rows[number]
        row["name"], row["source"] = index, _SOURCES.index(source)

    def _forget_names(self) -> None:
        """Keep only names that a conversation still has: one may ask DNS for millions."""
        numbers = self._rows["name"][: self._count]
        used, renumbered = np.unique(numbers[numbers >= 0], return_inverse=True)
        numbers[numbers >= 0] = renumbered
        self._names = [self._names[number] for number in used.tolist()]
        self._name_numbers = {name: number for number, name in enumerate(self._names)}

    def _swap(self, number: int) -> None:
        """The other side proved to be the client."""
        self._turned = True
        row = self._rows[number]
        for one, other in (
            ("client_high", "server_high"),
            ("client_low", "server_low"),
            ("client_port", "server_port"),
            ("up", "down"),
        ):
            row[one], row[other] = row[other].copy(), row[one].copy()

    def _take_dns(self, number: int, payload: bytes, upward: bool, now: float) -> None:
        tcp = self._rows["protocol"][number] == TCP
        message = parse_dns(payload[2:] if tcp else payload)
        if message is None:
            return
        row = self._rows[number]
        if message.label and (row["name"] < 0 or message.name is not None):
            first = row["name"] < 0
            self._set_name(number, message.label, NameSource.DNS)
            if first and message.response == upward and row["server_port"] not in DNS_PORTS:
                self._swap(number)
        if message.response:
            self._learn(message, (int(row["client_high"]), int(row["client_low"])), now)

    def _learn(self, message: DnsMessage, client: tuple[int, int], now: float) -> None:
        if message.name is None:
            return
        for answer in message.answers:
            server = address_words(answer.address)
            self._join.learn((*client, *server), message.name, now=now, ttl=answer.ttl)
