"""The source `traffic_capture`: starts the capture process and reads what it reports."""

from __future__ import annotations

import dataclasses
import io
import logging
import math
import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

from edge_worker.catalogue.ports import Port
from edge_worker.catalogue.tool import Emit, SourceError, ToolContext
from edge_worker.messages import People, Person, to_dict
from edge_worker.sensing.traffic.boundary import (
    MAX_FRAME_BYTES,
    NOTICES,
    BoundaryError,
    Failure,
    FrameReader,
    Message,
    Notice,
    message_of,
    write_frame,
)
from edge_worker.sensing.traffic.observation import SliceBatch, UsageSlice
from edge_worker.sensing.traffic.settings import CaptureSettings, SourceKind, parse_settings

_LOGGER = logging.getLogger(__name__)

# A capture process that dies is started again after these pauses, then given up; one that
# lived for HEALTHY_S starts counting anew.
RESTART_PAUSES_S = (0.5, 2.0, 5.0)
HEALTHY_S = 60.0
END_S = 3.0
# A process with an open source reports every second; loading takes a few on a Raspberry Pi.
SILENT_S = 30.0
WAIT_S = 0.2
_PROGRAM = "edge_worker.sensing.traffic.capture_process"


class TrafficCapture:
    """Runs the capture in a process of its own; emits a SliceBatch about once a second."""

    def __init__(self, context: ToolContext) -> None:
        self._settings = parse_settings(CaptureSettings, context.settings, "traffic_capture")
        self._people = context.people or ((context.person,) if context.person else ())
        self.notices: tuple[str, ...] = ()
        """Sentences for people about the capture, such as a changed private address."""

    def run(self, emit: Emit, stop: threading.Event) -> None:
        """Capture until `stop` is set or the source ends.

        Raises SourceError with what to do.
        """
        pauses = list(RESTART_PAUSES_S)
        while not stop.is_set():
            started = time.monotonic()
            if self._run_once(emit, stop):
                return
            if time.monotonic() - started > HEALTHY_S:
                pauses = list(RESTART_PAUSES_S)
            if not pauses:
                raise SourceError("the capture process keeps dying", retry=True)
            pause = pauses.pop(0)
            _LOGGER.warning("The capture process died; starting it again in %s s", pause)
            stop.wait(pause)

    def _run_once(self, emit: Emit, stop: threading.Event) -> bool:
        """Run one process; True when it ended as it should, False when it died."""
        with _Child(self._settings, self._people) as child:
            try:
                for message in child.messages(stop):
                    self._take(message, emit)
            except BoundaryError:
                _LOGGER.warning("The capture process broke its protocol and was ended")
                return False
            return stop.is_set() or child.ended_well()

    def _take(self, message: Message, emit: Emit) -> None:
        if isinstance(message, Failure):
            raise SourceError(message.message, retry=message.retry)
        if isinstance(message, Notice):
            sentence = NOTICES[message.code]
            if sentence not in self.notices:
                self.notices = (*self.notices, sentence)
                _LOGGER.warning("Traffic capture: %s", sentence)
            return
        emit(Port.OBSERVATIONS, message)


class _Child:
    """The process with its two pipes; leaving the block ends it."""

    def __init__(self, settings: CaptureSettings, people: tuple[Person, ...]) -> None:
        self._people = frozenset(person.id for person in people)
        order_read, order_write = os.pipe()
        report_read, report_write = os.pipe()
        reads_stdin = settings.source is SourceKind.STREAM and str(settings.path) == "-"
        self._process = subprocess.Popen(
            [sys.executable, "-m", _PROGRAM, str(order_read), str(report_write)],
            pass_fds=(order_read, report_write),
            stdin=None if reads_stdin else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # a traceback may hold names
            env=_environment(),
        )
        os.close(order_read)
        os.close(report_write)
        self._orders = os.fdopen(order_write, "wb")
        self._reports = io.FileIO(report_read)
        content = {
            "settings": settings.model_dump(mode="json"),
            "people": to_dict(People(people=people)),
        }
        with suppress(BrokenPipeError):
            write_frame(self._orders, content)

    def __enter__(self) -> _Child:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(BrokenPipeError):
            self._orders.close()
        # Closed before waiting: a child that still writes then ends by itself.
        self._reports.close()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def ended_well(self) -> bool:
        """Whether it ended by itself without an error."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(END_S) == 0
        return False

    def messages(self, stop: threading.Event) -> Iterator[Message]:
        """Yield what it reports until it ends or `stop` is set.

        Raises BoundaryError when it breaks the protocol or falls silent.
        """
        reader, heard = FrameReader(), time.monotonic()
        pending: list[UsageSlice] = []
        with selectors.DefaultSelector() as selector:
            selector.register(self._reports, selectors.EVENT_READ)
            while not stop.is_set():
                if not selector.select(WAIT_S):
                    if time.monotonic() - heard > SILENT_S:
                        raise BoundaryError("the capture process is silent")
                    continue
                heard = time.monotonic()
                data = self._reports.read(MAX_FRAME_BYTES)
                if not data:
                    return
                for content in reader.feed(data):
                    message = message_of(content, self._people)
                    if not isinstance(message, SliceBatch):
                        yield message
                        continue
                    pending += message.slices
                    if message.until > -math.inf:
                        yield dataclasses.replace(message, slices=tuple(pending))
                        pending = []


def _environment() -> dict[str, str]:
    """What Python needs to start; one thread is enough for these arrays."""
    kept = ("PATH", "PYTHONPATH", "LANG", "HOME", "VIRTUAL_ENV", "COVERAGE_PROCESS_START")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    return {**environment, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
