"""Fit the trust in a pulse: `python -m edge_worker.bench.acoustic_gate`.

Simulates rooms that no benchmark uses, half of them hard, follows the heart in each, and
fits the probability that the tracked rate is within 4 bpm of the truth. Prints the
coefficients for `sensing.acoustic.vitals`, and what each threshold would have given in
rooms left out of the fit. Needs scikit-learn (extra `train`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_worker.bench.acoustic import SCENE_S, SETTLED_S, hops_of, person
from edge_worker.sensing.acoustic.probe import Probe
from edge_worker.sensing.acoustic.simulator import Scene, Simulation

FIRST_SEED = 1000
RIGHT_BPM, WRONG_BPM = 4.0, 5.0
THRESHOLDS = (0.5, 0.6, 0.65, 0.7, 0.8, 0.9)
FOLDS = 10


@dataclass(frozen=True, kw_only=True)
class Follow:
    """One window in which a pulse was followed."""

    room: int
    hard: bool
    features: tuple[float, ...]
    refused: bool
    """For another reason than little trust."""
    error: float


def room(number: int) -> tuple[Scene, bool]:
    """A room drawn for this number, and whether it is a hard one."""
    random = np.random.default_rng(500 + number)
    kind = number % 8
    scene: dict[str, Any] = {
        "distance_m": float(random.uniform(0.3, 0.85)),
        "skew_ppm": float(random.uniform(-100, 100)),
        "delay_s": float(random.uniform(0, 1)),
    }
    body: dict[str, Any] = {
        "heart_mm": float(random.choice([0.15, 0.2, 0.25, 0.3, 0.4])),
        "breath_mm": float(random.uniform(2.5, 10)),
    }
    if kind in (0, 1):
        scene["distance_m"] = float(random.uniform(0.65, 0.85))
        body["heart_mm"] = float(random.choice([0.2, 0.25, 0.3]))
    elif kind == 2:
        scene["distance_m"] = float(random.uniform(0.9, 1.5))
    elif kind == 3:
        scene["white_db"] = float(random.uniform(28, 50))
    elif kind == 4:
        scene[str(random.choice(["speech_db", "music_db"]))] = float(random.uniform(35, 50))
    elif kind == 5:
        body["heart_mm"] = float(random.choice([0.0, 0.0, 0.05, 0.1]))
    elif kind == 6:
        disturbance = random.integers(4)
        if disturbance == 0:
            scene["second_distance_m"] = scene["distance_m"] + float(random.uniform(0.1, 0.7))
        elif disturbance == 1:
            scene["fan_m"] = float(random.uniform(0.6, 1.4))
        elif disturbance == 2:
            scene["walker_m"] = 2.2
        else:
            bursts = (random.uniform(30, 40), 2.0), (random.uniform(55, 75), 3.0)
            body["bursts"] = tuple((float(start), length) for start, length in bursts)
    seed = FIRST_SEED + number
    return Scene(body=person(seed, **body), seed=seed, **scene), 2 <= kind <= 6


def follow(number: int) -> Iterator[Follow]:
    """Every window of a room in which a pulse was followed."""
    scene, hard = room(number)
    simulation = Simulation(scene, Probe())
    for hop, vital_signs in hops_of(simulation, SCENE_S):
        seen = vital_signs.pulse
        if hop.vitals.t < SETTLED_S or seen is None:
            continue
        truth = simulation.truth.heart_rate(hop.vitals.t - 20, hop.vitals.t)
        yield Follow(
            room=number,
            hard=hard,
            features=seen.features,
            refused=seen.refused,
            error=abs(seen.rate - truth) if scene.body.heart_mm else 1000.0,
        )


def report(windows: list[Follow]) -> str:
    """Coefficients fitted on all windows; thresholds judged on rooms left out."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold

    rows = np.array([window.features for window in windows])
    error = np.array([window.error for window in windows])
    rooms = np.array([window.room for window in windows])
    right = error < RIGHT_BPM
    trust = np.zeros(len(rows))
    for kept, out in GroupKFold(FOLDS).split(rows, right, rooms):
        fitted = LogisticRegression(C=10).fit(rows[kept], right[kept])
        trust[out] = fitted.predict_proba(rows[out])[:, 1]
    final = LogisticRegression(C=10).fit(rows, right)
    coefficients = ", ".join(f"{weight:.3f}" for weight in final.coef_[0])
    lines = [
        f"{len(set(rooms.tolist()))} rooms, {len(rows)} windows with a pulse",
        f"GATE_COEFFICIENTS = ({coefficients})",
        f"GATE_INTERCEPT = {final.intercept_[0]:.3f}",
        "left out:  threshold  given (easy)  given (hard)  wrong by 5 bpm",
    ]
    hard = np.array([window.hard for window in windows])
    usable = ~np.array([window.refused for window in windows])
    for threshold in THRESHOLDS:
        given = usable & (trust >= threshold)
        lines.append(
            f"{threshold:20.2f} {_share(given, ~hard):13.1%} {_share(given, hard):13.1%}"
            f" {_share(error > WRONG_BPM, given):15.2%}"
        )
    return "\n".join(lines)


def _share(what: npt.NDArray[np.bool_], of: npt.NDArray[np.bool_]) -> float:
    return float(what[of].mean()) if of.any() else 0.0


def main() -> None:
    """Simulate, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rooms", type=int, default=120)
    chosen = parser.parse_args()
    windows: list[Follow] = []
    for number in range(chosen.rooms):
        windows += follow(number)
        sys.stderr.write(f"\rroom {number + 1} of {chosen.rooms}")
    sys.stderr.write("\n")
    sys.stdout.write(report(windows) + "\n")


if __name__ == "__main__":
    main()
