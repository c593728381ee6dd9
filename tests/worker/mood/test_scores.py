"""Scores are right, chance scores like chance, and a clock column would be caught."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from edge_worker.mood.activation_evaluation import activation_report, score_shipped
from edge_worker.mood.activation_training import even_weights, fit, training_data
from edge_worker.mood.datasets import DataError, Day, Recording
from edge_worker.mood.day_table import day_table
from edge_worker.mood.model_files import load_activation_forest, sigmoid
from edge_worker.mood.report import Bar, as_json, as_text
from edge_worker.mood.scores import (
    Judged,
    auc,
    balanced_accuracy,
    calibration_error,
    calibration_floor,
    coverage_curve,
    null,
    per_person,
    pooled,
    reliability,
)
from edge_worker.mood.valence_evaluation import score_shipped_days, valence_report
from edge_worker.mood.valence_training import fit_history, fit_usage
from edge_worker.mood.windows import judged_windows


@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=60))
def test_auc_and_balanced_accuracy_equal_scikit_learn(rows: list[tuple[int, bool]]) -> None:
    scores = np.array([float(score) for score, _ in rows])
    labels = np.array([float(label) for _, label in rows])
    if len(set(labels)) < 2:
        assert np.isnan(auc(scores, labels))
        assert np.isnan(balanced_accuracy(scores, labels))
    else:
        assert auc(scores, labels) == pytest.approx(roc_auc_score(labels, scores))
        assert balanced_accuracy(scores, labels) == pytest.approx(
            balanced_accuracy_score(labels, scores > 0)
        )


def _judged(strength: float, people: int = 20, rows: int = 40) -> Judged:
    rng = np.random.default_rng(0)
    label = (rng.random(people * rows) < 0.5).astype(float)
    return Judged(
        person=np.repeat([f"P{n}" for n in range(people)], rows),
        log_odds=strength * (label - 0.5) + rng.normal(0, 1, people * rows),
        label=label,
    )


def test_people_without_both_classes_do_not_count() -> None:
    judged = _judged(1.0)
    one_class = Judged(
        person=judged.person,
        log_odds=judged.log_odds,
        label=np.where(judged.person == "P0", 1.0, judged.label),
    )
    assert (per_person(judged, auc).people, per_person(one_class, auc).people) == (20, 19)
    nobody = Judged(person=judged.person, log_odds=judged.log_odds, label=np.ones(len(judged)))
    assert np.isnan(per_person(nobody, auc).value)


def test_intervals_hold_the_value() -> None:
    for score in (per_person(_judged(1.0), auc), pooled(_judged(1.0), auc)):
        assert score.low < score.value < score.high
        assert score.high - score.low < 0.2


def test_calibration_error_knows_calibrated_from_overconfident() -> None:
    rng = np.random.default_rng(1)
    probability = rng.random(5000)
    label = (rng.random(5000) < probability).astype(float)
    floor = calibration_floor(probability)
    assert calibration_error(reliability(probability, label)) == pytest.approx(floor, abs=0.01)
    sure = np.where(probability > 0.5, 0.99, 0.01)
    assert calibration_error(reliability(sure, label)) > 0.2


def test_the_surest_rows_score_best() -> None:
    curve = coverage_curve(_judged(1.5))
    assert curve[0].coverage == 1.0
    assert curve[-1].balanced_accuracy > curve[0].balanced_accuracy + 0.1


@pytest.mark.parametrize("grouped", [False, True])
def test_relabelled_rows_score_like_chance(grouped: bool) -> None:
    rng = np.random.default_rng(1)
    group = np.array([f"task {n % 4}" for n in range(800)]) if grouped else None
    label = np.array([float(n % 4 > 1) for n in range(800)]) if grouped else _judged(0.0).label
    person = np.repeat([f"P{n}" for n in range(20)], 40)
    for strength, known in ((2.0, True), (0.0, False)):
        log_odds = strength * (label - 0.5) + rng.normal(0, 1, 800)
        judged = Judged(person=person, log_odds=log_odds, label=label)
        chance = null(judged, balanced_accuracy, group=group, draws=100)
        assert chance.mean == pytest.approx(0.5, abs=0.04)
        assert (chance.p_value < 0.02) is known


def test_a_bar_tells_floor_from_goal() -> None:
    bar = Bar(floor=0.74, goal=0.78)
    assert [bar.verdict(v) for v in (0.7, 0.75, 0.8)] == ["below floor", "floor met", "goal met"]
    low = Bar(floor=0.05, goal=0.03, least=False)
    assert [low.verdict(v) for v in (0.1, 0.04, 0.01)] == ["above floor", "floor met", "goal met"]


# --- The whole procedure on synthetic people -------------------------------------------


def test_a_forest_learns_activation_and_a_planted_clock_trips_the_canary(
    people: list[Recording],
) -> None:
    data = training_data(people, receivers=())
    weights = even_weights(data.training)
    own = data.training.person == "P01"
    sums = [weights[own & (data.training.label == label)].sum() for label in (0, 1)]
    assert sums[0] == pytest.approx(sums[1], rel=0.5)

    learners = ["P00", "P01", "P02", "P03", "P04", "P05", "P06"]
    others = [person.person for person in people if person.person not in learners]
    model = fit(data.without(others)).model
    scored = score_shipped([p for p in people if p.person in others], model)
    report = activation_report(scored, "synthetic", null_draws=30)
    assert report.value("window_balanced_accuracy") > 0.8
    assert report.value("null_upper") < report.value("window_balanced_accuracy")
    # The canary: were the clock a feature, it would tell the tasks apart in every recording.
    assert report.value("forbidden_clock_auc") > 0.7
    assert "floor" in as_text(report)
    assert as_json(report)["figures"]["window_balanced_accuracy"]["value"] > 0.8


def test_training_needs_both_classes_and_enough_people(people: list[Recording]) -> None:
    data = training_data(people, receivers=())
    with pytest.raises(DataError, match="5 people"):
        fit(data.without([f"P{n:02d}" for n in range(6)]))
    calm = data.judged.label == 0
    only_calm = type(data)(training=data.training, judged=data.judged.where(calm))
    with pytest.raises(DataError, match="both calm and activated"):
        fit(only_calm)


def test_valence_learns_the_memory_and_gives_noise_no_weight(days: list[Day]) -> None:
    table = day_table(days)
    usage, history = fit_usage(table), fit_history(table)
    assert history.model.weights[history.model.features.index("last")] > 0
    scored = score_shipped_days(days, usage.model, history.model)
    report = valence_report(scored, "synthetic", null_draws=50)
    assert report.value("history_auc") > report.value("null_upper") > 0.5
    assert report.value("level_error") < report.value("baseline_own_mean_error")
    assert report.value("fused_log_loss") <= report.value("history_log_loss") + 0.01


def test_days_without_any_target_are_an_error_in_words(days: list[Day]) -> None:
    usage, history = fit_usage(day_table(days)).model, fit_history(day_table(days)).model
    with pytest.raises(DataError, match="no day"):
        valence_report(score_shipped_days(days[:5], usage, history), "few")


def test_nobody_with_a_rest_is_an_error_in_words(people: list[Recording]) -> None:
    off = [
        Recording(
            person=p.person,
            times=p.times,
            heart=p.heart * 0,
            breathing=p.breathing * 0,
            tasks=p.tasks,
            stroop=p.stroop,
        )
        for p in people[:2]
    ]
    with pytest.raises(DataError, match="rest"):
        score_shipped(off, load_activation_forest())
    assert len(judged_windows([])) == 0
    assert sigmoid(-1e9) >= 0
