"""The meter: who, how much, which category; and nothing about anybody else."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from edge_worker.messages import Person
from edge_worker.sensing.traffic import flows as flows_module
from edge_worker.sensing.traffic import meter as meter_module
from edge_worker.sensing.traffic.categories import load_categories
from edge_worker.sensing.traffic.frames import (
    Endpoint,
    Frame,
    client_hello,
    dns_answer,
    dns_query,
    tcp_frame,
    tls_records,
    udp_frame,
)
from edge_worker.sensing.traffic.meter import TrafficMeter
from edge_worker.sensing.traffic.observation import NameSource
from edge_worker.sensing.traffic.packets import PacketBatch
from edge_worker.sensing.traffic.watch import watch_people

CATEGORIES = load_categories()
T0 = 1_700_000_000.0
ANNA = Endpoint(ip="192.168.1.23", port=50_000, mac=bytes.fromhex("022222222223"))
BERT = Endpoint(ip="192.168.1.24", port=50_001, mac=bytes.fromhex("022222222224"))
SERVER = Endpoint(ip="198.18.0.7", port=443)
RESOLVER = Endpoint(ip="192.168.1.1", port=53)

MakePcap = Callable[[Iterable[Frame]], bytes]
Batches = Callable[[bytes], list[PacketBatch]]


def visit(client: Endpoint, name: str | None, t: float = T0, *, ech: bool = False) -> list[Frame]:
    hello = tls_records(client_hello(name, ech=ech))
    return [
        tcp_frame(t, client, SERVER, b"", seq=0, flags=0x02),
        tcp_frame(t + 0.01, SERVER, client, b"", seq=0, flags=0x12),
        tcp_frame(t + 0.02, client, SERVER, hello, seq=1),
        tcp_frame(t + 1.5, SERVER, client, bytes(1000), seq=1),
    ]


def asked(client: Endpoint, name: str, address: str, t: float = T0 - 1) -> list[Frame]:
    return [
        udp_frame(t, client, RESOLVER, dns_query(name, 1)),
        udp_frame(t + 0.1, RESOLVER, client, dns_answer(name, 1, address)),
    ]


@pytest.fixture(name="measure")
def measure_fixture(pcap: MakePcap, batches: Batches) -> Callable[..., TrafficMeter]:
    """`measure(frames, *people)`: a meter that has seen the frames."""

    def measure(frames: Iterable[Frame], *people: Person) -> TrafficMeter:
        meter = TrafficMeter(CATEGORIES, watch_people(people) if people else None)
        for batch in batches(pcap(frames)):
            meter.add(batch)
        return meter

    return measure


Measure = Callable[..., TrafficMeter]


def test_flow_has_name_category_and_both_directions(measure: Measure) -> None:
    frames = visit(ANNA, "www.netflix.com")
    (report,) = measure(frames).reports()
    flow = report
    assert (flow.client, flow.client_port) == (ANNA.ip, ANNA.port)
    assert (flow.server, flow.server_port) == (SERVER.ip, 443)
    assert (flow.name, flow.name_source) == ("www.netflix.com", NameSource.SNI)
    assert (report.category, report.app) == ("entertainment", "netflix")
    assert flow.packets == 4
    assert flow.up == len(frames[0].data) + len(frames[2].data)
    assert flow.down == len(frames[1].data) + len(frames[3].data)


def test_server_is_known_without_the_opening(measure: Measure) -> None:
    (report,) = measure(visit(ANNA, None)[3:]).reports()
    assert (report.client, report.server_port) == (ANNA.ip, 443)


def test_hello_from_the_wrong_side_turns_the_flow_round(measure: Measure) -> None:
    low, high = Endpoint(ip=ANNA.ip, port=500), Endpoint(ip=SERVER.ip, port=8443)
    hello = tls_records(client_hello("www.netflix.com"))
    (report,) = measure([tcp_frame(T0, low, high, hello, seq=1)]).reports()
    assert (report.client, report.client_port) == (ANNA.ip, 500)
    assert report.down == 0


def test_slices_add_up_by_second(measure: Measure) -> None:
    frames = visit(ANNA, "www.netflix.com")
    first, second = measure(frames).take()
    assert (first.t, second.t) == (int(T0), int(T0) + 1)
    assert (first.person, first.category) == (ANNA.ip, "entertainment")
    assert (first.packets, second.packets) == (3, 1)
    assert (second.up, second.down) == (0, len(frames[3].data))


def test_seconds_are_taken_once_when_they_are_over(measure: Measure) -> None:
    meter = measure(visit(ANNA, "www.netflix.com"))
    assert [part.t for part in meter.take(T0 + 1)] == [int(T0)]
    assert [part.t for part in meter.take()] == [int(T0) + 1]
    assert meter.take() == []


def test_dns_names_a_silent_server(measure: Measure) -> None:
    meter = measure(asked(ANNA, "www.netflix.com", SERVER.ip) + visit(ANNA, None))
    report = list(meter.reports())[-1]
    assert (report.name, report.name_source) == ("www.netflix.com", NameSource.DNS_JOIN)


def test_dns_of_another_client_names_nothing(measure: Measure) -> None:
    meter = measure(asked(BERT, "www.netflix.com", SERVER.ip) + visit(ANNA, None))
    assert list(meter.reports())[-1].name is None


def test_encrypted_hello_uses_dns_or_says_that_it_is_outer(measure: Measure) -> None:
    front = visit(ANNA, "cloudflare-ech.com", ech=True)
    alone = list(measure(front).reports())[-1]
    assert alone.name_source is NameSource.OUTER_SNI
    joined = list(measure(asked(ANNA, "www.netflix.com", SERVER.ip) + front).reports())[-1]
    assert (joined.name, joined.name_source) == ("www.netflix.com", NameSource.DNS_JOIN)


def test_outer_name_alone_counts_as_hidden(measure: Measure) -> None:
    parts = measure(visit(ANNA, "cloudflare-ech.com", ech=True)).take()
    assert all(part.hidden and part.category == "unknown" for part in parts)


def test_updates_and_discovery_are_no_use(measure: Measure) -> None:
    group = Endpoint(ip="224.0.0.251", port=5353)
    frames = [*visit(ANNA, "dl.delivery.mp.microsoft.com"), udp_frame(T0, ANNA, group, b"x" * 50)]
    assert [part.foreground for part in measure(frames).take()] == [False, False]


@pytest.mark.parametrize("address", ["192.168.1.23", "02:22:22:22:22:23", "02-22-22-22-22-23"])
def test_only_people_who_opted_in_are_counted(measure: Measure, address: str) -> None:
    anna = Person(id="anna", name="Anna", addresses=(address,))
    frames = visit(ANNA, "www.netflix.com") + visit(BERT, "www.tinder.com")
    meter = measure(frames, anna)
    assert meter.packets == 4
    assert {part.person for part in meter.take()} == {"anna"}


def test_payloads_of_others_are_never_read(
    measure: Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []
    probe = flows_module.probe_for
    dissect = flows_module.parse_dns

    class Spy:
        def __init__(self, inner: object) -> None:
            self.inner = inner

    def spy_probe(protocol: int) -> object:
        inner = probe(protocol)
        original = inner.feed

        def feed(*args: object, **options: object) -> object:
            seen.extend(arg for arg in args if isinstance(arg, bytes))
            return original(*args, **options)

        inner.feed = feed
        return inner

    monkeypatch.setattr(flows_module, "probe_for", spy_probe)
    monkeypatch.setattr(
        flows_module, "parse_dns", lambda data: (seen.append(data), dissect(data))[1]
    )
    anna = Person(id="anna", name="Anna", addresses=(ANNA.ip,))
    frames = [
        *visit(ANNA, "www.netflix.com"),
        *visit(BERT, "www.tinder.com"),
        *asked(BERT, "www.tinder.com", SERVER.ip),
    ]
    meter = measure(frames, anna)
    assert any(b"netflix" in data for data in seen)
    assert not any(b"tinder" in data for data in seen)
    assert len(meter.table) == 1


def test_changed_private_address_is_noticed(measure: Measure) -> None:
    old = "02:99:99:99:99:99"
    anna = Person(id="anna", name="Anna", addresses=(old, ANNA.ip))
    assert measure(visit(ANNA, "www.netflix.com"), anna).moved
    same = Person(id="anna", name="Anna", addresses=("02:22:22:22:22:23", ANNA.ip))
    assert not measure(visit(ANNA, "www.netflix.com"), same).moved


def test_ended_conversations_are_forgotten(measure: Measure) -> None:
    meter = measure(visit(ANNA, "a.netflix.com") + visit(BERT, "b.netflix.com", T0 + 1000))
    meter.take()
    meter.forget_idle(int((T0 + 1001) * 1e9))
    assert [report.name for report in meter.reports()] == ["b.netflix.com"]


def test_forgetting_keeps_what_is_not_taken_yet(measure: Measure) -> None:
    meter = measure(visit(ANNA, "www.netflix.com") + visit(BERT, "www.reddit.com", T0 + 1000))
    assert {part.person for part in meter.take(T0 + 500)} == {ANNA.ip}
    meter.forget_idle(int((T0 + 1001) * 1e9))
    assert len(meter.table) == 1
    assert {(part.person, part.category) for part in meter.take()} == {(BERT.ip, "social")}


def test_names_of_an_endless_conversation_are_bounded(
    measure: Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flows_module, "MIN_NAMES", 100)
    frames = [udp_frame(T0, ANNA, RESOLVER, dns_query(f"n{i}.example.org", 1)) for i in range(1000)]
    meter = measure([*visit(BERT, "www.netflix.com"), *frames])
    assert len(meter.table._names) <= 100
    assert [report.name for report in meter.reports()] == ["www.netflix.com", "n999.example.org"]


def test_flood_of_conversations_is_bounded_and_still_counted(
    pcap: MakePcap, batches: Batches, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meter_module, "MAX_FLOWS", 100)
    meter = TrafficMeter(CATEGORIES)
    total = 0
    for second in range(20):
        t = T0 + second
        frames = [
            frame
            for i in range(60)
            for frame in visit(
                Endpoint(ip=ANNA.ip, port=2000 + 60 * second + i), "a.netflix.com", t
            )
        ]
        total += sum(len(frame.data) for frame in frames)
        for batch in batches(pcap(frames)):
            meter.add(batch)
        assert len(meter.table) <= 160
    parts = meter.take(T0 + 10) + meter.take()
    assert sum((part.up or 0) + (part.down or 0) for part in parts) == total


def test_many_conversations_and_names(measure: Measure) -> None:
    frames = [
        udp_frame(T0, Endpoint(ip=f"10.0.{i // 250}.{i % 250}", port=5000), RESOLVER, query)
        for i, query in enumerate(dns_query(f"n{i}.example.org", 1) for i in range(3000))
    ]
    reports = list(measure(frames).reports())
    assert len(reports) == 3000
    assert {report.name for report in reports} == {f"n{i}.example.org" for i in range(3000)}
