"""What Ctrl-C means while a loop runs: first an end after this round, then one at once."""

from __future__ import annotations

import os
import signal
import threading

# A round of a large network can take many minutes.
_HEARD = b"Ending after this round; once more ends at once. Nothing is lost either way.\n"


class Cancelled(Exception):
    """The user asked to end; what ran so far is in the journal."""


def raise_if(stop: threading.Event) -> None:
    """Raises Cancelled once the event is set."""
    if stop.is_set():
        raise Cancelled("stopped; --resume goes on")


def listen() -> threading.Event:
    """An event that the first SIGINT or SIGTERM sets; another raises KeyboardInterrupt."""
    stop = threading.Event()

    def heard(*_: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        os.write(2, _HEARD)  # a stream may be in use right now, and can't be entered twice

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, heard)
    return stop
