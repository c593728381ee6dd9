from __future__ import annotations

from pathlib import Path

import pytest

from edge_worker.federated.harness import Harness
from edge_worker.federated.tasks.registry import load_task

SHARED_DATA = Path(__file__).parents[4] / "shared" / "data"


@pytest.mark.parametrize(("name", "people"), [("activation", 53), ("valence", 20)])
def test_people_of_the_studies_are_clients_and_training_beats_chance_on_others(
    name: str, people: int
) -> None:
    if not SHARED_DATA.is_dir():
        pytest.skip("the real recordings (../shared/data) are not here")
    task = load_task(name, SHARED_DATA)
    assert len(task.data.people) == people
    harness = Harness(task=task, seeds=task.seeds[:3])
    scores = [harness.run(task.baseline, seed).score for seed in harness.seeds]
    assert sum(scores) / 3 > 0.53
