"""The running tools of one device: sources in threads of their own, steps in one thread."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from edge_worker.catalogue.ports import LOCAL_PORTS
from edge_worker.catalogue.tool import Output, Source, SourceError, Step, Tool, ToolContext
from edge_worker.messages import DeviceState

_LOGGER = logging.getLogger(__name__)

_TICK_S = 1.0
# Values that wait for the step thread. A source that runs ahead (a file) waits here.
_MAX_WAITING = 256
_FIRST_RETRY_S, _LONGEST_RETRY_S = 1.0, 30.0

Publish = Callable[[str, str, Any], None]
"""(step id, port, value): a value that may leave the device."""


@dataclass(frozen=True, kw_only=True)
class StepSpec:
    """A step that shall run here. `inputs`: port → id of the producing step."""

    id: str
    tool: Tool
    context: ToolContext
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Arrival:
    """A value that `step` produced, here or on another device."""

    step: str
    port: str
    value: Any
    source: _SourceThread | None = None


class Graph:
    """Runs the wanted steps, feeds them, and keeps one tool's failure from the others."""

    def __init__(self, *, publish: Publish, report: Callable[[DeviceState], None]) -> None:
        self._publish = publish
        self._report = report
        self._inbox: queue.Queue[_Arrival | dict[str, StepSpec] | None] = queue.Queue(_MAX_WAITING)
        self._specs: dict[str, StepSpec] = {}
        self._steps: dict[str, Step] = {}
        self._sources: dict[str, _SourceThread] = {}
        self._problems: dict[str, str] = {}
        self._reported: DeviceState | None = None
        self._thread = threading.Thread(target=self._run, name="graph", daemon=True)

    def start(self) -> None:
        """Begin; `want` says what to run."""
        self._thread.start()

    def stop(self) -> None:
        """End all tools and wait for them."""
        self._inbox.put(None)
        self._thread.join(timeout=10)

    def want(self, specs: Iterable[StepSpec]) -> None:
        """From now on run exactly these steps; those that are the same go on undisturbed."""
        self._inbox.put({spec.id: spec for spec in specs})

    def receive(self, step: str, port: str, value: Any) -> None:
        """Take a value that `step` produced on another device."""
        self._inbox.put(_Arrival(step=step, port=port, value=value))

    # --- in the graph's thread ---

    def _run(self) -> None:
        next_tick = time.monotonic() + _TICK_S
        while True:
            try:
                item = self._inbox.get(timeout=max(0.0, next_tick - time.monotonic()))
            except queue.Empty:
                next_tick = time.monotonic() + _TICK_S
                self._tick(time.time())
                continue
            if item is None:
                break
            if isinstance(item, dict):
                self._reconcile(item)
            elif item.source is None or self._sources.get(item.step) is item.source:
                self._deliver(item.step, item.port, item.value)
            if time.monotonic() >= next_tick:
                next_tick = time.monotonic() + _TICK_S
                self._tick(time.time())
        for source in self._sources.values():
            source.end()
        for source in self._sources.values():
            source.join()

    def _tick(self, now: float) -> None:
        for name in list(self._steps):
            step = self._steps.get(name)
            if step is not None:
                self._collect(name, lambda step=step: step.tick(now))  # type: ignore[misc]
        for name, source in self._sources.items():
            if source.problem:
                self._problems[name] = source.problem
            else:
                self._problems.pop(name, None)
        self._tell()

    def _reconcile(self, wanted: dict[str, StepSpec]) -> None:
        for name in [name for name, spec in self._specs.items() if wanted.get(name) != spec]:
            self._remove(name)
        for name, spec in wanted.items():
            if name not in self._specs:
                self._add(spec)
        self._tell()

    def _remove(self, name: str) -> None:
        del self._specs[name]
        self._steps.pop(name, None)
        self._problems.pop(name, None)
        if source := self._sources.pop(name, None):
            source.end()

    def _add(self, spec: StepSpec) -> None:
        self._specs[spec.id] = spec
        if spec.tool.make_source:
            source = _SourceThread(spec, self._inbox.put)
            self._sources[spec.id] = source
            source.start()
        elif spec.tool.make_step:
            step = self._guard(spec.id, lambda: spec.tool.make_step(spec.context))  # type: ignore[misc]
            if step is not None:
                self._steps[spec.id] = step

    def _deliver(self, producer: str, port: str, value: Any) -> None:
        """Hand a value to everybody who wants it, then what follows from it."""
        if port not in LOCAL_PORTS and producer in self._specs:
            self._publish(producer, port, value)
        for name, spec in list(self._specs.items()):
            step = self._steps.get(name)
            if step is not None and spec.inputs.get(port) == producer:
                self._collect(name, lambda step=step: step.update(port, value))  # type: ignore[misc]

    def _collect(self, name: str, call: Callable[[], Iterable[Output]]) -> None:
        for port, value in self._guard(name, lambda: list(call())) or ():
            self._deliver(name, port, value)

    def _guard(self, name: str, call: Callable[[], Any]) -> Any:
        """Run a tool's code: whatever it raises ends this tool, not the worker."""
        try:
            return call()
        except SourceError as error:
            self._problems[name] = str(error)
        except Exception as error:
            _LOGGER.exception("The tool %s failed and is off", self._specs[name].tool.card.name)
            self._problems[name] = (
                f"The tool failed ({type(error).__name__}); see the worker's log."
            )
        self._steps.pop(name, None)
        return None

    def _tell(self) -> None:
        running = sorted({*self._steps, *self._sources} - set(self._problems))
        state = DeviceState(running=tuple(running), problems=dict(sorted(self._problems.items())))
        if state != self._reported:
            self._reported = state
            self._report(state)


class _SourceThread:
    """One source: runs, is retried with growing pauses, ends when told."""

    def __init__(self, spec: StepSpec, put: Callable[[_Arrival], None]) -> None:
        self._spec = spec
        self._put = put
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=spec.tool.card.name, daemon=True)
        self.problem: str | None = None

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._stop.set()

    def join(self) -> None:
        self._thread.join(timeout=5)

    def _run(self) -> None:
        pause = _FIRST_RETRY_S
        while not self._stop.is_set():
            began = time.monotonic()
            if not self._run_once():
                return
            # A source that ran well for a while starts again at once.
            pause = _FIRST_RETRY_S if time.monotonic() - began > _LONGEST_RETRY_S else pause
            self._stop.wait(pause)
            pause = min(2 * pause, _LONGEST_RETRY_S)

    def _run_once(self) -> bool:
        """Run until the source ends; True when it is worth another try."""
        name = self._spec.tool.card.name
        try:
            source: Source = self._spec.tool.make_source(self._spec.context)  # type: ignore[misc]
            source.run(self._emit, self._stop)
        except SourceError as error:
            if not self._stop.is_set():
                _LOGGER.warning("%s: %s", name, error)
                self.problem = str(error)
            return error.retry
        except Exception as error:
            _LOGGER.exception("The source %s failed and is off", name)
            self.problem = f"The source failed ({type(error).__name__}); see the worker's log."
            return False
        if not self._stop.is_set():
            self.problem = "The source has come to its end."
        return False

    def _emit(self, port: str, value: Any) -> None:
        if not self._stop.is_set():
            self.problem = None
            self._put(_Arrival(step=self._spec.id, port=port, value=value, source=self))
