"""Which plans of the benchmark take turns: every one once, streams alone."""

from __future__ import annotations

from edge_worker.bench.offload_arm import in_turns


def test_tiers_of_a_cut_take_turns_and_streams_do_not() -> None:
    plans = ("device", "input/int8", "input/int4", "stream/int8", "stream/int4")
    splits = ("early/int8", "late/int8", "early/float32")
    assert in_turns([*plans, *splits]) == [
        ["device", "early/int8", "early/float32"],
        ["late/int8"],
        ["input/int8", "input/int4"],
        ["stream/int8"],
        ["stream/int4"],
    ]


def test_plans_that_were_asked_for_are_all() -> None:
    assert in_turns(["early/int8"]) == [["early/int8"]]
    assert in_turns(["device"]) == [["device"]]
