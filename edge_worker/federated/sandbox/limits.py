"""What a sandboxed job may use. Everything beyond ends the job."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds of one job; sizes in bytes, times in seconds."""

    wall_s: float = 600.0
    """From start to end; also ends what sleeps, which a bound on CPU time does not."""
    cpu_s: int = 900
    """CPU time of each process."""
    memory: int = 2048 * MIB
    """Address space of each process, and resident memory of all together."""
    processes: int = 64
    open_files: int = 64
    file_size: int = 64 * MIB
    """The largest single file."""
    output: int = 64 * MIB
    """All results together: the size of the file system that holds them."""
    scratch: int = 64 * MIB
    """Size of the temporary folder."""
    text: int = 64 * 1024
    """Printed text that is kept; the rest is read and thrown away."""
