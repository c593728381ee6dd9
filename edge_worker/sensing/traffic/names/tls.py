"""TLS and DTLS ClientHello (RFC 8446, 6066, 9849): the server name and whether ECH hides it."""

from __future__ import annotations

import struct
from typing import NamedTuple

from edge_worker.sensing.traffic.names.host import shown_name

# Post-quantum key shares make 2 kB usual; a ClientHello full of tickets reaches 16 kB.
MAX_HELLO_BYTES = 32_768
_HANDSHAKE, _CLIENT_HELLO = 22, 1
_SERVER_NAME, _ECH, _ESNI = 0, 0xFE0D, 0xFFCE
_ECH_DRAFTS = range(0xFE08, 0xFE0E)
_U16 = struct.Struct(">H").unpack_from


class Hello(NamedTuple):
    """What a ClientHello tells. `complete`: the whole of it was there."""

    name: str | None
    encrypted: bool = False
    """An ECH or ESNI extension is there: `name` may be that of a front."""
    complete: bool = True


def looks_like_hello(data: bytes) -> bool:
    """Whether a TCP conversation that starts so is TLS with a ClientHello."""
    return (
        len(data) >= 6
        and data[0] == _HANDSHAKE
        and data[1] == 3
        and data[2] <= 4
        and data[5] == _CLIENT_HELLO
    )


def hello_from_records(data: bytes) -> Hello | None:
    """Read a ClientHello from a TLS stream's start, which may break off anywhere.

    None when this is no ClientHello.
    """
    handshake = bytearray()
    position = 0
    while position + 5 <= len(data) and data[position] == _HANDSHAKE and data[position + 1] == 3:
        (size,) = _U16(data, position + 3)
        handshake += data[position + 5 : position + 5 + size]
        position += 5 + size
        if len(handshake) >= 4 and len(handshake) >= 4 + int.from_bytes(handshake[1:4]):
            break
    if not handshake:
        return None
    return hello_from_handshake(bytes(handshake))


def hello_from_handshake(data: bytes) -> Hello | None:
    """Read a ClientHello from its handshake message, which may break off anywhere."""
    if not data or data[0] != _CLIENT_HELLO:
        return None
    size = int.from_bytes(data[1:4])
    if len(data) >= 4 and not 38 <= size <= MAX_HELLO_BYTES:
        return None
    return _client_hello(data[4 : 4 + size], complete=len(data) >= 4 + size)


def hello_from_dtls(data: bytes) -> Hello | None:
    """Read a ClientHello from one DTLS datagram (RFC 6347; 9147 keeps the form)."""
    if len(data) < 25 or data[0] != _HANDSHAKE or data[1] != 0xFE or data[13] != _CLIENT_HELLO:
        return None
    offset, length = int.from_bytes(data[19:22]), int.from_bytes(data[22:25])
    if offset:
        return None
    whole = int.from_bytes(data[14:17]) == length and len(data) >= 25 + length
    return _client_hello(data[25 : 25 + length], complete=whole, cookie=True)


def _client_hello(body: bytes, *, complete: bool, cookie: bool = False) -> Hello | None:
    unfinished = None if complete else Hello(name=None, complete=False)
    position = 34
    try:
        position += 1 + body[position]
        if cookie:
            position += 1 + body[position]
        position += 2 + _U16(body, position)[0]
        position += 1 + body[position]
    except (IndexError, struct.error):
        return unfinished
    if complete and position == len(body):
        return Hello(name=None)  # TLS 1.0 without extensions
    name, encrypted = None, False
    position += 2
    while position + 4 <= len(body):
        kind, size = struct.unpack_from(">HH", body, position)
        position += 4
        if kind == _SERVER_NAME and position + size <= len(body):
            name = _server_name(body[position : position + size])
        elif kind in _ECH_DRAFTS or kind == _ESNI:
            encrypted = True
        position += size
    return Hello(name=name, encrypted=encrypted, complete=complete)


def _server_name(extension: bytes) -> str | None:
    """The first entry of type 0 (host name) of a server name list."""
    if len(extension) < 5 or extension[2] != 0:
        return None
    (size,) = _U16(extension, 3)
    return shown_name(extension[5 : 5 + size])
