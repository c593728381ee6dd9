"""A capture that comes through a pipe: `ssh router tcpdump -U -w - …` on standard input."""

from __future__ import annotations

import dataclasses
import io
import select
import time
from collections.abc import Iterator

import numpy as np

from edge_worker.sensing.traffic.capture_file import CaptureStream
from edge_worker.sensing.traffic.packets import PacketBatch

WAIT_S = 0.2


class _Pipe:
    """Reads like a file, but reports when nothing came for WAIT_S instead of blocking."""

    def __init__(self, file: io.FileIO) -> None:
        self._file = file
        self.waited = False

    def readinto(self, buffer: memoryview, /) -> int | None:
        self.waited = not select.select([self._file], [], [], WAIT_S)[0]
        return None if self.waited else self._file.readinto(buffer)


def stream_packets(file: io.FileIO) -> Iterator[PacketBatch | None]:
    """Yield batches as they arrive, stamped so, and None while nothing comes.

    The time of arrival counts: the clock of a router may be wrong.

    Raises CaptureError when the stream doesn't start as a capture does.
    """
    with file:
        for batch in CaptureStream(_Pipe(file)).live():
            if batch is None:
                yield None
            else:
                arrival = np.full(len(batch), time.time_ns(), np.int64)
                yield dataclasses.replace(batch, time_ns=arrival)
