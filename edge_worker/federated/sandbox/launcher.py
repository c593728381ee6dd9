"""Inside the sandbox: runs the job under limits, ends all it left behind, hands out results.

Started as a script by its path, with the standard library alone. Whatever leaves here
counts as untrusted for the reader: the job shares this account.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import runpy
import signal
import stat
import struct
import sys
from pathlib import Path

OUT = Path("/out")
_LENGTH = struct.Struct(">I")


def main() -> int:
    """Run the job, then write its result files to the results pipe."""
    order = json.loads(sys.argv[1])
    child = os.fork()
    if child == 0:
        os.close(order["results_fd"])
        _restrict(order["limits"])
        os.setsid()
        sys.path[:0] = order["path"]
        runpy.run_path(order["script"], run_name="__main__")
        sys.stdout.flush()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with contextlib.suppress(ProcessLookupError):  # nothing was left
        os.kill(-1, signal.SIGKILL)
    _hand_out(order["results_fd"], order["expected"], order["limits"]["output"])
    return os.waitstatus_to_exitcode(status) & 0xFF


def _restrict(limits: dict[str, int]) -> None:
    for name, value in (
        (resource.RLIMIT_CPU, limits["cpu_s"]),
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_FSIZE, limits["file_size"]),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        resource.setrlimit(name, (value, value))


def _hand_out(pipe: int, expected: list[str], budget: int) -> None:
    """Frames: length of the name, name, length of the content, content."""
    for name in expected:
        content = _read_regular(OUT / name, budget)
        if content is None:
            continue
        budget -= len(content)
        for part in (name.encode(), content):
            _write_all(pipe, _LENGTH.pack(len(part)) + part)


def _read_regular(path: Path, budget: int) -> bytes | None:
    """Content of an ordinary file within the budget; nothing for links, pipes and the rest."""
    try:
        # Without NONBLOCK, opening a named pipe would wait for ever.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode) or about.st_size > budget:
            return None
        return file.read(budget)


def _write_all(pipe: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(pipe, view) :]


if __name__ == "__main__":
    sys.exit(main())
