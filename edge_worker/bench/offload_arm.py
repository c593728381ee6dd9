"""The arms of one cell of the co-inference benchmark: windows by one plan each, in turns."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_worker.catalogue.ports import Port, Vitals
from edge_worker.link import MqttLink
from edge_worker.messages import ReadingState, StepValue, Topics, encode, to_dict
from edge_worker.offload.parts import DEVICE_PLAN, INPUT_CUT, RAW_CUTS, STREAM_CUT, cut_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge_worker.catalogue.coinference import Inference
    from edge_worker.offload.coinference import SharedModel

TOPICS = Topics("bench")
STEP = "bench"
# What takes longer is measured with fewer windows.
PATIENCE_S = 3.0
LONGEST_WINDOW_S = 90.0
# In use windows come every two seconds: caches and clock rates are not those of a tight loop.
PAUSE_S = 0.05


_NUMBERS = itertools.count(time.time_ns() // 1_000_000)
_SAID = Vitals(
    t=1795731549.3550832,
    state=ReadingState.OK,
    present=True,
    range_m=0.49999999999999983,
    breathing_rate=12.177993778516202,
    breathing_error=0.09503631386689922,
    breathing_quality=0.9704220400795968,
    heart_rate=61.26270919155236,
    heart_error=0.5492488604951018,
    heart_quality=0.9986498099142853,
    presence_quality=1.0,
    features={
        "movement_share": 0.0,
        "breath_interval_cv": 0.03342563907442173,
        "breath_depth_mm": 5.648131485404786,
        "inhale_exhale_ratio": 0.7238491209750204,
        "sigh_share": 0.0,
    },
)


def said() -> StepValue:
    """What the sonar says of a window, as a simulated one did; its number tells windows apart."""
    return StepValue(port=Port.VITALS, sequence=next(_NUMBERS), value=to_dict(_SAID))


class Arm:
    """Windows by one plan, each timed from its submission to the arrival of its result."""

    def __init__(
        self,
        shared: SharedModel,
        device: str,
        link: MqttLink,
        arrivals: Path,
        inputs: Sequence[Mapping[str, NDArray[Any]]],
    ) -> None:
        self._shared = shared
        self._topic = TOPICS.device(device, f"data/{STEP}")
        self._link = link
        self._arrivals = arrivals
        self._inputs = inputs
        self._latencies: list[float] = []
        self._found: list[Inference] = []
        self._air_bytes: list[int] = []

    def run(self, index: int) -> None:
        """One window, and what is sent in its wake. The first one does not count: it opens
        sessions on both sides, and sends a stream's whole window.
        """
        before = _air_bytes()
        latency_s, result = self._one(self._inputs[index % len(self._inputs)], index)
        time.sleep(PAUSE_S)
        if index:
            self._air_bytes.append(_air_bytes() - before)
            self._latencies.append(latency_s)
            self._found.append(result)

    def figures(self) -> dict[str, Any]:
        """Over all windows that count."""
        latencies, found = self._latencies, self._found
        return {
            "windows": len(found),
            # The median: a probe of the link passes now and then.
            "air_bytes": statistics.median(self._air_bytes),
            "latency_s": statistics.median(latencies),
            "p95_s": sorted(latencies)[int(0.95 * (len(found) - 1))],
            "device_s": statistics.median(item.device_s for item in found),
            "hub_s": statistics.median(item.hub_s for item in found),
            "bytes": statistics.median(item.bytes_sent for item in found),
            "places": sorted({str(item.place) for item in found}),
        }

    def _one(self, window: Mapping[str, NDArray[Any]], index: int) -> tuple[float, Inference]:
        shared, word = self._shared, said()
        began = time.monotonic()
        shared.submit(window, tag=index, word=(word.port, word))
        wait(lambda: bool(shared.last and shared.last.tag == index), LONGEST_WINDOW_S)
        (result,) = shared.results()
        if not result.handed_on:
            self._link.publish(self._topic, encode(word))
        came = f"{word.sequence} "
        wait(lambda: any(line.startswith(came) for line in self._lines()), LONGEST_WINDOW_S)
        (line,) = (line for line in self._lines() if line.startswith(came))
        return float(line.rsplit(" ", 1)[1]) - began, result

    def _lines(self) -> list[str]:
        return self._arrivals.read_text(encoding="utf-8").splitlines()[-3:]


def in_turns(plans: Sequence[str]) -> list[list[str]]:
    """Plans that are run window by window in turns, so that what the computer does besides
    meets them alike: the device alone and the first cut, the other cuts, the ways to send the
    input. A hub keeps one stream of a device, hence those run one after the other.
    """
    groups = [list(group) for _, group in groupby(sorted(plans, key=cut_of), key=cut_of)]
    splits = [group for group in groups if cut_of(group[0]) not in {DEVICE_PLAN, *RAW_CUTS}]
    alone = [[plan] for group in groups if cut_of(group[0]) == STREAM_CUT for plan in group]
    inputs = [group for group in groups if cut_of(group[0]) == INPUT_CUT]
    device = [DEVICE_PLAN] if DEVICE_PLAN in plans else []
    first, *rest = splits or [[]]
    return [group for group in ([*device, *first], *rest, *inputs, *alone) if group]


def measure(arms: Sequence[Arm], windows: int) -> None:
    """At most so many windows of each arm that count, and at least one."""
    began = time.monotonic()
    for index in range(windows + 1):
        for arm in arms:
            arm.run(index)
        if index and time.monotonic() - began > PATIENCE_S * len(arms):
            break


def _air_bytes() -> int:
    """What went over this namespace's link so far, both ways, every header included."""
    lines = Path("/proc/net/dev").read_text(encoding="ascii").splitlines()
    fields = [line.split() for line in lines if line.strip().startswith("eab0:")]
    return sum(int(line[1]) + int(line[9]) for line in fields)


def wait(condition: Callable[[], bool], timeout_s: float) -> None:
    """Until the condition holds. Raises SystemExit when that takes too long."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit("The other side did not answer in time.")
        time.sleep(0.0005)
