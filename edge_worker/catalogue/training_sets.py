"""Labelled examples by person: what a wing hands to learning, and nothing more.

Learning knows no recordings and no check-ins, only `TrainingSet`. A wing that has examples
offers a maker under a name here; it is looked up by that name, as the runtime looks up tools,
so that wings still don't import each other.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]


class TrainingSetError(ValueError):
    """Examples that cannot be used; the message is a sentence for people."""


class Kind(StrEnum):
    """What one example looks like."""

    TABLE = "table"
    """Shape (features,)."""
    IMAGE = "image"
    """Shape (channels, height, width), values 0..1."""


@dataclass(frozen=True, kw_only=True)
class Examples:
    """The labelled examples of one person, or of one part of a set of pictures."""

    inputs: FloatArray
    """Shape (examples, *one example)."""
    labels: IntArray
    """Shape (examples,), 0..classes-1."""

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, kw_only=True)
class TrainingSet:
    """Examples of several people; whoever learns from it decides who is asked and who judges."""

    name: str
    kind: Kind
    classes: tuple[str, ...]
    people: Mapping[str, Examples]
    """What a person trains with."""
    judged: Mapping[str, Examples] = field(default_factory=dict)
    """What a person is judged by, where that differs: training may see the same hour in more
    than one way. Nobody is in here who is not in `people`."""
    input_names: tuple[str, ...] = ()
    """Names of the features of a table, in order."""
    origin: str = ""
    """Where the data come from, in words for the model's card."""

    def __post_init__(self) -> None:
        if not self.people:
            raise TrainingSetError(f"{self.name} has no examples")
        if not self.judged.keys() <= self.people.keys():
            raise TrainingSetError(f"{self.name} judges people who don't train")
        for person, examples in (*self.people.items(), *self.judged.items()):
            if len(examples.inputs) != len(examples.labels):
                raise TrainingSetError(f"{self.name}: {person} has more inputs than labels")
            if not np.isfinite(examples.inputs).all():
                raise TrainingSetError(f"{self.name}: {person} has inputs that are not finite")
            if len(examples) and not 0 <= examples.labels.min() <= examples.labels.max() < len(
                self.classes
            ):
                raise TrainingSetError(f"{self.name}: {person} has a label outside the classes")

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example."""
        return next(iter(self.people.values())).inputs.shape[1:]

    def digest(self) -> str:
        """SHA-256 over all people, examples and labels, whatever the order of the people."""
        found = hashlib.sha256(repr((self.name, self.kind.value, self.classes)).encode())
        for table in (self.people, self.judged):
            for person in sorted(table):
                examples = table[person]
                found.update(repr((person, examples.inputs.shape)).encode())
                found.update(np.ascontiguousarray(examples.inputs, dtype="<f4").tobytes())
                found.update(np.ascontiguousarray(examples.labels, dtype="<i8").tobytes())
        return found.hexdigest()


Loader = Callable[[Path], TrainingSet]

# Name of a set → module of the wing that makes it. Such a module has `LOADERS`, name → Loader.
PROVIDERS: Mapping[str, str] = {
    "activation": "edge_worker.mood.training_sets",
    "valence": "edge_worker.mood.training_sets",
    "vitals": "edge_worker.bench.vitals_people",
}


def load(name: str, folder: Path) -> TrainingSet:
    """Make the set of this name from the files in `folder`.

    Raises TrainingSetError when no wing offers it or the files cannot be used.
    """
    if name not in PROVIDERS:
        raise TrainingSetError(f"nobody offers examples of {name!r:.40}")
    module = importlib.import_module(PROVIDERS[name])
    return cast(Mapping[str, Loader], module.LOADERS)[name](folder)
