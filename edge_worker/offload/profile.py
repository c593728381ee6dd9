"""What a model costs on this machine, in the runtime that will execute it.

Stage one times every operation, without fusing, and scales the sum to the whole model as
it really runs (fusing made heads three to six times faster than their operations' sum in
eager torch). Stage two times every head, coder and tail of the bundle as co-inference runs
them. Kept in a file until the model, the host, the runtime or the number of threads changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_worker.offload.bundle import Bundle
from edge_worker.offload.graph import ModelGraph, Tensor
from edge_worker.offload.onnx_graph import session
from edge_worker.offload.partition import peak_bytes
from edge_worker.offload.parts import RAW_CUTS, example
from edge_worker.offload.streaming import device_part

if TYPE_CHECKING:
    pass

RUNS = 15
# Stop repeating a large model after this long; at least three runs are made.
_PATIENCE_S = 3.0
_TRACE_RUNS = 5


class ProfileError(ValueError):
    """A profile that cannot be used: the message is a sentence for people."""


@dataclass(frozen=True, kw_only=True)
class Host:
    """Where it was measured; a profile counts for no other host."""

    name: str
    processor: str
    runtime: str
    threads: int

    @classmethod
    def here(cls, threads: int) -> Host:
        import onnxruntime

        return cls(
            name=platform.node(),
            processor=platform.machine(),
            runtime=f"onnxruntime {onnxruntime.__version__}",
            threads=threads,
        )


@dataclass(frozen=True, kw_only=True)
class OperationCost:
    """Of one operation: seconds, bytes of its outputs and of its parameters."""

    name: str
    kind: str
    seconds: float
    output_bytes: int
    parameter_bytes: int


@dataclass(frozen=True, kw_only=True)
class PartCost:
    """Of one plan: seconds of its four steps, and bytes of a made-up window's payload.

    Noise codes badly: where the manifest has bytes measured on real windows, those count.
    """

    head_s: float
    encode_s: float
    bytes: int
    decode_s: float
    tail_s: float

    def slowed(self, factor: float) -> PartCost:
        """On a machine that takes `factor` times as long."""
        return PartCost(
            head_s=self.head_s * factor,
            encode_s=self.encode_s * factor,
            bytes=self.bytes,
            decode_s=self.decode_s * factor,
            tail_s=self.tail_s * factor,
        )


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Costs of one model on one host."""

    model_hash: str
    host: Host
    whole_s: float
    memory_bytes: int
    """Parameters, and the most that is alive at once, of the whole model."""
    operations: tuple[OperationCost, ...]
    parts: Mapping[str, PartCost] = field(default_factory=dict)
    """`<cut>/<tier>`, and `input/<tier>` for what the hub runs whole."""
    slowdown: float = 1.0
    """1 = as measured; otherwise calculated for a machine so many times slower."""

    def slowed(self, factor: float) -> Profile:
        """The same model on a machine that takes `factor` times as long over everything."""
        if not 0 < factor < 1e6:
            raise ProfileError("A device is slower by a factor above 0.")
        return replace(
            self,
            whole_s=self.whole_s * factor,
            operations=tuple(
                replace(item, seconds=item.seconds * factor) for item in self.operations
            ),
            parts={name: item.slowed(factor) for name, item in self.parts.items()},
            slowdown=self.slowdown * factor,
        )

    @property
    def seconds(self) -> dict[str, float]:
        """Of each operation."""
        return {item.name: item.seconds for item in self.operations}

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str | bytes) -> Profile:
        """Raises ProfileError for anything that is not a profile."""
        try:
            data: dict[str, Any] = json.loads(text)
            data["host"] = Host(**data["host"])
            data["operations"] = tuple(OperationCost(**item) for item in data["operations"])
            data["parts"] = {name: PartCost(**item) for name, item in data["parts"].items()}
            found = cls(**data)
            times = [found.whole_s, found.slowdown, *(item.seconds for item in found.operations)]
            sizes = [found.memory_bytes]
            for part in found.parts.values():
                costs = asdict(part)
                sizes.append(costs.pop("bytes"))
                times += costs.values()
            if not all(type(item) in (int, float) and 0 <= item < 1e6 for item in times):
                raise ValueError("a time is no time")
            if not all(type(item) is int and item >= 0 for item in sizes):
                raise ValueError("a size is no size")
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ProfileError(f"This is not a profile: {error}.") from error
        return found


def profile_bundle(bundle: Bundle, *, threads: int = 1) -> Profile:
    """Measure every operation, the whole model, and all halves. Takes seconds."""
    graph, place = bundle.graph, bundle.path(bundle.manifest.model)
    whole_s = time_part(place, [entry.tensor for entry in bundle.manifest.inputs], threads)
    return Profile(
        model_hash=bundle.manifest.model_hash,
        host=Host.here(threads),
        whole_s=whole_s,
        memory_bytes=peak_bytes(graph, graph.operations, graph.outputs),
        operations=operation_costs(graph, place, whole_s=whole_s),
        parts=_part_costs(bundle, threads),
    )


def _part_costs(bundle: Bundle, threads: int) -> dict[str, PartCost]:
    """Run every plan of the bundle once from end to end, and time its four steps."""
    from edge_worker.offload.bundle_model import BundleModel

    model = BundleModel(bundle, threads=threads)
    window = {
        entry.name: example(entry.tensor, seed) for seed, entry in enumerate(bundle.manifest.inputs)
    }
    whole, clock = model.whole(), _clock(threads)
    whole_s = _median(lambda: whole.run(window), clock)
    halves: dict[tuple[str, str], tuple[float, float]] = {}
    costs = {}
    for plan in model.plans:
        head, codec, tail = model.head(plan), model.codec(plan), model.tail(plan)
        features = device_part(model, plan, window)
        payload = codec.encode(features)
        decoded = codec.decode(payload)
        files = _files(bundle, plan)
        if head is None:
            halves[files] = (0.0, whole_s)
        elif files not in halves:
            halves[files] = (
                _median(partial(head.run, window), clock),
                _median(partial(tail.run, decoded), clock),
            )
        head_s, tail_s = halves[files]
        costs[plan] = PartCost(
            head_s=head_s,
            encode_s=_median(partial(codec.encode, features), clock),
            bytes=len(payload),
            decode_s=_median(partial(codec.decode, payload), clock),
            tail_s=tail_s,
        )
    return costs


def _files(bundle: Bundle, plan: str) -> tuple[str, str]:
    """Generic tiers of one cut share their halves: time those once."""
    cut, _, name = plan.partition("/")
    if cut in RAW_CUTS:
        return "", bundle.manifest.model_hash
    tier = bundle.cut(cut).tier(name)
    return tier.head.sha256, tier.tail.sha256


def cached_profile(bundle: Bundle, folder: Path, *, threads: int = 1) -> tuple[Profile, bool]:
    """The kept profile, or a new one, which is kept; and whether it was kept before.

    Raises ProfileError when `folder` can't be written to, before anything is measured.
    """
    place = folder / f"{_key(bundle, Host.here(threads))}.json"
    try:
        return Profile.from_json(place.read_bytes()), True
    except (OSError, ProfileError):
        pass  # not there, or damaged: measuring again costs seconds and loses nothing
    try:
        folder.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.TemporaryDirectory(dir=folder, prefix=".")
    except OSError as error:
        raise ProfileError(
            f"Profiles can't be kept in {folder}: {error.strerror}. Name another folder."
        ) from error
    with scratch as name:
        found = profile_bundle(bundle, threads=threads)
        draft = Path(name) / place.name
        draft.write_text(found.to_json(), encoding="utf-8")
        os.replace(draft, place)
    return found, False


def _key(bundle: Bundle, host: Host) -> str:
    """Changes with the model, its halves, the ways to code its input, and what `Host` holds."""
    files = sorted({entry.sha256 for entry in bundle.manifest.files()})
    inputs = [[tier.name, tier.codec, tier.stream_samples] for tier in bundle.manifest.input_tiers]
    text = json.dumps([files, inputs, asdict(host)])
    return f"{bundle.manifest.name}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def time_part(place: Path, inputs: list[Tensor], threads: int = 1) -> float:
    """Median seconds of one run.

    With one thread, of processor time: what else the machine does changes it little.
    """
    runner = session(str(place), threads=threads)
    names = [item.name for item in runner.get_inputs()]
    feed = {
        name: example(tensor, seed)
        for seed, (name, tensor) in enumerate(zip(names, inputs, strict=True))
    }
    return _median(lambda: runner.run(None, feed), _clock(threads))


def _clock(threads: int) -> Callable[[], float]:
    return time.thread_time if threads == 1 else time.perf_counter


def _median(work: Callable[[], object], clock: Callable[[], float]) -> float:
    work()
    work()
    times: list[float] = []
    began = time.perf_counter()
    while len(times) < RUNS and (len(times) < 3 or time.perf_counter() - began < _PATIENCE_S):
        start = clock()
        work()
        times.append(clock() - start)
    return statistics.median(times)


def operation_costs(graph: ModelGraph, place: Path, *, whole_s: float) -> tuple[OperationCost, ...]:
    """Time every operation by the runtime's own trace; their sum is scaled to `whole_s`."""
    traced = _trace(graph, place)
    total = sum(traced.get(item.name, 0.0) for item in graph.operations)
    scale = whole_s / total if total > 0 else 0.0
    return tuple(
        OperationCost(
            name=item.name,
            kind=item.kind,
            seconds=traced.get(item.name, 0.0) * scale,
            output_bytes=graph.bytes_of(item.outputs),
            parameter_bytes=item.parameter_bytes,
        )
        for item in graph.operations
    )


def _trace(graph: ModelGraph, place: Path) -> dict[str, float]:
    """Median seconds of every node."""
    import onnxruntime as ort

    with tempfile.TemporaryDirectory() as folder:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "trace")
        runner = ort.InferenceSession(str(place), options, providers=["CPUExecutionProvider"])
        feed = {name: example(graph.by_name[name]) for name in graph.inputs}
        for _ in range(_TRACE_RUNS + 1):
            runner.run(None, feed)
        events = json.loads(Path(runner.end_profiling()).read_bytes())
    suffix = "_kernel_time"
    times: dict[str, list[float]] = defaultdict(list)
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith(suffix):
            times[event["name"].removesuffix(suffix)].append(event["dur"] * 1e-6)
    return {name: statistics.median(values[1:] or values) for name, values in times.items()}
