"""What goes into a job and comes out of it: plain files, the same words on both sides.

Examples travel as safetensors, never pickled. Labels go in for clients that train; who is
judged goes in as inputs alone.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_worker.catalogue.training_sets import Examples
from edge_worker.federated.aggregation import Aggregation
from edge_worker.federated.proposal import TrainingConfig

ORDER = "order.json"
HOOKS_FILE = "hooks.py"
CLIENTS = "clients.safetensors"
JUDGED = "judged.safetensors"
WEIGHTS = "weights.safetensors"
"""Out of a training, and into the job that predicts with them; float32."""
ANSWERS = "answers.npy"
"""Classes of everybody judged after each round, shape (rounds, examples), int64."""
PREDICTIONS = "predictions.npy"
"""Logits of everybody judged, shape (examples, classes), float32."""
DIVERGED = "diverged"
"""Left in place of results when a round had too few updates that are numbers."""


class Work(StrEnum):
    """What a job does."""

    TRAIN = "train"
    PREDICT = "predict"


@dataclass(frozen=True, kw_only=True)
class Order:
    """Everything about a job that is no array."""

    work: Work
    config: TrainingConfig
    classes: int
    seed: int
    clients: tuple[str, ...] = ()
    """Their names: seeds depend on them, as they do outside."""
    clients_per_round: int = 0
    even_classes: bool = True
    aggregation: Aggregation = dataclasses.field(default_factory=Aggregation)
    planned_rounds: int = 0
    """Rounds that the schedule is made for; a rehearsal trains fewer."""
    pretrained: str | None = None
    """Name of the file with pretrained weights, where the configuration asks for them."""

    def to_bytes(self) -> bytes:
        """As JSON."""
        body = {**vars(self), "config": self.config.model_dump(mode="json")}
        return json.dumps({**body, "aggregation": dataclasses.asdict(self.aggregation)}).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Order:
        """Read what `to_bytes` wrote."""
        body: dict[str, Any] = json.loads(content)
        return cls(
            **{
                **body,
                "work": Work(body["work"]),
                "config": TrainingConfig.model_validate(body["config"]),
                "clients": tuple(body["clients"]),
                "aggregation": Aggregation(**body["aggregation"]),
            }
        )


def pack_clients(clients: Mapping[str, Examples]) -> bytes:
    """Inputs and labels, numbered in the order of the names."""
    arrays: dict[str, NDArray[Any]] = {}
    for number, name in enumerate(clients):
        arrays[f"{number}.inputs"] = np.ascontiguousarray(clients[name].inputs, dtype=np.float32)
        arrays[f"{number}.labels"] = np.ascontiguousarray(clients[name].labels, dtype=np.int64)
    return _save(arrays)


def unpack_clients(content: bytes, names: Sequence[str]) -> dict[str, Examples]:
    """Read what `pack_clients` wrote."""
    arrays = _load(content)
    return {
        name: Examples(inputs=arrays[f"{number}.inputs"], labels=arrays[f"{number}.labels"])
        for number, name in enumerate(names)
    }


def pack_inputs(judged: Sequence[NDArray[np.float32]]) -> bytes:
    """Inputs alone, all in one."""
    return _save({"inputs": np.ascontiguousarray(np.concatenate(judged), dtype=np.float32)})


def unpack_inputs(content: bytes) -> NDArray[np.float32]:
    """Read what `pack_inputs` wrote."""
    return _load(content)["inputs"]


def pack_weights(weights: Mapping[str, NDArray[np.float32]]) -> bytes:
    """Parameters by name."""
    return _save({name: np.ascontiguousarray(value) for name, value in weights.items()})


def unpack_weights(content: bytes) -> dict[str, NDArray[np.float32]]:
    """Read what `pack_weights` wrote; for weights from outside see `sandbox.results`."""
    return _load(content)


def _save(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    from safetensors.numpy import save

    return bytes(save(dict(arrays)))


def _load(content: bytes) -> dict[str, NDArray[Any]]:
    from safetensors.numpy import load

    return dict(load(content))
