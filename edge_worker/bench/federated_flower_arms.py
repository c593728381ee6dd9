"""One way to train the digits, as a process of its own: in this process, or Flower on Ray.

    python -m edge_worker.bench.federated_flower_arms in-process|simulation ROUNDS

Prints one line of JSON: seconds of each round, judging included, and the last score. Started
by `federated_flower`, which watches the memory from outside.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_worker.federated.aggregation import Aggregation
from edge_worker.federated.client import predict
from edge_worker.federated.fedavg import initial_weights, train
from edge_worker.federated.flower.rounds import Part, own_part
from edge_worker.federated.proposal import TrainingConfig
from edge_worker.federated.tasks.registry import load_task
from edge_worker.federated.tasks.task import Task

TASK = "digits"
SEED = 0
# Flower's default is two cores a client: on two cores one client at a time.
CORES_PER_CLIENT = 1


class Watch:
    """Judges the weights after each round and notes how long the round took."""

    def __init__(self, task: Task, config: TrainingConfig) -> None:
        self.rounds_s: list[float] = []
        self.score = float("nan")
        self._task, self._config = task, config
        self._judges = task.split(SEED).validation
        self._last = time.monotonic()

    def begin(self) -> None:
        """The first round starts now."""
        self._last = time.monotonic()

    def after(self, weights: Mapping[str, NDArray[np.float32]]) -> float:
        """A round ended with these weights."""
        answers = {
            name: predict(weights, self._config, part.inputs, self._task.classes).argmax(axis=1)
            for name, part in self._judges.items()
        }
        self.score = self._task.score(answers, self._judges)
        self.rounds_s.append(time.monotonic() - self._last)
        self._last = time.monotonic()
        return self.score


def in_process(task: Task, config: TrainingConfig) -> Watch:
    """`federated.fedavg.train`, as `edge-worker federated improve` uses it."""
    watch = Watch(task, config)
    clients = task.split(SEED).train
    watch.begin()
    train(
        config,
        clients,
        classes=task.classes,
        seed=SEED,
        even_classes=task.even_classes,
        on_round=lambda result: _judge(watch, result.weights),
    )
    return watch


def _judge(watch: Watch, weights: Mapping[str, NDArray[np.float32]]) -> None:
    watch.after(weights)


def simulation(task: Task, config: TrainingConfig) -> Watch:
    """Flower's simulation: the same clients and averaging, carried by Ray's actors."""
    from flwr.app import ArrayRecord, ConfigRecord, Context, MetricRecord
    from flwr.serverapp import Grid, ServerApp
    from flwr.simulation import run_simulation

    from edge_worker.federated.flower.server_app import CheckedFedAvg, record

    watch = Watch(task, config)
    clients = len(task.split(SEED).train)
    server = ServerApp()

    def judge(number: int, arrays: ArrayRecord) -> MetricRecord:
        if number == 0:  # the start weights, before the first round
            watch.begin()
            return MetricRecord({})
        return MetricRecord({"score": watch.after({n: a.numpy() for n, a in arrays.items()})})

    @server.main()  # type: ignore[untyped-decorator]  # Flower is not in the environment that is checked
    def main(grid: Grid, context: Context) -> None:
        start = record(initial_weights(config, task.data.shape, task.classes, SEED))
        CheckedFedAvg(start, Aggregation(), SEED, clients).start(
            grid=grid,
            initial_arrays=start,
            num_rounds=config.rounds,
            train_config=ConfigRecord({"training": config.model_dump_json(), "seed": SEED}),
            evaluate_fn=judge,
        )

    run_simulation(
        server,
        _client_app(),
        num_supernodes=clients,
        backend_config={"client_resources": {"num_cpus": CORES_PER_CLIENT, "num_gpus": 0.0}},
    )
    return watch


def _client_app() -> Any:
    from flwr.app import Context, Message
    from flwr.clientapp import ClientApp

    # By its full name: this module is `__main__` here, but not in Ray's actors.
    from edge_worker.bench import federated_flower_arms as arms
    from edge_worker.federated.flower.client_app import answer

    client = ClientApp()

    @client.train()  # type: ignore[untyped-decorator]  # likewise
    def one_round(message: Message, context: Context) -> Message:
        return answer(message, arms.part(int(context.node_config["partition-id"])))

    return client


@cache
def part(partition: int) -> Part:
    """A client's examples, kept by the actor: reading them again would not be Flower's fault."""
    return own_part(TASK, None, partition, SEED)


def main() -> None:
    """Run one arm."""
    arm, rounds = sys.argv[1], int(sys.argv[2])
    task = load_task(TASK, None)
    config = task.baseline.model_copy(update={"rounds": rounds})
    begin = time.monotonic()
    watch = (simulation if arm == "simulation" else in_process)(task, config)
    found = {
        "rounds_s": watch.rounds_s,
        "total_s": time.monotonic() - begin,
        "score": watch.score,
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
