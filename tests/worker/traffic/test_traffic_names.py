"""Dissectors: names from handshakes, however they are cut, ordered, versioned or damaged."""

from __future__ import annotations

import itertools
import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_worker.sensing.traffic.frames import (
    client_hello,
    dns_answer,
    dns_name,
    dns_query,
    quic_initial,
    tls_records,
)
from edge_worker.sensing.traffic.names import dns, http, local, quic, tls
from edge_worker.sensing.traffic.names.host import host_name, shown_name, without_port
from edge_worker.sensing.traffic.observation import NameSource
from edge_worker.sensing.traffic.probe import Finding, TcpProbe, UdpProbe

NAME = "www.example.org"


# --- Host names ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"WWW.Example.ORG.", NAME),
        (b"b\xc3\xbccher.example", None),
        (b"two words", None),
        (b"", None),
        (b"x" * 254, None),
        (b"[2001:db8::1]:80", "[2001:db8::1]:80"),
    ],
)
def test_host_name(raw: bytes, name: str | None) -> None:
    assert host_name(raw) == name


def test_odd_name_is_shown_but_noise_is_not() -> None:
    assert shown_name(b"www.exa\x80mple.org") == "www.exa?mple.org"
    assert shown_name(bytes(range(128, 160))) is None


def test_port_is_cut_off() -> None:
    assert without_port("example.org:8080") == "example.org"
    assert without_port("[2001:db8::1]:80") == "2001:db8::1"


# --- DNS -------------------------------------------------------------------------------


def test_dns_answer_gives_addresses() -> None:
    message = dns.parse_dns(dns_answer(NAME, 7, "198.18.0.1", ttl=60))
    assert message is not None
    assert (message.response, message.name, message.kind) == (True, NAME, 1)
    assert message.answers == (dns.Answer(address=bytes([198, 18, 0, 1]), ttl=60),)


def test_dns_question() -> None:
    message = dns.parse_dns(dns_query(NAME, 7, kind=28))
    assert message is not None
    assert (message.response, message.name, message.kind) == (False, NAME, 28)


def header(questions: int = 1, answers: int = 0, flags: int = 0x0100) -> bytes:
    return struct.pack(">6H", 1, flags, questions, answers, 0, 0)


@pytest.mark.parametrize(
    "body",
    [
        b"\xc0\x0c\0\1\0\1",  # a pointer to itself
        b"\xc0\xff\0\1\0\1",  # a pointer forward
        b"\x40abc\0\0\1\0\1",  # a label type that doesn't exist
        b"\x3fab",  # a label longer than the message
        b"\x01a" * 200 + b"\0\0\1\0\1",  # more than 255 bytes
    ],
)
def test_dns_damage_gives_no_name(body: bytes) -> None:
    message = dns.parse_dns(header() + body)
    assert message is None or message.name is None


def test_dns_pointers_are_followed_a_bounded_number_of_times() -> None:
    names = b"\x01a\x00" + b"".join(
        b"\x01b" + struct.pack(">H", 0xC000 | (12 if i == 0 else 12 + 3 + 4 * (i - 1)))
        for i in range(40)
    )
    raw, position = dns.read_name(bytes(12) + names, 12 + 3 + 4 * 39)
    assert position == -1
    assert raw.count(b".") <= dns.MAX_POINTERS


def test_dns_odd_characters_are_shown_but_no_name() -> None:
    message = dns.parse_dns(header() + b"\x03a\x01b\x03org\0\0\1\0\1")
    assert message is not None
    assert (message.name, message.label) == (None, "a?b.org")


@given(st.binary(max_size=300))
def test_dns_never_raises(data: bytes) -> None:
    dns.parse_dns(data)
    dns.parse_dns(header(3, 3, 0x8180) + data)


# --- TLS -------------------------------------------------------------------------------


def feed(segments: list[tuple[int, bytes]]) -> Finding | None:
    """Feed TCP segments of the client; the first final finding."""
    probe = TcpProbe()
    for seq, data in segments:
        found = probe.feed(1, seq, data)
        if found is not None and found.final:
            return found
    return None


def test_hello_cut_at_every_byte() -> None:
    stream = tls_records(client_hello(NAME))
    for cut in range(1, len(stream)):
        found = feed([(100, stream[:cut]), (100 + cut, stream[cut:])])
        assert found is not None, cut
        assert (found.name, found.source) == (NAME, NameSource.SNI)


def test_hello_in_many_records_and_segments_across_the_sequence_wrap() -> None:
    stream = tls_records(client_hello(NAME, padding=9000), record_bytes=100)
    start = 0xFFFF_FF00
    segments = [
        ((start + i) & 0xFFFF_FFFF, stream[i : i + 536]) for i in range(0, len(stream), 536)
    ]
    found = feed(segments)
    assert found is not None
    assert found.name == NAME


def test_hello_segments_in_any_order() -> None:
    stream = tls_records(client_hello(NAME))
    third = len(stream) // 3
    pieces = [(i, stream[i : i + third + 1]) for i in range(0, len(stream), third + 1)]
    for order in itertools.permutations(pieces):
        found = feed([(1000 + offset, data) for offset, data in order])
        assert found is not None
        assert found.name == NAME


def test_repeated_segments_change_nothing() -> None:
    stream = tls_records(client_hello(NAME))
    found = feed([(5, stream[:50]), (5, stream[:50]), (45, stream[40:90]), (5, stream)])
    assert found is not None
    assert found.name == NAME


def test_hello_without_name_is_final() -> None:
    found = feed([(1, tls_records(client_hello(None)))])
    assert found == Finding(name=None, source=NameSource.SNI)


def test_encrypted_hello_says_that_its_name_is_the_outer_one() -> None:
    found = feed([(1, tls_records(client_hello("front.example", ech=True)))])
    assert found is not None
    assert (found.name, found.source) == ("front.example", NameSource.OUTER_SNI)


def test_starttls_and_proxy_line() -> None:
    stream = tls_records(client_hello(NAME))
    line = b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"
    for first in ([(1, b"EHLO me\r\n"), (10, stream)], [(1, line + stream)]):
        found = feed(first)
        assert found is not None
        assert found.name == NAME


def test_dtls_hello() -> None:
    hello = client_hello(NAME)
    body = hello[4:38] + b"\0\0" + hello[39:]  # empty session, empty cookie
    size = len(body).to_bytes(3)
    handshake = b"\x01" + size + b"\0\0" + b"\0\0\0" + size + body
    record = b"\x16\xfe\xfd" + bytes(8) + struct.pack(">H", len(handshake)) + handshake
    found = UdpProbe().feed(1, record, (50_000, 443), whole=True)
    assert found is not None
    assert found.name == NAME


@given(st.binary(max_size=200), st.integers(0, 150))
def test_tls_never_raises(noise: bytes, cut: int) -> None:
    stream = tls_records(client_hello(NAME))
    tls.hello_from_records(stream[:cut] + noise + stream[cut:])
    tls.hello_from_dtls(b"\x16\xfe\xfd" + noise)


def test_many_segments_without_a_name_end_the_search() -> None:
    probe = TcpProbe()
    found = [probe.feed(1, seq, bytes(100)) for seq in range(0, 10_000, 100)]
    assert any(item is not None and item.final and item.name is None for item in found)


# --- QUIC ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "key", "iv", "mask_key"),
    [
        (  # RFC 9001, appendix A.1
            quic.VERSION_1,
            "1f369613dd76d5467730efcbe3b1a22d",
            "fa044b2f42a3fd3b46fb255c",
            "9f50449e04a0e810283a1e9933adedd2",
        ),
        (  # RFC 9369, appendix A.1
            quic.VERSION_2,
            "8b1a0bc121284290a29e0971b5cd045d",
            "91f73e2351d8fa91660e909f",
            "45b95e15235d6f45a6b19cbcb0294ba9",
        ),
    ],
)
def test_quic_keys_are_those_of_the_standards(
    version: int, key: str, iv: str, mask_key: str
) -> None:
    connection_id = bytes.fromhex("8394c8f03e515708")
    keys = quic.initial_keys(version, quic.initial_salt(version), connection_id)
    assert (keys.key.hex(), keys.iv.hex(), keys.mask_key.hex()) == (key, iv, mask_key)


@pytest.mark.parametrize("version", [quic.VERSION_1, quic.VERSION_2])
def test_quic_hello_in_one_packet(version: int) -> None:
    packet = quic_initial([(0, client_hello(NAME))], connection_id=b"12345678", version=version)
    found = UdpProbe().feed(1, packet, (50_000, 443), whole=True)
    assert found is not None
    assert (found.name, found.source) == (NAME, NameSource.QUIC_SNI)


def test_quic_frames_out_of_order_over_several_packets() -> None:
    hello = client_hello(NAME, padding=2000)
    pieces = [(i, hello[i : i + 60]) for i in range(0, len(hello), 60)]
    random.Random(3).shuffle(pieces)
    third = len(pieces) // 3 + 1
    probe = UdpProbe()
    found = None
    for number in range(3):
        part = pieces[number * third : (number + 1) * third]
        packet = quic_initial(part, connection_id=b"12345678", number=number)
        found = found or probe.feed(1, packet, (50_000, 443), whole=True)
    assert found is not None
    assert found.name == NAME


def test_quic_retry_changes_the_keys() -> None:
    probe = UdpProbe()
    hello = client_hello(NAME)
    first = quic_initial([(0, hello[:20])], connection_id=b"before..")
    second = quic_initial([(0, hello)], connection_id=b"afterwards", number=1)
    assert probe.feed(1, first, (50_000, 443), whole=True) is None
    found = probe.feed(1, second, (50_000, 443), whole=True)
    assert found is not None
    assert found.name == NAME


def test_quic_cut_by_the_snap_length_is_read_as_far_as_it_goes() -> None:
    packet = quic_initial([(0, client_hello(NAME))], connection_id=b"12345678")
    found = UdpProbe().feed(1, packet[:256], (50_000, 443), whole=False)
    assert found is not None
    assert found.name == NAME


def test_quic_tampered_packet_gives_nothing() -> None:
    packet = bytearray(quic_initial([(0, client_hello(NAME))], connection_id=b"12345678"))
    packet[200] ^= 1
    assert UdpProbe().feed(1, bytes(packet), (50_000, 443), whole=True) is None


def test_quic_decryptions_are_bounded() -> None:
    probe = quic.QuicProbe()
    packet = bytearray(quic_initial([(0, b"x" * 50)], connection_id=b"12345678"))
    packet[-1] ^= 1
    for _ in range(100):
        probe.feed(bytes(packet))
    assert probe.exhausted
    assert probe.decryptions <= quic.MAX_DECRYPTIONS + 2


def test_google_quic_sni_tag() -> None:
    tags = [(b"PAD\0", b"-" * 30), (b"SNI\0", NAME.encode()), (b"VER\0", b"Q043")]
    ends = list(itertools.accumulate(len(value) for _, value in tags))
    entries = b"".join(
        tag + struct.pack("<I", end) for (tag, _), end in zip(tags, ends, strict=True)
    )
    chlo = b"CHLO" + struct.pack("<I", len(tags)) + entries + b"".join(v for _, v in tags)
    packet = b"\x0d" + bytes(8) + b"Q043" + b"\x01" + bytes(12) + b"\xa0\x01\0\0" + chlo
    found = UdpProbe().feed(1, packet, (50_000, 443), whole=True)
    assert found is not None
    assert found.name == NAME


@given(st.binary(max_size=400))
def test_quic_never_raises(data: bytes) -> None:
    quic.QuicProbe().feed(b"\xc3\x00\x00\x00\x01\x08" + data)
    quic.QuicProbe().feed(data)


# --- HTTP and local protocols ----------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        (b"GET / HTTP/1.1\r\nHost: WWW.example.org:8080\r\n\r\n", NAME),
        (b"CONNECT www.example.org:443 HTTP/1.1\r\n\r\n", NAME),
        (b"GET http://www.example.org/x HTTP/1.0\r\n\r\n", NAME),
        (b"GET / HTTP/1.0\r\n\r\n", None),
    ],
)
def test_http_host(request_: bytes, name: str | None) -> None:
    assert http.request_host(request_) == (name, True)


def test_http_head_cut_at_every_byte() -> None:
    head = b"POST /path HTTP/1.1\r\nUser-Agent: x\r\nHost: www.example.org\r\n\r\n"
    for cut in range(1, len(head)):
        found = feed([(9, head[:cut]), (9 + cut, head[cut:])])
        assert found is not None, cut
        assert found.name == NAME


def test_netbios_dhcp_ssdp_and_greeting() -> None:
    letters = bytes(x for c in b"DESKTOP".ljust(15) + b"\0" for x in (65 + (c >> 4), 65 + (c & 15)))
    assert local.udp_name(bytes(12) + b" " + letters + b"\0", (137, 137)) == "desktop"
    dhcp = bytes(236) + b"\x63\x82\x53\x63" + b"\x35\x01\x03\x00\x0c\x05phone\xff"
    assert local.udp_name(dhcp, (68, 67)) == "phone"
    search = b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n\r\n"
    assert local.udp_name(search, (5000, 1900)) == "239.255.255.250:1900"
    assert local.tcp_name(b"220 mail.example.org ESMTP\r\n", (25, 5000)) == "mail.example.org"
    assert local.tcp_name(b"# munin node at nas.lan\n", (4949, 5000)) == "nas.lan"


@given(st.binary(max_size=300), st.sampled_from([67, 137, 138, 1900, 5000]))
def test_local_protocols_never_raise(data: bytes, port: int) -> None:
    local.udp_name(data, (port, 5000))
    local.udp_name(bytes(4) + b"\x21\x12\xa4\x42" + data, (5000, 3478))
    local.tcp_name(data, (5000, port))
    local.tcp_name(b"\xc2\xfe\0\5" + bytes(4) + b"\0\2\0\x16" + data, (5000, 5222))


def test_whois_question_names_only_on_its_ports() -> None:
    assert local.tcp_name(b"example.org\r\n", (5000, 43)) == "example.org"
    assert local.tcp_name(b"example.org\r\n", (5000, 8043)) is None
    assert local.tcp_name(b"domain: example.org\r\nsource: X\r\n", (43, 5000)) is None


def test_mgcp_command_names_its_gateway() -> None:
    command = b"RQNT 1201 aaln/1@gw.example.net MGCP 1.0\r\nN: ca@ca1.example.net:5678\r\n"
    assert local.udp_name(command, (2727, 2427)) == "gw.example.net"
    assert local.udp_name(b"RSIP 1 [192.0.2.7] MGCP 1.0\r\n", (2427, 2727)) == "192.0.2.7"
    assert local.udp_name(b"200 1201 OK\r\n", (2427, 2727)) is None


def test_push_client_names_its_server_behind_fields_without_a_length() -> None:
    fields = b"\x08\x28" + b"\x12\x03abc" + b"\x3a\x15push.example.org:5222"
    body = bytes(4) + fields
    message = b"\xc2\xfe\0\5" + len(body).to_bytes(4) + b"\0\2\0\x16" + body
    assert local.tcp_name(message, (40_000, 5222)) == "push.example.org"
    assert local.tcp_name(message, (40_000, 5223)) is None
    assert local.tcp_name(message[:20], (40_000, 5222)) is None


def test_dns_name_round_trip() -> None:
    raw, position = dns.read_name(dns_name(NAME), 0)
    assert (raw.decode(), position) == (NAME, len(NAME) + 2)
