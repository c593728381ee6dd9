from __future__ import annotations

from pathlib import Path

import pytest

from edge_worker.federated.harness import Harness
from edge_worker.federated.tasks.registry import load_task

SHARED_DATA = Path(__file__).parents[4] / "shared" / "data"


@pytest.fixture
def data() -> Path:
    if not SHARED_DATA.is_dir():
        pytest.skip("the real recordings (../shared/data) are not here")
    return SHARED_DATA


@pytest.mark.parametrize(("name", "people"), [("activation", 53), ("valence", 20)])
def test_people_of_the_studies_are_clients_on_one_side_each(
    data: Path, name: str, people: int
) -> None:
    split = load_task(name, data).split(0)
    sides = [set(split.train), set(split.validation), set(split.test)]
    assert sum(len(side) for side in sides) == len(set.union(*sides)) == people


def test_activation_carries_over_to_people_not_trained_on(data: Path) -> None:
    # Valence is left out: app use and history carry too little to stand clear of chance here.
    task = load_task("activation", data)
    harness = Harness(task=task, seeds=task.seeds[:3])
    scores = [harness.run(task.baseline, seed).score for seed in harness.seeds]
    assert sum(scores) / 3 > 0.6
