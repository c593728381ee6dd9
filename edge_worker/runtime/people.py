"""Who opted in. Kept in a private file of this worker, never on the broker."""

from __future__ import annotations

import threading
from pathlib import Path

from edge_worker.messages import People, Person
from edge_worker.runtime import files


class PeopleStore:
    """The people of the last `set-people`. Hub and device of one process share it."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "people.json"
        self._lock = threading.Lock()
        self._people = files.restore(self._path, People, People())

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody who opted in."""
        return self._people.people

    def get(self, person: str | None) -> Person | None:
        """The person with this id, if they opted in."""
        return next((item for item in self.people if item.id == person), None)

    def area_of(self, device: str) -> str | None:
        """The area of Home Assistant in which this device stands."""
        areas = self._people.area_devices
        return next((area for area, devices in areas.items() if device in devices), None)

    def replace(self, people: People) -> bool:
        """Take a new list; True when it says something new."""
        with self._lock:
            if people == self._people:
                return False
            files.save(self._path, people)
            self._people = people
            return True
