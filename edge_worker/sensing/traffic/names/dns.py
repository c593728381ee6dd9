"""DNS messages (RFC 1035): the question, and the addresses that an answer gives.

Also multicast DNS and LLMNR, which have the same form.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from edge_worker.sensing.traffic.names.host import host_name, shown_name

MAX_LABELS = 128
MAX_POINTERS = 16
MAX_RECORDS = 64
_A, _CNAME, _AAAA, _SVCB, _HTTPS = 1, 5, 28, 64, 65
_HEADER = struct.Struct(">6H").unpack_from
_RECORD = struct.Struct(">HHIH").unpack_from


class Answer(NamedTuple):
    """An address record: 4 or 16 bytes, valid for `ttl` seconds."""

    address: bytes
    ttl: int


class DnsMessage(NamedTuple):
    """A query or an answer. `name` is None when it holds characters no host name has.

    label: the name for a list, with odd characters as "?" and cut where it is damaged.
    """

    response: bool
    name: str | None
    label: str | None
    kind: int
    answers: tuple[Answer, ...] = ()


def parse_dns(data: bytes) -> DnsMessage | None:
    """Read a message; None when it is not one. A cut or damaged answer part is left out."""
    if len(data) < 12:
        return None
    _, flags, questions, answers, *_ = _HEADER(data)
    response = bool(flags & 0x8000)
    # Opcodes above 5 don't exist, and nobody but mDNS asks several questions.
    sound = (flags >> 11) & 15 <= 5 and questions <= MAX_RECORDS and answers <= 4 * MAX_RECORDS
    sound = sound and bool(questions or (response and answers))
    raw, position = read_name(data, 12)
    name = host_name(raw)
    label = name or shown_name(raw)
    if not sound or position < 0 or position + 4 > len(data):
        return DnsMessage(response=response, name=None, label=label, kind=0) if label else None
    # A question ends with type and class, a record begins so behind its name.
    (kind,) = struct.unpack_from(">H", data, position)
    message = DnsMessage(response=response, name=name, label=label, kind=kind)
    if not (questions and response and name):
        return message
    position += 4
    for _ in range(questions - 1):
        position = skip_name(data, position)
        if position < 0:
            return message
        position += 4
    found = _read_answers(data, position, answers)
    return message._replace(answers=found)


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


def read_name(data: bytes, position: int) -> tuple[bytes, int]:
    """The name at `position` and the place behind it; place -1 when it is malformed.

    Of a malformed name, the labels before the damage.
    """
    labels: list[bytes] = []
    after = -1
    jumps = total = 0
    while position < len(data):
        length = data[position]
        if length == 0:
            return b".".join(labels), after if after >= 0 else position + 1
        if length >= 0xC0:
            target = int.from_bytes(data[position : position + 2]) & 0x3FFF
            # A pointer leads back, else it could circle.
            if position + 1 >= len(data) or jumps >= MAX_POINTERS or target >= position:
                break
            after = after if after >= 0 else position + 2
            position, jumps = target, jumps + 1
            continue
        total += length + 1
        if length > 63 or total > 255 or len(labels) >= MAX_LABELS:
            break
        labels.append(data[position + 1 : position + 1 + length])
        position += length + 1
    return b".".join(labels), -1


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
