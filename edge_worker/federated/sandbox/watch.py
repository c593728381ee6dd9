"""Memory and time of a tree of processes, from /proc: what counts per process doesn't add up."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class Use:
    """What a process and all its descendants use."""

    memory: int
    """Resident bytes; shared pages count each time."""
    cpu_s: float
    """CPU time since their start, with that of children that ended."""


def tree_use(root: int) -> Use:
    """Look at process `root` and all its descendants."""
    children: dict[int, list[int]] = defaultdict(list)
    resident: dict[int, int] = {}
    ticks: dict[int, int] = {}
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
        ticks[pid] = sum(map(int, fields[11:15]))  # own and of children waited for, user and system
    memory, cpu, waiting = 0, 0, [root]
    while waiting:
        pid = waiting.pop()
        memory += resident.get(pid, 0)
        cpu += ticks.get(pid, 0)
        waiting.extend(children[pid])
    return Use(memory=memory, cpu_s=cpu / _TICKS)


def available_memory() -> int:
    """Bytes that the machine can still give without swapping (MemAvailable)."""
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    raise OSError("no MemAvailable in /proc/meminfo")
