"""Windows of a recording with their features, and the label that the task implies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge_worker.mood.datasets import DESK_WORK, REST, STRESS_TASK, TASKS, Recording
from edge_worker.mood.rates import GRID_S, FloatArray, Rates, to_grid
from edge_worker.mood.vitals_features import (
    BASELINE_S,
    FEATURE_NAMES,
    STEP_S,
    WINDOW_S,
    Rest,
    calm_baseline,
    features,
    rest_baseline,
    summarise,
)

LABELLED = (REST, *TASKS)


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Windows of several people, one per row."""

    person: NDArray[np.str_]
    task: NDArray[np.str_]
    middle: FloatArray
    """Middle of the window in the file's own seconds."""
    rows: FloatArray
    """Shape (windows, features)."""
    label: FloatArray
    """1 = activated, 0 = calm, NaN = the task says neither."""

    def __len__(self) -> int:
        return len(self.person)

    def where(self, chosen: NDArray[np.bool_]) -> Windows:
        """The windows of a mask."""
        return Windows(
            person=self.person[chosen],
            task=self.task[chosen],
            middle=self.middle[chosen],
            rows=self.rows[chosen],
            label=self.label[chosen],
        )


_NO_WINDOWS = Windows(
    person=np.empty(0, dtype=np.str_),
    task=np.empty(0, dtype=np.str_),
    middle=np.empty(0),
    rows=np.empty((0, len(FEATURE_NAMES))),
    label=np.empty(0),
)


def join(tables: Sequence[Windows]) -> Windows:
    """One table of several."""
    if not tables:
        tables = [_NO_WINDOWS]
    return Windows(
        person=np.concatenate([t.person for t in tables]),
        task=np.concatenate([t.task for t in tables]),
        middle=np.concatenate([t.middle for t in tables]),
        rows=np.concatenate([t.rows for t in tables]),
        label=np.concatenate([t.label for t in tables]),
    )


def task_label(task: str, stroop: bool | None) -> float:
    """Calm: rest and the relaxing video. Activated: writing, Stroop, presentation."""
    if task == REST:
        return 0.0
    if task == STRESS_TASK:
        return np.nan if stroop is None else float(stroop)
    return 1.0 if task in TASKS else np.nan


def whole(recording: Recording) -> Rates:
    """The whole recording on the grid."""
    return to_grid(recording.times, recording.heart, recording.breathing)


def first_rest(recording: Recording) -> Rest | None:
    """The baseline: the first BASELINE_S seconds of the resting task, None where not measured."""
    if REST not in recording.tasks:
        return None
    begin, end = recording.tasks[REST]
    return rest_baseline(_span(whole(recording), begin, min(begin + BASELINE_S, end + 1.0)))


def windows_of(
    recording: Recording,
    *,
    rest: Rest | None = None,
    baseline: tuple[float, float] | None = None,
    step_s: float = STEP_S,
) -> Windows:
    """Every window of every named task that lies outside the baseline.

    Windows start at the beginning of a task (for the task that holds the baseline: after it)
    and follow each other by `step_s`; none reaches over the end of its task, and the context of
    a window stays inside the task as well.
    rest, baseline: the baseline and the seconds it covers, by default those of `first_rest`.
    """
    if rest is None or baseline is None:
        rest, baseline = first_rest(recording), _first_rest_span(recording)
    person: list[str] = []
    task_names: list[str] = []
    middles: list[float] = []
    rows: list[FloatArray] = []
    grid = whole(recording)
    for task, (begin, end) in recording.tasks.items():
        for first, last in _outside(begin, end + 1.0, baseline):
            part = _span(grid, first, last)
            for stop in range(round(WINDOW_S / GRID_S), len(part) + 1, round(step_s / GRID_S)):
                row = None if rest is None else features(part, stop, rest)
                if row is not None:
                    person.append(recording.person)
                    task_names.append(task)
                    middles.append(part.start + stop * GRID_S - WINDOW_S / 2)
                    rows.append(row)
    labels = {task: task_label(task, recording.stroop) for task in recording.tasks}
    return Windows(
        person=np.array(person, dtype=np.str_),
        task=np.array(task_names, dtype=np.str_),
        middle=np.array(middles, dtype=np.float64),
        rows=np.array(rows, dtype=np.float64).reshape(len(rows), len(FEATURE_NAMES)),
        label=np.array([labels[task] for task in task_names], dtype=np.float64),
    )


def judged_windows(recordings: Iterable[Recording]) -> Windows:
    """The windows that a model is judged on, each against the first two minutes of rest."""
    tables = [windows_of(recording) for recording in recordings]
    return join([table for table in tables if len(table)])


def calm_windows(recordings: Iterable[Recording]) -> Windows:
    """The same windows, each against the calm minutes of the person's long desk work.

    That work has no label, so no minute of the baseline is ever judged.
    """
    tables = [_against_calm(recording) for recording in recordings]
    return join([table for table in tables if len(table)])


def training_windows(recordings: Iterable[Recording]) -> Windows:
    """As `judged_windows`, plus the same tasks against another part of the person's rest.

    Which two minutes somebody happens to rest is chance: seeing each task against two of them,
    and more of the rest as calm, is worth about as much as a third more people.
    """
    tables = []
    for whole_visit in recordings:
        recording = _labelled_part(whole_visit)
        tables.append(windows_of(recording))
        span = _last_rest_span(recording)
        if span is not None:
            rest = rest_baseline(_span(whole(recording), *span))
            if rest is not None:
                tables.append(windows_of(recording, rest=rest, baseline=span))
    return join([table for table in tables if len(table)])


def _labelled_part(recording: Recording) -> Recording:
    """Without the long desk work: it has no label, and takes nine tenths of the time."""
    return replace(
        recording, tasks={t: span for t, span in recording.tasks.items() if t in LABELLED}
    )


def _against_calm(recording: Recording) -> Windows:
    if DESK_WORK not in recording.tasks:
        return _NO_WINDOWS
    begin, end = recording.tasks[DESK_WORK]
    grid, length = _span(whole(recording), begin, end + 1.0), round(WINDOW_S / GRID_S)
    summaries = (
        summarise(grid.part(first, first + length))
        for first in range(0, len(grid) - length + 1, length)
    )
    rest = calm_baseline([summary for summary in summaries if summary is not None])
    if rest is None:
        return _NO_WINDOWS
    return windows_of(_labelled_part(recording), rest=rest, baseline=_first_rest_span(recording))


def _first_rest_span(recording: Recording) -> tuple[float, float]:
    begin, _ = recording.tasks.get(REST, (0.0, 0.0))
    return begin, begin + BASELINE_S


def _last_rest_span(recording: Recording) -> tuple[float, float] | None:
    """The end of the rest, as long as it leaves a minute before it."""
    if REST not in recording.tasks:
        return None
    begin, end = recording.tasks[REST]
    length = min(BASELINE_S, end + 1.0 - begin - WINDOW_S)
    return None if length < WINDOW_S else (end + 1.0 - length, end + 1.0)


def _outside(begin: float, end: float, hole: tuple[float, float]) -> list[tuple[float, float]]:
    """The parts of [begin, end) that the hole leaves."""
    if hole[1] <= begin or hole[0] >= end:
        return [(begin, end)]
    parts = [(begin, hole[0]), (hole[1], end)]
    return [(first, last) for first, last in parts if last > first]


def _span(grid: Rates, begin: float, end: float) -> Rates:
    """The bins whose left edge lies in [begin, end)."""
    first = int(np.ceil((begin - grid.start) / GRID_S - 1e-6))
    last = int(np.ceil((end - grid.start) / GRID_S - 1e-6))
    return grid.part(first, last)
