"""`edge-worker traffic live`: the two tools of the wing, joined without a hub."""

from __future__ import annotations

import json
import queue
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from edge_worker.catalogue.ports import AppUsage
from edge_worker.catalogue.tool import SourceError, ToolContext
from edge_worker.messages import Person, to_dict
from edge_worker.sensing.traffic.process import TrafficCapture
from edge_worker.sensing.traffic.usage_step import AppUsageStep


def parse_person(text: str) -> Person:
    """`anna=192.168.1.23,aa:bb:cc:dd:ee:ff` as a person. Raises ValueError."""
    name, equals, addresses = text.partition("=")
    if not name or not equals or not addresses:
        raise ValueError("--person is NAME=ADDRESS[,ADDRESS...]")
    return Person(id=name, name=name, addresses=tuple(addresses.split(",")))


def watch_live(
    settings: Mapping[str, Any], people: tuple[Person, ...], window_s: int, *, as_json: bool
) -> Iterator[str]:
    """Yield one line per person and window until the source ends.

    Raises SourceError with what to do.
    """
    values: queue.SimpleQueue[Any] = queue.SimpleQueue()
    stop = threading.Event()
    with tempfile.TemporaryDirectory() as folder:

        def context(table: Mapping[str, Any]) -> ToolContext:
            return ToolContext(settings=table, data_dir=Path(folder), people=people)

        capture = TrafficCapture(context(settings))
        step = AppUsageStep(context({"window_s": window_s}))

        def run() -> None:
            try:
                capture.run(lambda port, value: values.put((port, value)), stop)
                values.put(None)
            except SourceError as error:
                values.put(error)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            while True:
                try:
                    item = values.get(timeout=1.0)
                except queue.Empty:
                    outputs = step.tick(time.time())
                else:
                    if item is None:
                        return
                    if isinstance(item, SourceError):
                        raise item
                    outputs = step.update(*item)
                for _, usage in outputs:
                    yield _line(usage, as_json=as_json)
        finally:
            stop.set()
            thread.join()


def _line(usage: AppUsage, *, as_json: bool) -> str:
    if as_json:
        return json.dumps(to_dict(usage))
    moved = {
        name: usage.bytes_up.get(name, 0) + usage.bytes_down.get(name, 0)
        for name in {*usage.seconds, *usage.bytes_up, *usage.bytes_down}
    }
    shown = ", ".join(
        f"{name} {usage.seconds.get(name, 0):.0f} s {size} B"
        for name, size in sorted(moved.items(), key=lambda item: -item[1])
    )
    clock = time.strftime("%H:%M:%S", time.localtime(usage.t1))
    return f"{clock}  {usage.person}: {shown or 'nothing'}  [{usage.state}]"
