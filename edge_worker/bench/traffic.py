"""Speed and memory of the traffic wing beside the usual tools.

Command: `python -m edge_worker.bench.traffic`. One run measures all on the same captures:
a generated one of two million packets and, with `--captures`, real ones joined to one file.
Processor time is that of the whole process tree, start-up included; the median of the
repetitions counts.
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from edge_worker.catalogue.ports import AppUsage
from edge_worker.catalogue.tool import ToolContext
from edge_worker.messages import Person
from edge_worker.sensing.traffic.frames import (
    Endpoint,
    Frame,
    client_hello,
    tcp_frame,
    tls_records,
    write_pcap,
)
from edge_worker.sensing.traffic.generator import generate

# An evening of one person; as many people as fill the capture.
PEOPLE = 80
# Full data packets of the generated capture; real traffic mixes 1,400 bytes with
# acknowledgements, which the generator leaves out.
DATA_BYTES = 420
# Slow tools read the first packets only; their speed is given per packet all the same.
SCAPY_PACKETS, SLOW_PACKETS = 20_000, 200_000

_OWN = (
    *(sys.executable, "-m", "edge_worker"),
    *("traffic", "analyze"),
)
_NFSTREAM = """
import sys
from nfstream import NFStreamer
flows = NFStreamer(source=sys.argv[1], statistical_analysis=False, n_dissections=20)
print(sum(1 for flow in flows if flow.requested_server_name))
"""
_DPKT = """
import sys, dpkt
flows = {}
with open(sys.argv[1], "rb") as file:
    for time, data in dpkt.pcap.Reader(file):
        ip = dpkt.ethernet.Ethernet(data).data
        key = (ip.src, ip.dst, ip.data.sport, ip.data.dport)
        flows[key] = flows.get(key, 0) + len(data)
"""
_SCAPY = """
import sys
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.utils import RawPcapReader
flows = {}
for data, _ in RawPcapReader(sys.argv[1]):
    packet = Ether(data)
    flows[packet.summary()] = len(data)
"""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One tool on one capture: medians of CPU seconds and resident megabytes."""

    tool: str
    names: bool
    packets: int
    cpu_s: float
    packets_per_cpu_s: float
    peak_mb: float


@dataclass(frozen=True, kw_only=True)
class Peer:
    """How to start a tool; `limit`: it reads only so many packets."""

    name: str
    command: tuple[str, ...]
    names: bool = True
    limit: int | None = None


def peers(python: str) -> list[Peer]:
    """The tools that are there. `python`: where nfstream, dpkt and scapy are installed."""
    own = (*_OWN, "{}")
    found = [
        Peer(name="edge-worker analyze --flows", command=(*own, "--flows", "--json")),
        Peer(name="edge-worker analyze (windows)", command=(*own, "--json")),
    ]
    scripts = (
        ("nfstream", _NFSTREAM, True, None),
        ("dpkt (flows, no names)", _DPKT, False, SLOW_PACKETS),
        ("scapy (summary)", _SCAPY, False, SCAPY_PACKETS),
    )
    for name, script, names, limit in scripts:
        module = name.split(" ", 1)[0]
        check = subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False)
        if check.returncode == 0:
            found.append(
                Peer(name=name, command=(python, "-c", script, "{}"), names=names, limit=limit)
            )
    if shutil.which("ndpiReader"):
        found.append(Peer(name="ndpiReader", command=("ndpiReader", "-q", "-t", "-i", "{}")))
    if shutil.which("tshark"):
        fields = ("ip.src", "ip.dst", "tls.handshake.extensions_server_name", "dns.qry.name")
        options = [word for name in fields for word in ("-e", name)]
        command = ("tshark", "-n", "-r", "{}", "-T", "fields", *options)
        found.append(Peer(name="tshark (fields)", command=command, limit=SLOW_PACKETS))
    return found


def measure(command: Sequence[str]) -> tuple[float, float]:
    """CPU seconds of a program and all it starts, and its largest resident megabytes."""
    pid = os.posix_spawnp(
        command[0],
        list(command),
        {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ],
    )
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        raise RuntimeError(f"{command[0]} ended with status {status}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def compare(capture: Path, packets: int, tools: Sequence[Peer], repeat: int) -> list[Run]:
    """Measure every tool on a capture, in turns, so that a slow minute hits all."""
    results: dict[str, list[tuple[float, float]]] = {tool.name: [] for tool in tools}
    for _ in range(repeat):
        for tool in tools:
            file = capture
            if tool.limit is not None and tool.limit < packets:
                file = _first_packets(capture, tool.limit)
            command = [str(file) if word == "{}" else word for word in tool.command]
            results[tool.name].append(measure(command))
    runs = []
    for tool in tools:
        cpu_s = statistics.median(cpu for cpu, _ in results[tool.name])
        count = min(packets, tool.limit or packets)
        runs.append(
            Run(
                tool=tool.name,
                names=tool.names,
                packets=count,
                cpu_s=round(cpu_s, 3),
                packets_per_cpu_s=round(count / cpu_s),
                peak_mb=round(max(peak for _, peak in results[tool.name]), 1),
            )
        )
    return runs


def generated_capture(path: Path, packets: int) -> int:
    """Write a capture of many people's evenings; how many packets it has."""
    streams = [
        generate(client=f"192.168.1.{20 + i}", start=1.7e9 + 7 * i, seed=i, data_bytes=DATA_BYTES)
        for i in range(PEOPLE)
    ]
    with path.open("wb") as file:
        merged = heapq.merge(*streams, key=lambda frame: frame.t)
        return write_pcap(file, islice(merged, packets))


def joined_captures(folder: Path, path: Path, times: int) -> int:
    """Write the Ethernet packets of a folder's captures to one file, `times` times over."""
    from edge_worker.sensing.traffic.capture_file import CaptureStream

    frames: list[Frame] = []
    for source in sorted((*folder.glob("*.pcap"), *folder.glob("*.pcapng"))):
        with source.open("rb", buffering=0) as capture:
            for batch in CaptureStream(capture):
                if batch.link != 1:
                    continue
                for start, size in zip(batch.start.tolist(), batch.length.tolist(), strict=True):
                    frames.append(Frame(t=1.7e9, data=batch.data[start : start + size].tobytes()))

    def rewritten(number: int) -> Iterator[Frame]:
        """Other addresses each time (in the bytes that IPv4 and IPv6 both have there)."""
        for frame in frames:
            data = bytearray(frame.data)
            if len(data) > 34:
                data[28] ^= number
                data[32] ^= number
            yield Frame(t=frame.t + number, data=bytes(data))

    with path.open("wb") as file:
        return write_pcap(file, (frame for i in range(times) for frame in rewritten(i)))


def many_flows(path: Path, flows: int) -> int:
    """Write a capture in which so many conversations are open at the same time."""

    def frames() -> Iterator[Frame]:
        server = Endpoint(ip="198.18.0.1", port=443)
        for step, flags in enumerate((0x02, 0x18, 0x10)):
            for i in range(flows):
                client = Endpoint(ip=f"10.0.{i // 50_000}.{i % 200}", port=1024 + i % 60_000)
                hello = tls_records(client_hello(f"n{i}.example.org")) if step == 1 else b""
                yield tcp_frame(1.7e9 + step, client, server, hello, seq=step, flags=flags)

    with path.open("wb") as file:
        return write_pcap(file, frames())


def silence_latency(windows: int = 4, window_s: int = 2) -> list[float]:
    """Seconds from the end of a window to its AppUsage, after the traffic has stopped."""
    from edge_worker.sensing.traffic.process import TrafficCapture
    from edge_worker.sensing.traffic.usage_step import AppUsageStep

    person = Person(id="p", name="P", addresses=("192.168.1.23",))
    found: list[float] = []
    stop = threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        fifo = Path(folder) / "capture"
        os.mkfifo(fifo)
        context = ToolContext(
            settings={"source": "stream", "path": str(fifo)}, data_dir=Path(folder), person=person
        )
        window = ToolContext(settings={"window_s": window_s}, data_dir=Path(folder), person=person)
        step = AppUsageStep(window)

        def emit(port: str, value: object) -> None:
            for _, usage in step.update(port, value):
                assert isinstance(usage, AppUsage)
                found.append(time.time() - usage.t1)

        thread = threading.Thread(target=TrafficCapture(context).run, args=(emit, stop))
        thread.start()
        with fifo.open("wb") as pipe:
            write_pcap(pipe, islice(generate(), 500))
            pipe.flush()
            deadline = time.monotonic() + 60
            while len(found) < windows + 1 and time.monotonic() < deadline:
                time.sleep(0.05)
            stop.set()
        thread.join()
    return [round(latency, 3) for latency in found[1:]]


def _first_packets(capture: Path, count: int) -> Path:
    """The beginning of a classic pcap file, beside it."""
    part = capture.with_name(f"{capture.stem}-{count}.pcap")
    if not part.exists():
        with capture.open("rb") as file, part.open("wb") as out:
            out.write(file.read(24))
            for _ in range(count):
                header = file.read(16)
                out.write(header + file.read(int.from_bytes(header[8:12], "little")))
    return part


def _ratio(speed: float, usual: float | None) -> str:
    return f"{speed / usual:.1f}" if usual else "-"


def as_markdown(report: dict[str, object]) -> str:
    """The report as the table of the documentation."""
    lines = [
        "<!-- Written by python -m edge_worker.bench.traffic --markdown: don't edit. -->",
        f"Measured on {report['machine']}, {report['python']}, median of {report['repeat']} runs.",
        "",
    ]
    captures = report["captures"]
    assert isinstance(captures, dict)
    for name, runs in captures.items():
        lines += [
            f"**{name}**",
            "",
            "| tool | names | CPU s | packets per CPU-second | times nfstream | peak MB |",
            "|---|---|---:|---:|---:|---:|",
        ]
        usual = {run["tool"]: run["packets_per_cpu_s"] for run in runs}.get("nfstream")
        lines += [
            f"| {run['tool']} | {'yes' if run['names'] else 'no'} | {run['cpu_s']:.2f} "
            f"| {run['packets_per_cpu_s']:,} "
            f"| {_ratio(run['packets_per_cpu_s'], usual)} "
            f"| {run['peak_mb']:.0f} |"
            for run in runs
        ]
        lines.append("")
    lines += [
        f"Memory at {report['flows']:,} open flows: {report['flows_peak_mb']} MB resident.",
        "",
        f"Window end to published category with traffic stopped: {report['latency_s']} seconds "
        "(each a window).",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packets", type=int, default=2_000_000)
    parser.add_argument("--flows", type=int, default=50_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--captures", type=Path, help="folder of real captures")
    parser.add_argument("--python", default=sys.executable, help="Python with the peers")
    parser.add_argument("--json", type=Path, help="write the report here")
    parser.add_argument("--markdown", type=Path, help="write the table here")
    options = parser.parse_args()
    tools = peers(options.python)
    with tempfile.TemporaryDirectory() as folder:
        captures = {}
        path = Path(folder) / "generated.pcap"
        count = generated_capture(path, options.packets)
        size = path.stat().st_size // count
        title = f"Generated capture (simulated), {count:,} packets of {size} bytes"
        captures[title] = compare(path, count, tools, options.repeat)
        path.unlink()
        if options.captures is not None:
            path = Path(folder) / "real.pcap"
            count = joined_captures(options.captures, path, 8)
            size = path.stat().st_size // count
            title = f"Real captures, {count:,} packets of {size} bytes"
            ether = [tool for tool in tools if "dpkt" not in tool.name]
            captures[title] = compare(path, count, ether, options.repeat)
        path = Path(folder) / "flows.pcap"
        many_flows(path, options.flows)
        _, peak_mb = measure([*_OWN, str(path), "--json"])
    report: dict[str, object] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "python": f"Python {platform.python_version()}",
        "repeat": options.repeat,
        "captures": {name: [asdict(run) for run in runs] for name, runs in captures.items()},
        "flows": options.flows,
        "flows_peak_mb": round(peak_mb, 1),
        "latency_s": silence_latency(),
    }
    text = json.dumps(report, indent=2)
    print(text)  # noqa: T201
    if options.json is not None:
        options.json.write_text(text + "\n", encoding="utf-8")
    if options.markdown is not None:
        options.markdown.write_text(as_markdown(report), encoding="utf-8")


if __name__ == "__main__":
    main()
