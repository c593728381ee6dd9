"""Costs as they travel: what a hub did not write is refused, whatever it is."""

from __future__ import annotations

import pytest

from edge_worker.offload.costs import HubCost, read_costs, write_costs


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
