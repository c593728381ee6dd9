"""NetFlow version 5 and 9 and IPFIX (RFC 3954, RFC 7011): a router's export of flows."""

from __future__ import annotations

import struct
from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass

from edge_worker.sensing.traffic.watch import address_words

MAX_TEMPLATES = 256
MAX_FIELDS = 256
MAX_WAITING = 64
_V5_HEADER = struct.Struct(">HHIIIIBBH")
_V5_RECORD = struct.Struct(">4s4s4sHHIIIIHHBBBBHHBBH")
_V9_HEADER = struct.Struct(">HHIIII")
_IPFIX_HEADER = struct.Struct(">HHIII")
_VARIABLE = 65_535
_REVERSE = 29_305  # RFC 5103: the same field, of the other direction

# Fields of NetFlow 9 and information elements of IPFIX (IANA), which share their numbers.
_BYTES, _PACKETS, _PROTOCOL = (1, 85), (2, 86), 4
_SRC_PORT, _DST_PORT = 7, 11
_SRC, _DST = (8, 27), (12, 28)
_LAST_UPTIME, _FIRST_UPTIME, _BOOT_MS = 21, 22, 160
_FIRST_S, _LAST_S, _FIRST_MS, _LAST_MS = 150, 151, 152, 153
_OUT_BYTES, _OUT_PACKETS = 23, 24

FieldKey = tuple[int, int]
"""Enterprise (0 for the standard) and number."""


@dataclass(frozen=True, kw_only=True)
class FlowRecord:
    """One direction of a conversation, or both when `reverse_bytes` isn't 0.

    Addresses as two words of 64 bits; first and last in Unix seconds.
    """

    source: tuple[int, int]
    target: tuple[int, int]
    source_port: int
    target_port: int
    protocol: int
    first: float
    last: float
    bytes: int
    packets: int
    reverse_bytes: int = 0
    reverse_packets: int = 0


@dataclass(frozen=True)
class _Clock:
    """Turns a router's time stamps into Unix seconds: export time, uptime then (ms)."""

    export_s: float
    uptime_ms: int | None

    def uptime(self, milliseconds: int) -> float:
        if self.uptime_ms is None:
            return self.export_s
        # The counter wraps after 49 days.
        return self.export_s - ((self.uptime_ms - milliseconds) & 0xFFFF_FFFF) / 1000


class FlowDecoder:
    """Decodes datagrams of one exporter; remembers its templates.

    Data that come before their template wait for it, a bounded number of them.
    """

    def __init__(self) -> None:
        self._templates: OrderedDict[tuple[int, int], list[tuple[FieldKey, int]]] = OrderedDict()
        self._waiting: deque[tuple[tuple[int, int], bytes, _Clock]] = deque(maxlen=MAX_WAITING)

    def decode(self, datagram: bytes) -> list[FlowRecord]:
        """The records of a datagram. Damaged parts are left out, nothing is raised."""
        if len(datagram) < 20:
            return []
        version = int.from_bytes(datagram[:2])
        if version == 5:
            return list(_version_5(datagram))
        if version == 9:
            _, _, uptime, seconds, _, domain = _V9_HEADER.unpack_from(datagram)
            return self._sets(datagram[20:], domain, _Clock(seconds, uptime), templates=(0, 1))
        if version == 10:
            _, length, seconds, _, domain = _IPFIX_HEADER.unpack_from(datagram)
            body = datagram[16 : max(length, 16)]
            return self._sets(body, domain, _Clock(seconds, None), templates=(2, 3))
        return []

    def _sets(
        self, body: bytes, domain: int, clock: _Clock, *, templates: tuple[int, int]
    ) -> list[FlowRecord]:
        records: list[FlowRecord] = []
        position = 0
        while position + 4 <= len(body):
            number, length = struct.unpack_from(">HH", body, position)
            if length < 4:
                break
            content = body[position + 4 : position + length]
            position += length
            if number == templates[0]:
                records += self._learn(content, domain, enterprise=templates[0] == 2)
            elif number >= 256:
                key = (domain, number)
                if key in self._templates:
                    records += _records(content, self._templates[key], clock)
                else:
                    self._waiting.append((key, content, clock))
        return records

    def _learn(self, content: bytes, domain: int, *, enterprise: bool) -> list[FlowRecord]:
        """Store templates; the records that waited for them."""
        position = 0
        while position + 4 <= len(content):
            number, count = struct.unpack_from(">HH", content, position)
            position += 4
            fields: list[tuple[FieldKey, int]] = []
            for _ in range(min(count, MAX_FIELDS)):
                if position + 4 > len(content):
                    return []
                kind, length = struct.unpack_from(">HH", content, position)
                position += 4
                owner = 0
                if enterprise and kind & 0x8000:
                    owner = int.from_bytes(content[position : position + 4])
                    kind, position = kind & 0x7FFF, position + 4
                fields.append(((owner, kind), length))
            if number < 256 or not fields:
                break
            self._templates[(domain, number)] = fields
            self._templates.move_to_end((domain, number))
            if len(self._templates) > MAX_TEMPLATES:
                self._templates.popitem(last=False)
        return self._release()

    def _release(self) -> list[FlowRecord]:
        records: list[FlowRecord] = []
        for _ in range(len(self._waiting)):
            key, content, clock = self._waiting.popleft()
            if key in self._templates:
                records += _records(content, self._templates[key], clock)
            else:
                self._waiting.append((key, content, clock))
        return records


def _version_5(datagram: bytes) -> Iterator[FlowRecord]:
    _, count, uptime, seconds, nanoseconds, *_ = _V5_HEADER.unpack_from(datagram + bytes(4))
    clock = _Clock(seconds + nanoseconds / 1e9, uptime)
    for position in range(24, len(datagram) - 47, 48):
        if position >= 24 + 48 * count:
            return
        source, target, _, _, _, packets, size, first, last, source_port, target_port, *rest = (
            _V5_RECORD.unpack_from(datagram, position)
        )
        yield FlowRecord(
            source=address_words(source),
            target=address_words(target),
            source_port=source_port,
            target_port=target_port,
            protocol=rest[2],
            first=clock.uptime(first),
            last=clock.uptime(last),
            bytes=size,
            packets=packets,
        )


def _records(
    content: bytes, template: list[tuple[FieldKey, int]], clock: _Clock
) -> Iterator[FlowRecord]:
    """Cut a data set into records by its template."""
    position = 0
    shortest = sum(1 if length == _VARIABLE else length for _, length in template)
    while shortest and position + shortest <= len(content):
        values: dict[FieldKey, bytes] = {}
        for key, length in template:
            if length == _VARIABLE:
                length = content[position] if position < len(content) else 0
                position += 1
                if length == 255:
                    length = int.from_bytes(content[position : position + 2])
                    position += 2
            values[key] = content[position : position + length]
            position += length
        if position > len(content):
            return
        record = _record(values, clock)
        if record is not None:
            yield record


def _record(values: dict[FieldKey, bytes], clock: _Clock) -> FlowRecord | None:
    def number(*kinds: int, owner: int = 0) -> int:
        for kind in kinds:
            raw = values.get((owner, kind))
            if raw is not None:
                return int.from_bytes(raw[:8])
        return 0

    def address(kinds: tuple[int, int]) -> tuple[int, int] | None:
        for kind, size in zip(kinds, (4, 16), strict=True):
            raw = values.get((0, kind))
            if raw is not None and len(raw) == size and any(raw):
                return address_words(raw)
        return None

    source, target = address(_SRC), address(_DST)
    if source is None or target is None:
        return None
    first, last = _times(values, clock)
    return FlowRecord(
        source=source,
        target=target,
        source_port=number(_SRC_PORT),
        target_port=number(_DST_PORT),
        protocol=number(_PROTOCOL),
        first=min(first, last),
        last=last,
        bytes=number(*_BYTES),
        packets=number(*_PACKETS),
        reverse_bytes=number(*_BYTES, owner=_REVERSE) or number(_OUT_BYTES),
        reverse_packets=number(*_PACKETS, owner=_REVERSE) or number(_OUT_PACKETS),
    )


def _times(values: dict[FieldKey, bytes], clock: _Clock) -> tuple[float, float]:
    """First and last moment of a flow, from whichever stamps the router sends."""

    def stamp(kind: int) -> int | None:
        raw = values.get((0, kind))
        return int.from_bytes(raw[:8]) if raw else None

    boot_ms = stamp(_BOOT_MS)
    found = []
    for milliseconds, seconds, uptime in (
        (_FIRST_MS, _FIRST_S, _FIRST_UPTIME),
        (_LAST_MS, _LAST_S, _LAST_UPTIME),
    ):
        value = stamp(milliseconds)
        if value is not None:
            found.append(value / 1000)
            continue
        value = stamp(seconds)
        if value is not None:
            found.append(float(value))
            continue
        value = stamp(uptime)
        if value is not None and boot_ms is not None:
            found.append((boot_ms + value) / 1000)
        else:
            found.append(clock.uptime(value) if value is not None else clock.export_s)
    return found[0], found[1]
