"""Score valence on people never seen: from app use, from earlier check-ins, and from both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from edge_worker.mood.datasets import DataError, Day
from edge_worker.mood.day_table import DayTable, day_table
from edge_worker.mood.fusion import HISTORY_CAP, USAGE_CAP
from edge_worker.mood.model_files import CalibratedForest, HistoryModel
from edge_worker.mood.rates import FloatArray
from edge_worker.mood.report import Bar, Figure, Report, plain
from edge_worker.mood.scores import (
    Judged,
    Score,
    auc,
    balanced_accuracy,
    calibration_error,
    calibration_floor,
    coverage_curve,
    log_loss,
    null,
    per_person,
    reliability,
)
from edge_worker.mood.valence_training import (
    DIRECTION_SETS,
    FittedHistory,
    FittedUsage,
    direction,
    fit_history,
    fit_usage,
)

HISTORY_BAR = Bar(floor=0.59, goal=0.63)
ERROR_BAR = Bar(floor=0.465, goal=0.45, least=False)


@dataclass(frozen=True, kw_only=True)
class ScoredDays:
    """Days and what was said about them beforehand."""

    table: DayTable
    usage: FloatArray
    """Log-odds of the usage tree as it counts (capped); 0 = it says nothing."""
    usage_score: FloatArray
    """The tree's log-odds before weight and cap, for ranking; NaN without app use."""
    history: FloatArray
    """Log-odds from earlier check-ins as they count (capped); 0 = too few."""
    level: FloatArray
    """Expected mood on the file's scale, NaN = too few check-ins."""

    @property
    def fused(self) -> FloatArray:
        """Log-odds of both."""
        return self.usage + self.history

    @property
    def fused_unweighted(self) -> FloatArray:
        """As `fused`, were the tree to count as its leaves stand, within the cap alone."""
        return self.history + np.clip(np.nan_to_num(self.usage_score), -USAGE_CAP, USAGE_CAP)


def score_days(
    table: DayTable,
    usage: Callable[[str], CalibratedForest],
    history: Callable[[str], HistoryModel],
) -> ScoredDays:
    """Judge every day; the model may depend on the person (the one who was left out)."""
    size = len(table)
    usage_log_odds, history_log_odds = np.zeros(size), np.zeros(size)
    usage_score, level = np.full(size, np.nan), np.full(size, np.nan)
    has_usage, has_history = table.has_usage, table.has_history
    for index in range(size):
        person = str(table.person[index])
        if has_usage[index]:
            tree = usage(person)
            usage_score[index] = tree.unweighted_log_odds(table.usage[index])
            usage_log_odds[index] = tree.log_odds(table.usage[index])
        if has_history[index]:
            model = history(person)
            history_log_odds[index] = model.log_odds(table.history[index])
            offset = float(model.level_weights @ table.history[index])
            level[index] = table.usual[index] + table.spread[index] * offset
    return ScoredDays(
        table=table,
        usage=np.clip(usage_log_odds, -USAGE_CAP, USAGE_CAP),
        usage_score=usage_score,
        history=np.clip(history_log_odds, -HISTORY_CAP, HISTORY_CAP),
        level=level,
    )


def score_shipped_days(
    days: Sequence[Day], usage: CalibratedForest, history: HistoryModel
) -> ScoredDays:
    """Let the fitted models judge every day of a file."""
    return score_days(day_table(days), lambda person: usage, lambda person: history)


def cross_validate_days(
    days: Sequence[Day], progress: Callable[[str], None] = lambda line: None
) -> tuple[ScoredDays, list[FittedUsage], list[FittedHistory]]:
    """Leave one person out, and repeat the whole procedure on the others each time."""
    table = day_table(days)
    trees: dict[str, FittedUsage] = {}
    histories: dict[str, FittedHistory] = {}
    people = [str(person) for person in np.unique(table.person)]
    for number, person in enumerate(people, 1):
        others = table.where(table.person != person)
        trees[person], histories[person] = fit_usage(others), fit_history(others)
        progress(f"{number} of {len(people)} people left out")
    scored = score_days(table, lambda p: trees[p].model, lambda p: histories[p].model)
    return scored, list(trees.values()), list(histories.values())


def fixed_sets(days: Sequence[Day]) -> tuple[Figure, ...]:
    """What each set of check-in features reaches when it is prescribed, one person left out."""
    table = day_table(days)
    known = table.where(np.isfinite(table.better))
    figures = []
    for names in DIRECTION_SETS:
        scores = np.full(len(known), np.nan)
        for person in np.unique(known.person):
            own = known.person == person
            weights, intercept = direction(known.where(~own), names)
            scores[own] = known.history[own] @ weights + intercept
        judged = Judged(person=known.person, log_odds=scores, label=known.better)
        figures.append(
            Figure(
                key=f"history_set_{'_'.join(names)}",
                words=f"earlier check-ins, prescribed: {', '.join(names)}: AUC per person",
                score=per_person(judged, auc),
            )
        )
    return tuple(figures)


def usage_ridge(days: Sequence[Day]) -> Figure:
    """For reference: a penalised linear model on the same usage features, one person left out."""
    from sklearn.linear_model import LogisticRegression

    table = day_table(days)
    known = table.where(np.isfinite(table.better) & table.has_usage)
    scores = np.full(len(known), np.nan)
    for person in np.unique(known.person):
        own = known.person == person
        fitted = LogisticRegression(C=0.1, max_iter=500)
        fitted.fit(known.usage[~own], known.better[~own].astype(int))
        scores[own] = fitted.decision_function(known.usage[own])
    judged = Judged(person=known.person, log_odds=scores, label=known.better)
    return Figure(
        key="usage_ridge_auc",
        words="app use alone, linear model for reference: AUC per person",
        score=per_person(judged, auc),
    )


def valence_report(
    scored: ScoredDays, title: str, more: Sequence[Figure] = (), *, null_draws: int = 200
) -> Report:
    """All figures of the issue's bars, with baselines, null, and fusion with and without usage.

    Raises DataError when no day has a target.
    """
    table = scored.table
    target = np.isfinite(table.better)
    if not target.any():
        raise DataError("no day has a mood and enough earlier ones to compare with")
    usage_days = target & np.isfinite(scored.usage_score)
    history = _judged(scored, scored.history, target)
    fused = _judged(scored, scored.fused, target)
    usage_judged = _judged(scored, scored.usage_score, usage_days)
    probability = 1 / (1 + np.exp(-fused.log_odds))
    bins = reliability(probability, fused.label)
    chance = null(fused, auc, draws=null_draws)
    usage_chance = null(usage_judged, auc, draws=null_draws)
    figures = (
        Figure(
            key="history_auc",
            words="earlier check-ins: AUC per person",
            score=per_person(history, auc),
            bar=HISTORY_BAR,
        ),
        Figure(
            key="fused_auc",
            words="earlier check-ins and app use: AUC per person",
            score=per_person(fused, auc),
            bar=HISTORY_BAR,
        ),
        Figure(
            key="level_error",
            words="mean absolute error, 1-10 scale, mean over people",
            score=_error(scored, scored.level, target),
            bar=ERROR_BAR,
        ),
        Figure(
            key="usage_tree_auc",
            words="app use alone, tree: AUC per person",
            score=per_person(usage_judged, auc),
        ),
        Figure(
            key="usage_log_loss",
            words="app use alone as it counts: log-loss (a coin has 0.693)",
            score=plain(log_loss(scored.usage[usage_days], table.better[usage_days])),
        ),
        Figure(
            key="history_log_loss",
            words="earlier check-ins: log-loss",
            score=plain(log_loss(history.log_odds, history.label)),
        ),
        Figure(
            key="fused_log_loss",
            words="both: log-loss",
            score=plain(log_loss(fused.log_odds, fused.label)),
        ),
        Figure(
            key="fusion_gain",
            words="log-loss that app use takes off, per person (below 0: fusion is worse)",
            score=_fusion_gain(scored, scored.fused, target),
        ),
        Figure(
            key="fusion_gain_unweighted",
            words="the same, were app use to count without its weight, within its cap",
            score=_fusion_gain(scored, scored.fused_unweighted, target),
        ),
        Figure(
            key="fused_balanced_accuracy",
            words="both: balanced accuracy per person",
            score=per_person(fused, balanced_accuracy),
        ),
        Figure(
            key="calibration_error",
            words="both: calibration error",
            score=plain(calibration_error(bins)),
        ),
        Figure(
            key="calibration_floor",
            words="calibration error that a perfect model would show",
            score=plain(calibration_floor(probability)),
        ),
        *_baselines(scored, target),
        Figure(
            key="null_upper",
            words="both, labels shifted in a circle: AUC, 95 % point",
            score=plain(chance.upper),
        ),
        Figure(key="null_mean", words="the same, mean", score=plain(chance.mean)),
        Figure(key="null_p", words="p value against them", score=plain(chance.p_value)),
        Figure(
            key="usage_null_upper",
            words="app use alone, labels shifted in a circle: AUC, 95 % point",
            score=plain(usage_chance.upper),
        ),
        *more,
    )
    return Report(
        title=title,
        rows=int(target.sum()),
        people=len(np.unique(table.person[target])),
        figures=figures,
        reliability=tuple(bins),
        coverage=tuple(coverage_curve(fused)),
        notes={
            "days with app use and a target": int(usage_days.sum()),
            "relabellings": chance.draws,
        },
    )


def _baselines(scored: ScoredDays, target: NDArray[np.bool_]) -> tuple[Figure, ...]:
    table = scored.table
    weekday = _weekday_habit(table)
    figures = [
        Figure(
            key=f"baseline_{key}",
            words=f"baseline: {words}: AUC per person",
            score=per_person(_judged(scored, values, target), auc),
        )
        for key, words, values in (
            ("majority", "always the same answer", np.ones(len(table))),
            ("weekday", "own mean of earlier equal weekdays", weekday),
            ("yesterday", "the last report against the own mean", table.last - table.usual),
        )
    ]
    figures += [
        Figure(
            key=f"baseline_{key}_error",
            words=f"baseline: {words}: mean absolute error",
            score=_error(scored, values, target),
        )
        for key, words, values in (
            ("own_mean", "own running mean", table.usual),
            ("yesterday", "the last report", table.last),
        )
    ]
    return tuple(figures)


def _weekday_habit(table: DayTable) -> FloatArray:
    """Own mean of earlier equal weekdays minus own mean; a baseline, never a feature."""
    habit = np.zeros(len(table))
    weekdays = np.array([date.fromisoformat(str(day)).weekday() for day in table.day])
    for index in range(len(table)):
        earlier = slice(0, index)
        same = (
            (table.person[earlier] == table.person[index])
            & (weekdays[earlier] == weekdays[index])
            & np.isfinite(table.mood[earlier])
        )
        if same.any():
            habit[index] = table.mood[earlier][same].mean() - table.usual[index]
    return habit


def _error(scored: ScoredDays, level: FloatArray, target: NDArray[np.bool_]) -> Score:
    """Mean over people of the mean absolute error."""

    def mean(values: FloatArray, _: FloatArray) -> float:
        return float(values.mean())

    distance = np.abs(level - scored.table.mood)
    return per_person(_judged(scored, distance, target), mean)


def _fusion_gain(scored: ScoredDays, fused: FloatArray, target: NDArray[np.bool_]) -> Score:
    """Mean over people of the log-loss without app use minus the log-loss with it."""
    sign = np.where(scored.table.better == 1, -1.0, 1.0)
    gain = np.logaddexp(0, sign * scored.history) - np.logaddexp(0, sign * fused)

    def mean(values: FloatArray, _: FloatArray) -> float:
        return float(values.mean())

    return per_person(_judged(scored, gain, target), mean)


def _judged(scored: ScoredDays, log_odds: FloatArray, chosen: NDArray[np.bool_]) -> Judged:
    table = scored.table
    return Judged(person=table.person, log_odds=log_odds, label=table.better).where(chosen)
