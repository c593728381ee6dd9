"""Which protection this machine can give to foreign code, proved by trying, told plainly."""

from __future__ import annotations

import functools
import json
import platform
from dataclasses import dataclass
from enum import StrEnum

from edge_worker.federated.sandbox import command, seccomp
from edge_worker.federated.sandbox.limits import MIB, Limits
from edge_worker.federated.sandbox.run import Ending, SandboxError, run

_PROBE_LIMITS = Limits(wall_s=20, cpu_s=10, memory=1024 * MIB, processes=16)
# Each line of the answer names a wall that did not hold. The whole list of attacks is in
# the tests; these few are what may differ from machine to machine.
_PROBE = """
import json, os, socket, subprocess
broken = []
def must_fail(name, action):
    try:
        action()
    except OSError:
        return
    broken.append(name)
def nested():
    if subprocess.run(["unshare", "--user", "true"], capture_output=True).returncode:
        raise OSError
def parents_environment():
    entries = open("/proc/1/environ", "rb").read().split(b"\\0")
    if all(not entry or entry.startswith(b"PWD=") for entry in entries):
        raise OSError
must_fail("the environment of its parent", parents_environment)
must_fail("network", lambda: socket.create_connection(("127.0.0.1", 9), 1))
must_fail("files of the system", lambda: open("/etc/passwd"))
must_fail("writing outside", lambda: open("/usr/edge-ai-probe", "w"))
must_fail("writing to its root", lambda: open("/edge-ai-probe", "w"))
must_fail("namespaces of its own", nested)
if os.getuid() == 0:
    broken.append("root's account")
allowed = {"HOME", "TMPDIR", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PWD", "LC_CTYPE"}
if set(os.environ) - allowed:
    broken.append("the environment")
with open("/out/broken.json", "w") as file:
    json.dump(broken, file)
"""


class Tier(StrEnum):
    """How code hooks of a proposal run here."""

    BUBBLEWRAP = "bubblewrap"
    NONE = "none"
    """They don't: proposals are configurations only."""


@dataclass(frozen=True, kw_only=True)
class Protection:
    """The tier, and a sentence for people."""

    tier: Tier
    sentence: str


@functools.cache
def protection() -> Protection:
    """Try the sandbox once in the life of this process; nothing is ever skipped silently."""
    if platform.system() != "Linux":
        return _none("the sandbox needs Linux")
    if command.find_tools() is None:
        return _none("bubblewrap is not installed (Debian: apt install bubblewrap)")
    if seccomp.program() is None:
        return _none(f"there is no system call filter for {platform.machine()}")
    try:
        outcome = run(_PROBE, {}, expected=["broken.json"], limits=_PROBE_LIMITS)
    except (SandboxError, OSError) as error:
        return _none(str(error))
    if outcome.ending is not Ending.OK or "broken.json" not in outcome.results:
        detail = outcome.text.strip().splitlines()[-1:] or [outcome.ending.value]
        return _none(f"bubblewrap can't build the sandbox here ({detail[0]:.200})")
    broken = json.loads(outcome.results["broken.json"])
    if broken:
        return _none(f"the sandbox does not hold here: {', '.join(broken)}")
    return Protection(
        tier=Tier.BUBBLEWRAP,
        sentence=(
            "bubblewrap: no network, no files but its own, no other processes; tried just now"
        ),
    )


def _none(why: str) -> Protection:
    return Protection(
        tier=Tier.NONE,
        sentence=f"off, proposals may hold no code: {why}",
    )
