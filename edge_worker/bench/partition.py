"""How long the partitioner takes: random graphs, processor time, one core.

Command: python -m edge_worker.bench.partition
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time

from edge_worker.offload.graph import ModelGraph, Operation, Tensor
from edge_worker.offload.partition import partition

_SIZES = (25, 50, 100, 200, 400)


def random_graph(rng: random.Random, size: int) -> ModelGraph:
    """A layered graph with skips: every operation uses one to three of the last eight tensors."""
    names = ["input"]
    operations = []
    for i in range(size):
        recent = names[-8:]
        used = tuple(rng.sample(recent, min(len(recent), rng.randint(1, 3))))
        name = f"operation-{i}"
        operations.append(Operation(name=name, kind="Conv", inputs=used, outputs=(f"t{i}",)))
        names.append(f"t{i}")
    used_names = {name for item in operations for name in item.inputs}
    return ModelGraph(
        name=f"random-{size}",
        model_hash="0" * 64,
        inputs=("input",),
        outputs=tuple(name for name in names[1:] if name not in used_names),
        tensors=tuple(Tensor(name=name, shape=(1, rng.randint(10, 100_000))) for name in names),
        operations=tuple(operations),
    )


def measure(size: int, graphs: int, seed: int) -> dict[str, float]:
    """Processor milliseconds over so many graphs: median, 95th percentile, most."""
    rng = random.Random(seed)
    times = []
    for _ in range(graphs):
        graph = random_graph(rng, size)
        hub = {item.name: rng.uniform(1e-5, 5e-3) for item in graph.operations}
        device = {name: 10 * seconds for name, seconds in hub.items()}
        crossing = {tensor.name: tensor.bytes * 8 / 5e6 for tensor in graph.tensors}
        began = time.thread_time()
        partition(graph, device=device, hub=hub, crossing=crossing)
        times.append(1000 * (time.thread_time() - began))
    times = sorted(times[1:])  # the first one loads the library
    return {
        "operations": size,
        "median_ms": statistics.median(times),
        "p95_ms": times[int(0.95 * len(times))],
        "most_ms": times[-1],
    }


def main() -> None:
    """Print a Markdown table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graphs", type=int, default=100, help="random graphs of each size")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rows = [measure(size, arguments.graphs, arguments.seed) for size in _SIZES]
    if arguments.json:
        print(json.dumps(rows, indent=1))  # noqa: T201
        return
    print("| operations | median, ms | 95 %, ms | most, ms |\n|-|-|-|-|")  # noqa: T201
    for row in rows:
        cells = " | ".join(f"{row[name]:.1f}" for name in ("median_ms", "p95_ms", "most_ms"))
        print(f"| {row['operations']:.0f} | {cells} |")  # noqa: T201


if __name__ == "__main__":
    main()
