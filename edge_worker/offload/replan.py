"""When to change the plan: at once when the link fails, slowly when another looks better."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from edge_worker.offload.parts import DEVICE_PLAN

# Two in a row: one lost frame is weather, two are a climate.
_MISSES = 2
# A plan that is better by less than this, or less often, isn't worth the change.
_GAIN = 0.2
_TIMES = 3
_FIRST_RETRY_S, _LONGEST_RETRY_S = 1.0, 30.0


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """Cost of each allowed plan in what the policy counts, and the sentence for the best."""

    costs: Mapping[str, float]
    best: str
    latency_s: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""


def clearly_better(cost: float, than: float) -> bool:
    """Whether it is worth a change of plan."""
    return cost < (1 - _GAIN) * than


class Replanner:
    """Keeps the plan that runs.

    forecast: asked about the link as it is now, without the plans that it is given.
    """

    def __init__(self, forecast: Callable[[frozenset[str]], Forecast]) -> None:
        self._forecast = forecast
        self._missed = 0
        self._better = 0
        self._retry_at = 0.0
        self._banned: dict[str, tuple[float, float]] = {}
        self._pause = _FIRST_RETRY_S
        self.plan = DEVICE_PLAN
        self.reason = "Nothing is known about the link yet."
        self.latency_s: float | None = None
        self.hub_away = True
        """Until the hub answers."""

    def hub_answered(self) -> None:
        """An echo came: the hub is there."""
        if self.hub_away:
            self.hub_away = False
            self._missed = 0
            self._pause = _FIRST_RETRY_S
            self._better = _TIMES  # it came back: no need to prove anything

    def result_came(self) -> None:
        """A window was answered in time."""
        self._missed = 0
        self._banned.pop(self.plan, None)

    def deadline_missed(self, now: float) -> None:
        """The hub did not answer in time; twice, and the device is on its own.

        The plan that failed is not tried again for a while, and longer each time: a hub
        that echoes may still be too busy, or unable, to finish windows.
        """
        self._missed += 1
        if self._missed >= _MISSES:
            if self.plan != DEVICE_PLAN:  # else the hub said goodbye while its answer was due
                _, pause = self._banned.get(self.plan, (0.0, _FIRST_RETRY_S))
                self._banned[self.plan] = (now + pause, min(2 * pause, _LONGEST_RETRY_S))
            self.hub_left(now)

    def hub_left(self, now: float) -> None:
        """The hub is away: everything runs here until it answers again."""
        if not self.hub_away:
            self._pause = _FIRST_RETRY_S
            self._retry_at = now + self._pause
        self.hub_away = True
        self._take(DEVICE_PLAN, "The hub does not answer.")

    def may_probe(self, now: float) -> bool:
        """While the hub is away: is it time to knock again? Pauses grow to half a minute."""
        if now < self._retry_at:
            return False
        self._retry_at = now + self._pause
        self._pause = min(2 * self._pause, _LONGEST_RETRY_S)
        return True

    def reconsider(self, now: float, *, at_once: bool = False) -> None:
        """Compare the plan with what the link allows now; call it about once a second.

        at_once: the wish changed (a policy), so no hysteresis.
        """
        if self.hub_away:
            return
        forecast = self._forecast(
            frozenset(plan for plan, (until, _) in self._banned.items() if now < until)
        )
        here = forecast.costs.get(self.plan)
        best = forecast.costs[forecast.best]
        if forecast.best == self.plan:
            self._better = 0
            self._take(self.plan, forecast.reason)
            self.latency_s = forecast.latency_s.get(self.plan)
            return
        clear = here is None or clearly_better(best, here)
        self._better = self._better + 1 if clear else 0
        if at_once or here is None or self._better >= _TIMES:
            self._better = 0
            self._take(forecast.best, forecast.reason)
        self.latency_s = forecast.latency_s.get(self.plan)

    def _take(self, plan: str, reason: str) -> None:
        self.plan, self.reason = plan, reason
