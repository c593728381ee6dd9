"""Names in messages of small protocols: NetBIOS, DHCP, SSDP, STUN, MGCP, WHOIS, greetings.

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
# Greetings of SMTP and FTP servers (RFC 5321, 959) and of Munin nodes.
_GREETING = re.compile(rb"(?:220[ -]|# munin node at )([A-Za-z0-9][A-Za-z0-9.-]{2,252})[ \r\n]")
# RFC 3435 section 3.2: verb, transaction, endpoint@host, version.
_MGCP = re.compile(rb"[A-Z]{4} [0-9]{1,9} (?:[^ \r\n@]{1,128}@)?([^ \r\n@]{1,253}) MGCP ")
# A question to a WHOIS server (RFC 3912) is one line.
_WHOIS_PORTS = (43, 4343)
_QUESTION = re.compile(rb"([^\r\n ]{3,253})\r?\n")
# Xiaomi's push service: magic, length of the body, version, then fields of one byte for
# the kind, one for the length. Two kinds have no length.
_XIAOMI_PORT, _XIAOMI_MAGIC, _XIAOMI_VERSION = 5222, b"\xc2\xfe\x00\x05", b"\0\x02\0\x16"
_XIAOMI_BARE, _XIAOMI_HOST = (0x08, 0x28), 0x3A


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
    mgcp = _MGCP.match(data[:512])
    return host_name(mgcp[1].strip(b"[]")) if mgcp else None


def tcp_name(data: bytes, ports: tuple[int, int]) -> str | None:
    """The host in a server's greeting, a WHOIS question or a push client's first message."""
    found = _GREETING.match(data[:280])
    if found is None and ports[1] in _WHOIS_PORTS:
        found = _QUESTION.fullmatch(data[:260])
    if found is not None:
        return host_name(found[1])
    return _xiaomi_name(data) if ports[1] == _XIAOMI_PORT else None


def _xiaomi_name(data: bytes) -> str | None:
    if data[:4] != _XIAOMI_MAGIC or data[8:12] != _XIAOMI_VERSION:
        return None
    position = 16
    while position + 2 <= len(data):
        kind, size = data[position], data[position + 1]
        position += 2
        if kind in _XIAOMI_BARE:
            continue
        if kind == _XIAOMI_HOST:
            return host_name(data[position : position + size].partition(b":")[0])
        position += size
    return None


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
