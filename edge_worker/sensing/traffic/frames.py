"""Writes packets: Ethernet frames, DNS, TLS ClientHello, QUIC Initial, pcap files.

The counterpart of `names`, for the generator, the tests and the benchmarks.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import BinaryIO

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from edge_worker.sensing.traffic.headers import TCP, UDP
from edge_worker.sensing.traffic.names.quic import VERSION_1, initial_keys, initial_salt

# RFC 9000 section 14.1: a client pads its Initial datagrams to at least this.
QUIC_DATAGRAM_BYTES = 1200


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One end of a conversation. `mac`: six bytes; `ip`: as text, both ends of one family."""

    ip: str
    port: int
    mac: bytes = b"\x02\0\0\0\0\1"


@dataclass(frozen=True, kw_only=True)
class Frame:
    """An Ethernet frame at Unix time `t`."""

    t: float
    data: bytes


def udp_frame(t: float, source: Endpoint, target: Endpoint, payload: bytes) -> Frame:
    """A UDP datagram in an Ethernet frame, checksum left out."""
    header = struct.pack(">HHHH", source.port, target.port, 8 + len(payload), 0)
    return _ip_frame(t, source, target, UDP, header + payload)


def tcp_frame(
    t: float, source: Endpoint, target: Endpoint, payload: bytes, *, seq: int, flags: int = 0x18
) -> Frame:
    """A TCP segment in an Ethernet frame, checksum left out."""
    header = struct.pack(
        ">HHIIBBHHH", source.port, target.port, seq & 0xFFFF_FFFF, 0, 0x50, flags, 65_535, 0, 0
    )
    return _ip_frame(t, source, target, TCP, header + payload)


def _ip_frame(t: float, source: Endpoint, target: Endpoint, protocol: int, body: bytes) -> Frame:
    sender, receiver = ip_address(source.ip), ip_address(target.ip)
    if sender.version == 4:
        kind = 0x0800
        header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0x4000, 64, protocol, 0)
    else:
        kind = 0x86DD
        header = struct.pack(">IHBB", 6 << 28, len(body), protocol, 64)
    ethernet = target.mac + source.mac + struct.pack(">H", kind)
    return Frame(t=t, data=ethernet + header + sender.packed + receiver.packed + body)


def client_hello(name: str | None, *, ech: bool = False, padding: int = 0) -> bytes:
    """A TLS 1.3 ClientHello as a handshake message.

    ech: with an encrypted_client_hello extension. padding: bytes of one more extension.
    """
    extensions = b""
    if name is not None:
        host = name.encode("ascii")
        entry = struct.pack(">BH", 0, len(host)) + host
        extensions += _extension(0, struct.pack(">H", len(entry)) + entry)
    extensions += _extension(43, b"\x02\x03\x04")  # supported versions: TLS 1.3
    extensions += _extension(16, b"\x00\x03\x02h2")
    extensions += _extension(51, struct.pack(">HHH", 36, 29, 32) + bytes(32))
    if ech:
        extensions += _extension(0xFE0D, bytes(64))
    if padding:
        extensions += _extension(21, bytes(padding))
    body = b"\x03\x03" + bytes(32) + b"\x00" + b"\x00\x02\x13\x01" + b"\x01\x00"
    body += struct.pack(">H", len(extensions)) + extensions
    return b"\x01" + len(body).to_bytes(3) + body


def _extension(kind: int, body: bytes) -> bytes:
    return struct.pack(">HH", kind, len(body)) + body


def tls_records(handshake: bytes, record_bytes: int = 16_384) -> bytes:
    """A handshake message in TLS records of at most `record_bytes`."""
    pieces = [handshake[i : i + record_bytes] for i in range(0, len(handshake), record_bytes)]
    return b"".join(b"\x16\x03\x01" + struct.pack(">H", len(piece)) + piece for piece in pieces)


def quic_initial(
    crypto: Iterable[tuple[int, bytes]],
    *,
    connection_id: bytes,
    number: int = 0,
    version: int = VERSION_1,
) -> bytes:
    """A client's Initial packet with CRYPTO frames of (offset, bytes), encrypted and padded."""
    frames = b"".join(
        b"\x06" + _varint(offset) + _varint(len(piece)) + piece for offset, piece in crypto
    )
    first = 0xD3 if version != VERSION_1 and version >> 24 == 0x6B else 0xC3
    before = bytes([first]) + version.to_bytes(4) + bytes([len(connection_id)]) + connection_id
    before += b"\x00\x00"  # no source connection id, no token
    overhead = len(before) + 2 + 4 + 16
    frames += bytes(max(QUIC_DATAGRAM_BYTES - overhead - len(frames), 0))
    header = before + struct.pack(">H", 0x4000 | (4 + len(frames) + 16)) + number.to_bytes(4)
    keys = initial_keys(version, initial_salt(version), connection_id)
    sealed = AESGCM(keys.key).encrypt(keys.nonce(number), frames, header)
    mask = keys.mask(sealed[:16])
    number_at = len(header) - 4
    hidden = bytes(a ^ b for a, b in zip(header[number_at:], mask[1:], strict=False))
    return bytes([first ^ (mask[0] & 0x0F)]) + header[1:number_at] + hidden + sealed


def _varint(value: int) -> bytes:
    if value < 64:
        return bytes([value])
    return (
        struct.pack(">H", 0x4000 | value) if value < 16_384 else struct.pack(">I", 1 << 31 | value)
    )


def dns_query(name: str, number: int, *, kind: int = 1) -> bytes:
    """A question for a name; kind 1 is A, 28 AAAA."""
    return (
        struct.pack(">6H", number, 0x0100, 1, 0, 0, 0)
        + dns_name(name)
        + struct.pack(">HH", kind, 1)
    )


def dns_answer(name: str, number: int, address: str, *, ttl: int = 300) -> bytes:
    """The answer to such a question with one address."""
    packed = ip_address(address).packed
    kind = 1 if len(packed) == 4 else 28
    question = dns_name(name) + struct.pack(">HH", kind, 1)
    record = b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, ttl, len(packed)) + packed
    return struct.pack(">6H", number, 0x8180, 1, 1, 0, 0) + question + record


def dns_name(name: str) -> bytes:
    """A name as labels."""
    labels = [label.encode("ascii") for label in name.split(".")]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def write_pcap(stream: BinaryIO, frames: Iterable[Frame]) -> int:
    """Write frames as a pcap file with microseconds; returns how many."""
    stream.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1))
    count = 0
    for frame in frames:
        seconds, micros = divmod(round(frame.t * 1_000_000), 1_000_000)
        size = len(frame.data)
        stream.write(struct.pack("<IIII", seconds, micros, size, size) + frame.data)
        count += 1
    return count
