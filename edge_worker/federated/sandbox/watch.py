"""Memory of a tree of processes, from /proc: limits per process don't add up by themselves."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")


def tree_memory(root: int) -> int:
    """Resident bytes of process `root` and all its descendants; shared pages count each time."""
    children: dict[int, list[int]] = defaultdict(list)
    resident: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            line = (entry / "stat").read_text(encoding="ascii", errors="replace")
        except OSError:
            continue  # it ended meanwhile
        # The name in parentheses may hold blanks and parentheses itself.
        fields = line.rpartition(")")[2].split()
        pid = int(entry.name)
        children[int(fields[1])].append(pid)
        resident[pid] = int(fields[21]) * _PAGE
    total, waiting = 0, [root]
    while waiting:
        pid = waiting.pop()
        total += resident.get(pid, 0)
        waiting.extend(children[pid])
    return total


def available_memory() -> int:
    """Bytes that the machine can still give without swapping (MemAvailable)."""
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    raise OSError("no MemAvailable in /proc/meminfo")
