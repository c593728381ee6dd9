"""Fuzz the capture reader and all dissectors: `python -m edge_worker.bench.traffic_fuzz`.

Mutants are made from seeds (generated packets of every kind, and captures of a folder):
cut off, bits flipped, bytes replaced, two captures spliced. Every mutant is named by its
number and can be made again: `--only N`.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_worker.sensing.traffic.capture_file import CaptureError, CaptureStream
from edge_worker.sensing.traffic.categories import load_categories
from edge_worker.sensing.traffic.frames import write_pcap
from edge_worker.sensing.traffic.generator import AppSession, generate
from edge_worker.sensing.traffic.meter import TrafficMeter
from edge_worker.sensing.traffic.windows import UsageWindows

# A mutant is at most this large; its reading must take less than MAX_SECONDS.
MAX_MUTANT_BYTES = 400_000
MAX_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class FuzzResult:
    """How a run went. `failures`: numbers of mutants that crashed or took too long."""

    mutants: int
    refused: int
    failures: tuple[int, ...]
    slowest_s: float
    peak_mb: float


def seeds(folder: Path | None = None) -> list[bytes]:
    """Generated captures over IPv4 and IPv6, and those of a folder."""
    found = []
    for client in ("192.168.1.23", "fd00::23"):
        recording = io.BytesIO()
        sessions = [AppSession(app=app, start_s=0, duration_s=2) for app in ("maps", "bank")]
        write_pcap(recording, generate(sessions, client=client, start=1.7e9))
        found.append(recording.getvalue())
    if folder is not None:
        paths = sorted((*folder.glob("*.pcap"), *folder.glob("*.pcapng")))
        found += [path.read_bytes()[:MAX_MUTANT_BYTES] for path in paths]
    return found


def mutant(captures: Sequence[bytes], number: int) -> bytes:
    """The mutant of this number."""
    source = random.Random(number)
    data = bytearray(captures[number % len(captures)])
    kind = source.randrange(5)
    if kind == 0:
        del data[source.randrange(len(data)) :]
    elif kind == 1:
        for _ in range(source.randrange(1, 64)):
            data[source.randrange(len(data))] ^= 1 << source.randrange(8)
    elif kind == 2:
        for _ in range(max(len(data) // 100, 1)):
            data[source.randrange(len(data))] = source.randrange(256)
    elif kind == 3:
        other = captures[source.randrange(len(captures))]
        data = data[: source.randrange(len(data))] + other[source.randrange(len(other)) :]
    else:
        begin = source.randrange(len(data))
        piece = data[begin : begin + source.randrange(1, 2000)]
        at = source.randrange(len(data))
        data[at:at] = piece * source.randrange(1, 4)
    return bytes(data[:MAX_MUTANT_BYTES])


def read_capture(data: bytes) -> bool:
    """Do with a capture all that `analyze` does; False when it was refused as no capture."""
    meter, windows = TrafficMeter(load_categories()), UsageWindows(60, amend=True)
    try:
        for batch in CaptureStream(io.BytesIO(data)):
            meter.add(batch)
    except CaptureError:
        return False
    list(meter.reports())
    windows.add(meter.take())
    windows.close_before(float("inf"))
    return True


def fuzz(captures: Sequence[bytes], first: int, count: int) -> FuzzResult:
    """Read mutants `first` to `first + count - 1`."""
    failures, refused, slowest = [], 0, 0.0
    for number in range(first, first + count):
        data = mutant(captures, number)
        begun = time.perf_counter()
        try:
            refused += not read_capture(data)
        except Exception as error:  # noqa: BLE001 - every kind of crash is what is sought
            print(f"mutant {number}: {type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201
            failures.append(number)
        spent = time.perf_counter() - begun
        slowest = max(slowest, spent)
        if spent > MAX_SECONDS:
            failures.append(number)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return FuzzResult(
        mutants=count,
        refused=refused,
        failures=tuple(dict.fromkeys(failures)),
        slowest_s=round(slowest, 3),
        peak_mb=round(peak, 1),
    )


def main() -> int:
    """Run from the command line; exit code 1 when a mutant failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only", type=int, help="read one mutant and show its traceback")
    parser.add_argument("--captures", type=Path, help="folder of captures to mutate as well")
    options = parser.parse_args()
    captures = seeds(options.captures)
    if options.only is not None:
        read_capture(mutant(captures, options.only))
        return 0
    result = fuzz(captures, options.first, options.count)
    print(json.dumps(vars(result)))  # noqa: T201
    return 1 if result.failures else 0


if __name__ == "__main__":
    sys.exit(main())
