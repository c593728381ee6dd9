"""Looks for the name of a server in the first payloads of one conversation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from edge_worker.sensing.traffic.headers import TCP, UDP
from edge_worker.sensing.traffic.names import http, local, quic, tls
from edge_worker.sensing.traffic.observation import NameSource

# Payloads looked at before a conversation counts as nameless. Names come in the first few;
# SMTP and the like speak some lines before they start TLS.
MAX_TCP_PAYLOADS = 10
MAX_UDP_PAYLOADS = 10
# A ClientHello that has begun may be cut into small segments.
MAX_HELLO_PAYLOADS = 512
MAX_EARLY_SEGMENTS = 3
MAX_EARLY_BYTES = 2048
_SEQUENCE_SPACE = 1 << 32


class Finding(NamedTuple):
    """A name, or the certainty that none will come (`name` None).

    from_client: the payload's sender opened the conversation; None when it does not tell.
    final: later payloads cannot tell more.
    """

    name: str | None
    source: NameSource
    from_client: bool | None = True
    final: bool = True


@dataclass
class _Head:
    """The start of one direction of a TCP stream, put together by sequence number."""

    base: int | None = None
    pieces: dict[int, bytes] = field(default_factory=dict)
    early: dict[int, bytes] = field(default_factory=dict)

    def keep_early(self, seq: int, data: bytes) -> None:
        """Remember a segment that may belong behind a start which is still to come."""
        if len(self.early) < MAX_EARLY_SEGMENTS:
            self.early[seq] = data[:MAX_EARLY_BYTES]

    def begin(self, seq: int) -> None:
        self.base = seq
        for other, data in self.early.items():
            self.add(other, data)
        self.early.clear()

    def add(self, seq: int, data: bytes) -> None:
        if self.base is None:
            return
        offset = (seq - self.base) % _SEQUENCE_SPACE
        if offset < tls.MAX_HELLO_BYTES and len(data) > len(self.pieces.get(offset, b"")):
            self.pieces[offset] = data

    def joined(self) -> bytes:
        """The bytes from the start up to the first gap."""
        if len(self.pieces) == 1:
            return self.pieces.get(0, b"")
        whole = bytearray()
        for offset, piece in sorted(self.pieces.items()):
            if offset > len(whole) or len(whole) > tls.MAX_HELLO_BYTES:
                break
            whole[offset : offset + len(piece)] = piece
        return bytes(whole)


class TcpProbe:
    """Finds a ClientHello or an HTTP request at the start of either direction."""

    def __init__(self) -> None:
        self._heads = (_Head(), _Head())
        self._seen = 0

    @property
    def begun(self) -> bool:
        """A hello or a request has begun and needs more segments."""
        return any(head.base is not None for head in self._heads)

    def feed(
        self, direction: int, seq: int, data: bytes, ports: tuple[int, int] = (0, 0)
    ) -> Finding | None:
        """Take a payload sent from `ports[0]` to `ports[1]`; `direction` is 0 or 1.

        None while the name may still come.
        """
        self._seen += 1
        head = self._heads[direction]
        if head.base is None:
            data, seq = _behind_proxy_line(data, seq)
            if not (_may_be_hello(data) or _may_be_request(data)):
                named = local.tcp_name(data, ports)
                if named:
                    # A greeting; the client may still start TLS and name somebody else.
                    return Finding(
                        name=named, source=NameSource.LOCAL, from_client=None, final=False
                    )
                head.keep_early(seq, data)
                return self._given_up(MAX_TCP_PAYLOADS)
            head.begin(seq)
        head.add(seq, data)
        joined = head.joined()
        if _may_be_hello(joined):
            return self._hello(head, joined)
        if _may_be_request(joined):
            name, complete = http.request_host(joined)
            if name or complete:
                return Finding(name=name, source=NameSource.HTTP_HOST)
            return self._given_up(MAX_HELLO_PAYLOADS)
        if joined:  # begun like one of them, went on otherwise
            head.base = None
            head.pieces.clear()
        return self._given_up(MAX_TCP_PAYLOADS)

    def _hello(self, head: _Head, joined: bytes) -> Finding | None:
        if len(joined) < 6:
            return self._given_up(MAX_HELLO_PAYLOADS)
        hello = tls.hello_from_records(joined)
        if hello is None:
            return Finding(name=None, source=NameSource.SNI, from_client=None)
        return _hello_finding(hello, NameSource.SNI) or self._given_up(MAX_HELLO_PAYLOADS)

    def _given_up(self, limit: int) -> Finding | None:
        if self._seen < limit:
            return None
        return Finding(name=None, source=NameSource.SNI, from_client=None)


class UdpProbe:
    """Finds a QUIC or DTLS ClientHello, or the name in a message of a local protocol."""

    def __init__(self) -> None:
        self._quic = (quic.QuicProbe(), quic.QuicProbe())
        self._seen = 0

    @property
    def begun(self) -> bool:
        """A QUIC hello has begun and needs more packets."""
        return any(probe.decryptions for probe in self._quic)

    def feed(
        self, direction: int, data: bytes, ports: tuple[int, int], *, whole: bool
    ) -> Finding | None:
        """Take a datagram sent from `ports[0]` to `ports[1]`."""
        self._seen += 1
        if quic.looks_like_quic(data):
            probe = self._quic[direction]
            hello = probe.feed(data, whole=whole)
            found = _hello_finding(hello, NameSource.QUIC_SNI) if hello else None
            if found is not None:
                return found
            limit = MAX_HELLO_PAYLOADS if not probe.exhausted else 0
            return self._given_up(limit)
        if data[:1] == b"\x16" and data[1:2] == b"\xfe":
            hello = tls.hello_from_dtls(data)
            found = _hello_finding(hello, NameSource.SNI) if hello else None
            if found is not None:
                return found
        name = local.udp_name(data, ports)
        if name is not None:
            return Finding(name=name, source=NameSource.LOCAL, from_client=None)
        return self._given_up(MAX_UDP_PAYLOADS)

    def _given_up(self, limit: int) -> Finding | None:
        if self._seen < limit:
            return None
        return Finding(name=None, source=NameSource.QUIC_SNI, from_client=None)


Probe = TcpProbe | UdpProbe


def probe_for(protocol: int) -> Probe | None:
    """A fresh probe for a conversation of this IP protocol."""
    if protocol == TCP:
        return TcpProbe()
    return UdpProbe() if protocol == UDP else None


def _hello_finding(hello: tls.Hello, source: NameSource) -> Finding | None:
    """None while the hello has neither a name nor an end."""
    if hello.name is None and not hello.complete:
        return None
    if hello.encrypted:
        source = NameSource.OUTER_SNI
    return Finding(name=hello.name, source=source, final=hello.complete)


def _may_be_hello(data: bytes) -> bool:
    """Whether these bytes are, or begin like, a TLS ClientHello record."""
    if len(data) >= 6:
        return tls.looks_like_hello(data)
    return b"\x16\x03".startswith(data[:2]) and len(data) > 0


def _may_be_request(data: bytes) -> bool:
    if http.looks_like_request(data):
        return True
    return 0 < len(data) < 12 and any(method.startswith(data) for method in http.METHODS)


def _behind_proxy_line(data: bytes, seq: int) -> tuple[bytes, int]:
    """Skip the line that HAProxy's PROXY protocol puts before everything else."""
    if not data.startswith(b"PROXY "):
        return data, seq
    end = data.find(b"\r\n", 0, 108) + 2
    return (data[end:], seq + end) if end >= 2 else (data, seq)
