"""Inside the sandbox: trains or predicts with a proposal's functions, as the harness would.

The same frozen functions as outside do the work. Everything that leaves here is untrusted.
"""

from __future__ import annotations

import os
import random
import runpy
import sys
import traceback
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from edge_worker.federated.aggregation import AggregationError
from edge_worker.federated.client import predict
from edge_worker.federated.fedavg import RoundResult, train
from edge_worker.federated.hooks import exchange
from edge_worker.federated.hooks.exchange import Order, Work
from edge_worker.federated.hooks.recipe import Functions, hooked
from edge_worker.federated.hooks.source import HOOKS
from edge_worker.federated.recipe import Recipe

JOB, OUT = Path("/job"), Path("/out")


def main() -> None:
    """Do what the order says. An error of a hook is printed without our own frames."""
    order = Order.from_bytes((JOB / exchange.ORDER).read_bytes())
    random.seed(order.seed)
    np.random.seed(order.seed)  # hooks may draw from the global generator
    _lend_pretrained(order)
    functions: Functions = {}
    try:
        functions = runpy.run_path(str(JOB / exchange.HOOKS_FILE))
        recipe = hooked(functions, order.planned_rounds)
        if order.work is Work.TRAIN:
            _train(order, recipe)
        else:
            _predict(order, recipe)
    except AggregationError as error:
        sys.stderr.write(f"{error}\n")
        (OUT / exchange.DIVERGED).touch()
    except BaseException as error:  # noqa: BLE001 - whatever a hook raises, it ends here
        sys.stdout.flush()
        sys.stderr.write(_trace(error, functions))
        sys.exit(1)


def _train(order: Order, recipe: Recipe) -> None:
    clients = exchange.unpack_clients((JOB / exchange.CLIENTS).read_bytes(), order.clients)
    judged = exchange.unpack_inputs((JOB / exchange.JUDGED).read_bytes())
    for number in range(order.planned_rounds):  # a schedule may fail late
        recipe.learning_rate(order.config, number)
    answers: list[NDArray[np.int64]] = []

    def after(result: RoundResult) -> None:
        logits = predict(result.weights, order.config, judged, order.classes, recipe)
        answers.append(logits.argmax(axis=1))

    weights = train(
        order.config,
        clients,
        classes=order.classes,
        seed=order.seed,
        clients_per_round=order.clients_per_round,
        aggregation=order.aggregation,
        even_classes=order.even_classes,
        recipe=recipe,
        on_round=after,
    )
    (OUT / exchange.WEIGHTS).write_bytes(exchange.pack_weights(weights))
    np.save(OUT / exchange.ANSWERS, np.stack(answers).astype(np.int64))


def _predict(order: Order, recipe: Recipe) -> None:
    weights = exchange.unpack_weights((JOB / exchange.WEIGHTS).read_bytes())
    judged = exchange.unpack_inputs((JOB / exchange.JUDGED).read_bytes())
    logits = predict(weights, order.config, judged, order.classes, recipe)
    np.save(OUT / exchange.PREDICTIONS, logits.astype(np.float32))


def _lend_pretrained(order: Order) -> None:
    """Put the file where `models` looks for it; it checks size and hash again."""
    if order.pretrained is None:
        return
    place = Path(torch.hub.get_dir()) / "checkpoints"
    place.mkdir(parents=True)
    os.symlink(JOB / order.pretrained, place / order.pretrained)


def _trace(error: BaseException, functions: Functions) -> str:
    """Frames of the hooks with lines counted from their own first, then the error."""
    starts = {
        name: function.__code__.co_firstlineno
        for name in HOOKS
        if (function := _plain(functions.get(name))) is not None
    }
    lines = []
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename != str(JOB / exchange.HOOKS_FILE) or frame.lineno is None:
            continue
        first = max((s for s in starts.values() if s <= frame.lineno), default=1)
        hook = next((name for name, start in starts.items() if start == first), frame.name)
        lines.append(f"{hook}, line {frame.lineno - first + 1}: {frame.line}")
    return "\n".join([*lines, *traceback.format_exception_only(error)])


def _plain(function: Any) -> Any:
    return function if hasattr(function, "__code__") else None
