"""Attacks on the real sandbox: each of these scripts must be contained.

Every attack writes `contained` to its result only after its attempts were refused; where
one gets through it writes what it got. Attacks on time, memory and the likes must be ended.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import edge_worker
from edge_worker.federated.sandbox.limits import MIB, Limits
from edge_worker.federated.sandbox.run import Ending, Outcome, run
from edge_worker.federated.sandbox.tier import Tier, protection

pytestmark = pytest.mark.skipif(
    protection().tier is not Tier.BUBBLEWRAP,
    reason=f"no sandbox on this machine: {protection().sentence}",
)

SMALL = Limits(
    wall_s=8,
    cpu_s=4,
    memory=512 * MIB,
    processes=32,
    open_files=64,
    file_size=4 * MIB,
    output=8 * MIB,
    scratch=8 * MIB,
)

# What all attacks share: try something, tell when it was not refused.
PRELUDE = """
import ctypes, os, socket, subprocess, sys
got = []
def attempt(name, action):
    try:
        result = action()
    except (OSError, MemoryError, ValueError, RuntimeError) as error:
        return
    got.append(f"{name}: {result!r:.200}")
def finish():
    with open("/out/verdict", "w") as file:
        file.write("\\n".join(got) or "contained")
"""


def attack(body: str, limits: Limits = SMALL) -> Outcome:
    return run(PRELUDE + body + "\nfinish()\n", {}, expected=["verdict"], limits=limits)


def verdict(body: str, limits: Limits = SMALL) -> str:
    outcome = attack(body, limits)
    assert outcome.ending is Ending.OK, outcome.text
    return outcome.results["verdict"].decode()


@pytest.fixture
def listening() -> Iterator[int]:
    """A server on the loopback that a job must not reach."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_an_honest_job_gets_its_result_out() -> None:
    outcome = run(
        "data = open('/job/in.bin', 'rb').read()\nopen('/out/verdict', 'wb').write(data * 2)\n",
        {"in.bin": b"ab"},
        expected=["verdict"],
        limits=SMALL,
    )
    assert outcome.results == {"verdict": b"abab"}


def test_cpu_time_is_seen_from_outside() -> None:
    busy = "import time\nwhile time.process_time() < 1.5: pass\n"
    idle = "import time\ntime.sleep(1)\n"
    limits = replace(SMALL, wall_s=60)
    assert 1.2 < run(busy, {}, expected=[], limits=limits).cpu_s < 3
    assert run(idle, {}, expected=[], limits=limits).cpu_s < 1


def test_an_attack_that_succeeds_is_told() -> None:
    body = "attempt('own file', lambda: open('/job/main.py').read(6))"
    assert verdict(body) == "own file: '\\nimpor'"


# --- Network ---


def test_tcp(listening: int) -> None:
    socket.create_connection(("127.0.0.1", listening), 1).close()  # the way is open outside
    body = f"attempt('tcp', lambda: socket.create_connection(('127.0.0.1', {listening}), 1))"
    assert verdict(body) == "contained"


@pytest.mark.parametrize(
    "body",
    [
        "attempt('udp', lambda: send(socket.AF_INET, '127.0.0.1'))",
        "attempt('udp6', lambda: send(socket.AF_INET6, '::1'))",
        "attempt('dns', lambda: socket.getaddrinfo('example.org', 80))",
        "attempt('raw', lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))",
        "attempt('netlink', lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW))",
    ],
    ids=["udp", "udp6", "dns", "raw", "netlink"],
)
def test_other_networks(body: str) -> None:
    send = """
def send(family, host):
    socket.socket(family, socket.SOCK_DGRAM).sendto(b"x", (host, 53))
"""
    assert verdict(send + body) == "contained"


def test_unix_sockets_by_path_and_abstract_name(tmp_path: Path) -> None:
    place = str(tmp_path / "socket")
    name = f"\0edge-ai-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as by_path, socket.socket(socket.AF_UNIX) as abstract:
        for server, address in ((by_path, place), (abstract, name)):
            server.bind(address)
            server.listen()
        body = "".join(
            f"attempt('unix', lambda: socket.socket(socket.AF_UNIX).connect({address!r}))\n"
            for address in (place, name)
        )
        assert verdict(body) == "contained"


# --- Files ---


def test_files_of_the_system_and_of_the_owner(tmp_path: Path) -> None:
    secret = tmp_path / "secrets.yaml"
    secret.write_text("password: hunter2")
    places = ["/etc/passwd", "/etc/shadow", "/config/secrets.yaml", str(secret)]
    body = "".join(f"attempt('read', lambda: open({place!r}).read())\n" for place in places)
    body += f"attempt('list', lambda: os.listdir({str(Path.home())!r}).index('.ssh'))\n"
    body += "attempt('host', lambda: os.listdir('/proc/1/root/etc'))\n"
    body += "attempt('cwd', lambda: open('/proc/1/cwd/etc/passwd').read())\n"
    assert verdict(body) == "contained"


def test_answers_that_are_shipped_with_programs() -> None:
    """The shipped forest knows every person's labels; scikit-learn brings those of its digits."""
    package = Path(edge_worker.__file__).parent
    shipped = package / "mood" / "models" / "activation_forest.json"
    assert shipped.is_file()
    body = f"""
attempt('forest', lambda: open({str(shipped)!r}).read(20))
attempt('rooms', lambda: next(os.scandir({str(package / "mood")!r}), None) or int("none"))
for root in sys.path:
    place = os.path.join(root, "sklearn", "datasets", "data", "digits.csv.gz")
    attempt('digits', lambda: open(place, "rb").read(20))
"""
    assert verdict(body) == "contained"


def test_writing_outside_its_folders() -> None:
    places = [
        "/evil",
        "/usr/evil",
        "/job/evil",
        "/dev/evil",
        "/dev/shm/evil",
        f"{sys.prefix}/evil",
        f"{Path(__file__).parents[3]}/edge_worker/evil.py",
        "/proc/sys/kernel/core_pattern",
        "/proc/self/uid_map",
    ]
    body = "".join(
        f"attempt({place!r}, lambda: open({place!r}, 'wb', 0).write(b'0'))\n" for place in places
    )
    body += "attempt('chmod', lambda: os.chmod('/usr/bin/env', 0o777))\n"
    body += "attempt('own job', lambda: os.remove('/job/main.py'))\n"
    assert verdict(body) == "contained"
    assert not Path("/usr/evil").exists()


@pytest.mark.parametrize(
    "body",
    [
        "os.symlink('/etc/passwd', '/out/verdict')",
        "os.symlink('/job/main.py', '/out/verdict')",
        "os.mkfifo('/out/verdict')",
        "os.mkdir('/out/verdict')",
        "open('/out/other', 'w').write('x'); os.symlink('/out/other', '/out/verdict')",
        "f = open('/out/verdict', 'w'); f.truncate(1 << 40)",
        "f = open('/out/verdict', 'wb'); [f.write(bytes(1 << 20)) for _ in range(64)]",
        "open('/out/surprise', 'w').write('x')",
    ],
    ids=[
        "symlink",
        "inner-link",
        "fifo",
        "folder",
        "link-to-result",
        "sparse",
        "huge",
        "other-name",
    ],
)
def test_only_ordinary_expected_files_come_out(body: str) -> None:
    outcome = run("import os\n" + body + "\n", {}, expected=["verdict"], limits=SMALL)
    assert outcome.results == {}


def test_full_folders_stay_within_their_size() -> None:
    body = """
def fill(folder):
    total = 0
    try:
        for number in range(64):
            with open(f"{folder}/{number}", "wb") as file:
                total += file.write(bytes(1 << 20))
    except OSError:
        pass
    return total
for folder in ("/out", "/tmp"):
    if fill(folder) > 9 << 20:
        got.append(f"filled {folder}")
    for number in range(64):
        try:
            os.remove(f"{folder}/{number}")
        except OSError:
            pass
"""
    assert verdict(body) == "contained"


# --- Other processes ---


def test_environment_of_caller_is_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_AI_TEST_SECRET", "hunter2")
    body = """
import glob
places = glob.glob("/proc/*/environ") + glob.glob("/proc/*/cmdline")
for place in places:
    try:
        if b"hunter" + b"2" in open(place, "rb").read():
            got.append(place)
    except OSError:
        pass
if any("SECRET" in name for name in os.environ):
    got.append("environment")
"""
    assert verdict(body) == "contained"


def test_other_processes_can_not_be_seen_traced_or_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as victim:
        body = f"""
import signal
attempt("see", lambda: open("/proc/{victim.pid}/cmdline").read())
attempt("kill", lambda: os.kill({victim.pid}, signal.SIGKILL))
libc = ctypes.CDLL(None, use_errno=True)
for pid in (1, 2, os.getppid()):
    if libc.ptrace(16, pid, 0, 0) == 0:
        got.append(f"traced {{pid}}")
pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
if len(pids) > 6:
    got.append(f"sees {{pids}}")
"""
        try:
            assert verdict(body) == "contained"
            assert victim.poll() is None
        finally:
            victim.kill()


def test_privileges_can_not_be_gained() -> None:
    body = """
libc = ctypes.CDLL(None, use_errno=True)
if os.getuid() == 0 or os.geteuid() == 0:
    got.append("root")
attempt("setuid", lambda: os.setuid(0))
attempt("chroot", lambda: os.chroot("/tmp"))
if libc.unshare(0x10000000) == 0:
    got.append("user namespace")
if libc.unshare(0x00020000) == 0:
    got.append("mount namespace")
if libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0:
    got.append("mount")
nested = ["unshare", "--user", "--map-root-user", "true"]
if subprocess.run(nested, capture_output=True).returncode == 0:
    got.append("nested namespace")
held = [line for line in open("/proc/self/status") if line[:6] in ("CapEff", "CapPrm", "CapBnd")]
if len(held) != 3 or any(int(line.split()[1], 16) for line in held):
    got.append(f"capabilities {held}")
import resource
attempt("limits", lambda: resource.setrlimit(resource.RLIMIT_NPROC, (9999, 9999)))
"""
    assert verdict(body) == "contained"


def test_nothing_is_left_over() -> None:
    mark = f"edge-ai-leftover-{os.getpid()}"
    body = f"""
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(60)", {mark!r}])
"""
    assert verdict(body) == "contained"
    assert not _running(mark)


def _running(mark: str) -> bool:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if mark.encode() in (entry / "cmdline").read_bytes():
                    return True
            except OSError:
                continue
    return False


# --- Using up the machine ---


def test_fork_bomb() -> None:
    body = """
children = 0
try:
    for _ in range(500):
        if os.fork() == 0:
            import time
            time.sleep(30)
            os._exit(0)
        children += 1
except OSError:
    pass
if children > 40:
    got.append(f"{children} processes")
"""
    assert verdict(body) == "contained"


def test_exponential_fork_bomb_ends_in_time() -> None:
    outcome = attack(
        "while True:\n    try:\n        os.fork()\n    except OSError:\n        pass\n"
    )
    assert outcome.ending in (Ending.TIME, Ending.CRASHED)
    assert outcome.results == {}


def test_memory_bomb_of_one_process() -> None:
    body = "attempt('memory', lambda: len(bytearray(2 << 30)))"
    assert verdict(body) == "contained"


def test_memory_bomb_of_many_processes() -> None:
    body = """
import time
for _ in range(8):
    if os.fork() == 0:
        hoard = bytearray(b"x") * (200 << 20)
        time.sleep(30)
        os._exit(0)
time.sleep(30)
"""
    assert attack(body).ending is Ending.MEMORY


def test_memory_that_no_process_holds() -> None:
    body = """
libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(319 if os.uname().machine == "x86_64" else 279, b"hoard", 0) >= 0:
    got.append("memfd")
if libc.shmget(0, 1 << 30, 0o1666) >= 0:
    got.append("shared memory")
"""
    assert verdict(body) == "contained"


def test_open_files_are_bounded() -> None:
    body = "attempt('files', lambda: [open('/job/main.py') for _ in range(100)])"
    assert verdict(body) == "contained"


def test_busy_loop_ends_at_its_processor_time() -> None:
    outcome = attack("while True:\n    pass\n")
    assert outcome.ending in (Ending.CRASHED, Ending.TIME)
    assert outcome.wall_s < SMALL.wall_s + 2


def test_sleep_ends_at_the_wall_time() -> None:
    short = Limits(wall_s=1.5, memory=512 * MIB)
    outcome = attack(
        "import time, signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(60)\n",
        short,
    )
    assert outcome.ending is Ending.TIME
    assert outcome.wall_s < 5


def test_flood_of_text_is_cut() -> None:
    outcome = attack("for _ in range(200):\n    sys.stdout.write('x' * 100_000)\n")
    assert outcome.ending is Ending.OK
    assert len(outcome.text) == SMALL.text


# --- Lies ---


def test_job_can_not_write_to_the_results_itself() -> None:
    body = """
frame = b"\\0\\0\\0\\7verdict\\0\\0\\0\\2ok"
for number in range(3, 64):
    attempt(f"descriptor {number}", lambda: os.write(number, frame))
"""
    assert verdict(body) == "contained"


def test_job_that_fails_gives_nothing() -> None:
    outcome = run(
        "open('/out/verdict', 'w').write('x')\nraise SystemExit(3)\n",
        {},
        expected=["verdict"],
        limits=SMALL,
    )
    assert outcome.ending is Ending.CRASHED
    assert outcome.results == {}


def test_jobs_at_the_same_time_do_not_see_each_other() -> None:
    script = """
import os, time
name = open("/job/name").read()
open(f"/tmp/mine-{name}", "w").write("x")
time.sleep(0.5)
seen = [n for n in os.listdir("/tmp") if n.startswith("mine")]
seen += sorted(n for n in os.listdir("/proc") if n.isdigit())
open("/out/verdict", "w").write(" ".join(seen))
"""
    outcomes: dict[str, Outcome] = {}

    def work(name: str) -> None:
        files = {"name": name.encode()}
        outcomes[name] = run(script, files, expected=["verdict"], limits=SMALL)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 3
    for name, outcome in outcomes.items():
        own, *processes = outcome.results["verdict"].decode().split()
        assert own == f"mine-{name}"
        assert len(processes) <= 4  # the few of its own sandbox


# --- A second round, thought of after the first held ---


def test_the_launchers_pipe_and_memory_are_out_of_reach() -> None:
    body = """
frame = b"\\0\\0\\0\\7verdict\\0\\0\\0\\2ok"
others = [n for n in os.listdir("/proc") if n.isdigit() and int(n) != os.getpid()]
for pid in others:
    for number in range(3, 64):
        place = f"/proc/{pid}/fd/{number}"
        attempt(place, lambda: open(place, "wb", 0).write(frame))
    attempt(f"memory of {pid}", lambda: open(f"/proc/{pid}/mem", "r+b", 0).read(1))
if not others:
    got.append("nobody to attack")
"""
    assert verdict(body) == "contained"


def test_newer_ways_to_mount_and_to_make_namespaces() -> None:
    """Calls that need no helper program, and flags that a filter of plain numbers can't see."""
    body = """
import struct
libc = ctypes.CDLL(None, use_errno=True)
for name, number, arguments in (
    ("open_tree", 428, (-100, b"/usr", 1)),
    ("fsopen", 430, (b"tmpfs", 0)),
    ("mount_setattr", 442, (-100, b"/", 0, bytes(32), 32)),
):
    if libc.syscall(number, *arguments) >= 0:
        got.append(name)
for flag in (0x10000000, 0x00020000, 0x40000000, 0x20000000):  # user, mount, network, processes
    order = ctypes.create_string_buffer(struct.pack("11Q", flag, 0, 0, 0, 17, *[0] * 6))
    child = libc.syscall(435, order, 88)  # clone3
    if child == 0:
        os._exit(0)
    if child > 0:
        os.waitpid(child, 0)
        got.append(f"namespace {flag:x}")
"""
    assert verdict(body) == "contained"


def test_files_of_the_kernel_and_devices() -> None:
    places = [
        *("/proc/kmsg", "/proc/kcore", "/dev/mem", "/dev/kmsg", "/dev/tty", "/dev/fuse"),
        *("/dev/kvm", "/dev/net/tun", "/dev/loop-control", "/dev/sda", "/dev/vda"),
    ]
    written = ["/proc/sysrq-trigger", "/proc/sys/vm/drop_caches", "/proc/sys/kernel/hostname"]
    body = "".join(f"attempt({p!r}, lambda: open({p!r}, 'rb', 0).read(1))\n" for p in places)
    body += "".join(
        f"attempt({p!r}, lambda: open({p!r}, 'wb', 0).write(b'1'))\n" for p in places + written
    )
    body += """
import fcntl, termios
attempt("typing into a terminal", lambda: fcntl.ioctl(0, termios.TIOCSTI, b"x"))
if os.path.exists("/sys/class"):
    got.append("/sys")
"""
    assert verdict(body) == "contained"


def test_no_way_to_be_spared_or_served_first() -> None:
    """Its entry in /proc would let it ask the kernel to end others when memory runs out."""
    body = """
import resource
attempt("spared", lambda: open("/proc/self/oom_score_adj", "w").write("-500"))
attempt("first", lambda: os.setpriority(os.PRIO_PROCESS, 0, -10))
attempt("real time", lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(5)))
for what in (resource.RLIMIT_NPROC, resource.RLIMIT_AS, resource.RLIMIT_CPU):
    attempt(f"limit {what}", lambda: resource.prlimit(0, what, (resource.RLIM_INFINITY,) * 2))
if ctypes.CDLL(None, use_errno=True).mlockall(3) == 0:
    got.append("memory that can't be taken")
"""
    assert verdict(body) == "contained"


def test_files_that_carry_privileges() -> None:
    body = """
attempt("disk", lambda: os.mknod("/out/disk", 0o60600, os.makedev(8, 0)))
attempt("hard link", lambda: os.link("/job/main.py", "/out/link"))
attempt("root's file", lambda: (open("/tmp/s", "w").close(), os.chown("/tmp/s", 0, 0)))
if not any(line.split() == ["NoNewPrivs:", "1"] for line in open("/proc/self/status")):
    got.append("a set-user-id program would gain privileges")
"""
    assert verdict(body) == "contained"


@pytest.mark.parametrize("signal", ["SIGSTOP", "SIGKILL"])
def test_who_attacks_the_launcher_gives_nothing_and_ends_in_time(signal: str) -> None:
    outcome = attack(
        f"import signal, time\nfinish()\nos.kill(os.getppid(), signal.{signal})\ntime.sleep(30)\n"
    )
    assert outcome.ending in (Ending.TIME, Ending.CRASHED)
    assert outcome.results == {}
    assert outcome.wall_s < SMALL.wall_s + 2
