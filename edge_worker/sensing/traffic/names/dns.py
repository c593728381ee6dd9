"""DNS messages (RFC 1035): the question, and the addresses that an answer gives.

Also multicast DNS and LLMNR, which have the same form.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from edge_worker.sensing.traffic.names.host import host_name

MAX_LABELS = 128
MAX_POINTERS = 16
MAX_RECORDS = 64
_A, _CNAME, _AAAA, _SVCB, _HTTPS = 1, 5, 28, 64, 65
_HEADER = struct.Struct(">6H").unpack_from
_RECORD = struct.Struct(">HHIH").unpack_from


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An address record: 4 or 16 bytes, valid for `ttl` seconds."""

    address: bytes
    ttl: int


@dataclass(frozen=True, kw_only=True)
class DnsMessage:
    """A query or an answer. `name` is None when it holds characters no host name has."""

    response: bool
    name: str | None
    kind: int
    answers: tuple[Answer, ...] = ()


def parse_dns(data: bytes) -> DnsMessage | None:
    """Read a message; None when it is not one. A cut or damaged answer part is left out."""
    if len(data) < 12:
        return None
    _, flags, questions, answers, *_ = _HEADER(data)
    # Opcodes above 5 don't exist, and nobody asks several questions but mDNS.
    if (flags >> 11) & 15 > 5 or questions > MAX_RECORDS or answers > 4 * MAX_RECORDS:
        return None
    response = bool(flags & 0x8000)
    if not questions and not (response and answers):
        return None
    name, position = read_name(data, 12)
    if position < 0:
        return None
    if not questions:
        if position + 10 > len(data):
            return None
        kind = _RECORD(data, position)[0]
        return DnsMessage(response=True, name=name, kind=kind)
    if position + 4 > len(data):
        return None
    kind, klass = struct.unpack_from(">HH", data, position)
    # The top bit asks an mDNS answer by unicast. 1 is the Internet, 255 any.
    if klass & 0x7FFF not in (1, 3, 4, 254, 255):
        return None
    position += 4
    for _ in range(questions - 1):
        _, position = read_name(data, position)
        if position < 0:
            return DnsMessage(response=response, name=name, kind=kind)
        position += 4
    found = _read_answers(data, position, answers) if response and name else ()
    return DnsMessage(response=response, name=name, kind=kind, answers=found)


def _read_answers(data: bytes, position: int, count: int) -> tuple[Answer, ...]:
    found = []
    for _ in range(min(count, MAX_RECORDS)):
        position = skip_name(data, position)
        if position < 0 or position + 10 > len(data):
            break
        kind, _, ttl, size = _RECORD(data, position)
        position += 10
        if position + size > len(data):
            break
        if (kind == _A and size == 4) or (kind == _AAAA and size == 16):
            found.append(Answer(address=data[position : position + size], ttl=ttl))
        position += size
    return tuple(found)


def read_name(data: bytes, position: int) -> tuple[str | None, int]:
    """The name at `position` and the place behind it; -1 as place when it is malformed."""
    labels: list[bytes] = []
    after = -1
    jumps = total = 0
    size = len(data)
    while True:
        if position >= size:
            return None, -1
        length = data[position]
        if length >= 0xC0:
            if position + 1 >= size or jumps >= MAX_POINTERS:
                return None, -1
            if after < 0:
                after = position + 2
            target = ((length & 0x3F) << 8) | data[position + 1]
            if target >= position:  # a pointer leads back, else it could circle
                return None, -1
            position, jumps = target, jumps + 1
        elif length > 63:
            return None, -1
        elif length == 0:
            break
        else:
            total += length + 1
            if total > 255 or len(labels) >= MAX_LABELS:
                return None, -1
            labels.append(data[position + 1 : position + 1 + length])
            position += length + 1
    return host_name(b".".join(labels)), after if after >= 0 else position + 1


def skip_name(data: bytes, position: int) -> int:
    """The place behind the name at `position`, -1 when it is malformed."""
    for _ in range(MAX_LABELS):
        if position >= len(data):
            return -1
        length = data[position]
        if length >= 0xC0:
            return position + 2
        if length > 63:
            return -1
        position += length + 1
        if length == 0:
            return position
    return -1
