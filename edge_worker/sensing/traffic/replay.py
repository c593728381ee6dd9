"""Plays a capture in time with the clock, as if it happened now."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from edge_worker.sensing.traffic.packets import PacketBatch

STEP_S = 0.2


def paced(
    batches: Iterable[PacketBatch],
    *,
    speed: float,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[PacketBatch | None]:
    """Yield packets when they are due, stamped with that time; None while none is due.

    The first is due now and the others follow `speed` times faster than they did: a
    time-lapse, so that no stamp lies in the future.
    """
    start_ns = int(clock() * 1e9)
    first_ns: int | None = None
    for batch in batches:
        if not len(batch):
            continue
        if first_ns is None:
            first_ns = int(batch.time_ns[0])
        passed = ((batch.time_ns - first_ns) / speed).astype(np.int64)
        rest = dataclasses.replace(batch, time_ns=start_ns + np.maximum(passed, 0))
        while len(rest):
            ready = rest.time_ns <= clock() * 1e9
            if ready.any():
                yield rest.select(ready)
                rest = rest.select(~ready)
            else:
                sleep(STEP_S)
                yield None
