"""Makes the source `traffic_capture` from its settings and the people who opted in."""

from __future__ import annotations

import io
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from edge_worker.catalogue.ports import Port
from edge_worker.catalogue.tool import Emit, SourceError, ToolContext
from edge_worker.messages import Person
from edge_worker.sensing.traffic.capture import run_live, run_offline
from edge_worker.sensing.traffic.capture_file import CaptureError, CaptureStream
from edge_worker.sensing.traffic.categories import CategoryError, load_categories
from edge_worker.sensing.traffic.meter import TrafficMeter
from edge_worker.sensing.traffic.observation import SliceBatch
from edge_worker.sensing.traffic.packets import PacketBatch
from edge_worker.sensing.traffic.replay import paced
from edge_worker.sensing.traffic.settings import CaptureSettings, SourceKind, parse_settings
from edge_worker.sensing.traffic.watch import AddressError, Watch, watch_people


class TrafficCapture:
    """The source of the tool `traffic_capture`: emits a SliceBatch about once a second."""

    def __init__(self, context: ToolContext) -> None:
        self._settings = parse_settings(CaptureSettings, context.settings, "traffic_capture")
        self._people = context.people or ((context.person,) if context.person else ())

    def run(self, emit: Emit, stop: threading.Event) -> None:
        """Capture until `stop` is set or the file ends.

        Raises SourceError with what to do.
        """
        capture(
            self._settings,
            self._people,
            lambda batch: emit(Port.OBSERVATIONS, batch),
            stop,
        )


def capture(
    settings: CaptureSettings,
    people: tuple[Person, ...],
    emit: Callable[[SliceBatch], None],
    stop: threading.Event,
) -> None:
    """Run the source that the settings name. Raises SourceError."""
    try:
        watch = watch_people(people)
        categories = load_categories(settings.categories)
    except (AddressError, CategoryError) as error:
        raise SourceError(str(error)) from error
    if not watch:
        raise SourceError("nobody with a device address has opted in, so nothing is captured")
    meter = TrafficMeter(categories, watch)
    try:
        if settings.source is SourceKind.PCAP and settings.speed == 0:
            assert settings.path is not None
            run_offline(_file(settings.path), meter, emit, stop)
        else:
            run_live(_packets(settings, watch, people), meter, emit, stop)
    except CaptureError as error:
        raise SourceError(f"cannot read the capture: {error}") from error


def _packets(
    settings: CaptureSettings, watch: Watch, people: tuple[Person, ...]
) -> Iterator[PacketBatch | None]:
    if settings.source is SourceKind.INTERFACE:
        from edge_worker.sensing.traffic.live import interface_packets, open_interface

        assert settings.interface is not None
        with open_interface(settings.interface, watch) as raw:
            yield from interface_packets(raw)
    elif settings.source is SourceKind.PCAP:
        assert settings.path is not None
        yield from _replay(lambda: _file(settings.path), settings)
    elif settings.source is SourceKind.GENERATOR:
        recording = _evening(people, settings.seed)
        yield from _replay(lambda: CaptureStream(io.BytesIO(recording)), settings, loop=True)
    else:
        raise SourceError(f"the source {settings.source.value!r} is not built in")


def _replay(
    opened: Callable[[], Iterator[PacketBatch] | CaptureStream],
    settings: CaptureSettings,
    *,
    loop: bool = False,
) -> Iterator[PacketBatch | None]:
    while True:
        yield from paced(opened(), speed=settings.speed or 1.0)
        if not (loop or settings.loop):
            return


def _file(path: Path) -> Iterator[PacketBatch]:
    """Batches of a file, "-" is standard input. Raises SourceError when it can't be opened."""
    try:
        file = sys.stdin.buffer if str(path) == "-" else path.open("rb", buffering=0)
    except OSError as error:
        raise SourceError(f"cannot open the capture {path}: {error.strerror}") from error
    with file:
        yield from CaptureStream(file)


def _evening(people: tuple[Person, ...], seed: int) -> bytes:
    """A simulated evening of every person who has an IP address, as a capture."""
    from edge_worker.sensing.traffic.frames import write_pcap
    from edge_worker.sensing.traffic.generator import generate
    from edge_worker.sensing.traffic.watch import ip_words

    import heapq

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
