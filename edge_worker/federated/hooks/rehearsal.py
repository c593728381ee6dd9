"""A short training on made-up numbers, before code sees anybody's examples.

Code that has seen examples could put them into its error text, and that text would go to
whoever proposed the code. In a rehearsal there is nothing to tell, so its errors are passed on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from edge_worker.catalogue.training_sets import Examples, Kind
from edge_worker.federated.aggregation import AggregationError
from edge_worker.federated.harness import BudgetExceeded, Harness
from edge_worker.federated.hooks import exchange
from edge_worker.federated.hooks.jobs import Jobs
from edge_worker.federated.models import build, get_weights
from edge_worker.federated.sandbox.results import (
    ArrayForm,
    ResultError,
    read_new_weights,
    read_predictions,
    read_weights,
)
from edge_worker.federated.sandbox.run import Ending, Outcome
from edge_worker.federated.untrusted import plain

ROUNDS = 2
MAX_SECONDS = 120.0
_ROWS = 24
_TEXT = 4000
Form = Mapping[str, ArrayForm]


class CodeFailed(RuntimeError):
    """A proposal's code did not do its work; what to tell, and in a rehearsal its own words."""


def rehearse(jobs: Jobs) -> Form:
    """Train and predict with made-up numbers; gives the form of the weights to come.

    Raises CodeFailed, BudgetExceeded or AggregationError. Their text is untrusted, but came
    from code that had seen nobody's examples.
    """
    clients, judged = made_up(jobs.harness)
    rounds = min(ROUNDS, jobs.config.rounds)
    wall_s = min(MAX_SECONDS, jobs.harness.max_seconds)
    outcome = jobs.train(clients, judged, seed=0, rounds=rounds, wall_s=wall_s)
    _raise_if_failed(outcome, wall_s)
    try:
        form = _weights_form(jobs, outcome)
        answers = jobs.answers_form(judged, rounds)
        read_predictions(_result(outcome, exchange.ANSWERS), answers)
        if jobs.own_model:
            weights = read_weights(outcome.results[exchange.WEIGHTS], form)
            outcome = jobs.predict(weights, judged, wall_s=wall_s)
            _raise_if_failed(outcome, wall_s)
            predictions = jobs.predictions_form(judged)
            read_predictions(_result(outcome, exchange.PREDICTIONS), predictions)
    except ResultError as error:
        raise CodeFailed(_told(str(error), outcome)) from error
    return form


def made_up(harness: Harness) -> tuple[dict[str, Examples], Sequence[NDArray[np.float32]]]:
    """Clients and inputs of the task's form without anybody's numbers."""
    data, generator = harness.task.data, np.random.default_rng(0)

    def inputs(rows: int) -> NDArray[np.float32]:
        shape = (rows, *data.shape)
        draw = generator.random if data.kind is Kind.IMAGE else generator.standard_normal
        return np.asarray(draw(shape), dtype=np.float32)

    rows = max(_ROWS, len(data.classes))
    labels = np.arange(rows, dtype=np.int64) % len(data.classes)
    clients = {
        f"made-up-{number}": Examples(inputs=inputs(rows), labels=labels)
        for number in range(max(3, harness.aggregation.min_clients))
    }
    return clients, [inputs(_ROWS)]


def _weights_form(jobs: Jobs, outcome: Outcome) -> Form:
    """Of a configuration's model it is known; of another it is what the rehearsal shows."""
    content, task = _result(outcome, exchange.WEIGHTS), jobs.harness.task
    if jobs.own_model:
        weights = read_new_weights(content, task.space.max_parameters)
        return {name: ArrayForm(shape=a.shape, dtype="float32") for name, a in weights.items()}
    own = get_weights(build(jobs.config, task.data.shape, task.classes, seed=0))
    form = {name: ArrayForm(shape=a.shape, dtype="float32") for name, a in own.items()}
    read_weights(content, form)
    return form


def _result(outcome: Outcome, name: str) -> bytes:
    if name not in outcome.results:
        raise ResultError(f"the code ended before its training did: there is no {name}")
    return outcome.results[name]


def _raise_if_failed(outcome: Outcome, wall_s: float) -> None:
    if outcome.ending is Ending.TIME:
        raise BudgetExceeded(_told(f"the rehearsal was stopped after {wall_s:.0f} s", outcome))
    if outcome.ending is Ending.MEMORY:
        raise CodeFailed(_told("the rehearsal took too much memory", outcome))
    if outcome.ending is not Ending.OK:
        raise CodeFailed(_told("", outcome))
    if exchange.DIVERGED in outcome.results:
        raise AggregationError(_told("the rehearsal diverged", outcome))


def _told(sentence: str, outcome: Outcome) -> str:
    """The code's last words, then our sentence; nothing that moves a terminal's cursor."""
    words = plain(outcome.text.strip()[-_TEXT:])
    return "\n".join(part for part in (words, sentence) if part) or "the code ended without a word"
