"""When to probe the link: often while it may change a plan, ever more seldom while it won't.

A probe costs what it measures. A house in which nothing changes shall not hear of it.
"""

from __future__ import annotations

from edge_worker.offload.link_meter import SMALLEST_PROBE, LinkMeter, News

TICK_S = 0.8
"""How often the schedule is asked; a plan has to follow the link within five seconds."""
_WATCH_S = 1.6
"""Between two looks at a link that holds back a better plan."""
_LONGEST_S = 120.0
_SETTLING = 4
"""Probes of the bandwidth before the pauses grow: the first ones also open sessions."""


class ProbeSchedule:
    """Decides which probes are due; `meter` holds what the last ones told."""

    def __init__(self, meter: LinkMeter) -> None:
        self._meter = meter
        self._pause_s = TICK_S
        self._settling = _SETTLING
        self._precise_at = self._small_at = self._watch_at = self._not_before = 0.0

    def heard(self, now: float) -> None:
        """A frame went there and back: no small probe is needed for a while."""
        self._small_at = now + self._quiet_s

    def due(self, now: float, *, round_trip: bool, bandwidth: bool) -> list[int]:
        """Sizes of the probes to send now, 0 for one of a few bytes. Call it every TICK_S.

        round_trip, bandwidth: whether a plan waits for a shorter, or a broader, link.
        """
        sizes = []
        news = self._meter.take_news()
        if news:
            self._precise_at = self._small_at = now
        if news is News.CHANGE:
            self._pause_s, self._settling = TICK_S, _SETTLING
        if now >= self._small_at:
            sizes.append(0)
            self._small_at = now + (_WATCH_S if round_trip else self._quiet_s)
        if not self._meter.measures_round_trip or now < self._not_before:
            return sizes
        if now >= self._precise_at:
            sizes.append(self._meter.probe_bytes)
            self._precise_at = now + self._pause_s
            self._settling -= 1
            if self._settling <= 0:
                self._pause_s = min(2 * self._pause_s, _LONGEST_S)
        elif bandwidth and now >= self._watch_at:
            sizes.append(SMALLEST_PROBE)
        else:
            return sizes
        self._watch_at = now + _WATCH_S
        return sizes

    def measured(self, now: float) -> None:
        """A probe of the bandwidth was answered: on a slow link the next one has to wait."""
        self._not_before = now + self._meter.pause_s

    @property
    def _quiet_s(self) -> float:
        """Between small probes while no plan depends on the link."""
        return min(max(self._pause_s, _WATCH_S), 16.0)
