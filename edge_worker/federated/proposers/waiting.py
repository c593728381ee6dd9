"""Waiting for work that can't be interrupted, with a limit on the whole and an ear for others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")
_LOOK_S = 0.1


def within(seconds: float, work: Callable[[], Result], while_waiting: Callable[[], None]) -> Result:
    """Do the work in a thread of its own and give what it gives, or raise what it raises.

    while_waiting: called about ten times a second; what it raises is passed on, as is
    TimeoutError after `seconds`. The thread is left behind then, and doesn't hold the program.
    """
    results: list[Result] = []
    errors: list[BaseException] = []

    def do() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            errors.append(error)

    thread = threading.Thread(target=do, daemon=True)
    thread.start()
    deadline = time.monotonic() + seconds
    while thread.is_alive():
        thread.join(_LOOK_S)
        while_waiting()
        if thread.is_alive() and time.monotonic() > deadline:
            raise TimeoutError(f"nothing came within {seconds:.0f} s")
    if errors:
        raise errors[0]
    return results[0]
