"""The step `activation_forest`: vitals of a person → calm or activated, against their rest."""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from edge_worker.catalogue.ports import Activation, Port, Vitals
from edge_worker.catalogue.tool import Output, ToolContext
from edge_worker.messages import Event, EventKind, ReadingState
from edge_worker.mood.model_files import logit, shipped_activation_forest, sigmoid
from edge_worker.mood.rates import GRID_S, FloatArray, Rates, RateSample, samples_to_grid
from edge_worker.mood.settings import parse_activation
from edge_worker.mood.store import DAY_S, MoodStore
from edge_worker.mood.vitals_features import (
    CONTEXT_S,
    FEATURE_NAMES,
    Rest,
    features,
    rest_baseline,
)

_LOGGER = logging.getLogger(__name__)

EVERY_S = 2.0
# A lost value or two must not open a gap; replays arrive in bursts, hence the scaled part.
HOLD_S = 6.0
HOLD_WALL_S = 1.5
REQUEST_LAPSES_S = 600.0
# With fewer windows the median of the rest is the word of a single minute.
MIN_REST_WINDOWS = 2
REST_REPEAT_S = 30 * DAY_S
EVIDENCE_BOUND = 3.0
_JUMP_BACK_S = 5.0


@dataclass(frozen=True, kw_only=True)
class _Sample:
    rates: RateSample
    quality: float
    state: ReadingState


class Evidence(Protocol):
    """A model of activation: the shipped forest, or a network trained later."""

    def log_odds(self, row: FloatArray) -> float:
        """Of activated at an even prior; row: shape (len(FEATURE_NAMES),)."""


class ActivationStep:
    """Keeps the last minutes of vitals and the person's rest; judges every two seconds."""

    def __init__(self, context: ToolContext, model: Evidence | None = None) -> None:
        self._settings = parse_activation(context.settings)
        self._model: Evidence = shipped_activation_forest() if model is None else model
        self._store = MoodStore(context.data_dir)
        self._person = None if context.person is None else context.person.id
        self._announce = context.announce
        self._hold_s = max(HOLD_S, HOLD_WALL_S * self._settings.time_scale)
        self._keep_s = max(CONTEXT_S, self._settings.window_s) + self._hold_s
        self._origin: float | None = None
        self._last_t = -math.inf
        self._last_sent = -math.inf
        self._last_state: ReadingState | None = None
        self._samples: deque[_Sample] = deque()
        self._resting: list[RateSample] | None = None
        self._rest: Rest | None = None
        self._rest_time = -math.inf
        self._read_rest()

    def update(self, port: str, value: Any) -> Iterable[Output]:
        """Take one `Vitals`; gives an `Activation` about every two seconds."""
        if port != Port.VITALS or not isinstance(value, Vitals) or not math.isfinite(value.t):
            return []
        sample = self._sample(value)
        self._samples.append(sample)
        while sample.rates.t - self._samples[0].rates.t > self._keep_s:
            self._samples.popleft()
        if self._resting is not None:
            self._collect_rest(sample.rates, value.t)
        if value.t - self._last_sent < EVERY_S and sample.state is self._last_state:
            return []
        self._last_sent, self._last_state = value.t, sample.state
        return [(Port.ACTIVATION, self._judge(value))]

    def tick(self, now: float) -> Iterable[Output]:
        """Notice a request for a rest, and let one lapse that nothing was measured for."""
        if self._person is None:
            return []
        requested = self._store.rest_request(self._person)
        if requested is None:
            self._resting = None
        elif now - requested > REQUEST_LAPSES_S + self._settings.baseline_s:
            self._end_rest(None, now, "nothing was measured")
        elif self._resting is None:
            self._resting = []
        return []

    # --- Time --------------------------------------------------------------------------

    def _sample(self, value: Vitals) -> _Sample:
        """The value in seconds of its own stream; a clock that jumps starts anew."""
        longest = self._keep_s / self._settings.time_scale
        if self._origin is None or not -_JUMP_BACK_S <= value.t - self._last_t <= longest:
            self._origin = value.t
            self._samples.clear()
            self._last_sent = -math.inf
            self._resting = None if self._resting is None else []
        self._last_t = value.t
        measured = value.state is ReadingState.OK and not value.motion
        return _Sample(
            rates=RateSample(
                t=(value.t - self._origin) * self._settings.time_scale,
                heart=value.heart_rate if measured else None,
                breathing=value.breathing_rate if measured else None,
            ),
            quality=value.breathing_quality if math.isfinite(value.breathing_quality) else 0.0,
            state=ReadingState.MOTION if value.motion else value.state,
        )

    # --- Rest --------------------------------------------------------------------------

    def _collect_rest(self, sample: RateSample, now: float) -> None:
        assert self._resting is not None
        self._resting.append(sample)
        if sample.t - self._resting[0].t < self._settings.baseline_s:
            return
        rest = rest_baseline(samples_to_grid(self._resting, hold_s=self._hold_s))
        if rest is None or rest.windows < MIN_REST_WINDOWS:
            self._end_rest(None, now, "breathing was not measured well enough; try again")
        else:
            self._end_rest(rest, now, "")

    def _end_rest(self, rest: Rest | None, now: float, reason: str) -> None:
        assert self._person is not None
        self._resting = None
        self._store.end_rest_request(self._person)
        data: dict[str, Any] = {"ok": rest is not None, "reason": reason}
        if rest is not None:
            self._store.add_rest(self._person, now, rest)
            self._read_rest()
            data |= {
                "heart_rate": _rounded(rest.heart_rate),
                "breathing_rate": _rounded(rest.breathing_rate),
                "windows": rest.windows,
            }
        _LOGGER.info("Resting baseline %s", "stored" if rest is not None else "failed")
        self._announce(
            Event(
                kind=EventKind.CALIBRATION_FINISHED,
                subject=f"person.{self._person}",
                time=now,
                data=data,
            )
        )

    def _read_rest(self) -> None:
        found = None if self._person is None else self._store.rest(self._person)
        self._rest, self._rest_time = (None, -math.inf) if found is None else found

    # --- Judgement ---------------------------------------------------------------------

    def _judge(self, value: Vitals) -> Activation:
        if self._person is None or self._rest is None:
            return self._unknown(value, *self._without_rest())
        grid = samples_to_grid((s.rates for s in self._samples), hold_s=self._hold_s)
        row = features(grid, len(grid), self._rest, window_s=self._settings.window_s)
        if row is None:
            state = self._samples[-1].state
            if state is ReadingState.OK:
                state = ReadingState.WARMING_UP
            return self._unknown(value, state, "not enough of the last minute was measured")
        log_odds = self._bounded(row) + logit(self._settings.home_prior)
        return Activation(
            t=value.t,
            state=ReadingState.OK,
            log_odds=log_odds,
            quality=self._quality(),
            explanation=self._explain(row, grid, log_odds, value.t),
        )

    def _without_rest(self) -> tuple[ReadingState, str]:
        if self._person is None:
            return ReadingState.NO_BASELINE, "no person is set, so there is no rest to compare with"
        if self._resting is not None:
            return ReadingState.WARMING_UP, "the rest is being measured"
        return ReadingState.NO_BASELINE, "no resting baseline yet: start the calibration"

    def _unknown(self, value: Vitals, state: ReadingState, reason: str) -> Activation:
        return Activation(t=value.t, state=state, explanation={"reason": reason})

    def _bounded(self, row: FloatArray) -> float:
        return max(-EVIDENCE_BOUND, min(EVIDENCE_BOUND, self._model.log_odds(row)))

    def _quality(self) -> float:
        """Mean breathing quality of the window's measured values."""
        newest = self._samples[-1].rates.t
        inside = [
            s.quality
            for s in self._samples
            if s.rates.breathing is not None and newest - s.rates.t <= self._settings.window_s
        ]
        return sum(inside) / len(inside) if inside else 0.0

    def _explain(self, row: FloatArray, grid: Rates, log_odds: float, now: float) -> dict[str, Any]:
        assert self._rest is not None
        window = grid.part(len(grid) - round(self._settings.window_s / GRID_S), len(grid))
        details: dict[str, Any] = {
            "probability": round(sigmoid(log_odds), 3),
            "baseline": str(self._rest.kind),
            "breathing_rate": _rounded(_mean(window.breathing)),
            "breathing_rate_at_rest": _rounded(self._rest.breathing_rate),
            "heart_rate": _rounded(_mean(window.heart)),
            "heart_rate_at_rest": _rounded(self._rest.heart_rate),
            "breathing_pushed": round(self._push(row, "breathing"), 2),
            "heart_pushed": round(self._push(row, "heart"), 2),
        }
        details["words"] = "; ".join(
            _compared(name, details[f"{name}_rate"], details[f"{name}_rate_at_rest"])
            for name in ("breathing", "heart")
        )
        if now - self._rest_time > REST_REPEAT_S:
            details["advice"] = "the resting baseline is older than 30 days: measure it again"
        return details

    def _push(self, row: FloatArray, group: str) -> float:
        """How much this group moved the log-odds, compared with the group as at rest."""
        at_rest = np.where(_COLUMNS[group], 0.0, row)
        return self._bounded(row) - self._bounded(at_rest)


_COLUMNS = {
    group: np.array([name.startswith(f"context_{group}_") for name in FEATURE_NAMES])
    for group in ("breathing", "heart")
}


def _mean(values: FloatArray) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None


def _compared(name: str, rate: float | None, rest: float | None) -> str:
    if rate is None or rest is None:
        return f"{name} not measured"
    difference = rate - rest
    if abs(difference) < 1:
        return f"{name} {rate:.0f}/min, as at rest"
    side = "above" if difference > 0 else "below"
    return f"{name} {rate:.0f}/min, {abs(difference):.0f} {side} rest"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
