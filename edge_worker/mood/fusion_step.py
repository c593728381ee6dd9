"""The step `mood_fusion`: activation, valence and check-ins of a person → mood."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import numpy as np

from edge_worker.catalogue.ports import Activation, MoodEstimate, Port, Valence
from edge_worker.catalogue.tool import Output, ToolContext
from edge_worker.messages import ReadingState
from edge_worker.mood.fusion import (
    CHECK_IN_FRESH_S,
    HISTORY_CAP,
    STALE_S,
    Evidence,
    EvidenceKind,
    Judgement,
    check_in_evidence,
    explain,
    fuse,
)
from edge_worker.mood.history import MIN_REPORTS, habit
from edge_worker.mood.judge import Complete, openai_complete, record
from edge_worker.mood.model_files import HistoryModel, shipped_history_model
from edge_worker.mood.personal import Personal, personal_of, refit_person
from edge_worker.mood.second_opinion import SecondOpinion, adopt
from edge_worker.mood.settings import LanguageModelSettings, parse_fusion
from edge_worker.mood.store import CheckIn, MoodStore, daily_reports, local_day

_LOGGER = logging.getLogger(__name__)

SCALE_MIDDLE = 3.0
REFIT_EVERY_S = 20 * 3600.0


class FusionStep:
    """Holds the newest evidence of each kind and judges it once a second."""

    def __init__(
        self,
        context: ToolContext,
        model: HistoryModel | None = None,
        complete: Complete | None = None,
    ) -> None:
        self._settings = parse_fusion(context.settings)
        self._second = _second_opinion(self._settings.language_model, complete)
        self._model = shipped_history_model() if model is None else model
        self._store = MoodStore(context.data_dir)
        self._person = None if context.person is None else context.person.id
        self._activation: Activation | None = None
        self._valence: Valence | None = None
        self._last_sent = -math.inf
        self._last_key: object = None
        self._last_refit = -math.inf

    def update(self, port: str, value: Any) -> Iterable[Output]:
        """Keep the newest activation and valence; the judgement follows with the next tick."""
        if port == Port.ACTIVATION and isinstance(value, Activation):
            self._activation = value
        elif port == Port.VALENCE and isinstance(value, Valence):
            self._valence = value
        return []

    def tick(self, now: float) -> Iterable[Output]:
        """Judge; publish when the judgement or a check-in is new, else every `every_s`."""
        check_ins = [] if self._person is None else self._store.check_ins(self._person)
        pieces, notes = self._valence_pieces(check_ins, now)
        reason, state = self._activation_problem(now)
        personal = self._personal()
        judgement = fuse(
            self._vitals_piece(now),
            pieces,
            usage_cap=personal.usage_cap,
            reason=reason,
            state=state,
        )
        said = None if self._second is None else self._second.about(judgement, now)
        explanation = explain(judgement) | record(judgement, said) | notes
        language_model = self._settings.language_model
        if language_model is not None and language_model.decides and said is not None:
            judgement = adopt(judgement, said)
            if said.label is not None:
                explanation |= {"judged_by": "language_model", "reason": judgement.reason}
        self._refit_at_night(now)
        newest = check_ins[-1].time if check_ins else None
        key = (judgement.mood, judgement.state, judgement.reason, judgement.stressed, newest, said)
        if key == self._last_key and now - self._last_sent < self._settings.every_s:
            return []
        self._last_key, self._last_sent = key, now
        return [(Port.MOOD, _estimate(judgement, now, explanation))]

    # --- Evidence ----------------------------------------------------------------------

    def _vitals_piece(self, now: float) -> Evidence | None:
        value = self._activation
        if value is None or value.log_odds is None or value.state is not ReadingState.OK:
            return None
        return Evidence(
            kind=EvidenceKind.VITALS,
            log_odds=value.log_odds,
            age_s=max(0.0, now - value.t),
            quality=value.quality,
            words=str(value.explanation.get("words", "")),
        )

    def _activation_problem(self, now: float) -> tuple[str, ReadingState]:
        """Why activation is missing, as its own step says."""
        value = self._activation
        if value is None or now - value.t > STALE_S:
            return "no heart and breathing arrive", ReadingState.NO_EVIDENCE
        if value.state is ReadingState.OK:
            return "", ReadingState.NO_EVIDENCE
        reason = str(value.explanation.get("reason", "heart and breathing are not known"))
        return reason, value.state

    def _valence_pieces(
        self, check_ins: list[CheckIn], now: float
    ) -> tuple[list[Evidence], dict[str, Any]]:
        """Check-in or history, and usage; with what is worth telling about them."""
        pieces: list[Evidence] = []
        reports = daily_reports(check_ins)
        own = habit(reports, local_day(now))
        notes: dict[str, Any] = {
            "check_in_days": len(reports),
            "check_in_days_needed": MIN_REPORTS,
        }
        if own is not None:
            notes["usual"] = round(own.mean, 2)
            notes["expected_today"] = round(self._model.level(own), 2)
            history = self._personal().log_odds(self._model.log_odds(own.row))
            pieces.append(
                Evidence(
                    kind=EvidenceKind.HISTORY,
                    log_odds=max(-HISTORY_CAP, min(HISTORY_CAP, history)),
                    words=f"{len(reports)} days with a check-in",
                )
            )
        fresh = self._fresh_check_in(check_ins, now)
        if fresh is not None:
            pieces.append(fresh)
        usage = self._valence
        if usage is not None and usage.log_odds is not None and usage.state is ReadingState.OK:
            pieces.append(
                Evidence(
                    kind=EvidenceKind.USAGE,
                    log_odds=usage.log_odds * min(1.0, max(0.0, usage.quality)),
                    age_s=max(0.0, now - usage.t),
                    words=str(usage.explanation.get("words", "")),
                )
            )
        elif usage is not None:
            notes["app_use"] = str(usage.explanation.get("reason", ""))
        return pieces, notes

    def _fresh_check_in(self, check_ins: list[CheckIn], now: float) -> Evidence | None:
        if not check_ins or now - check_ins[-1].time > CHECK_IN_FRESH_S:
            return None
        newest = check_ins[-1]
        # Before there is a habit, "usual" is the middle of the scale.
        before = [report.mood for report in daily_reports(check_ins[:-1])]
        known = len(before) >= MIN_REPORTS
        return check_in_evidence(
            newest.value,
            usual=float(np.mean(before)) if known else SCALE_MIDDLE,
            spread=float(np.std(before)) if known else 0.0,
            age_s=max(0.0, now - newest.time),
        )

    # --- Own parameters ----------------------------------------------------------------

    def _personal(self) -> Personal:
        if self._person is None:
            return Personal()
        return personal_of(self._store, self._person, Personal())

    def _refit_at_night(self, now: float) -> None:
        hour = datetime.fromtimestamp(now).hour
        if self._person is None or hour != self._settings.night_hour:
            return
        if now - self._last_refit < REFIT_EVERY_S:
            return
        self._last_refit = now
        result = refit_person(self._store, self._person, now)
        _LOGGER.info("Own parameters: %s", result.reason)


def _second_opinion(
    settings: LanguageModelSettings | None, complete: Complete | None
) -> SecondOpinion | None:
    if settings is None:
        return None
    if complete is None:
        complete = openai_complete(
            settings.base_url,
            settings.model,
            settings.api_key.get_secret_value(),
            timeout_s=settings.timeout_s,
        )
    return SecondOpinion(complete)


def _estimate(judgement: Judgement, now: float, explanation: dict[str, Any]) -> MoodEstimate:
    return MoodEstimate(
        t=now,
        state=judgement.state,
        mood=judgement.mood,
        confidence=round(judgement.confidence, 3),
        stressed=judgement.stressed,
        stress_probability=judgement.stress_probability,
        explanation=explanation,
    )
