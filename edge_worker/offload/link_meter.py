"""How fast the way to the hub is, from probes and from the frames that travel anyway."""

from __future__ import annotations

import statistics
import threading
from collections import deque
from enum import IntEnum

from edge_worker.offload.placement import Link

# The median of three follows a change after two samples and ignores one outlier.
_SAMPLES = 3
# The smallest must not fit into a burst that a shaper lets pass at once.
SMALLEST_PROBE = 4096
_LARGEST = 65_536
# A frame up to this size tells the round trip, a larger one the bandwidth.
_SMALL_FRAME = 1024
# A probe of no bytes as it travels, with all headers.
_SMALL_MESSAGE = 115
# A transfer that takes this long is told apart from the round trip's own jitter.
_WANTED_S = 0.05
# On a slow link probes come so seldom that they take no more than an eighth of it.
_SHARE = 8
# Anything faster is beyond what our probes can measure, and beyond what a plan notices.
FASTEST_BPS = 1e9
# By how much a bandwidth and a round trip may differ before the link counts as another one;
# what takes only so much longer is the weather of any radio.
_FAR, _JITTER_S = 1.5, 0.01


class News(IntEnum):
    """What the samples say of those before them."""

    NONE = 0
    DOUBT = 1
    """The newest contradicts what was known: another one will tell who is right."""
    CHANGE = 2
    """The medians moved: the link is another one."""


class LinkMeter:
    """Medians of the last round trips and transfers; methods may come from any thread."""

    def __init__(self) -> None:
        # The link may be cut while a model's thread asks about it.
        self._lock = threading.RLock()
        self._round_trips: deque[float] = deque(maxlen=_SAMPLES)
        self._bandwidths: deque[float] = deque(maxlen=_SAMPLES)
        self._wanted_bytes = SMALLEST_PROBE
        self.most_bytes = _LARGEST
        """What may ever be sent at once: measuring more finely than that helps no plan."""
        self.pause_s = 0.0
        """How long to wait before the next probe of the bandwidth."""
        self._news = News.NONE

    @property
    def probe_bytes(self) -> int:
        """How large a probe that measures the bandwidth well should be."""
        return max(SMALLEST_PROBE, min(self._wanted_bytes, self.most_bytes, _LARGEST))

    def forget(self) -> None:
        """The link was cut: what was measured before says nothing any more."""
        with self._lock:
            self._round_trips.clear()
            self._bandwidths.clear()
            self._wanted_bytes = SMALLEST_PROBE
            self.pause_s = 0.0
            self._news = News.CHANGE

    def take_news(self) -> News:
        """What happened since the last call."""
        with self._lock:
            found, self._news = self._news, News.NONE
            return found

    def small(self, seconds: float) -> None:
        """A message of a few bytes went there and back."""
        with self._lock:
            known = statistics.median(self._round_trips) if self._round_trips else None
            self._round_trips.append(seconds)
            if known is not None:
                now = statistics.median(self._round_trips)
                if abs(now - known) > _JITTER_S and not known / _FAR <= now <= known * _FAR:
                    self._news = News.CHANGE

    def transfer(self, size: int, seconds: float) -> None:
        """`size` bytes went to the hub or came back, the hub's own time taken off."""
        with self._lock:
            if not self._round_trips:
                return
            known = statistics.median(self._bandwidths) if self._bandwidths else None
            if size <= _SMALL_FRAME:
                self.small(max(0.0, seconds - (size * 8 / known if known else 0.0)))
                return
            alone = seconds - statistics.median(self._round_trips)
            self.pause_s = max(0.0, _SHARE * alone)
            bandwidth = min(size * 8 / alone if alone > 0 else FASTEST_BPS, FASTEST_BPS)
            if known is not None:
                late = abs(alone - size * 8 / known) > _JITTER_S
                if late and not known / _FAR <= bandwidth <= known * _FAR:
                    self._news = max(self._news, News.DOUBT)
            # Too short to measure: it only tells that the link is at least this fast.
            if alone < _WANTED_S / 4 and size < self.probe_bytes:
                return
            self._bandwidths.append(bandwidth)
            self._wanted_bytes = int(bandwidth * _WANTED_S / 8)
            now = statistics.median(self._bandwidths)
            if known is not None and self._news and not known / _FAR <= now <= known * _FAR:
                self._news = News.CHANGE

    @property
    def measures_round_trip(self) -> bool:
        """Whether a transfer would tell anything yet."""
        return bool(self._round_trips)

    @property
    def link(self) -> Link | None:
        """The link as it is now; None before the first answers."""
        with self._lock:
            if not self._bandwidths or not self._round_trips:
                return None
            bandwidth = statistics.median(self._bandwidths)
            # The bits of the small message itself take their time too.
            waited = statistics.median(self._round_trips) - 2 * _SMALL_MESSAGE * 8 / bandwidth
            return Link(bandwidth_bps=bandwidth, rtt_s=max(0.0, waited))
