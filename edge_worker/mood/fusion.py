"""Joining activation and valence to a place on the circumplex of affect, or to "unknown".

Pure functions over log-odds. What holds whatever arrives (tested):
usage never enters activation; usage alone never decides valence; the usage evidence may turn
a label into "unknown" but never into its opposite; nothing is decided from nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from edge_worker.messages import Mood, ReadingState
from edge_worker.mood.model_files import sigmoid

# Usage of an unknown person says nearly nothing (per-person AUC near a half): p 0.40 to 0.60.
USAGE_CAP = 0.4
# Where somebody's own forward-in-time check-ins prove it, at most p 0.31 to 0.69.
USAGE_CAP_PROVEN = 0.8
HISTORY_CAP = 0.9
CHECK_IN_LOG_ODDS = 2.0
# An answer "as usual" speaks against both sides: p(above usual) = p(below usual) = 0.25.
AS_USUAL_SIDE = 0.25
CHECK_IN_FRESH_S = 4 * 3600.0
STALE_S = 300.0

ACTIVATION_DECIDED = math.log(0.60 / 0.40)
VALENCE_DECIDED = 0.85
JOINT_NEEDED = 0.45
NEUTRAL_ACTIVATION = 0.85
STRESSED_FROM = 0.55
NOT_STRESSED_TO = 0.25
# Vitals of this quality count fully; below, the evidence shrinks in proportion.
FULL_QUALITY = 0.5
# The target's own cut: within this many own spreads of the own mean is "as usual".
AS_USUAL_SPREADS = 0.43

_QUADRANTS = {
    (True, True): Mood.EXCITED,
    (True, False): Mood.STRESSED,
    (False, True): Mood.CONTENT,
    (False, False): Mood.DOWN,
}


class EvidenceKind(StrEnum):
    """Where a piece of evidence comes from."""

    VITALS = "vitals"
    CHECK_IN = "check_in"
    HISTORY = "history"
    USAGE = "usage"


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One piece of evidence; positive = activated, respectively better than usual."""

    kind: EvidenceKind
    log_odds: float
    age_s: float = 0.0
    quality: float = 1.0
    words: str = ""
    as_usual: bool = False
    """A check-in that said "as usual"."""


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """The fused result and how it came about."""

    mood: Mood | None
    state: ReadingState
    reason: str
    """Why there is no label, "" when there is one."""
    confidence: float
    activated: float | None
    """Probability of activated, None when not known."""
    better: float | None
    """Probability of better than usual, None when not known."""
    stressed: bool | None
    stress_probability: float | None
    degraded: bool
    used: tuple[tuple[Evidence, float], ...]
    """Evidence that counted, with the log-odds it counted for."""


def fuse(
    activation: Evidence | None,
    valence: Sequence[Evidence],
    *,
    usage_cap: float = USAGE_CAP,
    reason: str = "",
    state: ReadingState = ReadingState.NO_EVIDENCE,
) -> Judgement:
    """Judge the mood from what is known now.

    activation: from vitals only; any other kind counts as missing.
    valence: at most one piece of each kind counts; a fresh check-in replaces the history.
    reason, state: why activation is missing, as the activation step told it.
    """
    used: list[tuple[Evidence, float]] = []
    a = _activation_log_odds(activation)
    if a is not None and activation is not None:
        used.append((activation, a))
    counted = _valence_evidence(valence, usage_cap)
    used += counted
    v = sum(amount for _, amount in counted) if counted else None
    as_usual = any(item.as_usual for item, _ in counted)
    activated = None if a is None else sigmoid(a)
    better = None if v is None else _better(v, as_usual=as_usual)
    worse = None if better is None else (_better(-(v or 0.0), as_usual=as_usual))
    stress = None if activated is None else activated * (0.5 if better is None else 1 - better)
    mood, confidence, why = _label(a, v, activated, better, worse, as_usual=as_usual)
    if a is None and reason and mood is None:
        why = reason
    return Judgement(
        mood=mood,
        state=_state(mood, a, state),
        reason=why,
        confidence=confidence,
        activated=activated,
        better=better,
        stressed=_stressed(stress),
        stress_probability=stress,
        degraded=a is None or v is None,
        used=tuple(used),
    )


def check_in_evidence(value: float, usual: float, spread: float, age_s: float) -> Evidence | None:
    """What a fresh answer says; None once it is too old.

    value, usual, spread: the answer, and the level and spread it is compared with, all on the
    check-in's own scale. Within AS_USUAL_SPREADS of the usual it means "as usual".
    """
    if not 0 <= age_s <= CHECK_IN_FRESH_S or not all(map(math.isfinite, (value, usual, spread))):
        return None
    distance = value - usual
    if abs(distance) <= AS_USUAL_SPREADS * max(spread, 0.0):
        return Evidence(
            kind=EvidenceKind.CHECK_IN,
            log_odds=0.0,
            age_s=age_s,
            as_usual=True,
            words=f"{_ago(age_s)}, as usual",
        )
    side = "better" if distance > 0 else "worse"
    return Evidence(
        kind=EvidenceKind.CHECK_IN,
        log_odds=math.copysign(CHECK_IN_LOG_ODDS, distance),
        age_s=age_s,
        words=f"{_ago(age_s)}, {side} than usual",
    )


def explain(judgement: Judgement) -> dict[str, Any]:
    """The judgement in words and numbers, plain JSON types."""
    evidence = [_piece(item, amount) for item, amount in judgement.used]
    return {
        "words": _sentence(judgement),
        "reason": judgement.reason,
        "degraded": judgement.degraded,
        "activated": _rounded(judgement.activated),
        "better_than_usual": _rounded(judgement.better),
        "evidence": evidence,
        "judged_by": "fusion",
    }


# --- The rule --------------------------------------------------------------------------


def _state(mood: Mood | None, a: float | None, state: ReadingState) -> ReadingState:
    if mood is not None:
        return ReadingState.OK
    return state if a is None else ReadingState.NO_EVIDENCE


def _activation_log_odds(evidence: Evidence | None) -> float | None:
    if (
        evidence is None
        or evidence.kind is not EvidenceKind.VITALS
        or not 0 <= evidence.age_s <= STALE_S
        or not math.isfinite(evidence.log_odds)
        or not evidence.quality > 0
    ):
        return None
    return evidence.log_odds * min(1.0, evidence.quality / FULL_QUALITY)


def _valence_evidence(pieces: Sequence[Evidence], usage_cap: float) -> list[tuple[Evidence, float]]:
    """What counts, each kind within its own bound."""
    bounds = {
        EvidenceKind.CHECK_IN: CHECK_IN_LOG_ODDS,
        EvidenceKind.HISTORY: HISTORY_CAP,
        # A cap from elsewhere can be lowered to nothing but never raised above what is proven.
        EvidenceKind.USAGE: min(max(usage_cap, 0.0), USAGE_CAP_PROVEN),
    }
    known = {
        item.kind: item
        for item in pieces
        if item.kind in bounds
        and math.isfinite(item.log_odds)
        and 0 <= item.age_s <= (STALE_S if item.kind is EvidenceKind.USAGE else CHECK_IN_FRESH_S)
    }
    if EvidenceKind.CHECK_IN in known:
        known.pop(EvidenceKind.HISTORY, None)
    return [
        (item, max(-bounds[kind], min(bounds[kind], item.log_odds))) for kind, item in known.items()
    ]


def _better(log_odds: float, *, as_usual: bool) -> float:
    """Probability of one side; an answer "as usual" takes half of it away."""
    return sigmoid(log_odds) * (2 * AS_USUAL_SIDE if as_usual else 1.0)


def _label(
    a: float | None,
    v: float | None,
    activated: float | None,
    better: float | None,
    worse: float | None,
    *,
    as_usual: bool,
) -> tuple[Mood | None, float, str]:
    """Label, its probability, and the reason when there is none."""
    if a is None or activated is None:
        return None, 0.0, "heart and breathing are not known"
    if v is None or better is None or worse is None:
        return None, 0.0, "nothing is known about better or worse than usual; check in to tell"
    if as_usual:
        if a < NEUTRAL_ACTIVATION:
            return Mood.NEUTRAL, 1 - better - worse, ""
        return None, 0.0, "activated, but feeling as usual"
    if abs(v) < VALENCE_DECIDED:
        return None, 0.0, "the evidence for better or worse than usual is weak; check in to tell"
    if abs(a) < ACTIVATION_DECIDED:
        return None, 0.0, "between calm and activated"
    side = (activated if a > 0 else 1 - activated) * (better if v > 0 else worse)
    if side < JOINT_NEEDED:
        return None, 0.0, "the evidence is weak"
    return _QUADRANTS[a > 0, v > 0], side, ""


def _stressed(probability: float | None) -> bool | None:
    if probability is None or NOT_STRESSED_TO < probability < STRESSED_FROM:
        return None
    return probability >= STRESSED_FROM


# --- Words -----------------------------------------------------------------------------

_SOURCE_WORDS: Mapping[EvidenceKind, str] = {
    EvidenceKind.VITALS: "heart and breathing",
    EvidenceKind.CHECK_IN: "check-in",
    EvidenceKind.HISTORY: "earlier check-ins",
    EvidenceKind.USAGE: "app use (weak)",
}


def _piece(item: Evidence, amount: float) -> dict[str, Any]:
    positive, negative = (
        ("activated", "calm") if item.kind is EvidenceKind.VITALS else ("better", "worse")
    )
    direction = "as usual" if abs(amount) < 0.05 else positive if amount > 0 else negative
    return {
        "from": str(item.kind),
        "log_odds": round(amount, 3),
        "towards": direction,
        "words": item.words,
    }


def _sentence(judgement: Judgement) -> str:
    if judgement.mood is None:
        head = f"Unknown: {judgement.reason}"
    else:
        head = f"{str(judgement.mood).capitalize()} ({judgement.confidence:.0%})"
    parts = [
        f"{_SOURCE_WORDS[item.kind]}: {item.words or _piece(item, amount)['towards']}"
        f" ({amount:+.2f})"
        for item, amount in judgement.used
    ]
    return f"{head}. {'; '.join(parts)}." if parts else f"{head}."


def _ago(age_s: float) -> str:
    minutes = round(age_s / 60)
    if minutes < 1:
        return "just now"
    return f"{minutes} min ago" if minutes < 90 else f"{round(minutes / 60)} h ago"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
