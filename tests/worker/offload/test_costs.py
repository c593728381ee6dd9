"""Costs as they travel: what a hub did not write is refused, whatever it is."""

from __future__ import annotations

import numpy as np
import pytest

from edge_worker.offload.costs import DeviceCost, HubCost, example_window, read_costs, write_costs
from edge_worker.offload.forecast import options
from edge_worker.offload.frames import MAX_FRAME_BYTES
from edge_worker.offload.parts import TensorSpec
from edge_worker.offload.placement import Link

from .conftest import ToyModel


def test_costs_survive_the_wire() -> None:
    costs = {"early/int8": HubCost(decode_s=0.001, tail_s=0.02)}
    assert read_costs(write_costs(costs)) == costs


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b'{"a": 1}',
        b'{"a": [1]}',
        b'{"a": [[], 1]}',
        b'{"a": [null, 1]}',
        b'{"a": ["1", 1]}',
        b'{"a": [-1, 1]}',
        b'{"a": [NaN, 1]}',
        b'{"a": [1e9, 1]}',
        b"\xff",
    ],
)
def test_other_payloads_are_refused_as_values(payload: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_costs(payload)


def test_an_example_of_whole_numbers_fits_the_smallest_vocabulary() -> None:
    class Words(ToyModel):
        inputs = (TensorSpec(name="words", dtype="int64", shape=(1, 200)),)

    (words,) = example_window(Words()).values()
    assert words.dtype == np.int64
    assert set(words.ravel().tolist()) == {0, 1, 2, 3}


def test_a_plan_whose_window_no_frame_holds_is_not_offered() -> None:
    def cost(size: int) -> DeviceCost:
        return DeviceCost(head_s=0, encode_s=0, bytes=size, answer_bytes=8)

    found = options(
        whole_s=1.0,
        device={"a/float32": cost(MAX_FRAME_BYTES), "b/float32": cost(MAX_FRAME_BYTES // 2)},
        hub=dict.fromkeys(("a/float32", "b/float32"), HubCost(decode_s=0, tail_s=0)),
        link=Link(bandwidth_bps=1e9, rtt_s=0.001),
        raw_may_leave=True,
    )
    assert set(found) == {"device", "b/float32"}
