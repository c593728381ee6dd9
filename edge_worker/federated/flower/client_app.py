"""Flower's ClientApp: trains on what this machine holds, sends weights and three numbers back.

Node configuration: `task`, `partition-id`, and `data` (a folder) where the task needs one.
"""

from __future__ import annotations

from pathlib import Path

from flwr.app import Array, ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

from edge_worker.federated.flower.rounds import Part, own_part, train_part

app = ClientApp()


@app.train()
def train(message: Message, context: Context) -> Message:
    """One round."""
    node = context.node_config
    folder = Path(str(node["data"])) if "data" in node else None
    seed = int(message.content["config"]["seed"])
    return answer(message, own_part(str(node["task"]), folder, int(node["partition-id"]), seed))


def answer(message: Message, part: Part) -> Message:
    """Train on this part as the message asks; the reply holds weights and three numbers."""
    config, arrays = message.content["config"], message.content["arrays"]
    weights = {name: array.numpy() for name, array in arrays.items()}
    found = train_part(
        part,
        weights,
        str(config["training"]),
        int(config["server-round"]) - 1,
        int(config["seed"]),
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
