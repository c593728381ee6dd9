"""Flower's ClientApp: trains on what this machine holds, sends weights and three numbers back.

Node configuration: `task`, `partition-id`, and `data` (a folder) where the task needs one.
"""

from __future__ import annotations

from pathlib import Path

from flwr.app import Array, ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

from edge_worker.federated.flower.rounds import own_part, train_part

app = ClientApp()


@app.train()
def train(message: Message, context: Context) -> Message:
    """One round."""
    config = message.content["config"]
    node = context.node_config
    folder = Path(str(node["data"])) if "data" in node else None
    seed = int(config["seed"])
    part = own_part(str(node["task"]), folder, int(node["partition-id"]), seed)
    arrays = message.content["arrays"]
    weights = {name: array.numpy() for name, array in arrays.items()}
    found = train_part(
        part, weights, str(config["training"]), int(config["server-round"]) - 1, seed
    )
    content = RecordDict(
        {
            "arrays": ArrayRecord({name: Array(value) for name, value in found.weights.items()}),
            "metrics": MetricRecord(
                {
                    "num-examples": found.examples,
                    "loss": found.loss,
                    "accuracy": found.accuracy,
                }
            ),
        }
    )
    return Message(content=content, reply_to=message)
