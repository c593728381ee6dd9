"""Opens the source that the settings name: what runs inside the capture process."""

from __future__ import annotations

import heapq
import io
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from edge_worker.catalogue.tool import SourceError
from edge_worker.messages import Person
from edge_worker.sensing.traffic.boundary import Notice
from edge_worker.sensing.traffic.capture import StopFlag, run_live, run_observed, run_offline
from edge_worker.sensing.traffic.capture_file import CaptureError, CaptureStream
from edge_worker.sensing.traffic.categories import Categories, CategoryError, load_categories
from edge_worker.sensing.traffic.meter import TrafficMeter
from edge_worker.sensing.traffic.observation import Observation, SliceBatch
from edge_worker.sensing.traffic.packets import PacketBatch
from edge_worker.sensing.traffic.replay import paced
from edge_worker.sensing.traffic.settings import CaptureSettings, SourceKind
from edge_worker.sensing.traffic.watch import AddressError, Watch, ip_words, watch_people

# A DNS server writes its log, and answers, within this time.
ANSWER_S = 5.0

EmitMessage = Callable[[SliceBatch | Notice], None]


@dataclass(frozen=True, kw_only=True)
class OpenSource:
    """A source whose files and sockets are open.

    run: captures until the stop flag is set or the source ends; raises SourceError.
    needs_network: it goes on making connections (a polled server).
    needs_programs: a library that starts processes of its own; it cannot be confined.
    """

    run: Callable[[EmitMessage, StopFlag], None]
    needs_network: bool = False
    needs_programs: bool = False


def open_source(settings: CaptureSettings, people: tuple[Person, ...]) -> OpenSource:
    """Open what the settings name, for these people.

    Raises SourceError with what to do; also when nobody opted in with an address.
    """
    try:
        watch = watch_people(people)
        categories = load_categories(settings.categories)
    except (AddressError, CategoryError) as error:
        raise SourceError(str(error)) from error
    if not watch:
        raise SourceError("nobody with a device address has opted in, so nothing is captured")
    return _OPENERS[settings.source](settings, people, watch, categories)


_Opener = Callable[[CaptureSettings, tuple[Person, ...], Watch, Categories], OpenSource]


def _open_pcap(
    settings: CaptureSettings, people: tuple[Person, ...], watch: Watch, categories: Categories
) -> OpenSource:
    assert settings.path is not None
    # Opened once, for all rounds: later this process may not be allowed to.
    file, meter = _file(settings.path), TrafficMeter(categories, watch)
    if settings.speed == 0:
        return OpenSource(run=partial(_offline, partial(_from_start, file), meter))
    packets = _replay(partial(_from_start, file), settings.speed, loop=settings.loop)
    return OpenSource(run=partial(_live, packets, meter))


def _open_stream(
    settings: CaptureSettings, people: tuple[Person, ...], watch: Watch, categories: Categories
) -> OpenSource:
    from edge_worker.sensing.traffic.stream import stream_packets

    assert settings.path is not None
    packets = stream_packets(_file(settings.path))
    return OpenSource(run=partial(_live, packets, TrafficMeter(categories, watch)))


def _open_interface(
    settings: CaptureSettings, people: tuple[Person, ...], watch: Watch, categories: Categories
) -> OpenSource:
    from edge_worker.sensing.traffic.live import interface_packets, open_interface

    assert settings.interface is not None
    packets = interface_packets(open_interface(settings.interface, watch))
    return OpenSource(run=partial(_live, packets, TrafficMeter(categories, watch)))


def _open_generator(
    settings: CaptureSettings, people: tuple[Person, ...], watch: Watch, categories: Categories
) -> OpenSource:
    recording = _evening(people, settings.seed)
    packets = _replay(
        lambda: CaptureStream(io.BytesIO(recording)), settings.speed or 1.0, loop=True
    )
    return OpenSource(run=partial(_live, packets, TrafficMeter(categories, watch)))


def _open_adguard(
    settings: CaptureSettings, people: tuple[Person, ...], watch: Watch, categories: Categories
) -> OpenSource:
    from edge_worker.sensing.traffic.adguard import AdGuardLog
    from edge_worker.sensing.traffic.query_log import polled

    log = AdGuardLog(settings, watch)
    observations, lag_s = polled(log, settings.poll_s), settings.poll_s + ANSWER_S
    return OpenSource(run=partial(_observed, observations, categories, lag_s), needs_network=True)


def _open_pihole(
    settings: CaptureSettings, people: tuple[Person, ...], watch: Watch, categories: Categories
) -> OpenSource:
    from edge_worker.sensing.traffic.pihole import PiHoleLog
    from edge_worker.sensing.traffic.query_log import polled

    log = PiHoleLog(settings, watch)
    observations, lag_s = polled(log, settings.poll_s), settings.poll_s + ANSWER_S
    return OpenSource(run=partial(_observed, observations, categories, lag_s), needs_network=True)


def _open_netflow(
    settings: CaptureSettings, people: tuple[Person, ...], watch: Watch, categories: Categories
) -> OpenSource:
    from edge_worker.sensing.traffic.adguard import AdGuardLog
    from edge_worker.sensing.traffic.netflow_listener import (
        DnsJoin,
        flow_observations,
        open_listener,
    )

    assert settings.exporter is not None
    listener = open_listener(settings.listen, settings.port)
    join = DnsJoin()
    log = AdGuardLog(settings, watch, join.learn) if settings.url else None
    observations = flow_observations(
        listener, settings.exporter, watch, join=join, log=log, poll_s=settings.poll_s
    )
    return OpenSource(
        run=partial(_observed, observations, categories, settings.flow_lag_s),
        needs_network=log is not None,
    )


def _open_nfstream(
    settings: CaptureSettings, people: tuple[Person, ...], watch: Watch, categories: Categories
) -> OpenSource:
    from edge_worker.sensing.traffic.nfstream_source import nfstream_observations

    assert settings.path is not None
    observations = nfstream_observations(settings.path, watch)
    return OpenSource(run=partial(_recorded, observations, categories), needs_programs=True)


_OPENERS: dict[SourceKind, _Opener] = {
    SourceKind.PCAP: _open_pcap,
    SourceKind.STREAM: _open_stream,
    SourceKind.INTERFACE: _open_interface,
    SourceKind.GENERATOR: _open_generator,
    SourceKind.ADGUARD: _open_adguard,
    SourceKind.PIHOLE: _open_pihole,
    SourceKind.NETFLOW: _open_netflow,
    SourceKind.NFSTREAM: _open_nfstream,
}


def _live(
    packets: Iterable[PacketBatch | None], meter: TrafficMeter, emit: EmitMessage, stop: StopFlag
) -> None:
    try:
        run_live(packets, meter, emit, stop)
    except CaptureError as error:
        raise SourceError(f"cannot read the capture: {error}") from error


def _offline(
    opened: Callable[[], Iterable[PacketBatch]],
    meter: TrafficMeter,
    emit: EmitMessage,
    stop: StopFlag,
) -> None:
    try:
        run_offline(opened(), meter, emit, stop)
    except CaptureError as error:
        raise SourceError(f"cannot read the capture: {error}") from error


def _observed(
    observations: Iterable[Sequence[Observation]],
    categories: Categories,
    lag_s: float,
    emit: EmitMessage,
    stop: StopFlag,
) -> None:
    run_observed(observations, categories, emit, stop, lag_s=lag_s)


def _recorded(
    observations: Iterable[Sequence[Observation]],
    categories: Categories,
    emit: EmitMessage,
    stop: StopFlag,
) -> None:
    run_observed(observations, categories, emit, stop, live=False)


def _replay(
    opened: Callable[[], Iterable[PacketBatch]], speed: float, *, loop: bool
) -> Iterator[PacketBatch | None]:
    while True:
        yield from paced(opened(), speed=speed)
        if not loop:
            return


def _from_start(file: io.FileIO) -> CaptureStream:
    if file.seekable():
        file.seek(0)
    return CaptureStream(file)


def _file(path: Path) -> io.FileIO:
    """Open a file, "-" is standard input. Raises SourceError when it can't be opened."""
    try:
        return io.FileIO(0 if str(path) == "-" else path, closefd=str(path) != "-")
    except OSError as error:
        raise SourceError(f"cannot open the capture: {error.strerror}") from error


def _evening(people: tuple[Person, ...], seed: int) -> bytes:
    """A simulated evening of every person who has an IP address, as a capture."""
    from edge_worker.sensing.traffic.frames import write_pcap
    from edge_worker.sensing.traffic.generator import generate

    streams = []
    for number, person in enumerate(people):
        address = next((text for text in person.addresses if ip_words(text)), None)
        if address is not None:
            streams.append(generate(client=address, start=time.time(), seed=seed + number))
    if not streams:
        raise SourceError("the simulated traffic needs a person with an IP address")
    recording = io.BytesIO()
    write_pcap(recording, heapq.merge(*streams, key=lambda frame: frame.t))
    return recording.getvalue()
