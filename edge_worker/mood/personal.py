"""A person's own parameters, fitted on their own check-ins and kept only when they prove better."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from edge_worker.mood.fusion import HISTORY_CAP, USAGE_CAP, USAGE_CAP_PROVEN
from edge_worker.mood.history import habit
from edge_worker.mood.model_files import (
    CalibratedForest,
    HistoryModel,
    shipped_history_model,
    shipped_usage_tree,
)
from edge_worker.mood.rates import FloatArray
from edge_worker.mood.store import MoodStore, check_in_day_ends, daily_reports
from edge_worker.mood.usage_features import PAST_DAYS, against_past, day_levels

FIT_SHARE = 0.7
MIN_DAYS = 20
MIN_HELD_BACK = 6
MIN_DAYS_FOR_USAGE = 60
COIN_LOG_LOSS = math.log(2)
# As if ten days had already confirmed the shipped parameters.
PRIOR_DAYS = 10.0


@dataclass(frozen=True, kw_only=True)
class Personal:
    """How the shipped evidence is read for one person.

    usage_cap above USAGE_CAP: the person's own days have borne the usage tree out, so its
    leaves count as they stand instead of with the weight that other people gave them.
    """

    slope: float = 1.0
    intercept: float = 0.0
    usage_cap: float = USAGE_CAP

    def log_odds(self, shipped: float) -> float:
        """The person's own log-odds from the shipped history model's."""
        return self.slope * shipped + self.intercept

    def usage_log_odds(self, tree: CalibratedForest, row: FloatArray) -> float:
        """The usage tree's log-odds as they count for this person, within the cap."""
        proven = self.usage_cap > USAGE_CAP
        log_odds = tree.unweighted_log_odds(row) if proven else tree.log_odds(row)
        cap = min(self.usage_cap, USAGE_CAP_PROVEN)
        return max(-cap, min(cap, log_odds))


@dataclass(frozen=True, kw_only=True)
class OwnDay:
    """A past day: what the shipped models said beforehand, and what was reported."""

    history: float
    usage: float | None
    """Of the tree's leaves, unweighted; None without app use."""
    better: bool


@dataclass(frozen=True, kw_only=True)
class Refit:
    """What a refit found; log-losses are those of the held-back, newest days."""

    kept: Personal
    changed: bool
    days: int
    held_back: int
    loss_before: float | None
    loss_after: float | None
    reason: str


def refit(days: Sequence[OwnDay], old: Personal) -> Refit:
    """Fit on the older days, compare on the newest, keep the better; ties keep the old.

    days: oldest first.
    """
    cap = _proven_usage_cap(days)
    fit_on = days[: int(len(days) * FIT_SHARE)]
    held = days[len(fit_on) :]
    with_cap = Personal(slope=old.slope, intercept=old.intercept, usage_cap=cap)
    if len(days) < MIN_DAYS or len(held) < MIN_HELD_BACK:
        reason = f"needs {MIN_DAYS} days with a check-in and {MIN_HELD_BACK} to test on"
        return _kept(with_cap, old, days, held, None, None, reason)
    slope, intercept = _fit(fit_on)
    new = Personal(slope=slope, intercept=intercept, usage_cap=cap)
    before, after = _loss(held, old), _loss(held, new)
    if after < before - 1e-6:
        return _kept(new, old, days, held, before, after, "better on the held-back days")
    return _kept(with_cap, old, days, held, before, after, "no better on the held-back days")


def personal_of(store: MoodStore, person: str, default: Personal) -> Personal:
    """The stored parameters of a person, the default when there are none that can be read."""
    found = store.personal(person)
    if found is None:
        return default
    values = {name: found[0].get(name) for name in asdict(default)}
    if not all(isinstance(v, (int, float)) and math.isfinite(v) for v in values.values()):
        return default
    return Personal(**{name: float(value) for name, value in values.items() if value is not None})


def refit_person(store: MoodStore, person: str, now: float) -> Refit:
    """Refit one person from the hub's store, and store what is kept."""
    days = own_days(store, person, shipped_history_model(), shipped_usage_tree())
    result = refit(days, personal_of(store, person, Personal()))
    store.set_personal(person, now, asdict(result.kept))
    return result


def own_days(
    store: MoodStore, person: str, history: HistoryModel, usage: CalibratedForest
) -> list[OwnDay]:
    """Every day with a check-in and enough before it, judged by the past only."""
    check_ins = store.check_ins(person)
    reports = daily_reports(check_ins)
    ends = check_in_day_ends(check_ins)
    found = []
    for report in reports:
        before = habit(reports, report.day)
        if before is not None:
            found.append(
                OwnDay(
                    history=history.log_odds(before.row),
                    usage=_usage_then(store, person, ends[report.day], usage),
                    better=report.mood > before.mean,
                )
            )
    return found


def _usage_then(
    store: MoodStore, person: str, moment: float, usage: CalibratedForest
) -> float | None:
    today, *earlier = store.usage_days(person, moment, PAST_DAYS + 1)
    if today is None:
        return None
    row = against_past(day_levels(today), [day_levels(day) for day in earlier if day is not None])
    return None if row is None else usage.unweighted_log_odds(row)


def _kept(
    kept: Personal,
    old: Personal,
    days: Sequence[OwnDay],
    held: Sequence[OwnDay],
    before: float | None,
    after: float | None,
    reason: str,
) -> Refit:
    return Refit(
        kept=kept,
        changed=kept != old,
        days=len(days),
        held_back=len(held),
        loss_before=before,
        loss_after=after,
        reason=reason,
    )


def _fit(days: Sequence[OwnDay]) -> tuple[float, float]:
    """Slope and intercept by penalised maximum likelihood (Newton's method)."""
    shipped = np.clip([day.history for day in days], -HISTORY_CAP, HISTORY_CAP)
    columns = np.column_stack([shipped, np.ones(len(days))])
    better = np.array([day.better for day in days], dtype=np.float64)
    prior, penalty = np.array([1.0, 0.0]), PRIOR_DAYS / 4 * np.array([0.25, 1.0])
    found = prior.copy()
    for _ in range(20):
        p = 1 / (1 + np.exp(-columns @ found))
        slope = columns.T @ (better - p) - penalty * (found - prior)
        curve = columns.T @ (columns * (p * (1 - p))[:, None]) + np.diag(penalty)
        found = found + np.linalg.solve(curve, slope)
    return float(np.clip(found[0], 0.0, 2.0)), float(np.clip(found[1], -HISTORY_CAP, HISTORY_CAP))


def _loss(days: Sequence[OwnDay], personal: Personal) -> float:
    scores = np.array([personal.log_odds(day.history) for day in days])
    return log_loss(
        np.clip(scores, -HISTORY_CAP, HISTORY_CAP), np.array([day.better for day in days])
    )


def _proven_usage_cap(days: Sequence[OwnDay]) -> float:
    """The wider cap, where it would have beaten both a coin and the usual cap so far."""
    known = [(day.usage, day.better) for day in days if day.usage is not None]
    if len(known) < MIN_DAYS_FOR_USAGE:
        return USAGE_CAP
    scores = np.array([score for score, _ in known])
    better = np.array([flag for _, flag in known])
    usual = log_loss(np.clip(scores, -USAGE_CAP, USAGE_CAP), better)
    wide = log_loss(np.clip(scores, -USAGE_CAP_PROVEN, USAGE_CAP_PROVEN), better)
    return USAGE_CAP_PROVEN if wide < min(usual, COIN_LOG_LOSS) else USAGE_CAP


def log_loss(log_odds: FloatArray, better: NDArray[np.bool_]) -> float:
    """Mean log-loss of log-odds."""
    return float(np.mean(np.logaddexp(0, np.where(better, -log_odds, log_odds))))
