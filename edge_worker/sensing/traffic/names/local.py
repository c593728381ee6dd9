"""Names in messages of small protocols: NetBIOS, DHCP, SSDP, STUN, collectd, greetings.

They never decide an app category (they are no servers), but tell flows apart in a list.
"""

from __future__ import annotations

import re

from edge_worker.sensing.traffic.names.host import host_name
from edge_worker.sensing.traffic.names.http import looks_like_request, request_host

# Port → bytes before the first name (RFC 1002: name service 4.2.1, datagrams 4.4.1).
_NETBIOS = {137: 12, 138: 14}
_DHCP = (67, 68)
_SSDP = 1900
_STUN_COOKIE = b"\x21\x12\xa4\x42"
# Agora's media network names its server in a field of this kind.
_SD_RTN = b"\x04SNI"
_COLLECTD = 25_826
_STUN_REALM, _STUN_SOFTWARE = 0x0014, 0x8022
_GREETING = re.compile(rb"220[ -]([A-Za-z0-9][A-Za-z0-9.-]{2,252})[ \r\n]")


def udp_name(data: bytes, ports: tuple[int, int]) -> str | None:
    """The name in a datagram of a local protocol, None when there is none."""
    for port, start in _NETBIOS.items():
        if port in ports:
            return _netbios_name(data[start : start + 33])
    if any(port in _DHCP for port in ports):
        return _dhcp_name(data)
    if _SSDP in ports and (looks_like_request(data) or data.startswith(b"HTTP/1.")):
        return request_host(data, keep_port=True)[0]
    if looks_like_request(data):
        return request_host(data)[0]
    if data[4:8] == _STUN_COOKIE:
        return _stun_name(data)
    if data[6:7] == b"\x21" and data[12:16] == _SD_RTN:
        return host_name(data[19 : 19 + int.from_bytes(data[16:18])])
    if _COLLECTD in ports and data[:2] == b"\0\0":
        return host_name(data[4 : int.from_bytes(data[2:4])].rstrip(b"\0"))
    return None


def tcp_name(data: bytes) -> str | None:
    """The host in the greeting of an SMTP or FTP server."""
    found = _GREETING.match(data[:260])
    return host_name(found[1]) if found else None


def _netbios_name(data: bytes) -> str | None:
    """A name of RFC 1001: 16 bytes, each written as two letters A to P."""
    letters = data[1:33]
    if len(letters) < 32 or not all(65 <= letter <= 80 for letter in letters):
        return None
    pairs = zip(letters[::2], letters[1::2], strict=True)
    raw = bytes((high - 65) << 4 | (low - 65) for high, low in pairs)
    return host_name(raw[:15].rstrip(b" \0"))


def _dhcp_name(data: bytes) -> str | None:
    """Option 12 (host name) of RFC 2132."""
    if data[236:240] != b"\x63\x82\x53\x63":
        return None
    position = 240
    while position + 2 <= len(data) and data[position] != 255:
        code, size = data[position], data[position + 1]
        if code == 0:
            position += 1
            continue
        if code == 12:
            return host_name(data[position + 2 : position + 2 + size])
        position += 2 + size
    return None


def _stun_name(data: bytes) -> str | None:
    """The realm of RFC 8489: the service that the relay belongs to."""
    position = 20
    while position + 4 <= len(data):
        kind, size = (
            int.from_bytes(data[position : position + 2]),
            int.from_bytes(data[position + 2 : position + 4]),
        )
        if kind == _STUN_REALM:
            return host_name(data[position + 4 : position + 4 + size])
        position += 4 + size + (-size) % 4
    return None
