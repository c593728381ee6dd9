"""Rounds over several machines average to the same weights as rounds on one machine."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from edge_worker.federated.aggregation import Aggregation, AggregationError
from edge_worker.federated.fedavg import initial_weights, train
from edge_worker.federated.flower.rounds import (
    Part,
    next_weights,
    own_part,
    train_part,
)

MACHINES, SEED, ROUNDS = 3, 4, 2
ENVIRONMENT = Path(__file__).parents[3] / ".venv" / "federated" / "bin" / "python"


@pytest.fixture(scope="module")
def parts() -> list[Part]:
    return [own_part("digits", None, number, SEED) for number in range(MACHINES)]


def test_rounds_over_machines_equal_rounds_on_one(parts: list[Part]) -> None:
    task = parts[0].task
    config = task.baseline.model_copy(update={"rounds": ROUNDS})
    settings = Aggregation(min_clients=MACHINES)
    weights = initial_weights(config, task.data.shape, task.classes, SEED)
    for number in range(ROUNDS):
        fits = [train_part(p, weights, config.model_dump_json(), number, SEED) for p in parts]
        replies = [(p.name, f.weights, f.examples) for p, f in zip(parts, fits, strict=True)]
        weights, refused = next_weights(weights, replies, settings, number, SEED)
        assert refused == ()
    alone = train(
        config,
        {part.name: part.examples for part in parts},
        classes=task.classes,
        seed=SEED,
        aggregation=settings,
        even_classes=task.even_classes,
    )
    for name, value in alone.items():
        np.testing.assert_allclose(weights[name], value, atol=1e-6)


def test_a_reply_holds_no_example(parts: list[Part]) -> None:
    task = parts[0].task
    config = task.baseline.model_copy(update={"rounds": 1})
    weights = initial_weights(config, task.data.shape, task.classes, SEED)
    found = train_part(parts[0], weights, config.model_dump_json(), 0, SEED)
    sent = b"".join(value.tobytes() for value in found.weights.values())
    assert not any(row.tobytes() in sent for row in parts[0].examples.inputs)
    size = sum(value.nbytes for value in weights.values())
    assert len(sent) == size, "as large as the model, whatever the client holds"


def test_a_poisoned_reply_is_left_out_and_too_few_end_the_round(parts: list[Part]) -> None:
    weights = {"w": np.zeros(2, np.float32)}
    good = ("a", {"w": np.ones(2, np.float32)}, 3)
    broken = ("b", {"w": np.full(2, np.nan, np.float32)}, 3)
    other = ("c", {"x": np.ones(2, np.float32)}, 3)
    settings = Aggregation(min_clients=1)
    found, refused = next_weights(weights, [good, broken, other], settings, 0, 0)
    assert found["w"].tolist() == [1, 1]
    assert refused == ("b", "c")
    with pytest.raises(AggregationError):
        next_weights(weights, [good, broken], replace(settings, min_clients=2), 0, 0)


def test_there_is_no_part_beyond_the_last() -> None:
    with pytest.raises(ValueError, match="there is no part 99"):
        own_part("digits", None, 99, SEED)


@pytest.mark.skipif(
    not ENVIRONMENT.exists(), reason="Flower's environment is absent: scripts/setup federated"
)
@pytest.mark.parametrize("app", ["client_app", "server_app"])
def test_apps_load_in_flowers_environment(app: str) -> None:
    code = f"from edge_worker.federated.flower.{app} import app; print(type(app).__name__)"
    done = subprocess.run(
        [ENVIRONMENT, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip().endswith("App")
