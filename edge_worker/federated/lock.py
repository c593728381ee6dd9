"""One loop at a time in a folder: two would run the same attempt twice."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_worker.federated.journal import JournalError


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the lock of this folder.

    Raises JournalError when another process holds it. A killed process holds nothing.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / "loop.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise JournalError(f"another loop is running in {folder}") from None
        yield
    finally:
        os.close(descriptor)


def is_held(folder: Path) -> bool:
    """Whether a loop runs there now, of whichever process."""
    try:
        with alone(folder):
            return False
    except JournalError:
        return True
