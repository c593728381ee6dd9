"""Resident memory of a process and all that it started, read off /proc while it runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

INTERVAL_S = 0.25
_INTERPRETERS = ("python", "bash", "sh")


@contextmanager
def watched(pid: int) -> Iterator[dict[str, float]]:
    """Fill a table by program name while the body runs: the largest of its processes, in MB.

    Pages that processes share count in each of them. What starts and ends between two looks
    (a quarter of a second) is missed.
    """
    largest: dict[str, float] = {}
    done = threading.Event()

    def look() -> None:
        while not done.wait(INTERVAL_S):
            for name, size in resident(pid):
                largest[name] = max(size, largest.get(name, 0.0))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield largest
    finally:
        done.set()
        thread.join()


def resident(root: int) -> list[tuple[str, float]]:
    """Program and resident MB of a process and its descendants that live now."""
    parents = _parents()
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    found = []
    for pid in family:
        try:
            name = program((Path("/proc") / str(pid) / "cmdline").read_bytes())
            pages = (Path("/proc") / str(pid) / "status").read_text()
        except OSError:  # it ended in between
            continue
        sizes = [line.split()[1] for line in pages.splitlines() if line.startswith("VmRSS")]
        if name and sizes:
            found.append((name, int(sizes[0]) / 1024))
    return found


def program(command_line: bytes) -> str:
    """The name of what runs: of a script or module its own, not the interpreter's."""
    words = [word for word in command_line.decode(errors="replace").split("\0") if word]
    if not words:
        return ""
    first, rest = words[0], words[1:]
    if Path(first).name.rstrip("0123456789.") in _INTERPRETERS:
        if "-m" in rest[:-1]:
            return rest[rest.index("-m") + 1]
        first = next((word for word in rest if not word.startswith("-")), first)
    return first.split()[0] if first.startswith("ray::") else Path(first.split()[0]).name


def _parents() -> Mapping[int, int]:
    """Every process and its parent."""
    found = {}
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                # The name in brackets may hold anything, spaces and brackets included.
                fields = (place / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            found[int(place.name)] = int(fields[1])
    return found
