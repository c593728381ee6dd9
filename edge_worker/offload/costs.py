"""What the parts of a model cost on this machine, timed in the runtime that executes them."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from edge_worker.offload.generic_codecs import RawCodec, answer_bytes
from edge_worker.offload.parts import RAW_CUTS, cut_of, example
from edge_worker.offload.streaming import device_part

if TYPE_CHECKING:
    from edge_worker.offload.parts import Arrays, Part, SplitModel

_RUNS = 9
# A slow part needs no repetition to be told from its jitter.
_LONGEST_S = 0.5
# Between two windows caches and clock rates go down: in a tight loop all looks quicker.
_PAUSE_S = 0.02


@dataclass(frozen=True, kw_only=True)
class DeviceCost:
    """Of one plan on the device: seconds, and bytes of the payload and of its answer."""

    head_s: float
    encode_s: float
    bytes: int
    answer_bytes: int
    every_s: float | None = None
    """Of a stream: a link that takes longer over a piece than this falls behind."""


@dataclass(frozen=True, kw_only=True)
class HubCost:
    """Of one plan on the hub, seconds."""

    decode_s: float
    tail_s: float


def measure_device(
    model: SplitModel, window: Arrays, run: Callable[[Callable[[], object]], object]
) -> tuple[float, dict[str, DeviceCost]]:
    """Seconds of the whole model, and the cost of each plan's first part.

    run: calls what it is given; an emulated slow device takes longer over it.
    """
    whole = _seconds(partial(run, partial(model.whole().run, window)))
    costs = {}
    heads: dict[Part, float] = {}  # generic tiers of a cut share theirs
    for plan in model.plans:
        head, codec = model.head(plan), model.codec(plan)
        features = device_part(model, plan, window)
        payload = codec.encode(features)
        if head is not None and head not in heads:
            heads[head] = _seconds(partial(run, partial(head.run, window)))
        costs[plan] = DeviceCost(
            head_s=0.0 if head is None else heads[head],
            encode_s=_seconds(partial(run, partial(codec.encode, features))),
            bytes=len(payload),
            every_s=None if (piece := model.piece(plan)) is None else piece.seconds,
            answer_bytes=answer_bytes(model.outputs, exact=codec.name == RawCodec.name),
        )
    return whole, costs


def measure_hub(model: SplitModel, window: Arrays) -> dict[str, HubCost]:
    """The cost of each plan's second part. window: any input; times don't depend on it."""
    costs = {}
    tails: dict[Part, float] = {}
    for plan in model.plans:
        codec, tail = model.codec(plan), model.tail(plan)
        payload = codec.encode(device_part(model, plan, window))
        if tail not in tails:
            raw = cut_of(plan) in RAW_CUTS
            features = window if raw else codec.decode(payload)
            tails[tail] = _seconds(partial(tail.run, features))
        costs[plan] = HubCost(decode_s=_seconds(partial(codec.decode, payload)), tail_s=tails[tail])
    return costs


def example_window(model: SplitModel) -> Arrays:
    """An input of the right shape for timing: noise, which is worth the bytes it costs."""
    return {item.name: example(item, seed) for seed, item in enumerate(model.inputs)}


def write_costs(costs: Mapping[str, HubCost]) -> bytes:
    """As a COSTS frame carries them."""
    return json.dumps({plan: [cost.decode_s, cost.tail_s] for plan, cost in costs.items()}).encode()


def read_costs(payload: bytes) -> dict[str, HubCost]:
    """Raises ValueError for what `write_costs` did not write."""
    data = json.loads(payload)
    if not isinstance(data, dict):
        raise ValueError("costs are an object")
    costs = {}
    for plan, pair in data.items():
        if not isinstance(pair, list) or len(pair) != 2:
            raise ValueError("a cost is two numbers")
        decode_s, tail_s = pair
        if not all(isinstance(value, int | float) for value in pair):
            raise ValueError("a cost is a time")
        if not (0 <= decode_s < 1e6 and 0 <= tail_s < 1e6):
            raise ValueError("a cost is a time")
        costs[plan] = HubCost(decode_s=decode_s, tail_s=tail_s)
    return costs


def _seconds(work: Callable[[], object]) -> float:
    work()
    times: list[float] = []
    while len(times) < _RUNS and sum(times) < _LONGEST_S:
        time.sleep(_PAUSE_S)
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)
