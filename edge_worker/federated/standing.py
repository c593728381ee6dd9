"""Where a run stands, read off its journal alone: the best attempt, and whether to go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge_worker.federated.journal import Attempt, Limits, Reason, Status
from edge_worker.federated.scores import paired_gain

# A curve oscillates when, over its second half, it moves up and down by more than this from
# round to round, beyond what a steady climb would explain. Calm trainings on the digits measure
# 0.001 to 0.006.
OSCILLATION = 0.01


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The state of a run."""

    best: Attempt | None
    """The last attempt that gained beyond noise; at first the baseline."""
    without_gain: int
    """Attempts since then."""


def standing(attempts: Sequence[Attempt]) -> Standing:
    """Fold the attempts in order. A gain is real when its mean exceeds its standard error."""
    best: Attempt | None = None
    without_gain = 0
    for attempt in attempts:
        if attempt.status in (Status.RUNNING, Status.STOP, Status.DUPLICATE):
            continue
        if attempt.status is Status.OK and (best is None or gained(best, attempt)):
            best, without_gain = attempt, 0
        elif attempt.number:
            without_gain += 1
    return Standing(best=best, without_gain=without_gain)


def gained(best: Attempt, attempt: Attempt) -> bool:
    """Whether an attempt beats another by more than the noise between paired seeds."""
    gain, error = gain_over(best, attempt)
    return gain > error


def gain_over(best: Attempt, attempt: Attempt) -> tuple[float, float]:
    """Mean gain over the same seeds, and its standard error."""
    return paired_gain([r.score for r in best.results], [r.score for r in attempt.results])


def stop_reason(attempts: Sequence[Attempt], limits: Limits) -> tuple[Reason, str] | None:
    """Why the loop should end now, in a sentence; None while it should go on."""
    tried = [attempt for attempt in attempts if attempt.number]
    statuses = [attempt.status for attempt in tried]
    if attempts and attempts[0].status not in (Status.OK, Status.RUNNING):
        return Reason.BASELINE, f"the baseline itself failed: {attempts[0].message}"
    if statuses and statuses[-1] is Status.STOP:
        return Reason.STOP, "the proposer has no new configuration"
    if statuses[-2:] == [Status.DUPLICATE] * 2:
        return Reason.REPEATED, "the proposer repeated itself twice in a row"
    if standing(attempts).without_gain >= limits.patience:
        return Reason.NO_GAIN, f"{limits.patience} attempts in a row gained nothing beyond noise"
    if len(tried) >= limits.attempts:
        return Reason.ATTEMPTS, f"all {limits.attempts} attempts are used"
    if sum(attempt.wall_s for attempt in attempts) >= limits.seconds:
        return Reason.TIME, f"the training time of {limits.seconds:.0f} s is used"
    if sum(attempt.tokens for attempt in attempts) >= limits.tokens:
        return Reason.TOKENS, f"the {limits.tokens} tokens are used"
    return None


def oscillation(curve: Sequence[float]) -> float:
    """Mean up and down from round to round over the second half, net movement taken off."""
    half = np.asarray(curve[len(curve) // 2 :])
    if len(half) < 3:
        return 0.0
    steps = np.diff(half)
    return float(np.abs(steps).mean() - abs(steps.mean()))


def oscillates(attempt: Attempt) -> bool:
    """Whether the curves of single seeds go up and down; averaging them would hide it."""
    return float(np.mean([oscillation(r.curve) for r in attempt.results])) > OSCILLATION
