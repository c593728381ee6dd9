"""The guarantees of the fusion, on whatever arrives."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_worker.messages import Mood, ReadingState
from edge_worker.mood.fusion import (
    CHECK_IN_FRESH_S,
    STALE_S,
    USAGE_CAP_PROVEN,
    Evidence,
    EvidenceKind,
    check_in_evidence,
    explain,
    fuse,
)

numbers = st.floats(-50, 50) | st.sampled_from([float("nan"), float("inf"), float("-inf")])
ages = st.floats(-10, 20_000) | st.just(float("nan"))
qualities = st.floats(0, 1) | st.just(float("nan"))


def _evidence(kind: EvidenceKind) -> st.SearchStrategy[Evidence]:
    return st.builds(
        Evidence,
        kind=st.just(kind),
        log_odds=numbers,
        age_s=ages,
        quality=qualities,
        as_usual=st.booleans() if kind is EvidenceKind.CHECK_IN else st.just(False),
    )


vitals = st.none() | _evidence(EvidenceKind.VITALS)
check_ins = _evidence(EvidenceKind.CHECK_IN)
histories = _evidence(EvidenceKind.HISTORY)
usages = _evidence(EvidenceKind.USAGE)
others = st.lists(st.one_of(check_ins, histories), max_size=2)
caps = st.floats(-1, 100)

OPPOSITE = {
    Mood.EXCITED: {Mood.STRESSED, Mood.CONTENT, Mood.DOWN},
    Mood.STRESSED: {Mood.EXCITED, Mood.CONTENT, Mood.DOWN},
    Mood.CONTENT: {Mood.DOWN, Mood.EXCITED, Mood.STRESSED},
    Mood.DOWN: {Mood.CONTENT, Mood.EXCITED, Mood.STRESSED},
    Mood.NEUTRAL: {Mood.EXCITED, Mood.STRESSED, Mood.CONTENT, Mood.DOWN},
}


@given(vitals, others, usages, caps)
def test_usage_never_enters_activation(
    heart: Evidence | None, rest: list[Evidence], usage: Evidence, cap: float
) -> None:
    without, with_usage = fuse(heart, rest), fuse(heart, [*rest, usage], usage_cap=cap)
    assert without.activated == with_usage.activated
    assert fuse(usage, rest).activated is None


@given(vitals, usages, caps)
def test_usage_alone_never_decides_valence(
    heart: Evidence | None, usage: Evidence, cap: float
) -> None:
    assert fuse(heart, [usage], usage_cap=cap).mood is None


@given(vitals, others, usages, usages, caps)
def test_usage_never_turns_a_label_into_another(
    heart: Evidence | None, rest: list[Evidence], one: Evidence, other: Evidence, cap: float
) -> None:
    moods = [fuse(heart, rest).mood]
    moods += [fuse(heart, [*rest, usage], usage_cap=cap).mood for usage in (one, other)]
    labels = {mood for mood in moods if mood is not None}
    assert all(not OPPOSITE[mood] & labels for mood in labels)


@given(vitals, others, st.none() | usages)
def test_nothing_is_decided_from_nothing(
    heart: Evidence | None, rest: list[Evidence], usage: Evidence | None
) -> None:
    judgement = fuse(heart, [*rest, *([usage] if usage else [])])
    if judgement.activated is None or judgement.better is None:
        assert judgement.mood is None
        assert judgement.reason
        assert judgement.degraded
    if judgement.mood is not None:
        assert judgement.state is ReadingState.OK
        assert 0.45 <= judgement.confidence <= 1
    if judgement.stress_probability is not None:
        assert 0 <= judgement.stress_probability <= 1
    assert explain(judgement)["words"]


@given(st.floats(-5, 5), st.floats(-2, 2), st.floats(-1, 1))
def test_the_rule_is_symmetric(a: float, v: float, u: float) -> None:
    """Swapping activated with calm and better with worse swaps the labels."""
    mirrored = {
        Mood.EXCITED: Mood.DOWN,
        Mood.DOWN: Mood.EXCITED,
        Mood.STRESSED: Mood.CONTENT,
        Mood.CONTENT: Mood.STRESSED,
        None: None,
    }
    one = fuse(_vitals(a), [_check_in(v), _usage(u)])
    other = fuse(_vitals(-a), [_check_in(-v), _usage(-u)])
    assert other.mood == mirrored[one.mood]
    assert other.confidence == pytest.approx(one.confidence)


def _vitals(log_odds: float, **changes: float) -> Evidence:
    return replace(Evidence(kind=EvidenceKind.VITALS, log_odds=log_odds), **changes)


def _check_in(log_odds: float) -> Evidence:
    return Evidence(kind=EvidenceKind.CHECK_IN, log_odds=log_odds)


def _usage(log_odds: float) -> Evidence:
    return Evidence(kind=EvidenceKind.USAGE, log_odds=log_odds)


@pytest.mark.parametrize(
    ("activation", "valence", "mood"),
    [(2, 2, "excited"), (2, -2, "stressed"), (-2, 2, "content"), (-2, -2, "down")],
)
def test_quadrants(activation: float, valence: float, mood: str) -> None:
    judgement = fuse(_vitals(activation), [_check_in(valence)])
    assert judgement.mood == mood
    assert judgement.confidence == pytest.approx(0.8808**2, abs=1e-3)
    assert not judgement.degraded


def test_stress_needs_activation_and_low_valence() -> None:
    assert fuse(_vitals(2), [_check_in(-2)]).stressed is True
    assert fuse(_vitals(2), [_check_in(2)]).stressed is False
    assert fuse(_vitals(-2), [_check_in(-2)]).stressed is False
    assert fuse(_vitals(3), []).stressed is None  # activated says nothing about liking it
    assert fuse(None, [_check_in(-2)]).stressed is None


def test_neutral_needs_an_answer_as_usual() -> None:
    as_usual = check_in_evidence(3, usual=3.1, spread=0.8, age_s=60)
    assert as_usual is not None
    assert fuse(_vitals(0), [as_usual]).mood is Mood.NEUTRAL
    assert fuse(_vitals(0), [_usage(0)]).mood is None
    assert fuse(_vitals(2), [as_usual]).mood is None


def test_stale_or_poor_vitals_do_not_count() -> None:
    assert fuse(_vitals(3, age_s=STALE_S + 1), [_check_in(2)]).activated is None
    assert fuse(_vitals(3, quality=0.0), [_check_in(2)]).activated is None
    weak, strong = fuse(_vitals(1, quality=0.1), []), fuse(_vitals(1, quality=0.9), [])
    assert weak.activated is not None
    assert strong.activated is not None
    assert 0.5 < weak.activated < strong.activated


def test_a_fresh_check_in_replaces_the_history_and_ages() -> None:
    history = Evidence(kind=EvidenceKind.HISTORY, log_odds=-0.9)
    assert fuse(_vitals(2), [history, _check_in(2)]).mood is Mood.EXCITED
    assert check_in_evidence(5, usual=3, spread=1, age_s=CHECK_IN_FRESH_S + 1) is None
    assert fuse(_vitals(2), [history]).mood is Mood.STRESSED


def test_the_reason_comes_from_the_missing_sensor() -> None:
    judgement = fuse(
        None, [_check_in(2)], reason="no resting baseline yet", state=ReadingState.NO_BASELINE
    )
    assert (judgement.mood, judgement.state) == (None, ReadingState.NO_BASELINE)
    assert "no resting baseline yet" in explain(judgement)["words"]


def test_explanation_says_what_pushed_where() -> None:
    text = explain(fuse(_vitals(2), [_check_in(2), _usage(-9)], usage_cap=9))
    pushes = {item["from"]: (item["towards"], item["log_odds"]) for item in text["evidence"]}
    assert pushes == {
        "vitals": ("activated", 2.0),
        "check_in": ("better", 2.0),
        "usage": ("worse", -USAGE_CAP_PROVEN),
    }
