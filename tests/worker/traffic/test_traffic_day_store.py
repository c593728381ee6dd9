"""Each person's step keeps its own person's days in the one file, and leaves others' alone."""

from __future__ import annotations

import json
from pathlib import Path

from edge_worker.sensing.traffic.day_store import FILE_NAME, SAVE_EVERY_S, DayStore, delete_person
from edge_worker.sensing.traffic.windows import UsageWindow

NOON = 1_795_435_200


def window(person: str, number: int) -> UsageWindow:
    t0 = NOON + number * SAVE_EVERY_S  # far enough apart that each is saved
    return UsageWindow(t0=t0, t1=t0 + 10, person=person, seconds={"social": 10.0})


def people_on_disk(folder: Path) -> dict[str, object]:
    return dict(json.loads((folder / FILE_NAME).read_text())["people"])


def test_two_steps_do_not_overwrite_each_other(tmp_path: Path) -> None:
    anna, ben = DayStore(tmp_path), DayStore(tmp_path)
    anna.add(window("anna", 0))
    ben.add(window("ben", 0))
    anna.add(window("anna", 1))
    before = people_on_disk(tmp_path)["ben"]
    ben.add(window("ben", 1))
    anna.add(window("anna", 2))
    after = people_on_disk(tmp_path)
    assert set(after) == {"anna", "ben"}
    assert after["ben"] != before, "Anna's step wrote back an old copy of Ben's day"


def test_deleted_person_stays_deleted_until_counted_again(tmp_path: Path) -> None:
    anna, ben = DayStore(tmp_path), DayStore(tmp_path)
    anna.add(window("anna", 0))
    ben.add(window("ben", 0))
    assert delete_person(tmp_path, "anna") == 1
    ben.add(window("ben", 1))
    assert set(people_on_disk(tmp_path)) == {"ben"}
