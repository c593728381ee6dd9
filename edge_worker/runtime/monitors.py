"""The monitors of a home: what runs, kept over restarts."""

from __future__ import annotations

import dataclasses
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path

from edge_worker.messages import (
    Deploy,
    DeviceCard,
    DeviceState,
    Goal,
    Monitor,
    Monitors,
    MonitorState,
    Plan,
    StepPlacement,
)
from edge_worker.runtime import files
from edge_worker.runtime.plans import monitor_id

_RATE_WINDOW_S = 60.0
# Enough for a minute of ten values each second.
_MOST_SENT = 600


class MonitorStore:
    """Monitors by id, written to a private file at every change."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "monitors.json"
        kept = files.restore(self._path, Monitors, Monitors())
        self._monitors = {monitor.id: monitor for monitor in kept.monitors}
        self._policy = kept.policy
        self._sent: dict[str, deque[tuple[float, int]]] = {}

    def all(self) -> tuple[Monitor, ...]:
        """All monitors, oldest first."""
        return tuple(self._monitors.values())

    def get(self, name: str) -> Monitor | None:
        """The monitor with this id."""
        return self._monitors.get(name)

    def start(self, plan: Plan, now: float) -> tuple[Monitor, bool]:
        """Add a monitor; True when one for the same wish ran already (its end is renewed)."""
        name = monitor_id(plan)
        old = self._monitors.get(name)
        ends = now + plan.goal.duration_s if plan.goal.duration_s else None
        monitor = Monitor(
            id=name,
            plan=plan,
            state=MonitorState.RUNNING,
            created=old.created if old else now,
            ends=ends,
        )
        self._put(monitor)
        return monitor, old is not None and old.state is not MonitorState.PAUSED

    def pause(self, name: str, paused: bool) -> Monitor | None:
        """Pause or resume; None when there is no such monitor."""
        monitor = self._monitors.get(name)
        if monitor is None:
            return None
        state = MonitorState.PAUSED if paused else MonitorState.RUNNING
        monitor = dataclasses.replace(monitor, state=state, problem=None)
        self._put(monitor)
        return monitor

    def remove(self, *names: str) -> None:
        """Forget these monitors."""
        self._save({key: item for key, item in self._monitors.items() if key not in names})

    def ended(self, now: float) -> tuple[Monitor, ...]:
        """Monitors whose time is over."""
        return tuple(item for item in self.all() if item.ends is not None and item.ends <= now)

    def matching(self, goal: Goal) -> tuple[Monitor, ...]:
        """Monitors that a wish to stop means: its open slots match everything."""
        return tuple(
            monitor
            for monitor in self.all()
            if goal.person in (None, monitor.plan.person)
            and goal.area in (None, monitor.plan.area)
            and (not goal.quantities or set(goal.quantities) & set(monitor.plan.goal.quantities))
        )

    def assess(self, devices: Mapping[str, DeviceCard], states: Mapping[str, DeviceState]) -> bool:
        """Bring state and problem of each monitor in line with its devices; True on change."""
        changed = False
        for monitor in self.all():
            if monitor.state is MonitorState.PAUSED:
                continue
            problem = _problem(monitor.plan, devices, states)
            state = MonitorState.DEGRADED if problem else MonitorState.RUNNING
            placements = _placements(monitor.plan, states)
            now = dataclasses.replace(
                monitor,
                state=state,
                problem=problem,
                placements=placements,
                bytes_per_s=self._bytes_per_s(monitor, placements),
            )
            if now != monitor:
                self._monitors[monitor.id] = now
                changed = True
        return changed

    def message(self) -> Monitors:
        """All monitors and the policy, as published."""
        return Monitors(monitors=self.all(), policy=self._policy)

    def set_policy(self, policy: str) -> None:
        """Keep what placements shall spare."""
        self._save(self._monitors, policy)

    def note_sent(self, step: str, size: int) -> None:
        """A device sent this many bytes for a step."""
        self._sent.setdefault(step, deque(maxlen=_MOST_SENT)).append((time.monotonic(), size))

    def _bytes_per_s(self, monitor: Monitor, placements: tuple[StepPlacement, ...]) -> float:
        """Of the last minute, two digits: so that it is published when it matters."""
        since = time.monotonic() - _RATE_WINDOW_S
        values = sum(
            size
            for step in monitor.plan.steps
            for when, size in self._sent.get(step.id, ())
            if when >= since
        )
        frames = sum(item.bytes_per_s for item in placements)
        return float(f"{values / _RATE_WINDOW_S + frames:.2g}")

    def deployment(self, device: str) -> Deploy:
        """What this device shall run."""
        return Deploy(
            policy=self._policy,
            deployments=tuple(
                dataclasses.replace(monitor, placements=(), bytes_per_s=None)
                for monitor in self.all()
                if monitor.state is not MonitorState.PAUSED
                and any(step.device == device for step in monitor.plan.steps)
            ),
        )

    def _put(self, monitor: Monitor) -> None:
        self._save({**self._monitors, monitor.id: monitor})

    def _save(self, monitors: dict[str, Monitor], policy: str | None = None) -> None:
        """Write first: what can't be kept does not run either."""
        policy = policy or self._policy
        files.save(self._path, Monitors(monitors=tuple(monitors.values()), policy=policy))
        self._monitors, self._policy = monitors, policy
        steps = {step.id for monitor in monitors.values() for step in monitor.plan.steps}
        self._sent = {step: sent for step, sent in self._sent.items() if step in steps}


def _placements(plan: Plan, states: Mapping[str, DeviceState]) -> tuple[StepPlacement, ...]:
    """What the plan's devices tell about its steps."""
    return tuple(
        item
        for step in plan.steps
        if (state := states.get(step.device)) is not None
        for item in state.placements
        if item.step == step.id
    )


def _problem(
    plan: Plan, devices: Mapping[str, DeviceCard], states: Mapping[str, DeviceState]
) -> str | None:
    """The first thing that keeps a plan from running whole, as a sentence."""
    for step in plan.steps:
        device = devices.get(step.device)
        if device is None or not device.online:
            return f"{device.name if device else step.device} is offline."
        state = states.get(step.device)
        if state and step.id in state.problems:
            return f"{step.tool} on {device.name}: {state.problems[step.id]}"
    return None
