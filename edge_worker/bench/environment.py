"""What a measurement ran on, in a sentence."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version


def environment(*packages: str) -> str:
    """Python, machine, how busy it is now (processes that want a core), and these packages."""
    found = [
        f"Python {platform.python_version()}",
        f"{platform.machine()} with {os.cpu_count()} cores",
        f"load {os.getloadavg()[0]:.1f}",
    ]
    for name in packages:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"no {name}")
    return ", ".join(found)
