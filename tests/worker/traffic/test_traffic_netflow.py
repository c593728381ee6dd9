"""NetFlow 5 and 9 and IPFIX: hand-made exports, a real one, and the listener."""

from __future__ import annotations

import socket
import struct
import time
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_worker.catalogue.tool import SourceError
from edge_worker.messages import Person
from edge_worker.sensing.traffic.capture_file import CaptureStream
from edge_worker.sensing.traffic.layers import decode_headers
from edge_worker.sensing.traffic.netflow import MAX_WAITING, FlowDecoder, FlowRecord
from edge_worker.sensing.traffic.netflow_listener import (
    DnsJoin,
    flow_observations,
    open_listener,
)
from edge_worker.sensing.traffic.watch import ip_words, watch_people

ANNA_IP, SERVER_IP = "192.168.1.23", "198.18.0.7"
NOW = 1_700_000_000
WATCH = watch_people([Person(id="anna", name="Anna", addresses=(ANNA_IP, "fd00::23"))])


def packed(address: str) -> bytes:
    return ip_address(address).packed


def version_5(*flows: tuple[str, str, int]) -> bytes:
    header = struct.pack(">HHIIIIBBH", 5, len(flows), 100_000, NOW, 0, 0, 0, 0, 0)
    records = b"".join(
        packed(source)
        + packed(target)
        + bytes(8)
        + struct.pack(">IIII", 10, size, 70_000, 90_000)
        + struct.pack(">HHBBBBHHBBH", 50_000, 443, 0, 0, 6, 0, 0, 0, 0, 0, 0)
        for source, target, size in flows
    )
    return header + records


FIELDS_9 = ((8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (1, 4), (2, 4), (22, 4), (21, 4))


def template(kind: int, fields: tuple[tuple[int, int], ...]) -> bytes:
    body = struct.pack(">HH", 256, len(fields)) + b"".join(struct.pack(">HH", *f) for f in fields)
    return struct.pack(">HH", kind, 4 + len(body)) + body


def data_9(size: int = 5000) -> bytes:
    body = packed(ANNA_IP) + packed(SERVER_IP)
    body += struct.pack(">HHBIIII", 50_000, 443, 17, size, 10, 70_000, 90_000)
    return struct.pack(">HH", 256, 4 + len(body)) + body


def version_9(*sets: bytes) -> bytes:
    return struct.pack(">HHIIII", 9, len(sets), 100_000, NOW, 1, 7) + b"".join(sets)


def version_10(*sets: bytes) -> bytes:
    body = b"".join(sets)
    return struct.pack(">HHIII", 10, 16 + len(body), NOW, 1, 7) + body


def essence(record: FlowRecord) -> tuple[object, ...]:
    return (record.source, record.target, record.target_port, record.bytes, record.packets)


EXPECTED = (ip_words(ANNA_IP), ip_words(SERVER_IP), 443, 5000, 10)


def test_version_5() -> None:
    (record,) = FlowDecoder().decode(version_5((ANNA_IP, SERVER_IP, 5000)))
    assert essence(record) == EXPECTED
    assert (record.first, record.last) == (NOW - 30, NOW - 10)


def test_version_9() -> None:
    (record,) = FlowDecoder().decode(version_9(template(0, FIELDS_9), data_9()))
    assert essence(record) == EXPECTED
    assert (record.first, record.last) == (NOW - 30, NOW - 10)


def test_data_wait_for_their_template() -> None:
    decoder = FlowDecoder()
    assert decoder.decode(version_9(data_9())) == []
    (record,) = decoder.decode(version_9(template(0, FIELDS_9)))
    assert essence(record) == EXPECTED


def test_waiting_data_are_bounded() -> None:
    decoder = FlowDecoder()
    for _ in range(10 * MAX_WAITING):
        decoder.decode(version_9(data_9()))
    assert len(decoder.decode(version_9(template(0, FIELDS_9)))) == MAX_WAITING


def test_ipfix_with_both_directions_and_a_text_of_any_length() -> None:
    fields = [(27, 16), (28, 16), (11, 2), (85, 8), (86, 8), (82, 65_535), (152, 8), (153, 8)]
    reverse = struct.pack(">HHI", 0x8000 | 1, 4, 29_305)
    body = struct.pack(">HH", 300, len(fields) + 1)
    body += b"".join(struct.pack(">HH", *field) for field in fields) + reverse
    templates = struct.pack(">HH", 2, 4 + len(body)) + body
    content = packed("fd00::23") + packed("2001:db8::7") + struct.pack(">HQQ", 443, 5000, 10)
    content += b"\x05hello" + struct.pack(">QQI", NOW * 1000 - 4000, NOW * 1000, 9000)
    records = struct.pack(">HH", 300, 4 + 2 * len(content)) + content + content
    first, second = FlowDecoder().decode(version_10(templates, records))
    assert first == second
    assert (first.bytes, first.reverse_bytes, first.target_port) == (5000, 9000, 443)
    assert (first.first, first.last) == (NOW - 4, NOW)


def test_real_export_without_templates_gives_nothing(captures: list[Path]) -> None:
    (capture,) = (path for path in captures if path.name == "netflowv9.pcap")
    decoder = FlowDecoder()
    with capture.open("rb", buffering=0) as file:
        for batch in CaptureStream(file):
            headers = decode_headers(batch)
            for start, size in zip(headers.payload.tolist(), headers.size.tolist(), strict=True):
                assert decoder.decode(batch.data[start : start + size].tobytes()) == []


@given(st.binary(max_size=200), st.sampled_from([5, 9, 10]))
def test_damage_never_raises(data: bytes, version: int) -> None:
    decoder = FlowDecoder()
    decoder.decode(version.to_bytes(2) + data)
    good = version_9(template(0, FIELDS_9), data_9())
    cut = min(len(data), len(good))
    decoder.decode(good[:cut] + data)


# --- The listener ----------------------------------------------------------------------


def observed(datagrams: list[bytes], join: DnsJoin | None = None, exporter: str = "127.0.0.1"):
    listener = open_listener("127.0.0.1", _free_port())
    address = listener.getsockname()
    found = flow_observations(listener, exporter, WATCH, join=join, clock=lambda: NOW)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for datagram in datagrams:
            sender.sendto(datagram, address)
    seen = []
    deadline = time.monotonic() + 30
    while not seen and time.monotonic() < deadline:
        seen += next(found)
        if exporter != "127.0.0.1":
            break
    found.close()
    return seen


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_flows_of_watched_people_are_named_by_dns() -> None:
    join = DnsJoin()
    join.learn(ANNA_IP, SERVER_IP, "www.netflix.com", NOW - 60, 300)
    both = version_5(
        (ANNA_IP, SERVER_IP, 1000), (SERVER_IP, ANNA_IP, 9000), ("192.168.1.24", SERVER_IP, 7)
    )
    up, down = observed([both], join)
    assert {seen.client for seen in (up, down)} == {"anna"}
    assert (up.name, up.up, up.down) == ("www.netflix.com", 1000, 0)
    assert (down.up, down.down) == (0, 9000)
    assert (up.t0, up.t1) == (NOW - 30, NOW - 10)


def test_other_exporters_are_dropped() -> None:
    assert observed([version_5((ANNA_IP, SERVER_IP, 1))], exporter="192.168.1.1") == []


def test_traffic_in_the_home_is_no_use() -> None:
    inside = version_5((ANNA_IP, "192.168.1.1", 5), (ANNA_IP, SERVER_IP, 6))
    assert [seen.up for seen in observed([inside])] == [6]


def test_taken_port_is_told() -> None:
    with open_listener("127.0.0.1", _free_port()) as first:
        port = first.getsockname()[1]
        with pytest.raises(SourceError, match=str(port)):
            open_listener("127.0.0.1", port)
