"""Asks the language model in a thread of its own: a step must answer within milliseconds."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

from edge_worker.messages import Mood, ReadingState
from edge_worker.mood.fusion import Judgement
from edge_worker.mood.judge import UNKNOWN, Complete, LanguageJudgement, ask

ASK_EVERY_S = 60.0


class SecondOpinion:
    """Keeps the model's latest answer, and only for the judgement it was asked about."""

    def __init__(self, complete: Complete) -> None:
        self._complete = complete
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mood-language")
        self._asked: object = None
        self._asked_at = float("-inf")
        self._pending: Future[LanguageJudgement] | None = None
        self._answer: LanguageJudgement | None = None

    def about(self, judgement: Judgement, now: float) -> LanguageJudgement | None:
        """The answer on a judgement of this kind, None while there is none; asks when due."""
        if self._pending is not None and self._pending.done():
            self._answer, self._pending = self._pending.result(), None
        kind = (judgement.mood, judgement.state, judgement.reason)
        due = kind != self._asked or now - self._asked_at >= ASK_EVERY_S
        if due and self._pending is None:
            if kind != self._asked:
                self._answer = None
            self._asked, self._asked_at = kind, now
            self._pending = self._executor.submit(ask, judgement, self._complete)
        return self._answer if kind == self._asked else None


def adopt(judgement: Judgement, said: LanguageJudgement | None) -> Judgement:
    """The judgement with the model's label; without a valid one the fusion's stands.

    The probability is that of the evidence and stays the fusion's: a model's own is no measurement.
    """
    if said is None or said.label is None:
        return judgement
    if said.label == UNKNOWN:
        return replace(
            judgement,
            mood=None,
            state=ReadingState.NO_EVIDENCE,
            reason=said.words or "the language model finds the evidence too weak",
            confidence=0.0,
        )
    mood = Mood(said.label)
    return replace(judgement, mood=mood, state=ReadingState.OK, reason="")
