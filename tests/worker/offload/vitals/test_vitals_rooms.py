"""A sketched map is like the one that the full audio path makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_worker.bench.acoustic import person
from edge_worker.bench.vitals_rooms import Room, hear, sketch, training_scene
from edge_worker.sensing.acoustic.simulator import Scene
from edge_worker.sensing.acoustic.targets import look


@pytest.mark.parametrize("changes", [{}, {"white_db": 45.0}, {"speech_db": 45.0}])
def test_sketch_has_level_and_noise_of_the_audio_path(changes: dict[str, Any]) -> None:
    scene = Scene(body=person(5), seed=5, **changes)
    sketched, heard = sketch(scene, 40.0), hear(scene, 40.0)
    one, other = look(sketched.echoes[-750:]), look(heard.echoes[-750:])
    assert one.floor_db == pytest.approx(other.floor_db, abs=2.0)
    assert abs(one.targets[0].bin - other.targets[0].bin) <= 1
    assert one.targets[0].power == pytest.approx(other.targets[0].power, rel=0.5)
    assert sketched.valid.mean() == pytest.approx(heard.valid.mean(), abs=0.15)
    # The same person, other breaths: the two draw them in blocks of other lengths.
    assert sketched.heart[-1] == pytest.approx(heard.heart[-1], abs=6.0)


def test_rooms_are_drawn_by_number() -> None:
    assert training_scene(3) == training_scene(3)
    assert training_scene(3) != training_scene(13)


def test_room_survives_the_disk(tmp_path: Path) -> None:
    room = sketch(training_scene(7), 10.0)
    room.save(tmp_path / "room.npz")
    again = Room.load(tmp_path / "room.npz")
    np.testing.assert_array_equal(again.echoes, room.echoes)
    np.testing.assert_array_equal(again.present, room.present)
