"""The command line of bubblewrap: what the job sees, and what it may not do.

Two layers where the worker runs as root. Limits on the number of processes don't bind root,
and an unprivileged account often can't even read root's Python; so an outer bubblewrap lends
the folders read-only, drops to an account that owns nothing, and starts the real sandbox.
"""

from __future__ import annotations

import glob
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import edge_worker
from edge_worker.federated.sandbox.limits import Limits

LAUNCHER = Path(__file__).with_name("launcher.py")
# An account of the dynamic range that no package creates. Nothing else runs as it, so the
# kernel's count of its processes is the job's own.
UNPRIVILEGED = 64017
_INSIDE = 1000
# Of our own package a job imports these. The models shipped in the others were fitted to
# people whose labels a job may not have; scikit-learn brings the labels of its digits.
_NEEDED = ("catalogue", "federated")
_WITH_LABELS = "sklearn/datasets"
_PACKAGES = ("/usr/lib/python3*/*-packages", "/usr/local/lib/python3*/*-packages")
_SYSTEM = ("bin", "lib", "lib32", "lib64", "libx32", "sbin")


@dataclass(frozen=True, kw_only=True)
class Tools:
    """Absolute paths of the programs that build the sandbox."""

    bubblewrap: str
    setpriv: str | None


def find_tools() -> Tools | None:
    """The programs on this machine; None without bubblewrap."""
    bubblewrap = shutil.which("bwrap", path=os.defpath)
    if bubblewrap is None:
        return None
    return Tools(bubblewrap=bubblewrap, setpriv=shutil.which("setpriv", path=os.defpath))


def command(
    tools: Tools,
    *,
    job: Path,
    limits: Limits,
    order: str,
    filter_fd: int | None,
    root: bool,
) -> Sequence[str]:
    """All arguments, the first an absolute path. `order`: JSON for the launcher."""
    inner = [
        tools.bubblewrap,
        *("--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent"),
        *("--new-session", "--clearenv", "--cap-drop", "ALL", "--hostname", "sandbox"),
        *("--uid", str(_INSIDE), "--gid", str(_INSIDE)),
        *("--proc", "/proc", "--dev", "/dev"),
        *("--perms", "0700", "--size", str(limits.output), "--tmpfs", "/out"),
        *("--perms", "0700", "--size", str(limits.scratch), "--tmpfs", "/tmp"),
        # After the temporary folder: what is lent may lie below it.
        *_lent(),
        *("--ro-bind", str(job), "/job"),
        # A job could otherwise ask the kernel, in its own entry, to end others before it.
        *("--remount-ro", "/proc", "--remount-ro", "/dev", "--remount-ro", "/"),
        *(("--seccomp", str(filter_fd)) if filter_fd is not None else ()),
        *("--chdir", "/tmp", "--setenv", "HOME", "/tmp", "--setenv", "TMPDIR", "/tmp"),
        *("--setenv", "OMP_NUM_THREADS", "1", "--setenv", "OPENBLAS_NUM_THREADS", "1"),
        *("--", sys.executable, "-I", "-B", str(LAUNCHER), order),
    ]
    if not root:
        return inner
    if tools.setpriv is None:
        raise OSError("setpriv (package util-linux) is needed to leave root's account")
    account = str(UNPRIVILEGED)
    return [
        tools.bubblewrap,
        *("--unshare-net", "--unshare-ipc", "--die-with-parent", "--clearenv"),
        *("--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"),
        *_lent(),
        *_open_parents(job),
        *("--ro-bind", str(job), str(job)),
        # The kernel lets the inner sandbox mount its own /proc only where a whole one shows.
        *("--bind", "/proc", "/proc", "--dev", "/dev", "--remount-ro", "/"),
        "--",
        *(tools.setpriv, "--reuid", account, "--regid", account, "--clear-groups"),
        *("--no-new-privs", "--bounding-set=-all", "--"),
        *inner,
    ]


def lends(path: Path) -> str | None:
    """The folder lent to every job that holds this path; None when no job can see it."""
    found = path.expanduser().resolve()
    seen = next((f for f in _lent_folders() if found.is_relative_to(Path(f).resolve())), None)
    hidden = any(found.is_relative_to(folder.resolve()) for folder in _hidden_folders())
    return None if hidden else seen


def _lent_folders() -> list[str]:
    package = Path(edge_worker.__file__).resolve().parent
    system = [f"/{name}" for name in _SYSTEM if Path("/", name).is_dir()]
    return list(dict.fromkeys(("/usr", *system, sys.base_prefix, sys.prefix, str(package))))


def _hidden_folders() -> list[Path]:
    """What lies in lent folders and is none of a job's business."""
    roots = [*sys.path, *(found for pattern in _PACKAGES for found in glob.glob(pattern))]
    file = Path(edge_worker.__file__)
    rooms = (room for package in (file.parent, file.resolve().parent) for room in package.iterdir())
    # By the names under which folders are lent: a link's target is not in there.
    found = {
        *(room for room in rooms if room.name not in _NEEDED),
        *(Path(root) / _WITH_LABELS for root in roots if root),
    }
    lent = _lent_folders()
    return sorted(
        place
        for place in found
        if place.is_dir() and any(place.is_relative_to(folder) for folder in lent)
    )


def _lent() -> Iterable[str]:
    """Read-only: the system's programs, this interpreter, its packages, our package."""
    for folder in _lent_folders():
        place = Path(folder)
        if folder.removeprefix("/") in _SYSTEM and place.is_symlink():
            yield from ("--symlink", os.readlink(place), folder)
        elif folder == "/usr" or not place.is_relative_to("/usr"):
            yield from _open_parents(place)
            yield from ("--ro-bind", folder, folder)
    for place in _hidden_folders():
        yield from ("--perms", "0555", "--size", "4096", "--tmpfs", str(place))
        yield from ("--remount-ro", str(place))


def _open_parents(path: Path) -> Iterable[str]:
    """Empty folders above a lent one, open to the job's account; bubblewrap closes them."""
    for parent in reversed(path.parents[:-1]):
        yield from ("--perms", "0755", "--dir", str(parent))
