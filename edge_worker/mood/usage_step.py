"""The step `usage_tree`: a person's app use → weak evidence of better or worse than usual."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from edge_worker.catalogue.ports import AppUsage, Port, Valence
from edge_worker.catalogue.tool import Output, ToolContext
from edge_worker.messages import ReadingState
from edge_worker.mood.model_files import CalibratedForest, shipped_usage_tree, sigmoid
from edge_worker.mood.personal import Personal, personal_of
from edge_worker.mood.settings import parse_usage
from edge_worker.mood.store import DAY_S, MoodStore
from edge_worker.mood.usage_features import (
    MIN_PAST_DAYS,
    PAST_DAYS,
    against_past,
    day_levels,
    most_unusual,
)


class UsageStep:
    """Adds every window to its hours, and judges the last 24 hours against earlier days."""

    def __init__(self, context: ToolContext, model: CalibratedForest | None = None) -> None:
        self._settings = parse_usage(context.settings)
        self._model = shipped_usage_tree() if model is None else model
        self._store = MoodStore(context.data_dir)
        self._person = None if context.person is None else context.person.id
        self._last_sent = -math.inf
        self._last_cleaned = -math.inf
        self._seen_share = 0.0

    def update(self, port: str, value: Any) -> Iterable[Output]:
        """Take one `AppUsage` of this person; another person's is not looked at."""
        if port != Port.APP_USAGE or not isinstance(value, AppUsage):
            return []
        if value.person == self._person and value.state is ReadingState.OK:
            self._store.add_usage(value.person, value.t0, value.t1, value.seconds)
            hidden = min(1.0, max(0.0, value.unknown_share + value.hidden_share))
            self._seen_share = 1.0 - hidden
        return []

    def tick(self, now: float) -> Iterable[Output]:
        """Give the evidence every `every_s` seconds."""
        if now - self._last_sent < self._settings.every_s:
            return []
        self._last_sent = now
        if now - self._last_cleaned > DAY_S:
            self._last_cleaned = now
            self._store.forget_old_usage(now)
        return [(Port.VALENCE, self._judge(now))]

    def _judge(self, now: float) -> Valence:
        if self._person is None:
            return _unknown(now, ReadingState.NO_EVIDENCE, "no person is set")
        today, *earlier = self._store.usage_days(self._person, now, PAST_DAYS + 1)
        if today is None:
            return _unknown(now, ReadingState.NO_EVIDENCE, "no app use was seen in 24 hours")
        past = [day_levels(day) for day in earlier if day is not None]
        row = against_past(day_levels(today), past)
        if row is None:
            reason = f"needs {MIN_PAST_DAYS} earlier days to compare with, has {len(past)}"
            return _unknown(now, ReadingState.WARMING_UP, reason)
        personal = personal_of(self._store, self._person, Personal())
        log_odds = personal.usage_log_odds(self._model, row)
        return Valence(
            t=now,
            state=ReadingState.OK,
            log_odds=log_odds,
            quality=self._seen_share,
            explanation={
                "probability": round(sigmoid(log_odds), 3),
                "cap": personal.usage_cap,
                "weight": round(self._model.slope, 3),
                "words": most_unusual(row) or "app use as on other days",
                "weak": True,
            },
        )


def _unknown(now: float, state: ReadingState, reason: str) -> Valence:
    return Valence(t=now, state=state, explanation={"reason": reason, "weak": True})
