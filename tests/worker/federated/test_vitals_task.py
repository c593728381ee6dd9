"""The vitals network learns across simulated homes, and nothing else is built as it."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="learning needs the extra `neural`")
pytest.importorskip("onnxruntime", reason="the shipped head needs the extra `offload`")

from edge_worker.federated import models
from edge_worker.federated.fedavg import RoundResult, train
from edge_worker.federated.proposal import Family, ProposalError, parse
from edge_worker.federated.tasks.registry import load_task
from edge_worker.federated.tasks.task import Task
from edge_worker.offload.vitals.bands import BANDS, band_of
from edge_worker.offload.vitals.grid import HEART_RATES


@pytest.fixture(scope="module")
def task() -> Task:
    return load_task("vitals", None)


def test_bands_cover_the_grid_in_order() -> None:
    found = band_of(HEART_RATES)
    assert found[0] == 0
    assert found[-1] == len(BANDS) - 1
    assert (np.diff(found) >= 0).all()
    assert (np.bincount(found)[:-1] == 8).all()
    assert band_of(np.array([20.0, 400.0])).tolist() == [0, len(BANDS) - 1]


def test_people_are_clients_of_unlike_rates(task: Task) -> None:
    sides = task.split(0)
    assert len(sides.train) >= 10
    assert task.data.shape == (8, 1, 375)
    held = {name: set(e.labels.tolist()) for name, e in task.data.people.items()}
    assert len(set.union(*held.values())) >= 9
    assert max(len(bands) for bands in held.values()) <= 6
    assert task.data.digest() == load_task("vitals", None).data.digest()


def test_two_rounds_learn(task: Task) -> None:
    rounds: list[RoundResult] = []
    config = task.baseline.model_copy(update={"rounds": 2})
    train(
        config,
        task.split(0).train,
        classes=task.classes,
        seed=0,
        even_classes=False,
        on_round=rounds.append,
    )
    assert rounds[1].loss < rounds[0].loss
    assert rounds[1].accuracy > 2 / len(BANDS)


def test_the_network_is_refused_where_it_does_not_fit(task: Task) -> None:
    with pytest.raises(ProposalError, match="takes examples of shape"):
        models.build(task.baseline, (3, 64, 64), 10, 0)
    digits = load_task("digits", None)
    assert Family.VITALS not in digits.space.families
    with pytest.raises(ProposalError, match="family vitals is none of"):
        parse({"config": {"family": "vitals"}}, digits.space)
