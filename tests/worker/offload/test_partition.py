from __future__ import annotations

import itertools
import math
import random
from collections.abc import Mapping

import pytest

from edge_worker.offload.graph import GraphError, ModelGraph, Operation, Tensor
from edge_worker.offload.partition import (
    Partition,
    evaluate,
    is_split,
    partition,
    peak_bytes,
    policy_costs,
    propose_cuts,
)
from edge_worker.offload.placement import Link, Policy


def random_graph(rng: random.Random, size: int, inputs: int) -> ModelGraph:
    """Operations that each use one to three earlier tensors; some make two."""
    names = [f"x{i}" for i in range(inputs)]
    operations = []
    for i in range(size):
        outputs = tuple(f"t{i}{side}" for side in "ab"[: 1 + (rng.random() < 0.2)])
        used = tuple(rng.sample(names[-8:], min(len(names[-8:]), rng.randint(1, 3))))
        operations.append(Operation(name=f"o{i}", kind="Conv", inputs=used, outputs=outputs))
        names.extend(outputs)
    used_names = {name for item in operations for name in item.inputs}
    loose = tuple(name for name in names if name not in used_names and name[0] == "t")
    return ModelGraph(
        name="random",
        model_hash="0" * 64,
        inputs=tuple(names[:inputs]),
        outputs=loose,
        tensors=tuple(Tensor(name=name, shape=(1, rng.randint(1, 4000))) for name in names),
        operations=tuple(operations),
    )


def random_costs(rng: random.Random, graph: ModelGraph) -> dict[str, dict[str, float]]:
    names = [item.name for item in graph.operations]
    crossing = {tensor.name: rng.uniform(0, 0.02) for tensor in graph.tensors}
    for tensor in graph.tensors:
        if tensor.name not in graph.outputs and rng.random() < 0.15:
            crossing[tensor.name] = math.inf
    return {
        "device": {name: rng.uniform(0, 0.01) for name in names},
        "hub": {name: rng.uniform(0, 0.004) for name in names},
        "crossing": crossing,
    }


def brute_force(graph: ModelGraph, costs: Mapping[str, Mapping[str, float]]) -> Partition:
    """Every set of operations that needs nothing back from the hub."""
    names = [item.name for item in graph.operations]
    best = None
    for bits in itertools.product((False, True), repeat=len(names)):
        chosen = {name for name, bit in zip(names, bits, strict=True) if bit}
        here = set(graph.inputs)
        for item in graph.operations:
            if item.name in chosen:
                if not here.issuperset(item.inputs):
                    break
                here.update(item.outputs)
        else:
            found = evaluate(graph, chosen, **costs)
            best = found if best is None or found.cost < best.cost else best
    assert best is not None
    return best


@pytest.mark.parametrize("seed", range(40))
def test_cut_is_the_cheapest_of_all(seed: int) -> None:
    rng = random.Random(seed)
    graph = random_graph(rng, rng.randint(2, 10), rng.randint(1, 2))
    costs = random_costs(rng, graph)
    assert partition(graph, **costs).cost == pytest.approx(brute_force(graph, costs).cost, rel=1e-5)


@pytest.mark.parametrize("policy", Policy)
@pytest.mark.parametrize("raw_stays", [False, True])
def test_every_policy_gets_its_cheapest_cut(policy: Policy, raw_stays: bool) -> None:
    for seed in range(5):
        rng = random.Random(100 + seed)
        graph = random_graph(rng, 9, 1)
        seconds = {item.name: rng.uniform(0, 0.004) for item in graph.operations}
        found = policy_costs(
            graph,
            device_s={name: 10 * value for name, value in seconds.items()},
            hub_s=seconds,
            link=Link(bandwidth_bps=1e6, rtt_s=0.01),
            policy=policy,
            shrink=4,
            raw_shrink=2,
            raw_stays=raw_stays,
        )
        costs = {"device": found.device, "hub": found.hub, "crossing": found.crossing}
        best = partition(graph, **costs)
        assert best.cost == pytest.approx(brute_force(graph, costs).cost, rel=1e-5)
        assert not (raw_stays and set(best.cut) & set(graph.inputs))


def test_inputs_that_may_not_cross_stay_and_the_device_computes() -> None:
    graph = random_graph(random.Random(3), 8, 1)
    names = [item.name for item in graph.operations]
    crossing = dict.fromkeys((tensor.name for tensor in graph.tensors), 0.0)
    costs = {"device": dict.fromkeys(names, 1.0), "hub": dict.fromkeys(names, 0.0)}
    assert partition(graph, **costs, crossing=crossing).device == frozenset()
    crossing["x0"] = math.inf
    assert "x0" not in partition(graph, **costs, crossing=crossing).cut


def test_nothing_allowed_is_an_error_with_a_sentence() -> None:
    graph = random_graph(random.Random(3), 4, 1)
    names = [item.name for item in graph.operations]
    everything = dict.fromkeys((tensor.name for tensor in graph.tensors), math.inf)
    with pytest.raises(GraphError, match="nothing may cross"):
        partition(
            graph,
            device=dict.fromkeys(names, 1.0),
            hub=dict.fromkeys(names, 1.0),
            crossing=everything,
        )


def chain(sizes: list[int]) -> ModelGraph:
    names = ["x", *(f"t{i}" for i in range(len(sizes) - 1))]
    return ModelGraph(
        name="chain",
        model_hash="0" * 64,
        inputs=("x",),
        outputs=(names[-1],),
        tensors=tuple(
            Tensor(name=name, shape=(1, size)) for name, size in zip(names, sizes, strict=True)
        ),
        operations=tuple(
            Operation(
                name=f"o{i}",
                kind="Conv",
                inputs=(names[i],),
                outputs=(names[i + 1],),
                parameter_bytes=100,
            )
            for i in range(len(sizes) - 1)
        ),
    )


def test_a_bottleneck_is_proposed_as_a_cut() -> None:
    graph = chain([100_000, 50_000, 200, 100_000, 10])
    cuts = propose_cuts(graph, {"o0": 0.001, "o1": 0.001, "o2": 0.1, "o3": 0.01})
    assert next(iter(cuts.values())) == ("t1",)
    assert all(is_split(graph, cut) for cut in cuts.values())


def test_a_model_that_never_pays_gets_no_cut() -> None:
    graph = chain([100, 1_000_000, 1_000_000, 10])
    assert propose_cuts(graph, dict.fromkeys(("o0", "o1", "o2"), 1e-6)) == {}


def test_memory_counts_parameters_and_what_is_alive_at_once() -> None:
    graph = chain([10, 1000, 500, 10])
    assert peak_bytes(graph, graph.operations, graph.outputs) == 4 * 1500 + 300


def test_cuts_that_end_with_the_same_operation_are_all_proposed() -> None:
    """The second branch may follow the first one's result, or its input."""

    def operation(name: str, *inputs: str) -> Operation:
        return Operation(name=name, kind="Conv", inputs=inputs, outputs=(f"{name}.out",))

    graph = ModelGraph(
        name="branches",
        model_hash="0" * 64,
        inputs=("small", "large"),
        outputs=("last.out",),
        tensors=tuple(
            Tensor(name=name, shape=(1, size))
            for name, size in (
                ("small", 10),
                ("large", 100_000),
                ("grow.out", 2000),
                ("shrink.out", 10),
                ("last.out", 1),
            )
        ),
        operations=(
            operation("grow", "small"),
            operation("shrink", "large"),
            operation("last", "grow.out", "shrink.out"),
        ),
    )
    found = propose_cuts(graph, {"grow": 1e-3, "shrink": 1e-3, "last": 1.0})
    assert ("small", "shrink.out") in found.values()
    assert ("grow.out", "shrink.out") in found.values()
    assert set(found) == {"after-shrink", "after-shrink-2"}
