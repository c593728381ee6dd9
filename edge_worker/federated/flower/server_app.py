"""Flower's ServerApp: FedAvg with this project's own checks, and a score after each round."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Message, MetricRecord
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg

from edge_worker.federated.aggregation import Aggregation
from edge_worker.federated.client import predict
from edge_worker.federated.fedavg import initial_weights
from edge_worker.federated.flower.rounds import next_weights
from edge_worker.federated.proposal import TrainingConfig
from edge_worker.federated.tasks.registry import load_task

# A node that died is given up after this; its round goes on without it.
NODE_TIMEOUT_S = 60.0

app = ServerApp()


class CheckedFedAvg(FedAvg):
    """Flower samples the nodes and carries the messages; averaging is `federated.aggregation`'s."""

    def __init__(self, start: ArrayRecord, settings: Aggregation, seed: int, nodes: int) -> None:
        super().__init__(
            fraction_evaluate=0.0,
            min_train_nodes=settings.min_clients,
            min_available_nodes=nodes,
        )
        self._weights = {name: array.numpy() for name, array in start.items()}
        self._settings, self._seed = settings, seed

    def configure_train(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        """Wait for all nodes in the first round only: later ones may do with fewer."""
        if server_round > 1:
            self.min_available_nodes = self._settings.min_clients
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(
        self, server_round: int, replies: Iterable[Message]
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        """Check and average; the metrics as Flower does it."""
        known = list(replies)
        valid, _ = self._check_and_log_replies(known, is_train=True)
        found = [
            (
                str(reply.metadata.src_node_id),
                {name: array.numpy() for name, array in reply.content["arrays"].items()},
                int(reply.content["metrics"]["num-examples"]),
            )
            for reply in sorted(valid, key=lambda reply: reply.metadata.src_node_id)
        ]
        self._weights, _ = next_weights(
            self._weights, found, self._settings, server_round - 1, self._seed
        )
        metrics = self.train_metrics_aggr_fn(
            [reply.content for reply in valid], self.weighted_by_key
        )
        return record(self._weights), metrics


@app.main()
def main(grid: Grid, context: Context) -> None:
    """Run all rounds and store the last weights."""
    run = context.run_config
    folder = Path(str(run["data"])) if run["data"] else None
    task = load_task(str(run["task"]), folder)
    config = task.baseline.model_copy(update={"rounds": int(run["rounds"])})
    if run["training"]:
        config = TrainingConfig.model_validate_json(str(run["training"]))
    seed = int(run["seed"])
    settings = Aggregation(min_clients=int(run["min-nodes"]))
    start = record(initial_weights(config, task.data.shape, task.classes, seed))
    judged = task.split(seed).validation

    def score(number: int, arrays: ArrayRecord) -> MetricRecord:
        weights = {name: array.numpy() for name, array in arrays.items()}
        answers = {
            name: predict(weights, config, examples.inputs, task.classes).argmax(axis=1)
            for name, examples in judged.items()
        }
        found = task.score({name: a.astype(np.int64) for name, a in answers.items()}, judged)
        _tell(f"round {number} of {config.rounds}: {task.metric} {found:.4f}")
        return MetricRecord({"score": found})

    result = CheckedFedAvg(start, settings, seed, int(run["nodes"])).start(
        grid=grid,
        initial_arrays=start,
        num_rounds=config.rounds,
        timeout=NODE_TIMEOUT_S,
        train_config=ConfigRecord({"training": config.model_dump_json(), "seed": seed}),
        evaluate_fn=score,
    )
    out = str(run["out"])
    if out:
        from safetensors.numpy import save_file

        save_file({name: array.numpy() for name, array in result.arrays.items()}, out)
        _tell(f"weights: {out}")


def record(weights: dict[str, np.ndarray]) -> ArrayRecord:
    """Weights as Flower carries them."""
    return ArrayRecord({name: Array(np.ascontiguousarray(w)) for name, w in weights.items()})


def _tell(line: str) -> None:
    """Flower passes on what its apps print."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
