"""The benchmark's link takes the time that the bits of a piece need, once."""

from __future__ import annotations

import pytest

from edge_worker.bench.offload_network import Lag, bucket_bytes

MBIT = 1e6
HEADERS = 66


def test_an_idle_link_takes_the_time_of_the_bits() -> None:
    lag = Lag(MBIT, 0)
    assert lag.of(10.0, 115) == pytest.approx((115 + HEADERS) * 8 / MBIT)
    assert lag.of(20.0, 4096) == pytest.approx((4096 + 3 * HEADERS) * 8 / MBIT)


def test_pieces_that_come_together_wait_for_each_other() -> None:
    lag = Lag(MBIT, 0)
    alone = lag.of(0.0, 1000)
    assert lag.of(0.0, 1000) == pytest.approx(2 * alone)
    assert lag.of(3 * alone, 1000) == pytest.approx(alone)


def test_behind_tbf_only_what_its_bucket_let_pass_is_made_up_for() -> None:
    bucket = bucket_bytes(MBIT)
    lag = Lag(MBIT, bucket)
    assert lag.of(0.0, 115) == pytest.approx((115 + HEADERS) * 8 / MBIT)
    assert lag.of(10.0, 4096) == pytest.approx(bucket * 8 / MBIT)


def test_a_bucket_holds_a_packet_and_little_more() -> None:
    assert bucket_bytes(MBIT) == 1600
    assert bucket_bytes(100 * MBIT) == pytest.approx(100 * MBIT / 8 * 0.0002)


def test_without_a_limit_nothing_waits() -> None:
    assert Lag(0, 0).of(0.0, 10**6) == 0
