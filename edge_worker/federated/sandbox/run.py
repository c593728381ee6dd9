"""Runs one job in the sandbox and takes what it hands out."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import shutil
import signal
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import IO

import edge_worker
from edge_worker.federated.sandbox import command as bubblewrap
from edge_worker.federated.sandbox import seccomp
from edge_worker.federated.sandbox.limits import Limits
from edge_worker.federated.sandbox.watch import available_memory, tree_use

_WATCH_S = 0.1
_LENGTH = struct.Struct(">I")
# Results beside those that were asked for would be a mistake or a trick.
_LONGEST_NAME = 255
_FOLDER = "edge-worker-job-"
# A folder this young may just have been made, and not be locked yet.
_SWEEP_AFTER_S = 60.0


class SandboxError(Exception):
    """The sandbox itself could not do its work; nothing of the job may be used."""


class Ending(StrEnum):
    """How a job ended."""

    OK = "ok"
    CRASHED = "crashed"
    TIME = "time"
    MEMORY = "memory"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came out of a job. `results` and `text` are untrusted."""

    ending: Ending
    results: Mapping[str, bytes] = field(default_factory=dict)
    text: str = ""
    wall_s: float = 0.0
    cpu_s: float = 0.0
    """As last seen before it ended, not as it says."""


def run(
    script: str,
    files: Mapping[str, bytes],
    *,
    expected: Sequence[str],
    limits: Limits | None = None,
    while_waiting: Callable[[], None] = lambda: None,
) -> Outcome:
    """Run Python source with input files, and return the result files that it leaves.

    script: seen as /job/main.py. files: seen read-only under /job. The script writes its
    results to /out; those named in `expected` come back, if they are ordinary files.
    while_waiting: called about ten times a second; what it raises ends the job and is passed on.
    Raises SandboxError when there is no sandbox here or it breaks.
    """
    limits = limits or Limits()
    tools = bubblewrap.find_tools()
    if tools is None:
        raise SandboxError("bubblewrap is not installed (Debian: apt install bubblewrap)")
    as_root = os.geteuid() == 0
    with _job_folder(script, files, as_root) as job, contextlib.ExitStack() as cleanup:
        read_end, write_end = os.pipe()
        results = cleanup.enter_context(os.fdopen(read_end, "rb"))
        order = json.dumps(
            {
                "script": "/job/main.py",
                "path": [str(Path(edge_worker.__file__).resolve().parent.parent)],
                "expected": list(expected),
                "results_fd": write_end,
                "limits": {name: int(value) for name, value in dataclasses.asdict(limits).items()},
            }
        )
        filter_fd = _filter_fd(cleanup)
        try:
            arguments = bubblewrap.command(
                tools, job=job, limits=limits, order=order, filter_fd=filter_fd, root=as_root
            )
            process = subprocess.Popen(
                arguments,
                # `--clearenv` clears the job's environment only; bubblewrap's own could be
                # read in /proc.
                env={},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[write_end, *([filter_fd] if filter_fd is not None else [])],
                start_new_session=True,
            )
        except OSError as error:
            raise SandboxError(f"bubblewrap can't be started: {error}") from error
        finally:
            os.close(write_end)
        assert process.stdout is not None
        return _attend(process, process.stdout, results, expected, limits, while_waiting)


def _attend(
    process: subprocess.Popen[bytes],
    output: IO[bytes],
    results: IO[bytes],
    expected: Sequence[str],
    limits: Limits,
    while_waiting: Callable[[], None],
) -> Outcome:
    """Read what comes, watch time and memory, end what goes beyond."""
    text, frames = bytearray(), bytearray()
    bound = limits.output + sum(2 * _LENGTH.size + len(name) for name in expected)
    readers = [
        threading.Thread(target=_drain, args=(output, text, limits.text), daemon=True),
        threading.Thread(target=_drain, args=(results, frames, bound), daemon=True),
    ]
    for reader in readers:
        reader.start()
    began = time.monotonic()
    try:
        ending, cpu_s = _watch(process, limits, while_waiting)
    finally:
        _end(process)
    for reader in readers:
        reader.join(timeout=5)
    output.close()
    if ending is Ending.OK and process.returncode != 0:
        ending = Ending.CRASHED
    return Outcome(
        ending=ending,
        results=_parse(bytes(frames), expected) if ending is Ending.OK else {},
        text=bytes(text).decode("utf-8", errors="replace"),
        wall_s=time.monotonic() - began,
        cpu_s=cpu_s,
    )


def _watch(
    process: subprocess.Popen[bytes], limits: Limits, while_waiting: Callable[[], None]
) -> tuple[Ending, float]:
    """How it ended, and its CPU time in seconds."""
    deadline = time.monotonic() + limits.wall_s
    at_start = available_memory()
    cpu_s = 0.0
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_WATCH_S)
            return Ending.OK, cpu_s
        while_waiting()
        use = tree_use(process.pid)
        cpu_s = max(cpu_s, use.cpu_s)
        if time.monotonic() > deadline:
            return Ending.TIME, cpu_s
        # The second bound sees what belongs to no process: full temporary file systems,
        # a million empty files.
        if use.memory > limits.memory or at_start - available_memory() > 2 * limits.memory:
            return Ending.MEMORY, cpu_s


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the session; the process namespace dies with its first process."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _drain(pipe: IO[bytes], kept: bytearray, bound: int) -> None:
    """Read to the end, keep the first `bound` bytes: a full pipe must not hold the job."""
    with contextlib.suppress(OSError, ValueError):
        while chunk := os.read(pipe.fileno(), 65536):
            kept.extend(chunk[: max(0, bound - len(kept))])


def _parse(frames: bytes, expected: Sequence[str]) -> dict[str, bytes]:
    """Result files by name. A stream that is not what the launcher writes gives nothing."""
    found: dict[str, bytes] = {}
    position = 0

    def part(longest: int) -> bytes | None:
        nonlocal position
        if position + _LENGTH.size > len(frames):
            return None
        (length,) = _LENGTH.unpack_from(frames, position)
        position += _LENGTH.size
        if length > longest or position + length > len(frames):
            return None
        position += length
        return frames[position - length : position]

    while position < len(frames):
        name = part(_LONGEST_NAME)
        content = part(len(frames))
        if name is None or content is None:
            return {}
        label = name.decode("ascii", errors="replace")
        if label not in expected or label in found:
            return {}
        found[label] = content
    return found


@contextlib.contextmanager
def _job_folder(script: str, files: Mapping[str, bytes], as_root: bool) -> Iterator[Path]:
    """A folder that only the job's account can read."""
    sweep()
    try:
        folder = Path(tempfile.mkdtemp(prefix=_FOLDER))
    except OSError as error:
        raise SandboxError(f"no folder for the job can be made: {error.strerror}") from error
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _fill(folder, {**files, "main.py": script.encode()}, as_root)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _fill(folder: Path, files: Mapping[str, bytes], as_root: bool) -> None:
    for name, content in files.items():
        if Path(name).name != name:
            raise SandboxError(f"{name!r} is not a plain file name")
        try:
            (folder / name).write_bytes(content)
        except OSError as error:
            raise SandboxError(f"the job's files can't be written: {error.strerror}") from error
    if as_root:
        for path in (*folder.iterdir(), folder):
            os.chown(path, bubblewrap.UNPRIVILEGED, bubblewrap.UNPRIVILEGED)


def sweep() -> None:
    """Delete folders of jobs whose process was killed: they hold examples. Locked ones live."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*"):
        with contextlib.suppress(OSError):  # not ours, or gone meanwhile
            if time.time() - folder.lstat().st_mtime < _SWEEP_AFTER_S:
                continue
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)


def _filter_fd(cleanup: contextlib.ExitStack) -> int | None:
    """A file that holds the seccomp filter, at its beginning."""
    program = seccomp.program()
    if program is None:
        return None
    handle = os.memfd_create("filter")
    cleanup.callback(os.close, handle)
    os.write(handle, program)
    os.lseek(handle, 0, os.SEEK_SET)
    return handle
