"""The step `app_usage_windows`: slices of the capture process → AppUsage per person."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from edge_worker.catalogue.ports import AppUsage, Port
from edge_worker.catalogue.tool import Output, ToolContext
from edge_worker.messages import ReadingState
from edge_worker.sensing.traffic.day_store import DayStore, Features
from edge_worker.sensing.traffic.observation import SliceBatch
from edge_worker.sensing.traffic.settings import WindowSettings, parse_settings
from edge_worker.sensing.traffic.windows import UsageWindow, UsageWindows

# Every source reports once a second, also when it sees nothing; one that polls a server
# may wait some seconds for its answer.
SOURCE_SILENT_S = 15.0


class AppUsageStep:
    """Closes windows by the wall clock, one AppUsage per person and window.

    With a live source silence gives empty windows; a source that stopped reporting gives
    windows with the state SOURCE_FAILED. A file read at full speed brings its own time, and
    only windows with traffic are given.
    """

    def __init__(self, context: ToolContext, now: Callable[[], float] = time.time) -> None:
        settings = parse_settings(WindowSettings, context.settings, "app_usage_windows")
        self._window_s = settings.window_s
        self._windows = UsageWindows(self._window_s)
        people = (context.person,) if context.person is not None else context.people
        self._people = tuple(person.id for person in people)
        self._days = DayStore(context.data_dir)
        self._now = now
        self._complete = float("-inf")
        self._contact = now()
        self._live = True
        self._next = self._edge(now()) + self._window_s

    def update(self, port: str, value: Any) -> Iterable[Output]:
        """Take a SliceBatch; closes the windows that it completes."""
        if port != Port.OBSERVATIONS or not isinstance(value, SliceBatch):
            return []
        self._live, self._contact = value.live, self._now()
        self._complete = max(self._complete, value.until)
        self._windows.add(part for part in value.slices if part.person in self._people)
        if value.live:
            return self._close(value.until)
        return [self._output(window) for window in self._windows.close_before(value.until)]

    def tick(self, now: float) -> Iterable[Output]:
        """Close by the wall clock what a source that fell silent no longer completes."""
        silent = self._live and now - self._contact > SOURCE_SILENT_S
        return self._close(now) if silent else []

    def _close(self, until: float) -> list[Output]:
        outputs: list[Output] = []
        # After a long sleep of the machine, the windows of that time are not made up.
        self._next = max(self._next, self._edge(until) - 2 * self._window_s)
        while self._next <= until:
            t0 = self._next - self._window_s
            for person in self._people:
                window = self._windows.close(person, t0)
                outputs.append(self._output(window, failed=self._complete < self._next))
            self._next += self._window_s
        return outputs

    def _edge(self, t: float) -> int:
        return int(t) - int(t) % self._window_s

    def _output(self, window: UsageWindow, *, failed: bool = False) -> Output:
        usage = AppUsage(
            t0=float(window.t0),
            t1=float(window.t1),
            person=window.person,
            seconds=dict(window.seconds),
            bytes_down=dict(window.down),
            bytes_up=dict(window.up),
            unknown_share=window.unknown_share,
            hidden_share=window.hidden_share,
            state=ReadingState.SOURCE_FAILED if failed else ReadingState.OK,
            features={} if failed else _known(self._days.add(window)),
        )
        return Port.APP_USAGE, usage


def _known(features: Features) -> dict[str, float | None]:
    """Features that have a value, short enough to send every few seconds."""
    return {name: round(value, 4) for name, value in features.items() if value is not None}
