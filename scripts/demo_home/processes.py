"""Child processes that never outlive us."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

_PR_SET_PDEATHSIG = 1
_GRACE_S = 10.0


class StartError(Exception):
    """Something did not come up; the message says what and shows its last words."""


class Processes:
    """Starts programs, each with a log file; stops them all in reverse order."""

    def __init__(self, log_dir: Path) -> None:
        self._log_dir = log_dir
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for name in reversed(list(self._running)):
            self.stop(name)

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Run `command` in the background; its output goes to the log file of this name."""
        with self.log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                # Ctrl-C is for us alone: we stop the children in order.
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )

    def log(self, name: str) -> Path:
        """Where this program's output goes."""
        return self._log_dir / f"{name}.log"

    def alive(self, name: str) -> bool:
        """Does it still run?"""
        return self.exit_code(name) is None

    def exit_code(self, name: str) -> int | None:
        """How it ended; None while it runs."""
        return self._running[name].poll()

    def wait_until(self, name: str, ready: Callable[[], bool], timeout_s: float) -> None:
        """Wait for a condition. Raises StartError when the program ends or takes too long."""
        deadline = time.monotonic() + timeout_s
        while not ready():
            if not self.alive(name):
                raise StartError(f"{name} ended at once:\n{self.last_words(name)}")
            if time.monotonic() > deadline:
                raise StartError(
                    f"{name} was not ready in {timeout_s:.0f} s:\n{self.last_words(name)}"
                )
            time.sleep(0.1)

    def last_words(self, name: str, lines: int = 15) -> str:
        """The end of its log."""
        text = self.log(name).read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def kill(self, name: str) -> None:
        """End it without a chance to say goodbye, as a power cut does."""
        process = self._running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self, name: str) -> None:
        """Ask it to end; after ten seconds insist."""
        process = self._running.pop(name)
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(_GRACE_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def free_port(wanted: int) -> int:
    """`wanted` when nobody listens there on loopback, else any free port."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StartError("No free port on this computer")


def answers(port: int) -> bool:
    """Does somebody accept connections at this port?"""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _die_with_parent() -> None:
    """Between fork and exec, on Linux: even a killed demo leaves nothing running."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
