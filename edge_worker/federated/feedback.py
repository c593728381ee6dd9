"""What a proposer is told: settings, scores on the validation side, costs. Never anything else.

No test score, no example, no person's name. Error text comes from code that may be foreign,
hence it is cut short and quoted.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from edge_worker.federated.hooks.source import DESCRIPTION
from edge_worker.federated.journal import Attempt, Status
from edge_worker.federated.standing import gain_over, oscillates, standing
from edge_worker.federated.tasks.task import Task

MAX_TRACE_LINES = 20
MAX_TRACE_CHARACTERS = 1200
CURVE_POINTS = 6
# Of one hook, in the story of earlier attempts.
MAX_SOURCE = 2000


def task_text(task: Task) -> str:
    """The task and what may be changed."""
    budget = task.space
    code = [DESCRIPTION] if budget.hooks else []
    return "\n".join(
        [
            f"Task: {task.summary}. Classes: {len(task.data.classes)}. "
            f"Shape of one input: {task.data.shape}.",
            f"Metric: {task.metric} on people and examples not trained on, 0 to 1.",
            f"Training: federated averaging, at most {task.clients_per_round} clients a round.",
            f"Budget: rounds x local_epochs at most {budget.epochs}; at most "
            f"{budget.max_parameters} parameters.",
            f"Families: {', '.join(budget.families)}. "
            f"Augmentations: {', '.join(budget.augmentations) or 'none'}.",
            *code,
        ]
    )


def history_text(attempts: Sequence[Attempt]) -> str:
    """All attempts with what came of them, and which one is best."""
    found = standing(attempts)
    lines = [attempt_text(attempt, found.best) for attempt in attempts]
    if found.best is not None:
        lines.append(f"Best so far: attempt {found.best.number}.")
    return "\n\n".join(lines)


def attempt_text(attempt: Attempt, best: Attempt | None) -> str:
    """One attempt in words."""
    name = "hand-tuned baseline" if attempt.number == 0 else f"attempt {attempt.number}"
    lines = [f"[{name}] status: {attempt.status}"]
    lines += proposal_lines(attempt)
    if attempt.status is Status.OK:
        lines += _outcome(attempt, best)
    elif attempt.message:
        lines.append(f"message, quoted: {quoted(attempt.message)}")
    return "\n".join(lines)


def proposal_lines(attempt: Attempt) -> list[str]:
    """What an attempt set, and the code that it brought."""
    proposal = attempt.proposal
    if proposal is None or proposal.config is None:
        return []
    config = proposal.config.model_dump(mode="json", exclude_defaults=True)
    code = {name: source[:MAX_SOURCE] for name, source in proposal.hooks.given().items()}
    return [
        f"config (the rest is default): {json.dumps(config)}",
        *([f"hooks: {json.dumps(code)}"] if code else []),
    ]


def _outcome(attempt: Attempt, best: Attempt | None) -> list[str]:
    curve = attempt.curve()
    points = [curve[i] for i in np.linspace(0, len(curve) - 1, CURVE_POINTS).astype(int)]
    train = float(np.mean([result.train_score for result in attempt.results]))
    lines = [
        f"validation: {attempt.mean:.4f} ± {attempt.sd:.4f} over {len(attempt.results)} seeds",
        f"curve: {', '.join(f'{value:.3f}' for value in points)}; best round {max(curve):.3f}",
        f"training accuracy {train:.3f}; {attempt.results[0].parameters} parameters; "
        f"{attempt.wall_s:.0f} s",
    ]
    if oscillates(attempt):
        lines.append("the curve oscillates from round to round: the steps are too large")
    if best is not None and best.id != attempt.id:
        gain, error = gain_over(best, attempt)
        lines.append(f"against the best: {gain:+.4f}, noise {error:.4f}")
    return lines


def quoted(text: str) -> str:
    """The end of an untrusted text, as one JSON string."""
    tail = "\n".join(text.splitlines()[-MAX_TRACE_LINES:])[-MAX_TRACE_CHARACTERS:]
    return json.dumps(tail)
