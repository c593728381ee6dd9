"""From a proposal to sandboxed jobs: which files go in, under which limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_worker.catalogue.training_sets import Examples
from edge_worker.federated.harness import Harness, frozen_source
from edge_worker.federated.hooks import exchange
from edge_worker.federated.hooks.exchange import Order, Work
from edge_worker.federated.hooks.source import render
from edge_worker.federated.models import Weights
from edge_worker.federated.proposal import ProposalError, TrainingConfig
from edge_worker.federated.published import pretrained_file
from edge_worker.federated.sandbox.limits import MIB, Limits
from edge_worker.federated.sandbox.results import ArrayForm
from edge_worker.federated.sandbox.run import Outcome, SandboxError, run
from edge_worker.federated.sandbox.watch import available_memory

_SCRIPT = "from edge_worker.federated.hooks.job import main\n\nmain()\n"
# Torch and our package take 0.25 GiB resident and 0.6 GiB of addresses when they are loaded.
_MEMORY = 2048 * MIB
# Bytes of memory for each parameter: ten clients' weights, their mean in double precision,
# gradients and an optimizer's two moments, all in float32, with room to spare.
_PER_PARAMETER = 160
_PER_DATA_BYTE = 4
_OUTPUT = 32 * MIB


@dataclass(frozen=True, kw_only=True)
class Jobs:
    """Runs the work of one proposal in the sandbox. Whatever comes back is untrusted."""

    harness: Harness
    config: TrainingConfig
    hooks: Mapping[str, str]
    while_waiting: Callable[[], None] = lambda: None
    """Called while a job runs; what it raises ends the job."""
    program: bytes = field(default_factory=frozen_source)
    """The frozen files when this began: a job reads them from disk again."""

    @property
    def own_model(self) -> bool:
        """Whether the proposal brings its own model, which runs nowhere but in the sandbox."""
        return "build_model" in self.hooks

    def train(
        self,
        clients: Mapping[str, Examples],
        judged: Sequence[NDArray[np.float32]],
        seed: int,
        *,
        rounds: int | None = None,
        wall_s: float | None = None,
    ) -> Outcome:
        """Train by federated averaging. judged: inputs without labels, answered every round.

        rounds: fewer than the configuration's, under its whole schedule.
        """
        task = self.harness.task
        held = {name: clients[name] for name in sorted(clients)}
        changes: dict[str, Any] = {} if rounds is None else {"rounds": rounds}
        order = Order(
            work=Work.TRAIN,
            config=self.config.model_copy(update=changes),
            classes=task.classes,
            seed=seed,
            clients=tuple(held),
            clients_per_round=task.clients_per_round,
            even_classes=task.even_classes,
            aggregation=self.harness.aggregation,
            planned_rounds=self.config.rounds,
        )
        files = {
            exchange.CLIENTS: exchange.pack_clients(held),
            exchange.JUDGED: exchange.pack_inputs(judged),
        }
        results = (exchange.WEIGHTS, exchange.ANSWERS, exchange.DIVERGED)
        return self._run(order, files, results, wall_s)

    def predict(
        self,
        weights: Weights,
        judged: Sequence[NDArray[np.float32]],
        *,
        wall_s: float | None = None,
    ) -> Outcome:
        """Answer inputs with a proposal's own model and these weights, and nothing else."""
        order = Order(
            work=Work.PREDICT, config=self.config, classes=self.harness.task.classes, seed=0
        )
        files = {
            exchange.WEIGHTS: exchange.pack_weights(weights),
            exchange.JUDGED: exchange.pack_inputs(judged),
        }
        return self._run(order, files, (exchange.PREDICTIONS,), wall_s)

    def predictions_form(self, judged: Sequence[NDArray[np.float32]]) -> ArrayForm:
        """What `predict` has to give."""
        return ArrayForm(shape=(_rows(judged), self.harness.task.classes), dtype="float32")

    def answers_form(self, judged: Sequence[NDArray[np.float32]], rounds: int) -> ArrayForm:
        """What `train` has to answer."""
        return ArrayForm(shape=(rounds, _rows(judged)), dtype="int64")

    def _run(
        self,
        order: Order,
        files: dict[str, bytes],
        results: Sequence[str],
        wall_s: float | None,
    ) -> Outcome:
        if frozen_source() != self.program:
            raise SandboxError("the program's files changed while it ran: start it again")
        files[exchange.HOOKS_FILE] = render(self.hooks).encode()
        name = self._pretrained(files)
        files[exchange.ORDER] = Order(**{**vars(order), "pretrained": name}).to_bytes()
        limits = self._limits(sum(map(len, files.values())), wall_s or self.harness.max_seconds)
        return run(
            _SCRIPT, files, expected=results, limits=limits, while_waiting=self.while_waiting
        )

    def _pretrained(self, files: dict[str, bytes]) -> str | None:
        if not self.config.pretrained or self.own_model:
            return None
        path = pretrained_file(self.config.family)
        if path is None:
            raise ProposalError([f"pretrained weights of {self.config.family} are not here"])
        files[path.name] = path.read_bytes()
        return path.name

    def _limits(self, data: int, wall_s: float) -> Limits:
        """More memory than the least only where half of the free memory allows it."""
        parameters = self.harness.task.space.max_parameters
        wanted = _MEMORY + _PER_PARAMETER * parameters + _PER_DATA_BYTE * data
        output = max(64 * MIB, _OUTPUT + 5 * parameters)
        return Limits(
            wall_s=wall_s,
            cpu_s=int(1.5 * wall_s) + 1,
            memory=max(_MEMORY, min(wanted, available_memory() // 2)),
            output=output,
            file_size=output,
        )


def _rows(judged: Sequence[NDArray[np.float32]]) -> int:
    return sum(map(len, judged))
