"""The capture process: opens its source, gives up its rights, reports slices of use.

Started by `CaptureProcess` as `python -m edge_worker.sensing.traffic.capture_process`
with two descriptors: one to read its order from (and to notice its parent's end), one to
write frames to. Names and addresses never leave this process.
"""

from __future__ import annotations

import io
import os
import sys
import threading
from typing import Any, BinaryIO

from edge_worker.catalogue.tool import SourceError
from edge_worker.messages import People, from_dict
from edge_worker.sensing.traffic.boundary import (
    Failure,
    FrameReader,
    Message,
    Notice,
    frames_of,
    write_frame,
)
from edge_worker.sensing.traffic.capture_file import CaptureStream
from edge_worker.sensing.traffic.categories import load_categories
from edge_worker.sensing.traffic.confine import confine
from edge_worker.sensing.traffic.frames import write_pcap
from edge_worker.sensing.traffic.generator import AppSession, generate
from edge_worker.sensing.traffic.meter import TrafficMeter
from edge_worker.sensing.traffic.settings import CaptureSettings, parse_settings
from edge_worker.sensing.traffic.sources import open_source


def main(order: int, output: int) -> int:
    """Run until the source ends or the parent closes the order pipe."""
    orders, reports = io.FileIO(order), os.fdopen(output, "wb")
    try:
        _run(orders, reports, output)
    except BrokenPipeError:
        return 0  # the parent has gone
    except SourceError as error:
        _report(reports, Failure(message=str(error), retry=error.retry))
        return 1
    except Exception as error:  # noqa: BLE001 - its text may hold names: only its kind is told
        kind = type(error).__name__
        _report(reports, Failure(message=f"the capture process failed ({kind})", retry=True))
        return 1
    return 0


def _run(orders: io.FileIO, reports: BinaryIO, output: int) -> None:
    content = _first_frame(orders)
    if content is None:
        return
    settings = parse_settings(CaptureSettings, content["settings"], "traffic_capture")
    people = from_dict(People, content["people"]).people
    source = open_source(settings, people)
    _import_everything()
    if source.needs_programs or not confine(output, network=source.needs_network):
        _report(reports, Notice(code="unconfined"))
    stop = threading.Event()
    threading.Thread(target=_wait_for_end, args=(orders, stop), daemon=True).start()
    source.run(lambda message: _report(reports, message), stop)


def _first_frame(orders: io.FileIO) -> dict[str, Any] | None:
    reader = FrameReader()
    while data := orders.read(4096):
        for content in reader.feed(data):
            return content
    return None


def _report(reports: BinaryIO, message: Message) -> None:
    for frame in frames_of(message):
        write_frame(reports, frame)


def _wait_for_end(orders: io.FileIO, stop: threading.Event) -> None:
    while orders.read(4096):
        pass
    stop.set()


def _import_everything() -> None:
    """Send simulated packets through the meter: afterwards nothing is loaded any more."""
    recording = io.BytesIO()
    write_pcap(
        recording,
        generate([AppSession(app=app, start_s=0, duration_s=1) for app in ("maps", "weather")]),
    )
    recording.seek(0)
    meter = TrafficMeter(load_categories())
    for batch in CaptureStream(recording):
        meter.add(batch)
    meter.take()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
