"""Which operations the device runs: a minimum cut through the graph.

Source = device, sink = hub. An edge source→v costs what v costs on the hub, v→sink what it
costs on the device. A tensor has a node of its own, so that it is paid once however many
operations use it; nothing returns from the hub. A round trip belongs to every cut alike and
is added outside. (DADS, INFOCOM 2019; here with multi-tensor cuts and pinned inputs.)
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from edge_worker.offload.graph import GraphError, ModelGraph, Operation
from edge_worker.offload.placement import Link, Policy
from edge_worker.offload.policies import WEIGHTS

# scipy's capacities are 32-bit: this is "infinite", and all real costs together stay below.
_INFINITE = 2**30
_BUDGET = 2**28


@dataclass(frozen=True, kw_only=True)
class Partition:
    """Operations of the device, what crosses, and the cost in the caller's unit."""

    device: frozenset[str]
    cut: tuple[str, ...]
    cost: float


@dataclass(frozen=True, kw_only=True)
class PolicyCosts:
    """Of each operation on either side, and of each tensor that crosses."""

    device: Mapping[str, float]
    hub: Mapping[str, float]
    crossing: Mapping[str, float]


def partition(
    graph: ModelGraph,
    *,
    device: Mapping[str, float],
    hub: Mapping[str, float],
    crossing: Mapping[str, float],
) -> Partition:
    """The cheapest split, both ends included.

    device, hub: cost of each operation there. crossing: cost of sending each tensor;
    infinite = may not cross. Inputs of the model lie on the device.
    Raises GraphError when nothing is allowed.
    """
    import numpy as np
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import breadth_first_order, maximum_flow

    edges = _edges(graph, device, hub, crossing)
    finite = sum(cost for _, _, cost in edges if math.isfinite(cost))
    scale = _BUDGET / finite if finite > 0 else 1.0
    numbers = {name: i for i, name in enumerate(dict.fromkeys(n for e in edges for n in e[:2]))}
    capacities: Counter[tuple[int, int]] = Counter()
    for start, end, cost in edges:
        units = _INFINITE if math.isinf(cost) else round(cost * scale)
        pair = numbers[start], numbers[end]
        capacities[pair] = min(capacities[pair] + units, _INFINITE)
    rows, columns = zip(*capacities, strict=True)
    matrix = csr_matrix(
        (np.array(list(capacities.values()), dtype=np.int32), (rows, columns)),
        shape=(len(numbers), len(numbers)),
    )
    source, sink = numbers[_SOURCE], numbers[_SINK]
    result = maximum_flow(matrix, source, sink)
    if result.flow_value >= _INFINITE:
        raise GraphError(f"{graph.name} can be placed nowhere: nothing may cross.")
    residual = matrix - result.flow
    residual.data = (residual.data > 0).astype(np.int32)
    residual.eliminate_zeros()
    reached = set(breadth_first_order(residual, source, return_predecessors=False).tolist())
    chosen = frozenset(
        item.name for item in graph.operations if numbers[_operation(item.name)] in reached
    )
    return evaluate(graph, chosen, device=device, hub=hub, crossing=crossing)


def evaluate(
    graph: ModelGraph,
    chosen: Iterable[str],
    *,
    device: Mapping[str, float],
    hub: Mapping[str, float],
    crossing: Mapping[str, float],
) -> Partition:
    """The cost of running these operations on the device and the others on the hub."""
    chosen = frozenset(chosen)
    cut = graph.crossing(chosen)
    cost = sum(
        device[item.name] if item.name in chosen else hub[item.name] for item in graph.operations
    )
    return Partition(device=chosen, cut=cut, cost=cost + sum(crossing[name] for name in cut))


_SOURCE, _SINK = "source", "sink"


def _operation(name: str) -> str:
    return f"operation {name}"


def _edges(
    graph: ModelGraph,
    device: Mapping[str, float],
    hub: Mapping[str, float],
    crossing: Mapping[str, float],
) -> list[tuple[str, str, float]]:
    edges = [(_SOURCE, f"input {name}", math.inf) for name in graph.inputs]
    maker = {name: f"input {name}" for name in graph.inputs}
    for item in graph.operations:
        node = _operation(item.name)
        maker.update(dict.fromkeys(item.outputs, node))
        edges.append((_SOURCE, node, hub[item.name]))
        edges.append((node, _SINK, device[item.name]))
    for item in graph.operations:
        for name in item.inputs:
            edges.append((f"tensor {name}", _operation(item.name), math.inf))
            edges.append((_operation(item.name), maker[name], math.inf))
    edges += [(f"tensor {name}", _SINK, math.inf) for name in graph.outputs]
    used = {name for item in graph.operations for name in item.inputs} | set(graph.outputs)
    edges += [(maker[name], f"tensor {name}", crossing[name]) for name in used]
    return edges


def can_cross(graph: ModelGraph, name: str) -> bool:
    """A tensor without a row for each sample can't be batched across devices."""
    batched = any(graph.by_name[item].batch_axis is not None for item in graph.inputs)
    return graph.by_name[name].batch_axis is not None or not batched


def policy_costs(
    graph: ModelGraph,
    *,
    device_s: Mapping[str, float],
    hub_s: Mapping[str, float],
    link: Link,
    policy: Policy,
    shrink: float,
    raw_shrink: float,
    raw_stays: bool,
) -> PolicyCosts:
    """What `partition` needs, in the unit that the policy spares.

    device_s, hub_s: seconds of each operation. shrink: how many times smaller coding makes a
    tensor; raw_shrink: the same for the model's inputs. Results may stay on the device.
    """
    weights = WEIGHTS[policy]
    crossing = {}
    for tensor in graph.tensors:
        raw = tensor.name in graph.inputs
        size = tensor.bytes / (raw_shrink if raw else shrink)
        seconds = size * 8 / (link.bandwidth_bps * (1 - link.loss))
        crossing[tensor.name] = weights.link_s * seconds + weights.byte * size
        if not can_cross(graph, tensor.name) or (raw and raw_stays):
            crossing[tensor.name] = math.inf
    crossing.update(dict.fromkeys(graph.outputs, 0.0))
    return PolicyCosts(
        device={name: weights.device_s * seconds for name, seconds in device_s.items()},
        hub={name: weights.hub_s * seconds for name, seconds in hub_s.items()},
        crossing=crossing,
    )


_BANDWIDTHS_BPS = (1e5, 2.5e5, 1e6, 5e6, 2e7, 1e8)
_SLOWDOWNS = (1.0, 3.0, 10.0, 30.0)
# Uncoded, int8 with zstd, and what a learned codec reaches.
_SHRINKS = (1.0, 6.0, 50.0)
# The others send least, or tell least, when the device does everything.
_SPLITTING = (Policy.LATENCY, Policy.ENERGY)


def propose_cuts(
    graph: ModelGraph, seconds: Mapping[str, float], *, most: int = 8
) -> dict[str, tuple[str, ...]]:
    """Name → tensors of the cuts that are best somewhere on a grid of links and devices.

    seconds: of each operation on one core. The most frequent ones come first. When no
    cut pays anywhere, the dict is empty: this model belongs whole on one side.
    """
    found: Counter[tuple[str, ...]] = Counter()
    grid = itertools.product(_BANDWIDTHS_BPS, _SHRINKS, _SLOWDOWNS, (False, True), _SPLITTING)
    for bandwidth, shrink, slowdown, raw_stays, policy in grid:
        costs = policy_costs(
            graph,
            device_s={name: slowdown * value for name, value in seconds.items()},
            hub_s=seconds,
            link=Link(bandwidth_bps=bandwidth, rtt_s=0),
            policy=policy,
            shrink=shrink,
            raw_shrink=2,
            raw_stays=raw_stays,
        )
        best = partition(graph, device=costs.device, hub=costs.hub, crossing=costs.crossing)
        cut = past_activations(graph, best.cut)
        if is_split(graph, cut):
            found[cut] += 1
    named: dict[str, tuple[str, ...]] = {}
    for cut, _ in found.most_common(most):
        name = unique = cut_name(graph, cut)
        for number in itertools.count(2):
            if unique not in named:
                break
            unique = f"{name}-{number}"
        named[unique] = cut
    return named


_ACTIVATIONS = frozenset(
    {"Relu", "LeakyRelu", "Clip", "Sigmoid", "HardSwish", "Gelu", "Tanh", "Elu", "PRelu"}
)


def past_activations(graph: ModelGraph, cut: Sequence[str]) -> tuple[str, ...]:
    """The cut after the activations that follow it.

    The runtime computes them with the layer before, for nothing, and what they leave (many
    zeros) codes better.
    """
    users: dict[str, list[Operation]] = {}
    for item in graph.operations:
        for name in item.inputs:
            users.setdefault(name, []).append(item)
    moved = list(cut)
    for i in range(len(moved)):
        while (
            len(users.get(moved[i], [])) == 1
            and moved[i] not in (*graph.inputs, *graph.outputs)
            and (after := users[moved[i]][0]).kind in _ACTIVATIONS
            and after.inputs == (moved[i],)
        ):
            (moved[i],) = after.outputs
    return tuple(moved)


def cut_name(graph: ModelGraph, cut: Sequence[str]) -> str:
    """A short name: the last operation before the cut. Cuts through other branches share it."""
    last = graph.head(cut)[-1]
    return f"after-{last.name}"


def is_split(graph: ModelGraph, cut: Sequence[str]) -> bool:
    """Whether both sides have something to do."""
    return bool(graph.head(cut)) and bool(graph.tail(cut))


def peak_bytes(graph: ModelGraph, operations: Sequence[Operation], keep: Iterable[str]) -> int:
    """Parameters and the most that is alive at once while these operations run in order."""
    last = {name: i for i, item in enumerate(operations) for name in item.inputs}
    last.update(dict.fromkeys(keep, len(operations)))
    made = {name for item in operations for name in item.outputs}
    alive = {name for name in last if name not in made}
    peak = graph.bytes_of(alive)
    for i, item in enumerate(operations):
        alive.update(item.outputs)
        peak = max(peak, graph.bytes_of(alive))
        alive -= {name for name in alive if last.get(name, -1) <= i}
    return peak + sum(item.parameter_bytes for item in operations)
