"""Judge the vitals network beside the receiver: `python -m edge_worker.bench.vitals_network`.

The conditions, people and seeds of docs/acoustic-bench.md, as full audio through the sonar's
channel. The gate is chosen on validation rooms of other seeds. Writes vitals-network.md and
vitals-network.json. Everything is simulated.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_worker.bench.acoustic import BREATH_WRONG, CONDITIONS, HEART_WRONG, SCENE_S, person
from edge_worker.bench.acoustic_gate import room as gate_room
from edge_worker.bench.vitals_rooms import Room, hear, training_scene
from edge_worker.catalogue.ports import Vitals
from edge_worker.messages import ReadingState
from edge_worker.offload.bundle import load_bundle, shipped_bundles
from edge_worker.offload.bundle_model import BundleModel
from edge_worker.offload.parts import DEVICE_PLAN
from edge_worker.offload.vitals.gate import GATE, Gate
from edge_worker.offload.vitals.grid import FRAMES, Window, network_input
from edge_worker.offload.vitals.step import INPUT, MODEL, Filler
from edge_worker.sensing.acoustic.simulator import Scene

SETTLED_S = 32.0
MAX_WRONG = 0.005
"""Of the numbers that the network adds in validation rooms, or as many as are wrong of the
receiver's own there, whichever is more."""
TRUSTS = tuple(round(0.5 + 0.005 * step, 3) for step in range(100))
OPEN = Gate(breathing=0.0, heart=0.0, presence=GATE.presence)
"""Lets every number pass, so that its trust can be judged."""
EMPTY_ROOMS: tuple[dict[str, Any], ...] = (
    {},
    {"white_db": 40.0},
    {"white_db": 52.0},
    {"fan_m": 1.0},
    {"speech_db": 45.0},
    {"music_db": 40.0},
    {"skew_ppm": 80.0, "drift_ppm_per_min": 0.5},
)
EMPTY_S = 300.0
RATES = ("breathing", "heart")
LIMITS = {"breathing": BREATH_WRONG, "heart": HEART_WRONG}
Network = Callable[[Window], Mapping[str, npt.NDArray[np.float32]]]
"""One window, shape (2, 38, 750), to logits by name."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Windows of rooms: errors of the receiver and of the step; NaN: refused."""

    receiver: dict[str, npt.NDArray[np.float64]]
    step: dict[str, npt.NDArray[np.float64]]
    trust: dict[str, npt.NDArray[np.float64]]
    """Of the step's numbers that it added."""
    measurable: dict[str, npt.NDArray[np.bool_]]
    """There is a rate: somebody, and for the heart one that beats."""

    @classmethod
    def together(cls, parts: list[Judged]) -> Judged:
        """All windows in one."""

        def joined(name: str) -> dict[str, Any]:
            return {
                rate: np.concatenate([getattr(part, name)[rate] for part in parts])
                for rate in RATES
            }

        return cls(**{field.name: joined(field.name) for field in fields(cls)})


def kept(path: Path, scene: Scene, seconds: float) -> Room:
    """The room from the folder; heard and kept there when it is missing."""
    if not path.exists():
        hear(scene, seconds).save(path)
    return Room.load(path)


def network(bundle: Path, plan: str) -> Network:
    """The network of a bundle, run by a plan: whole, or split with what travels coded."""
    model = BundleModel(load_bundle(bundle))
    if plan == DEVICE_PLAN:
        return lambda window: model.whole().run({INPUT: window[None]})

    def split(window: Window) -> Mapping[str, npt.NDArray[np.float32]]:
        head, codec = model.head(plan), model.codec(plan)
        inputs = {INPUT: window[None]}
        payload = codec.encode(inputs if head is None else head.run(inputs))
        return model.tail(plan).run(codec.decode(payload))

    return split


def outputs_of(model: Network, room: Room) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """The network's logits at every hop; None while it has not heard 30 s."""
    for hop, end in enumerate(room.ends):
        whole = end >= FRAMES
        yield hop, dict(model(network_input(room.echoes[:end]))) if whole else None


def judge(model: Network, room: Room, gate: Gate = GATE) -> Judged:
    """Replay a room through the step."""
    filler = Filler(gate)
    given: dict[str, list[float]] = {rate: [] for rate in RATES}
    trust: dict[str, list[float]] = {rate: [] for rate in RATES}
    for hop, outputs in outputs_of(model, room):
        vitals = Vitals(
            t=float(room.t[hop]),
            state=ReadingState(str(room.receiver_state[hop])),
            present=True,
            breathing_rate=_known(room.receiver_breathing[hop]),
            heart_rate=_known(room.receiver_heart[hop]),
        )
        result = filler.fill(vitals, outputs)
        given["breathing"].append(_number(result.breathing_rate))
        given["heart"].append(_number(result.heart_rate))
        trust["breathing"].append(_number(result.breathing_quality))
        trust["heart"].append(_number(result.heart_quality))
    settled = room.t >= SETTLED_S
    truth = {"breathing": room.breathing[settled], "heart": room.heart[settled]}
    # Where nothing beats every number is wrong, however the truth is written.
    known = {rate: np.where(np.isfinite(truth[rate]), truth[rate], -1e3) for rate in RATES}
    heard = {"breathing": room.receiver_breathing[settled], "heart": room.receiver_heart[settled]}
    return Judged(
        receiver={rate: np.abs(heard[rate] - known[rate]) for rate in RATES},
        step={rate: np.abs(np.array(given[rate])[settled] - known[rate]) for rate in RATES},
        trust={rate: np.array(trust[rate])[settled] for rate in RATES},
        measurable={rate: np.isfinite(truth[rate]) for rate in RATES},
    )


def calibrate(judged: Judged) -> dict[str, Any]:
    """For each rate the least trust at which the added numbers are as sound as the receiver's.

    judged: validation rooms behind an open gate.
    """
    result: dict[str, Any] = {"most_wrong": MAX_WRONG}
    for rate in RATES:
        receiver = judged.receiver[rate]
        own = receiver[np.isfinite(receiver)]
        allowed = max(MAX_WRONG, float(np.mean(own > LIMITS[rate])))
        adds = ~np.isfinite(receiver) & np.isfinite(judged.step[rate])
        trust, wrong = judged.trust[rate][adds], judged.step[rate][adds] > LIMITS[rate]
        choices = [t for t in TRUSTS if (trust >= t).any() and wrong[trust >= t].mean() <= allowed]
        result[rate] = min(choices) if choices else 1.0
        result[f"{rate}_allowed"] = allowed
    return result


def added(judged: Judged) -> dict[str, Any]:
    """The numbers that the shipped gate adds to the receiver's, and how many are wrong."""
    result: dict[str, Any] = {}
    for rate in RATES:
        refused = ~np.isfinite(judged.receiver[rate])
        errors = judged.step[rate][refused & np.isfinite(judged.step[rate])]
        result[f"{rate}_added"] = len(errors)
        result[f"{rate}_added_wrong"] = int(np.sum(errors > LIMITS[rate]))
        known = judged.receiver[rate][~refused]
        result[f"{rate}_receiver"] = len(known)
        result[f"{rate}_receiver_wrong"] = int(np.sum(known > LIMITS[rate]))
    return result


def row(name: str, hard: bool, judged: Judged) -> dict[str, Any]:
    """Figures of one condition."""
    result: dict[str, Any] = {"condition": name, "hard": hard}
    for rate in RATES:
        measurable = judged.measurable[rate]
        result[f"{rate}_windows"] = int(measurable.sum())
        for who in ("receiver", "step"):
            errors = getattr(judged, who)[rate]
            found = errors[np.isfinite(errors)]
            sound = errors[np.isfinite(errors) & measurable]
            result[f"{rate}_{who}"] = {
                "given": float(np.isfinite(errors[measurable]).mean()) if measurable.any() else 0.0,
                "median": float(np.median(sound)) if len(sound) else None,
                "p95": float(np.percentile(sound, 95)) if len(sound) else None,
                "numbers": len(found),
                "wrong": int(np.sum(found > LIMITS[rate])),
            }
    return result


def run(model: Network, folder: Path, people: int, validation: int) -> dict[str, Any]:
    """Calibrate, then judge every condition and the empty rooms."""
    rooms = [kept(folder / f"val_{n}.npz", validation_scene(n), SCENE_S) for n in range(validation)]
    gate = calibrate(Judged.together([judge(model, room, OPEN) for room in rooms]))
    gate |= added(Judged.together([judge(model, room) for room in rooms]))
    gate["rooms"] = len(rooms)
    rows, hard = [], []
    for number, condition in enumerate(CONDITIONS):
        parts = []
        for index in range(people):
            seed = 90_000 + index
            scene = Scene(body=person(seed, **condition.body), seed=seed, **condition.scene)
            heard = kept(folder / f"test_{number}_{index}.npz", scene, SCENE_S)
            parts.append(judge(model, heard))
        judged = Judged.together(parts)
        hard += [judged] if condition.hard else []
        rows.append(row(condition.name, condition.hard, judged))
        sys.stderr.write(f"\r{condition.name:40}")
    rows.append(row("all hard conditions", True, Judged.together(hard)))
    empty = {"minutes": 0.0, "numbers": 0}
    for number, changes in enumerate(EMPTY_ROOMS):
        scene = Scene(distance_m=None, seed=71_000 + number, **changes)
        judged = judge(model, kept(folder / f"empty_{number}.npz", scene, EMPTY_S))
        empty["minutes"] += EMPTY_S / 60
        empty["numbers"] += sum(int(np.isfinite(judged.step[rate]).sum()) for rate in RATES)
    return {
        "gate_chosen": gate,
        "gate_shipped": {"breathing": GATE.breathing, "heart": GATE.heart},
        "people": people,
        "conditions": rows,
        "empty_rooms": empty,
    }


def validation_scene(number: int) -> Scene:
    """Rooms that neither training nor the judged table knows."""
    return gate_room(3000 + number)[0] if number % 2 else training_scene(900_000 + number)


def as_markdown(result: dict[str, Any]) -> str:
    """The table for docs."""
    gate = result["gate_chosen"]
    lines = [
        "# Vitals network beside the receiver",
        "",
        "Written by `python -m edge_worker.bench.vitals_network`; do not edit. **Simulated**, not"
        " validated on people. Conditions, people and seeds of"
        f" [acoustic-bench.md](acoustic-bench.md): {result['people']} people of 100 s each, judged"
        " every 2 s, full audio through the sonar's channel. *With network*: the receiver's number"
        " where it gives one, the network's where it refuses. The network was trained on"
        " sketched range maps of other people and rooms.",
        "",
        "| condition | breathing given: receiver → with network | median | p95 | wrong¹ |"
        " heart given: receiver → with network | median | p95 | wrong¹ |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for item in result["conditions"]:
        cells = [item["condition"]]
        for rate, digits in (("breathing", 2), ("heart", 1)):
            before, after = item[f"{rate}_receiver"], item[f"{rate}_step"]
            cells.append(f"{before['given']:.0%} → {after['given']:.0%}")
            cells += [
                " → ".join(_text(part[figure], digits) for part in (before, after))
                for figure in ("median", "p95")
            ]
            cells.append(f"{before['wrong']} → {after['wrong']} of {after['numbers']}")
        lines.append("| " + " | ".join(cells) + " |")
    total = result["conditions"][-1]
    lines += [
        "",
        "¹ Numbers off by more than 2 per minute (breathing) or 5 bpm (heart); without a"
        " heartbeat every heart rate is wrong. Given: of the windows in which there was a rate.",
        "",
    ]
    for rate in RATES:
        before, after = (1 - total[f"{rate}_{who}"]["given"] for who in ("receiver", "step"))
        fewer = f"{before / after:.1f} times fewer" if after else "none left"
        lines.append(
            f"- Hard conditions together, {rate}: refused {before:.1%} → {after:.1%} of the windows"
            f" ({fewer})."
        )
    empty = result["empty_rooms"]
    lines += [
        f"- Empty rooms, {empty['minutes']:.0f} min (quiet, noise, fan, speech, hi-hats, clock"
        f" drift): {empty['numbers']} numbers.",
        f"- Gate: least trust at which no more of the added numbers are wrong in {gate['rooms']}"
        f" validation rooms than of the receiver's own there, or {gate['most_wrong']:.1%}:"
        f" breathing {gate['breathing']} ({gate['breathing_allowed']:.2%} wrong allowed),"
        f" heart {gate['heart']} ({gate['heart_allowed']:.2%}). Shipped:"
        f" {result['gate_shipped']['breathing']}, {result['gate_shipped']['heart']}.",
        *(
            f"- Validation rooms, {rate}: {gate[f'{rate}_added_wrong']} of the"
            f" {gate[f'{rate}_added']} numbers that the network adds are wrong; of the receiver's"
            f" {gate[f'{rate}_receiver_wrong']} of {gate[f'{rate}_receiver']}."
            for rate in RATES
        ),
        "",
    ]
    return "\n".join(lines)


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _text(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="keeps the rooms heard")
    parser.add_argument("--docs", type=Path, default=Path("docs"), help="folder to write to")
    parser.add_argument("--people", type=int, default=3, help="simulated people per condition")
    parser.add_argument("--validation", type=int, default=90, help="rooms for the gate")
    parser.add_argument("--bundle", type=Path, default=shipped_bundles()[MODEL])
    parser.add_argument("--plan", default=DEVICE_PLAN, help="such as series/int8")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    model = network(chosen.bundle, chosen.plan)
    result = run(model, chosen.folder, chosen.people, chosen.validation)
    (chosen.docs / "vitals-network.md").write_text(as_markdown(result), encoding="utf-8")
    text = json.dumps(result, indent=1, sort_keys=True) + "\n"
    (chosen.docs / "vitals-network.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
