"""The capture process: bounded JSON out, no rights inside, started again when it dies."""

from __future__ import annotations

import ast
import io
import json
import logging
import math
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

import edge_worker.sensing.traffic as traffic
from edge_worker.catalogue.ports import AppUsage, Port
from edge_worker.catalogue.tool import SourceError, ToolContext
from edge_worker.messages import Person, encode
from edge_worker.sensing.traffic.boundary import (
    MAX_FRAME_BYTES,
    BoundaryError,
    Failure,
    FrameReader,
    Notice,
    frames_of,
    message_of,
    write_frame,
)
from edge_worker.sensing.traffic.frames import Frame
from edge_worker.sensing.traffic.generator import AppSession, generate
from edge_worker.sensing.traffic.observation import SliceBatch, UsageSlice
from edge_worker.sensing.traffic.process import TrafficCapture
from edge_worker.sensing.traffic.usage_step import AppUsageStep

ANNA = Person(id="anna", name="Anna", addresses=("192.168.1.23",))
PEOPLE = frozenset(["anna"])
MakePcap = Callable[[Iterable[Frame]], bytes]


def sent(message: object) -> list[dict[str, object]]:
    """A message after its way over a pipe, byte by byte."""
    pipe = io.BytesIO()
    for frame in frames_of(message):  # type: ignore[arg-type]
        write_frame(pipe, frame)
    reader = FrameReader()
    return [c for i in range(len(pipe.getvalue())) for c in reader.feed(pipe.getvalue()[i : i + 1])]


def some_slice(**changes: object) -> UsageSlice:
    fields = {"t": 5, "person": "anna", "category": "social", "foreground": True, "up": 1}
    return UsageSlice(**{**fields, **changes})  # type: ignore[arg-type]


def test_messages_survive_the_pipe() -> None:
    batch = SliceBatch(slices=(some_slice(), some_slice(up=None, hidden=True)), until=7.0)
    for message in (batch, Failure(message="why", retry=True), Notice(code="anonymized")):
        (content,) = sent(message)
        assert message_of(content, PEOPLE) == message


def test_long_batch_takes_several_bounded_frames() -> None:
    batch = SliceBatch(slices=tuple(some_slice(t=i) for i in range(1000)), until=math.inf)
    parts = [message_of(content, PEOPLE) for content in sent(batch)]
    assert [part.until for part in parts] == [-math.inf, -math.inf, math.inf]
    assert [s.t for part in parts for s in part.slices] == list(range(1000))


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"notice": "unheard of"},
        {"slices": [], "until": "soon", "live": True},
        {"slices": [], "until": 1, "live": 1},
        {"slices": "none", "until": 1, "live": True},
        *(
            {"slices": [row], "until": 1, "live": True}
            for row in (
                [5, "bert", "social", True, False, 1, 1, 1],
                [5, "anna", "www.example.org", True, False, 1, 1, 1],
                [-5, "anna", "social", True, False, 1, 1, 1],
                [5, "anna", "social", 1, False, 1, 1, 1],
                [5, "anna", "social", True, False, 1.5, 1, 1],
                [5, "anna", "social", True, False, 1 << 60, 1, 1],
                [5, "anna", ["social"], True, False, 1, 1, 1],
                [5, "anna", "social"],
            )
        ),
    ],
)
def test_other_content_is_refused(content: dict[str, object]) -> None:
    with pytest.raises((BoundaryError, TypeError)):
        message_of(content, PEOPLE)


@pytest.mark.parametrize(
    "data",
    [
        (MAX_FRAME_BYTES + 1).to_bytes(4),
        b"\x00\x00\x00\x02[]",
        b"\x00\x00\x00\x03{a}",
        b"\x00\x00\x75\x30" + b"[" * 30_000,
    ],
)
def test_other_frames_are_refused(data: bytes) -> None:
    with pytest.raises(BoundaryError):
        list(FrameReader().feed(data))


def test_nothing_is_pickled() -> None:
    for path in Path(traffic.__path__[0]).rglob("*.py"):
        names = {
            alias.name.split(".")[0]
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        assert names.isdisjoint({"pickle", "marshal", "shelve", "multiprocessing"}), path


CONFINED = """
    import os, socket, subprocess, sys
    from edge_worker.sensing.traffic.confine import confine
    before = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    other = os.open(os.devnull, os.O_WRONLY)
    ready, out = os.pipe()
    assert confine(1)
    refused = []
    def attempt(name, action):
        try:
            action()
        except (PermissionError, OSError) as error:
            refused.append(name)
    attempt("socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    attempt("unix", lambda: socket.socket(socket.AF_UNIX))
    attempt("pair", socket.socketpair)
    attempt("connect", lambda: before.connect(("127.0.0.1", 9)))
    attempt("send", lambda: before.sendto(b"x", ("127.0.0.1", 9)))
    attempt("bind", lambda: before.bind(("127.0.0.1", 0)))
    attempt("write", lambda: os.write(other, b"x"))
    attempt("run", lambda: os.execv("/bin/true", ["true"]))
    attempt("file", lambda: open(sys.argv[1], "wb", buffering=0).write(b"x") or 1 / 0)
    attempt("become root", lambda: os.setuid(0) if os.getuid() else 1 / 0)
    os.write(1, ("refused " + " ".join(refused)).encode())
"""


def test_confined_process_can_tell_nobody(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    answer = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(CONFINED), str(secret)],
        capture_output=True,
        text=True,
        check=False,
    )
    if "assert confine" in answer.stderr:
        pytest.skip("this kernel has no seccomp, or this processor no filter")
    assert answer.returncode == 0, answer.stderr
    assert not secret.exists() or secret.read_bytes() == b""
    refused = set(answer.stdout.removeprefix("refused ").split())
    assert refused >= {"socket", "unix", "pair", "connect", "send", "bind", "write", "run", "file"}


# --- The process -----------------------------------------------------------------------


@pytest.fixture(name="evening")
def evening_fixture(tmp_path: Path, pcap: MakePcap) -> Path:
    """Two people use apps for some seconds; only one opted in."""
    frames = [
        *generate([AppSession(app="bank", start_s=0, duration_s=8)], start=1.7e9),
        *generate(
            [AppSession(app="maps", start_s=0, duration_s=8)], client="192.168.1.66", start=1.7e9
        ),
    ]
    path = tmp_path / "evening.pcap"
    path.write_bytes(pcap(sorted(frames, key=lambda frame: frame.t)))
    return path


class Running:
    """A capture in a thread, and what it emitted."""

    def __init__(self, tmp_path: Path, settings: dict[str, object]) -> None:
        context = ToolContext(settings=settings, data_dir=tmp_path, people=(ANNA,))
        self.batches: list[SliceBatch] = []
        self.error: SourceError | None = None
        self.stop = threading.Event()
        self._capture = TrafficCapture(context)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._capture.run(lambda port, value: self.batches.append(value), self.stop)
        except SourceError as error:
            self.error = error

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.join()

    def join(self) -> None:
        self._thread.join(15)
        assert not self._thread.is_alive()


def children() -> set[int]:
    listed = Path(f"/proc/{os.getpid()}/task")
    return {
        int(pid)
        for task in listed.iterdir()
        for pid in (task / "children").read_text().split()
        if b"capture_process" in Path(f"/proc/{pid}/cmdline").read_bytes()
    }


def test_recording_comes_through_the_process(tmp_path: Path, evening: Path) -> None:
    settings = {"source": "pcap", "path": str(evening), "speed": 0}
    with Running(tmp_path, settings) as running:
        running.join()
    assert running.error is None
    slices = [part for batch in running.batches for part in batch.slices]
    assert {(part.person, part.category) for part in slices} == {
        ("anna", "finance"),
        ("anna", "builtin"),
    }
    assert running.batches[-1].until == math.inf
    assert sum(part.down or 0 for part in slices if part.category == "finance") > 15_000


def test_replay_keeps_the_clock_and_reports_silence(
    tmp_path: Path, evening: Path, wait_for: Callable[..., None]
) -> None:
    settings = {"source": "pcap", "path": str(evening), "speed": 4}
    begun = time.time()
    with Running(tmp_path, settings) as running:
        wait_for(lambda: len(running.batches) >= 3, "three reports")
    now = time.time()
    for batch in running.batches:
        assert batch.live
        assert all(begun - 1 <= part.t <= now for part in batch.slices)
        assert batch.until <= now


def test_killed_process_is_started_again(tmp_path: Path, wait_for: Callable[..., None]) -> None:
    with Running(tmp_path, {"source": "generator"}) as running:
        wait_for(lambda: running.batches, "a report")
        (pid,) = children()
        os.kill(pid, signal.SIGKILL)
        count = len(running.batches)
        wait_for(lambda: len(running.batches) > count + 1, "reports of a second process")
        assert children() != {pid}
    assert running.error is None
    assert children() == set()


def test_stopped_capture_leaves_no_process(tmp_path: Path, wait_for: Callable[..., None]) -> None:
    with Running(tmp_path, {"source": "generator"}) as running:
        wait_for(lambda: running.batches, "a report")
    assert children() == set()


@pytest.mark.parametrize(
    ("settings", "people", "words"),
    [
        ({"source": "pcap", "path": "/does/not/exist"}, (ANNA,), "cannot open"),
        ({"source": "pcap", "path": __file__, "speed": 0}, (ANNA,), "neither a pcap"),
        ({"source": "generator"}, (), "opted in"),
        ({"source": "generator"}, (Person(id="b", name="Bert", addresses=("x",)),), "Bert"),
        ({"source": "interface", "interface": "no-such-if"}, (ANNA,), "no-such-if|CAP_NET_RAW"),
    ],
)
def test_failures_are_sentences(
    tmp_path: Path, settings: dict[str, object], people: tuple[Person, ...], words: str
) -> None:
    capture = TrafficCapture(ToolContext(settings=settings, data_dir=tmp_path, people=people))
    with pytest.raises(SourceError, match=words):
        capture.run(lambda port, value: None, threading.Event())


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"source": "pcap"}, "path"),
        ({"source": "smoke signals"}, r"traffic_capture\.source"),
        ({"source": "generator", "seeed": 1}, r"traffic_capture\.seeed"),
        ({"source": "generator", "speed": -1}, r"traffic_capture\.speed"),
    ],
)
def test_settings_name_the_field(tmp_path: Path, settings: dict[str, object], words: str) -> None:
    with pytest.raises(SourceError, match=words):
        TrafficCapture(ToolContext(settings=settings, data_dir=tmp_path))


def test_no_name_and_no_address_in_messages_and_logs(
    tmp_path: Path, evening: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    step = AppUsageStep(ToolContext(settings={"window_s": 5}, data_dir=tmp_path, person=ANNA))
    payloads: list[bytes] = []
    settings = {"source": "pcap", "path": str(evening), "speed": 0}
    context = ToolContext(settings=settings, data_dir=tmp_path, people=(ANNA,))

    def emit(port: str, value: object) -> None:
        for _, usage in step.update(port, value):
            assert isinstance(usage, AppUsage)
            payloads.append(encode(usage))

    TrafficCapture(context).run(emit, threading.Event())
    assert len(payloads) >= 2
    text = b"".join(payloads).decode() + caplog.text
    text += "".join(path.read_text() for path in tmp_path.glob("*.json"))
    for secret in ("192.168", "198.1", "chase", "googleapis", ".com", "02:"):
        assert secret not in text
    assert json.loads(payloads[0])["person"] == "anna"
    assert Port.APP_USAGE == "app_usage"
