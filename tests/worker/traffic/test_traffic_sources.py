"""Sources without a server: kernel filter, interface, pipe, replay, generator, nfstream."""

from __future__ import annotations

import io
import itertools
import os
import socket
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace

import pytest

from edge_worker.catalogue.tool import SourceError
from edge_worker.messages import Person
from edge_worker.sensing.traffic.analysis import CaptureAnalysis
from edge_worker.sensing.traffic.bpf import filter_program
from edge_worker.sensing.traffic.capture import run_observed, slices_of
from edge_worker.sensing.traffic.capture_file import CaptureStream
from edge_worker.sensing.traffic.categories import load_categories
from edge_worker.sensing.traffic.frames import Endpoint, Frame, tcp_frame, udp_frame
from edge_worker.sensing.traffic.generator import (
    EVENING,
    PROFILES,
    AppSession,
    generate,
    parse_session,
)
from edge_worker.sensing.traffic.layers import decode_headers
from edge_worker.sensing.traffic.live import interface_packets, open_interface
from edge_worker.sensing.traffic.nfstream_source import observations_of_flow
from edge_worker.sensing.traffic.observation import Observation, SliceBatch
from edge_worker.sensing.traffic.replay import paced
from edge_worker.sensing.traffic.stream import stream_packets
from edge_worker.sensing.traffic.tools import TOOLS
from edge_worker.sensing.traffic.watch import Watch, watch_people

MakePcap = Callable[[Iterable[Frame]], bytes]
CATEGORIES = load_categories()


def watch(*addresses: str) -> Watch:
    return watch_people([Person(id="anna", name="Anna", addresses=addresses)])


# --- The kernel's filter ---------------------------------------------------------------


def accepts(watched: Watch, frame: bytes) -> bool:
    """What the kernel would do, by a small interpreter of classic BPF."""
    accumulator, counter = 0, 0
    program = filter_program(watched)
    protocol = int.from_bytes(frame[12:14])
    while True:
        code, if_true, if_false, value = program[counter]
        counter += 1
        if code == 0x06:
            return value > 0
        if code == 0x15:
            counter += if_true if accumulator == value else if_false
        elif value == 0xFFFFF000:
            accumulator = protocol
        else:
            place = value - 0xFFF00000 + 14 if value >= 0xFFF00000 else value
            size = 4 if code == 0x20 else 2
            if place + size > len(frame):
                return False
            accumulator = int.from_bytes(frame[place : place + size])


def frame(source: str, target: str, mac: bytes = b"\x02\0\0\0\0\x09") -> bytes:
    ends = Endpoint(ip=source, port=1, mac=mac), Endpoint(ip=target, port=2)
    return udp_frame(0, *ends, b"x" * 20).data


@pytest.mark.parametrize(
    ("addresses", "source", "target", "accepted"),
    [
        (("192.168.1.23",), "192.168.1.23", "198.18.0.1", True),
        (("192.168.1.23",), "198.18.0.1", "192.168.1.23", True),
        (("192.168.1.23",), "198.18.0.1", "192.168.1.24", False),
        (("192.168.1.23",), "fd00::1", "2001:db8::1", False),
        (("fd00::23", "192.168.1.23"), "2001:db8::1", "fd00::23", True),
        (("fd00::23",), "fd00::24", "2001:db8::1", False),
        (("02:00:00:00:00:09",), "10.0.0.1", "10.0.0.2", True),
        (("02:00:00:00:00:01",), "10.0.0.1", "10.0.0.2", True),  # the receiver's
        (("02:00:00:00:00:08",), "10.0.0.1", "10.0.0.2", False),
    ],
)
def test_filter_accepts_watched_addresses_only(
    addresses: tuple[str, ...], source: str, target: str, accepted: bool
) -> None:
    assert accepts(watch(*addresses), frame(source, target)) is accepted


def test_filter_without_addresses_accepts_nothing() -> None:
    nobody = Watch(ids=())
    assert not accepts(nobody, frame("10.0.0.1", "10.0.0.2"))
    with pytest.raises(SourceError, match="opted in"):
        open_interface("lo", nobody)


def test_interface_shows_watched_packets_only() -> None:
    try:
        raw = open_interface("lo", watch("127.0.0.5"))
    except SourceError as error:
        pytest.skip(str(error))
    with (
        raw,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other,
    ):
        own.bind(("127.0.0.5", 0))
        other.bind(("127.0.0.6", 0))
        for _ in range(3):
            own.sendto(b"mine", ("127.0.0.9", 9))
            other.sendto(b"not mine", ("127.0.0.9", 9))
        found: list[bytes] = []
        for batch in itertools.islice(interface_packets(raw), 5):
            if batch is None:
                break
            headers = decode_headers(batch)
            assert abs(int(batch.time_ns[0]) / 1e9 - time.time()) < 5
            found += [
                batch.data[start : start + size].tobytes()
                for start, size, protocol in zip(
                    headers.payload, headers.size, headers.protocol, strict=True
                )
                if protocol == 17
            ]
    assert found == [b"mine"] * 3


# --- Pipe and replay -------------------------------------------------------------------


def test_pipe_reports_waiting_and_stamps_arrival(pcap: MakePcap) -> None:
    ends = Endpoint(ip="10.0.0.1", port=1), Endpoint(ip="10.0.0.2", port=2)
    data = pcap([tcp_frame(5.0, *ends, b"x", seq=1)])
    read, write = os.pipe()
    packets = stream_packets(io.FileIO(read))
    assert next(packets) is None
    os.write(write, data)
    batch = next(packets)
    assert batch is not None
    assert abs(int(batch.time_ns[0]) / 1e9 - time.time()) < 5
    assert next(packets) is None
    os.write(write, data)  # the router reconnected: a new header
    batch = next(packets)
    assert batch is not None
    assert len(batch) == 1
    os.close(write)
    assert list(packets) == []


def test_replay_is_a_time_lapse_that_never_runs_ahead(pcap: MakePcap) -> None:
    ends = Endpoint(ip="10.0.0.1", port=1), Endpoint(ip="10.0.0.2", port=2)
    data = pcap([tcp_frame(1.7e9 + i, *ends, b"x", seq=1) for i in range(21)])
    now = [1000.0]
    stamps: list[float] = []
    for batch in paced(
        CaptureStream(io.BytesIO(data)),
        speed=10,
        clock=lambda: now[0],
        sleep=lambda s: now.__setitem__(0, now[0] + s),
    ):
        if batch is not None:
            assert batch.time_ns.max() <= now[0] * 1e9
            stamps += (batch.time_ns / 1e9).tolist()
    assert stamps == pytest.approx([1000 + i / 10 for i in range(21)])


# --- Observations ----------------------------------------------------------------------


def test_observation_is_spread_over_its_seconds() -> None:
    seen = Observation(
        t0=10.2, t1=14.0, client="anna", name="www.netflix.com", up=10, down=1001, packets=7
    )
    parts = list(slices_of(seen, CATEGORIES))
    assert [part.t for part in parts] == [10, 11, 12, 13]
    assert sum(part.down or 0 for part in parts) == 1001
    assert {part.category for part in parts} == {"entertainment"}
    assert max(part.down or 0 for part in parts) - min(part.down or 0 for part in parts) <= 1


def test_question_has_no_bytes_rather_than_none_of_them() -> None:
    (part,) = slices_of(Observation(t0=10, t1=11, client="anna", name="x.org"), CATEGORIES)
    assert (part.up, part.down, part.packets) == (None, None, None)


def test_observations_are_reported_every_second_with_their_lag() -> None:
    now = [100.0]

    def groups() -> Iterable[list[Observation]]:
        for i in range(6):
            now[0] += 0.5
            yield [Observation(t0=now[0] - 9, t1=now[0] - 8, client="anna")] if i == 1 else []

    batches: list[SliceBatch] = []
    stop = SimpleNamespace(is_set=lambda: False)
    run_observed(groups(), CATEGORIES, batches.append, stop, lag_s=10, clock=lambda: now[0])
    assert [batch.until for batch in batches] == [91, 92, 93, 103]
    assert [len(batch.slices) for batch in batches] == [1, 0, 0, 0]


def test_nfstream_flow_speaks_for_its_watched_end() -> None:
    flow = SimpleNamespace(
        src_ip="192.168.1.23",
        dst_ip="198.18.0.1",
        src2dst_bytes=10,
        dst2src_bytes=90,
        bidirectional_first_seen_ms=1000,
        bidirectional_last_seen_ms=5000,
        bidirectional_packets=3,
        application_name="TLS.Spotify",
        application_category_name="Music",
        requested_server_name="",
    )
    (seen,) = observations_of_flow(flow, watch("192.168.1.23"))
    assert (seen.client, seen.up, seen.down, seen.t0, seen.t1) == ("anna", 10, 90, 1.0, 5.0)
    assert {part.category for part in slices_of(seen, CATEGORIES)} == {"entertainment"}
    assert list(observations_of_flow(flow, watch("192.168.1.99"))) == []


# --- Generator -------------------------------------------------------------------------


@pytest.mark.parametrize("client", ["192.168.1.23", "fd00::23"])
def test_generated_apps_are_recognised(tmp_path: Path, pcap: MakePcap, client: str) -> None:
    expected = {
        "youtube": "entertainment",
        "spotify": "entertainment",
        "instagram": "social",
        "reddit": "social",
        "whatsapp": "communication",
        "wechat": "communication",
        "zoom": "communication",
        "office": "office",
        "game": "game",
        "maps": "travel",
        "bank": "finance",
        "weather": "weather",
        "shopping": "other",
        "update": "builtin",
    }
    assert set(expected) == set(PROFILES)
    for app, category in expected.items():
        path = tmp_path / f"{app}.pcap"
        session = AppSession(app=app, start_s=0, duration_s=5)
        path.write_bytes(pcap(generate([session], client=client, start=1.7e9)))
        reports = [r for r in CaptureAnalysis(path).flows() if r.server_port == 443]
        assert {report.category for report in reports} == {category}
        assert {report.name for report in reports} == set(PROFILES[app].names)
        assert {report.client for report in reports} == {client}


def test_generator_repeats_itself(pcap: MakePcap) -> None:
    first, again, other = (
        pcap(itertools.islice(generate(EVENING, start=5, seed=seed), 500)) for seed in (1, 1, 2)
    )
    assert first == again != other


@pytest.mark.parametrize("text", ["youtube", "youtube:0", "nothing:0:5", "zoom:a:5", "zoom:0:-1"])
def test_odd_sessions_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="'"):
        parse_session(text)


# --- Tools -----------------------------------------------------------------------------


def test_tools_of_the_wing() -> None:
    capture, windows = TOOLS
    assert (capture.card.name, windows.card.name) == ("traffic_capture", "app_usage_windows")
    assert capture.card.local_outputs == ("observations",)
    assert capture.problem({"source": "generator"}) is None
    assert "interface" in (capture.problem({"source": "interface"}) or "")
    assert "no-such" in (capture.problem({"source": "interface", "interface": "no-such"}) or "")
    assert "window_s" in (windows.problem({"window_s": "long"}) or "")
