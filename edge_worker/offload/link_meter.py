"""How fast the way to the hub is, from probes and from the frames that travel anyway."""

from __future__ import annotations

import statistics
from collections import deque

from edge_worker.offload.placement import Link

# The median of three follows a change after two samples and ignores one outlier.
_SAMPLES = 3
# The smallest must not fit into a burst that a shaper lets pass at once.
_SMALLEST, _LARGEST = 4096, 65_536
# A transfer that takes this long is told apart from the round trip's own jitter.
_WANTED_S = 0.05
# On a slow link probes come so seldom that they take no more than an eighth of it.
_SHARE = 8
# Anything faster is beyond what our probes can measure, and beyond what a plan notices.
_FASTEST_BPS = 1e9


class LinkMeter:
    """Medians of the last round trips and transfers."""

    def __init__(self) -> None:
        self._round_trips: deque[float] = deque(maxlen=_SAMPLES)
        self._bandwidths: deque[float] = deque(maxlen=_SAMPLES)
        self.probe_bytes = _SMALLEST
        """How large the next probe of the bandwidth should be."""
        self.pause_s = 0.0
        """How long to wait before the next one."""

    def forget(self) -> None:
        """The link was cut: what was measured before says nothing any more."""
        self._round_trips.clear()
        self._bandwidths.clear()
        self.probe_bytes = _SMALLEST
        self.pause_s = 0.0

    def small(self, seconds: float) -> None:
        """A message of a few bytes went there and back."""
        self._round_trips.append(seconds)

    def transfer(self, size: int, seconds: float) -> None:
        """`size` bytes went to the hub and a few came back, the hub's own time taken off."""
        if not self._round_trips:
            return
        alone = seconds - statistics.median(self._round_trips)
        self.pause_s = max(0.0, _SHARE * alone)
        bandwidth = size * 8 / alone if alone > 0 else _FASTEST_BPS
        # Too short to measure: it only tells that the link is at least this fast.
        if alone < _WANTED_S / 4 and size < self.probe_bytes:
            return
        self._bandwidths.append(min(bandwidth, _FASTEST_BPS))
        wanted = int(bandwidth * _WANTED_S / 8)
        self.probe_bytes = min(max(wanted, _SMALLEST), _LARGEST)

    @property
    def measures_round_trip(self) -> bool:
        """Whether a transfer would tell anything yet."""
        return bool(self._round_trips)

    @property
    def link(self) -> Link | None:
        """The link as it is now; None before the first answers."""
        if not self._bandwidths or not self._round_trips:
            return None
        return Link(
            bandwidth_bps=statistics.median(self._bandwidths),
            rtt_s=statistics.median(self._round_trips),
        )
