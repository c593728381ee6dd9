"""Simulated people for federated training of the vitals network: one person, one home.

Each person sits in a few rooms, calm and stirred up, at distances and in noise of their own;
the shipped head turns the echoes into series, which never leave the person's device.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_worker.bench.acoustic import person
from edge_worker.bench.vitals_rooms import sketch
from edge_worker.bench.vitals_windows import full_windows
from edge_worker.catalogue.training_sets import Examples, Kind, Loader, TrainingSet
from edge_worker.offload.bundle import load_bundle, shipped_bundles
from edge_worker.offload.bundle_model import BundleModel
from edge_worker.offload.vitals.bands import BANDS, band_of
from edge_worker.offload.vitals.grid import network_input
from edge_worker.offload.vitals.step import INPUT, MODEL
from edge_worker.sensing.acoustic.simulator import Scene

PEOPLE = 30
ROOMS = 4
ROOM_S = 60.0
WINDOWS_PER_ROOM = 6
SEED = 7_000_000


@lru_cache(maxsize=1)
def vitals(folder: Path) -> TrainingSet:
    """Heart-rate bands of simulated people; nothing is read from the folder."""
    bundle = load_bundle(shipped_bundles()[MODEL])
    cut = bundle.manifest.cuts[0]
    head = BundleModel(bundle).head(f"{cut.name}/float32")
    assert head is not None

    def series(window: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        (found,) = head.run({INPUT: window[None]}).values()
        return np.asarray(found, dtype=np.float32)

    people = {}
    for number in range(PEOPLE):
        inputs, rates = [], []
        for room in range(ROOMS):
            heard = sketch(_scene(number, room), ROOM_S)
            random = np.random.default_rng(SEED + 100 * number + room)
            for hop in random.choice(full_windows(heard), WINDOWS_PER_ROOM, replace=False):
                inputs.append(series(network_input(heard.echoes[: heard.ends[hop]])))
                rates.append(heard.heart[hop])
        people[f"person-{number:02d}"] = Examples(
            inputs=np.concatenate(inputs)[:, :, None], labels=band_of(np.array(rates))
        )
    return TrainingSet(
        name="vitals",
        kind=Kind.IMAGE,
        classes=BANDS,
        people=people,
        origin="simulated people in simulated rooms",
    )


def _scene(number: int, room: int) -> Scene:
    """Rates around the person's own, calm in two rooms and stirred up in two."""
    random = np.random.default_rng(SEED + 100 * number + 50 + room)
    body = person(SEED + number)
    (segment,) = body.segments
    stir = (1.0, 1.06, 1.2, 1.35)[room]
    rate = float(np.clip(segment.heart_rate * stir, 46, 150))
    return Scene(
        body=replace(body, segments=(replace(segment, heart_rate=rate),)),
        seed=SEED + 100 * number + room,
        distance_m=float(random.uniform(0.4, 1.1)),
        white_db=float(random.uniform(25, 45)),
    )


LOADERS: dict[str, Loader] = {"vitals": vitals}
