"""Headers: the same datagram inside every link layer and tunnel."""

from __future__ import annotations

import struct
from ipaddress import ip_address

import numpy as np
import pytest

from edge_worker.sensing.traffic.frames import Endpoint, tcp_frame, udp_frame
from edge_worker.sensing.traffic.headers import HeaderTable
from edge_worker.sensing.traffic.layers import decode_headers, walk_layers
from edge_worker.sensing.traffic.packets import PADDING, PacketBatch
from edge_worker.sensing.traffic.watch import address_text

SOURCE = Endpoint(ip="192.168.1.23", port=50_000, mac=b"\x02\x00\x00\x00\x00\x23")
TARGET = Endpoint(ip="198.18.0.7", port=443)
SOURCE6, TARGET6 = Endpoint(ip="fd00::23", port=50_000), Endpoint(ip="2001:db8::7", port=443)
PAYLOAD = b"the payload"
IP4 = udp_frame(0, SOURCE, TARGET, PAYLOAD).data[14:]
IP6 = udp_frame(0, SOURCE6, TARGET6, PAYLOAD).data[14:]
MACS = bytes(12)
OUTER = Endpoint(ip="10.0.0.1", port=40_000), Endpoint(ip="10.0.0.2", port=0)


def table(frames: list[bytes], link: int = 1, snap: int = 65_535) -> HeaderTable:
    return decode_headers(batch_of(frames, link, snap))


def batch_of(frames: list[bytes], link: int = 1, snap: int = 65_535) -> PacketBatch:
    cut = [frame[:snap] for frame in frames]
    length = np.array([len(frame) for frame in cut], np.int64)
    return PacketBatch(
        link=link,
        data=np.frombuffer(b"".join(cut) + bytes(PADDING), np.uint8),
        start=np.cumsum(length) - length,
        length=length,
        wire=np.array([len(frame) for frame in frames], np.int64),
        time_ns=np.zeros(len(frames), np.int64),
    )


def payload(headers: HeaderTable, row: int = 0) -> bytes:
    start = int(headers.payload[row])
    return headers.batch.data[start : start + int(headers.size[row])].tobytes()


def over_udp(port: int, content: bytes) -> bytes:
    return udp_frame(0, OUTER[0], Endpoint(ip="10.0.0.2", port=port), content).data


def over_ip(protocol: int, content: bytes) -> bytes:
    header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(content), 0, 0, 64, protocol, 0)
    return MACS + b"\x08\x00" + header + bytes([10, 0, 0, 1, 10, 0, 0, 2]) + content


def extended(*headers: tuple[int, bytes]) -> bytes:
    """The IPv6 packet with extension headers (kind, content without the next kind)."""
    kinds = [kind for kind, _ in headers[1:]] + [17]
    body = b"".join(
        bytes([following]) + content for following, (_, content) in zip(kinds, headers, strict=True)
    )
    size = struct.pack(">H", len(body) + len(IP6) - 40)
    return (
        MACS + b"\x86\xdd" + IP6[:4] + size + bytes([headers[0][0]]) + IP6[7:40] + body + IP6[40:]
    )


ETHERNET = MACS + b"\x08\x00" + IP4
RADIOTAP = struct.pack("<BBHI", 0, 0, 8, 0)
QOS_DATA = b"\x88\x01" + bytes(22) + bytes(2)
# Header of two words, carrying a wireless frame (RFC 5415).
CAPWAP = struct.pack(">I", 2 << 19 | 1 << 9 | 0x100) + bytes(4)
SNAP = b"\xaa\xaa\x03\x00\x00\x00"

LAYERS = {
    "ethernet": (1, ETHERNET),
    "vlan": (1, MACS + b"\x81\x00\x00\x05\x08\x00" + IP4),
    "qinq": (1, MACS + b"\x88\xa8\x00\x05\x81\x00\x00\x06\x86\xdd" + IP6),
    "pppoe": (1, MACS + b"\x88\x64\x11\x00\x00\x01\x00\x00\x00\x21" + IP4),
    "mpls": (1, MACS + b"\x88\x47\x00\x01\x00\x40\x00\x02\x01\x40" + IP4),
    "pseudowire": (1, MACS + b"\x88\x47\x00\x02\x01\x40\0\0\0\0" + ETHERNET),
    "llc snap": (1, MACS + struct.pack(">H", len(IP4) + 8) + SNAP + b"\x08\x00" + IP4),
    "cooked": (113, bytes(14) + b"\x08\x00" + IP4),
    "cooked 2": (276, b"\x86\xdd" + bytes(18) + IP6),
    "raw 4": (101, IP4),
    "raw 6": (101, IP6),
    "raw bsd": (12, IP4),
    "only 4": (228, IP4),
    "null": (0, b"\x02\0\0\0" + IP4),
    "loop": (108, b"\0\0\0\x18" + IP6),
    "ppp": (9, b"\xff\x03\x00\x21" + IP4),
    "ppp short": (9, b"\x21" + IP4),
    "hdlc": (104, b"\x0f\x00\x08\x00" + IP4),
    "radiotap": (127, RADIOTAP + QOS_DATA + SNAP + b"\x08\x00" + IP4),
    "wifi": (105, b"\x08\x01" + bytes(22) + SNAP + b"\x86\xdd" + IP6),
    "ppi": (192, struct.pack("<BBHI", 0, 0, 8, 1) + ETHERNET),
    "ip in ip": (1, over_ip(4, IP4)),
    "6 in 4": (1, over_ip(41, IP6)),
    "gre": (1, over_ip(47, b"\x00\x00\x08\x00" + IP4)),
    "gre with key": (1, over_ip(47, b"\x20\x00\x86\xdd" + bytes(4) + IP6)),
    "gre ethernet": (1, over_ip(47, b"\x00\x00\x65\x58" + ETHERNET)),
    "gtp": (1, over_udp(2152, b"\x30\xff" + bytes(6) + IP4)),
    "gtp extended": (1, over_udp(2152, b"\x34\xff" + bytes(9) + b"\x85\x01\0\0\0" + IP4)),
    "vxlan": (1, over_udp(4789, b"\x08" + bytes(7) + ETHERNET)),
    "tzsp": (1, over_udp(37_008, b"\x01\x00\x00\x01\x0a\x01\x05\x01" + ETHERNET)),
    "capwap": (1, over_udp(5247, CAPWAP + b"\x08\x01" + bytes(22) + SNAP + b"\x08\x00" + IP4)),
    "hop by hop": (1, extended((0, b"\x00" + bytes(6)))),
    "routing, options": (1, extended((43, b"\x00" + bytes(6)), (60, b"\x01" + bytes(14)))),
    "authenticated": (1, extended((51, b"\x04" + bytes(22)))),
    "first fragment": (1, extended((44, b"\x00\x00\x01" + bytes(4)))),
}


@pytest.mark.parametrize("name", LAYERS)
def test_datagram_is_found_inside(name: str) -> None:
    link, frame = LAYERS[name]
    headers = table([frame], link)
    assert len(headers) == 1
    assert (headers.src_port[0], headers.dst_port[0]) == (50_000, 443)
    assert payload(headers) == PAYLOAD
    source = address_text(int(headers.src_high[0]), int(headers.src_low[0]))
    assert source in (SOURCE.ip, str(ip_address(SOURCE6.ip)))


def test_all_at_once_are_told_apart() -> None:
    frames = [frame for link, frame in LAYERS.values() if link == 1]
    headers = table(frames)
    assert headers.frame.tolist() == list(range(len(frames)))
    assert {payload(headers, row) for row in range(len(headers))} == {PAYLOAD}


def test_later_fragment_has_no_ports() -> None:
    later = extended((44, b"\x00\x00\x10" + bytes(4)))
    headers = table([later])
    assert (headers.src_port[0], headers.dst_port[0], headers.protocol[0]) == (0, 0, 17)


def test_tcp_fields() -> None:
    frame = tcp_frame(0, SOURCE, TARGET, b"hello", seq=0xFFFF_FFFE, flags=0x12)
    headers = table([frame.data])
    assert (headers.seq[0], headers.flags[0], payload(headers)) == (0xFFFF_FFFE, 0x12, b"hello")
    assert headers.src_mac[0] == 0x02_00_00_00_00_23


def test_ethernet_padding_is_not_payload() -> None:
    frame = udp_frame(0, SOURCE, TARGET, b"x").data + bytes(17)
    assert payload(table([frame])) == b"x"


def test_short_capture_is_told() -> None:
    headers = table([ETHERNET], snap=50)
    assert payload(headers) == PAYLOAD[:8]
    assert not headers.whole[0]


@pytest.mark.parametrize("name", LAYERS)
def test_every_cut_is_survived(name: str) -> None:
    link, frame = LAYERS[name]
    for size in range(len(frame)):
        headers = table([frame[:size], frame], link)
        assert headers.frame[-1] == 1
        assert payload(headers, len(headers) - 1) == PAYLOAD


def test_header_that_contains_itself_ends() -> None:
    endless = MACS + b"\x81\x00\x00\x01" * 40
    assert len(table([endless])) == 0


def damaged_frames(seed: int) -> list[bytes]:
    """Frames of many kinds, most with a few odd bytes in their headers or cut short."""
    random = np.random.default_rng(seed)
    kinds = [
        udp_frame(0, SOURCE, TARGET, PAYLOAD * 4).data,
        tcp_frame(0, SOURCE, TARGET, PAYLOAD, seq=7).data,
        tcp_frame(0, SOURCE, TARGET, b"", seq=2**32 - 1, flags=2).data + bytes(6),
        udp_frame(0, SOURCE6, TARGET6, PAYLOAD).data,
        over_udp(4789, b"\x08" + bytes(7) + udp_frame(0, SOURCE, TARGET, PAYLOAD).data),
        over_ip(47, b"\0\0\x08\0" + IP4),
    ]
    frames = []
    for _ in range(200):
        frame = bytearray(kinds[random.integers(len(kinds))])
        for _ in range(random.integers(3)):
            frame[random.integers(12, min(60, len(frame)))] = random.choice([0, 4, 40, 69, 255])
        frames.append(bytes(frame[: random.integers(1, 140)]))
    return frames


@pytest.mark.parametrize("seed", range(20))
def test_plain_frames_read_as_if_they_walked(seed: int) -> None:
    batch = batch_of(damaged_frames(seed), snap=96)
    quick, walked = decode_headers(batch), walk_layers(batch)
    for name in HeaderTable.__dataclass_fields__:
        if name != "batch":
            assert getattr(quick, name).tolist() == getattr(walked, name).tolist(), name
