"""The link is probed often while it matters, seldom while it does not, and measured right."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

import pytest

from edge_worker.offload.frames import FrameKind, unpack
from edge_worker.offload.link_meter import SMALLEST_PROBE, LinkMeter, News
from edge_worker.offload.probing import TICK_S, ProbeSchedule

from .conftest import ToyModel, Wire

WaitFor = Callable[..., None]
RTT_S = 0.004
SMALL_BYTES = 2 * 115
"""Of a small probe and its echo, with all headers."""


def seconds(size: int, bandwidth_bps: float, jitter_s: float = 0.0) -> float:
    return RTT_S + (SMALL_BYTES + size) * 8 / bandwidth_bps + jitter_s


def drive(
    bandwidth_bps: float,
    until_s: float,
    *,
    round_trip: bool = False,
    bandwidth: bool = False,
    meter: LinkMeter | None = None,
    schedule: ProbeSchedule | None = None,
    start_s: float = 0.0,
) -> list[tuple[float, int]]:
    """Probes that are due on a perfect link, answered at once: when, and how large."""
    meter = meter or LinkMeter()
    schedule = schedule or ProbeSchedule(meter)
    sent = []
    now = start_s
    while now < start_s + until_s:
        for size in schedule.due(now, round_trip=round_trip, bandwidth=bandwidth):
            sent.append((now, size))
            if size:
                meter.transfer(size, seconds(size, bandwidth_bps))
                schedule.measured(now)
            else:
                meter.small(seconds(0, bandwidth_bps))
        now += TICK_S
    return sent


@pytest.mark.parametrize("bandwidth_bps", [2.5e5, 1e6, 2e7, 1e8])
def test_bandwidth_is_known_within_seconds(bandwidth_bps: float) -> None:
    meter = LinkMeter()
    drive(bandwidth_bps, 5, meter=meter)
    assert meter.link is not None
    assert meter.link.bandwidth_bps == pytest.approx(bandwidth_bps, rel=0.01)
    assert meter.link.rtt_s == pytest.approx(RTT_S)


def test_a_quiet_link_is_left_alone() -> None:
    meter = LinkMeter()
    meter.most_bytes = 12_000
    schedule = ProbeSchedule(meter)
    first = drive(2e7, 60, meter=meter, schedule=schedule)
    later = drive(2e7, 3600, meter=meter, schedule=schedule, start_s=60)
    assert max(size for _, size in first) == 12_000
    # Below a tenth of a sonar's packed stream (1.4 kB a second).
    assert sum(size for _, size in later) / 3600 < 140
    assert sum(size == 0 for _, size in later) < 3600 / 15


def test_a_link_that_holds_a_plan_back_is_watched() -> None:
    sent = drive(2e6, 600, bandwidth=True, round_trip=True)
    late = [at for at, size in sent if size and at > 100]
    assert max(b - a for a, b in pairwise(late)) <= 2.5
    small = [at for at, size in sent if not size]
    assert max(b - a for a, b in pairwise(small)) <= 2.5


@pytest.mark.parametrize("bandwidth_bps", [5e4, 2.5e5])
def test_probes_take_an_eighth_of_a_slow_link_at_most(bandwidth_bps: float) -> None:
    sent = drive(bandwidth_bps, 600, bandwidth=True, round_trip=True)
    busy_s = sum(size * 8 / bandwidth_bps for _, size in sent)
    assert busy_s / 600 < 1 / 7


def test_another_bandwidth_is_news_and_weather_is_doubt() -> None:
    meter = LinkMeter()
    for _ in range(3):
        meter.small(RTT_S)
        meter.transfer(SMALLEST_PROBE, seconds(SMALLEST_PROBE, 1e6))
    assert meter.take_news() is News.NONE
    meter.transfer(SMALLEST_PROBE, seconds(SMALLEST_PROBE, 1e6, jitter_s=0.008))
    assert meter.take_news() is News.NONE
    meter.transfer(SMALLEST_PROBE, seconds(SMALLEST_PROBE, 2e5))
    assert meter.take_news() is News.DOUBT
    meter.transfer(SMALLEST_PROBE, seconds(SMALLEST_PROBE, 2e5))
    assert meter.take_news() is News.CHANGE
    assert meter.take_news() is News.NONE


def test_frames_that_travel_anyway_tell_the_round_trip() -> None:
    meter = LinkMeter()
    meter.small(RTT_S)
    for _ in range(3):
        meter.transfer(300, 0.05)
    assert meter.link is None, "so few bytes tell no bandwidth"
    meter.transfer(SMALLEST_PROBE, 0.05 + SMALLEST_PROBE * 8 / 1e6)
    assert meter.link is not None
    assert meter.link.rtt_s == pytest.approx(0.05 - SMALL_BYTES * 8 / 1e6)
    assert meter.link.bandwidth_bps == pytest.approx(1e6)


def test_news_make_the_next_probe_due_at_once() -> None:
    meter = LinkMeter()
    schedule = ProbeSchedule(meter)
    drive(2e6, 300, meter=meter, schedule=schedule)
    assert [size for _, size in drive(2e6, 2, meter=meter, schedule=schedule, start_s=300)] == []
    meter.forget()
    sent = drive(2e5, 4, meter=meter, schedule=schedule, start_s=310)
    assert sent[0] == (310, 0)
    assert sum(size > 0 for _, size in sent) >= 2


def test_a_settled_device_hardly_probes(wire: Wire, wait_for: WaitFor) -> None:
    shared = wire.device().share(ToyModel())
    wait_for(lambda: not shared.hub_away and len(shared.options()) > 1, "all costs")
    wait_for(lambda: not shared.keeper.waits_for_link, "a plan that no link would change")
    began, before = time.monotonic(), len(wire.seen)

    def rests() -> bool:
        """Whether four seconds passed with hardly a probe; if not, the next four are looked at."""
        nonlocal began, before
        probes = [data for data in wire.seen[before:] if unpack(data).kind is FrameKind.PROBE]
        if sum(map(len, probes)) > 8000:
            # A busy computer is a link that changes: it is looked at until it rests.
            began, before = time.monotonic(), len(wire.seen)
        return time.monotonic() - began > 4

    wait_for(rests, "four seconds with hardly a probe", 90)
