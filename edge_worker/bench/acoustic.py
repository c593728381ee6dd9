"""Measure the sonar on simulated rooms: `python -m edge_worker.bench.acoustic`.

Writes acoustic-bench.md, acoustic-bench.json and images/acoustic-bench.png. Everything is
simulated by `sensing.acoustic.simulator`; nothing here says how well it works on people.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_worker.sensing.acoustic.channel import Channel
from edge_worker.sensing.acoustic.probe import FRAME_SAMPLES, Probe
from edge_worker.sensing.acoustic.range_map import HOP_S, SLOW_RATE_HZ
from edge_worker.sensing.acoustic.receiver import Hop, Receiver
from edge_worker.sensing.acoustic.simulated_body import Body, Segment
from edge_worker.sensing.acoustic.simulator import Scene, Simulation
from edge_worker.sensing.acoustic.sources import AudioBlock
from edge_worker.sensing.acoustic.vitals import VitalSigns

FloatArray = npt.NDArray[np.float64]

SCENE_S = 100.0
SETTLED_S = 32.0
"""From here on a number is due: the first breath window is full."""
BREATH_WRONG, HEART_WRONG = 2.0, 5.0
PAUSE_DEADLINE_S = 14.0
PARTS = ("conditions", "empty", "pauses", "sleep", "cost")


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One row of the table: what differs from a quiet room with a person at 0.5 m."""

    name: str
    scene: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    hard: bool = False


CONDITIONS = (
    *(Condition(name=f"distance {d} m", scene={"distance_m": d}) for d in (0.3, 0.5, 0.8)),
    *(Condition(name=f"distance {d} m", scene={"distance_m": d}, hard=True) for d in (1.0, 1.2)),
    Condition(name="distance 1.5 m", scene={"distance_m": 1.5}, hard=True),
    Condition(name="heartbeat 0.1 mm", body={"heart_mm": 0.1}, hard=True),
    Condition(name="heartbeat 0.2 mm", body={"heart_mm": 0.2}),
    Condition(name="heartbeat 0.2 mm, 0.8 m", body={"heart_mm": 0.2}, scene={"distance_m": 0.8}),
    Condition(name="heartbeat 0.5 mm", body={"heart_mm": 0.5}),
    Condition(name="no heartbeat", body={"heart_mm": 0.0}, hard=True),
    Condition(name="breath 2 mm", body={"breath_mm": 2.0}),
    Condition(name="breath 12 mm", body={"breath_mm": 12.0}),
    *(
        Condition(name=f"white noise {db} dB", scene={"white_db": float(db)}, hard=True)
        for db in (35, 45, 55)
    ),
    Condition(name="speech 40 dB", scene={"speech_db": 40.0}, hard=True),
    Condition(name="speech 50 dB", scene={"speech_db": 50.0}, hard=True),
    Condition(name="hi-hats 40 dB", scene={"music_db": 40.0}, hard=True),
    Condition(name="fan at 1 m", scene={"fan_m": 1.0}, hard=True),
    Condition(name="second person +0.15 m", scene={"second_distance_m": 0.65}, hard=True),
    Condition(name="second person +0.6 m", scene={"second_distance_m": 1.1}, hard=True),
    Condition(name="walker at 2.2 m", scene={"walker_m": 2.2}, hard=True),
    Condition(name="two motion bursts", body={"bursts": ((36.0, 2.0), (66.0, 3.0))}, hard=True),
    Condition(name="skew +100 ppm", scene={"skew_ppm": 100.0}),
    Condition(name="skew -100 ppm", scene={"skew_ppm": -100.0}),
    Condition(name="looped 10 s file", scene={"loop_s": 10.0, "skew_ppm": 30.0}),
)


@dataclass
class Tally:
    """Errors of one condition."""

    hops: int = 0
    breathing: list[float] = field(default_factory=list)
    heart: list[float] = field(default_factory=list)
    plain_breathing: list[float] = field(default_factory=list)
    plain_heart: list[float] = field(default_factory=list)
    states: dict[str, int] = field(default_factory=dict)

    def row(self) -> dict[str, Any]:
        """Figures of the table."""
        return {
            "hops": self.hops,
            "breathing_coverage": _share(len(self.breathing), self.hops),
            "breathing_median": _percentile(self.breathing, 50),
            "breathing_p95": _percentile(self.breathing, 95),
            "breathing_wrong": int(np.sum(np.array(self.breathing) > BREATH_WRONG)),
            "breathing_numbers": len(self.breathing),
            "heart_coverage": _share(len(self.heart), self.hops),
            "heart_median": _percentile(self.heart, 50),
            "heart_p90": _percentile(self.heart, 90),
            "heart_wrong": int(np.sum(np.array(self.heart) > HEART_WRONG)),
            "heart_numbers": len(self.heart),
            "plain_breathing_median": _percentile(self.plain_breathing, 50),
            "plain_heart_median": _percentile(self.plain_heart, 50),
            "plain_heart_p90": _percentile(self.plain_heart, 90),
            "states": self.states,
        }


def person(seed: int, **changes: Any) -> Body:
    """A body with rates drawn for this seed; nothing is tuned on these seeds."""
    random = np.random.default_rng(seed)
    segment = Segment(
        duration_s=1e9,
        breathing_rate=float(random.uniform(9, 20)),
        heart_rate=float(random.uniform(52, 110)),
    )
    settings: dict[str, Any] = {
        "segments": (segment,),
        "breath_variability": float(random.uniform(0.03, 0.1)),
        "heart_variability": float(random.uniform(0.01, 0.03)),
        **changes,
    }
    return Body(**settings)


def hops_of(simulation: Simulation, seconds: float) -> Iterator[tuple[Hop, VitalSigns]]:
    """Run the receiver on a simulation."""
    receiver = Receiver(simulation.probe)
    for block in simulation.blocks(seconds):
        samples = block.astype(np.float32) / np.float32(32768)
        for hop in receiver.push(AudioBlock(samples=samples)):
            yield hop, receiver.vital_signs


def measure(condition: Condition, people: int) -> Tally:
    """Score a condition on `people` simulated people of SCENE_S each."""
    tally = Tally()
    for index in range(people):
        seed = 90_000 + index
        scene = Scene(body=person(seed, **condition.body), seed=seed, **condition.scene)
        simulation = Simulation(scene, Probe())
        for hop, vital_signs in hops_of(simulation, SCENE_S):
            vitals, t = hop.vitals, hop.vitals.t
            if t < SETTLED_S:
                continue
            tally.hops += 1
            tally.states[str(vitals.state)] = tally.states.get(str(vitals.state), 0) + 1
            breathing = simulation.truth.breathing_rate(t - 30, t)
            heart = simulation.truth.heart_rate(t - 20, t)
            if condition.body.get("heart_mm") == 0:
                heart = -1000.0
            if vitals.breathing_rate is not None:
                tally.breathing.append(abs(vitals.breathing_rate - breathing))
            if vitals.heart_rate is not None:
                tally.heart.append(abs(vitals.heart_rate - heart))
            if vital_signs.movement is not None:
                plain = vital_signs.movement.mm
                tally.plain_breathing.append(abs(plain_peak(plain, 30, 0.1, 0.7) - breathing))
                if heart > 0:
                    tally.plain_heart.append(abs(plain_peak(plain, 20, 0.8, 2.5) - heart))
    return tally


def plain_peak(movement_mm: FloatArray, window_s: float, low_hz: float, high_hz: float) -> float:
    """The common method: band-pass, FFT, highest peak. On our movement, without gates."""
    part = movement_mm[-round(window_s * SLOW_RATE_HZ) :]
    power = np.abs(np.fft.rfft((part - part.mean()) * np.hanning(len(part)), 8192))
    frequency = np.fft.rfftfreq(8192, 1 / SLOW_RATE_HZ)
    inside = (frequency >= low_hz) & (frequency <= high_hz)
    return float(60 * frequency[inside][power[inside].argmax()])


def measure_empty(minutes: float) -> dict[str, Any]:
    """Count numbers given in empty rooms: quiet, loud, with a fan, with speech."""
    rooms: tuple[dict[str, Any], ...] = (
        {},
        {"white_db": 40.0},
        {"fan_m": 1.0},
        {"speech_db": 45.0},
        {"music_db": 40.0},
        {"skew_ppm": 80.0, "drift_ppm_per_min": 0.5},
    )
    result: dict[str, Any] = {"minutes": 0.0, "numbers": 0, "present": 0, "states": {}}
    for index, room in enumerate(rooms):
        scene = Scene(distance_m=None, seed=70_000 + index, **room)
        for hop, _ in hops_of(Simulation(scene, Probe()), 60 * minutes / len(rooms)):
            vitals = hop.vitals
            result["minutes"] += HOP_S / 60
            result["numbers"] += vitals.breathing_rate is not None
            result["numbers"] += vitals.heart_rate is not None
            result["present"] += vitals.present is True
            states = result["states"]
            states[str(vitals.state)] = states.get(str(vitals.state), 0) + 1
    return result


def measure_pauses(pauses: int) -> dict[str, Any]:
    """Find breath holds of 12 to 25 s, one every 90 s, at 0.3 to 0.8 m."""
    per_scene = 5
    found = total = 0
    delays: list[float] = []
    for index in range(max(1, pauses // per_scene)):
        random = np.random.default_rng(60_000 + index)
        holds = tuple((60.0 + 90 * k, float(random.uniform(13, 25))) for k in range(per_scene))
        scene = Scene(
            body=person(60_000 + index, holds=holds),
            distance_m=float(random.uniform(0.3, 0.8)),
            seed=60_000 + index,
        )
        simulation = Simulation(scene, Probe())
        alarms = [
            hop.vitals.t
            for hop, _ in hops_of(simulation, 60 + 90 * per_scene)
            if hop.vitals.breathing_pause
        ]
        for start_s, end_s in simulation.truth.pauses_s:
            if end_s - start_s < 12:
                continue
            total += 1
            hits = [t - start_s for t in alarms if start_s + 6 < t <= start_s + PAUSE_DEADLINE_S]
            found += bool(hits)
            delays += hits[:1]
    return {"pauses": total, "found": found, "median_delay_s": _percentile(delays, 50)}


def measure_sleep(hours: float) -> dict[str, Any]:
    """Count pause alarms during sleep-like breathing without pauses."""
    episodes = 0
    parts = max(1, round(hours * 2))
    for index in range(parts):
        random = np.random.default_rng(50_000 + index)
        segment = Segment(
            duration_s=1e9,
            breathing_rate=float(random.uniform(9, 16)),
            heart_rate=float(random.uniform(48, 70)),
        )
        body = Body(
            segments=(segment,), breath_mm=float(random.uniform(3, 8)), breath_variability=0.1
        )
        scene = Scene(body=body, distance_m=float(random.uniform(0.4, 0.9)), seed=50_000 + index)
        before = False
        for hop, _ in hops_of(Simulation(scene, Probe()), 3600 * hours / parts):
            episodes += hop.vitals.breathing_pause and not before
            before = hop.vitals.breathing_pause
    return {"hours": hours, "false_alarms": episodes}


def measure_cost() -> dict[str, Any]:
    """Processor time per hop of one stream, against the bare FFTs of the same frames."""
    simulation = Simulation(Scene(body=person(1), skew_ppm=40.0), Probe())
    blocks = [block.astype(np.float32) / np.float32(32768) for block in simulation.blocks(120)]
    channel, vital_signs = Channel(Probe()), VitalSigns()
    channel_s = vitals_s = 0.0
    hops = 0
    for block in blocks:
        start = time.process_time()
        maps = channel.push(block)
        channel_s += time.process_time() - start
        for hop in maps:
            start = time.process_time()
            vital_signs.update(hop)
            vitals_s += time.process_time() - start
            hops += 1
    frames = np.concatenate(blocks)[: 100 * FRAME_SAMPLES].reshape(100, FRAME_SAMPLES)
    start = time.process_time()
    for _ in range(200):
        np.fft.rfft(frames, axis=1)
    fft_ms = (time.process_time() - start) / 200 * 1e3
    channel_ms, vitals_ms = channel_s / hops * 1e3, vitals_s / hops * 1e3
    return {
        "channel_ms_per_hop": channel_ms,
        "vitals_ms_per_hop": vitals_ms,
        "blas_threads": os.environ.get("OMP_NUM_THREADS", "not set"),
        "streams_per_core": HOP_S * 1e3 / (channel_ms + vitals_ms),
        "bare_fft_ms_per_hop": fft_ms,
        "ratio_to_bare_ffts": (channel_ms + vitals_ms) / fft_ms,
        "device_rss_mb": _device_memory_mb(),
    }


def _device_memory_mb() -> float:
    """Peak memory of a fresh process that receives two minutes of sound."""
    program = "from edge_worker.bench.acoustic import receive_and_tell; receive_and_tell()"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    return float(done.stdout)


def receive_and_tell() -> None:
    """Receive two minutes in this process, then print its peak memory in megabytes."""
    for _ in hops_of(Simulation(Scene(), Probe()), 120):
        pass
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(f"{peak_kb / 1024:.1f}\n")


def run(chosen: argparse.Namespace, known: dict[str, Any]) -> dict[str, Any]:
    """Measure the chosen parts; the others stay as `known` has them."""
    measured: dict[str, Any] = {}
    if "conditions" in chosen.parts:
        measured |= measure_conditions(chosen.people)
    if "empty" in chosen.parts:
        measured["empty"] = measure_empty(chosen.empty_minutes)
    if "pauses" in chosen.parts:
        measured["pauses"] = measure_pauses(chosen.pauses)
    if "sleep" in chosen.parts:
        measured["sleep"] = measure_sleep(chosen.sleep_hours)
    if "cost" in chosen.parts:
        measured["cost"] = measure_cost()
    return {
        **known,
        **measured,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": platform.machine(),
    }


def measure_conditions(people: int) -> dict[str, Any]:
    """Score every row of the table, and the hard ones together."""
    rows: dict[str, Any] = {}
    for condition in CONDITIONS:
        rows[condition.name] = {"hard": condition.hard, **measure(condition, people).row()}
        sys.stderr.write(f"{condition.name}\n")
    hard = [row for row in rows.values() if row["hard"]]
    return {
        "people": people,
        "seconds_each": SCENE_S,
        "conditions": rows,
        "hard_wrong": sum(row["breathing_wrong"] + row["heart_wrong"] for row in hard),
        "hard_numbers": sum(row["breathing_numbers"] + row["heart_numbers"] for row in hard),
        "hard_heart_wrong": sum(row["heart_wrong"] for row in hard),
        "hard_heart_numbers": sum(row["heart_numbers"] for row in hard),
    }


def as_markdown(result: dict[str, Any]) -> str:
    """The table for the documentation."""
    lines = [
        "# Sonar: measured on simulated rooms",
        "",
        "Written by `python -m edge_worker.bench.acoustic`; do not edit. **Simulated** by this"
        " project's own simulator, not validated on people. Each row:"
        f" {result['people']} simulated people of {result['seconds_each']:.0f} s, judged every"
        f" {HOP_S} s from {SETTLED_S:.0f} s on. Errors in breaths and beats per minute."
        " Plain: band-pass and highest FFT peak on the same chest movement, never refusing.",
        "",
        "| condition | breathing: given | median | p95 | wrong¹ | heart: given | median | p90 |"
        " wrong¹ | plain breathing median | plain heart median (p90) |",
        "|" + "---|" * 11,
    ]
    for name, row in result["conditions"].items():
        lines.append(
            f"| {name} | {row['breathing_coverage']:.0%} | {_text(row['breathing_median'], 2)} |"
            f" {_text(row['breathing_p95'], 2)} | {row['breathing_wrong']} |"
            f" {row['heart_coverage']:.0%} | {_text(row['heart_median'], 1)} |"
            f" {_text(row['heart_p90'], 1)} | {row['heart_wrong']} |"
            f" {_text(row['plain_breathing_median'], 2)} |"
            f" {_text(row['plain_heart_median'], 1)} ({_text(row['plain_heart_p90'], 1)}) |"
        )
    empty, pauses, sleep, cost = (result[key] for key in ("empty", "pauses", "sleep", "cost"))
    lines += [
        "",
        f"¹ Numbers given that are off by more than {BREATH_WRONG:.0f} per minute (breathing) or"
        f" {HEART_WRONG:.0f} bpm (heart).",
        "",
        f"- Hard conditions together (far, faint, loud, moving, several people):"
        f" {result['hard_wrong']} of {result['hard_numbers']} numbers wrong; of the heart rates"
        f" alone {result['hard_heart_wrong']} of {result['hard_heart_numbers']}.",
        f"- Empty rooms, {empty['minutes']:.0f} min (quiet, noise, fan, speech, hi-hats, clock"
        f" drift): {empty['numbers']} numbers, {empty['present']} times presence.",
        f"- Breathing pauses of 12 s and more: {pauses['found']} of {pauses['pauses']} found"
        f" within {PAUSE_DEADLINE_S:.0f} s, median after {_text(pauses['median_delay_s'], 1)} s.",
        f"- Sleep-like breathing, {sleep['hours']:g} h: {sleep['false_alarms']} false pauses.",
        f"- Cost of one stream, per hop of {HOP_S} s on one core ({result['machine']},"
        f" OMP_NUM_THREADS {cost['blas_threads']}): channel"
        f" {cost['channel_ms_per_hop']:.1f} ms, vital signs {cost['vitals_ms_per_hop']:.1f} ms:"
        f" {cost['streams_per_core']:.0f} live streams per core. The bare FFTs take"
        f" {cost['bare_fft_ms_per_hop']:.2f} ms: ratio {cost['ratio_to_bare_ffts']:.0f}.",
        f"- Peak memory of a process with simulator and receiver: {cost['device_rss_mb']:.0f} MB.",
        "",
        "![Errors by condition](images/acoustic-bench.png)",
        "",
    ]
    return "\n".join(lines)


def draw(result: dict[str, Any], out: Path) -> None:
    """Median and tail of both rates by condition, against the plain method."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = list(result["conditions"])
    rows = list(result["conditions"].values())
    place = np.arange(len(names))
    figure = Figure(figsize=(10, 8), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, kind, tail, bar in ((left, "breathing", "p95", 0.5), (right, "heart", "p90", 3.0)):
        for key, label, mark in (
            (f"{kind}_median", "median", "o"),
            (f"{kind}_{tail}", tail, "|"),
            (f"plain_{kind}_median", "plain method, median", "x"),
        ):
            values = [np.nan if row[key] is None else max(row[key], 0.005) for row in rows]
            axes.plot(values, place, mark, label=label)
        axes.axvline(bar, color="grey", linewidth=0.8)
        axes.set_xscale("log")
        axes.set_xlabel(f"{kind}: error per minute (line: bar for {tail})")
        axes.grid(alpha=0.3)
    left.set_yticks(place, names)
    left.invert_yaxis()
    left.legend(loc="lower right")
    figure.suptitle("Simulated rooms; not validated on people")
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=80, format="png")


def main() -> None:
    """Measure, then write table, figures and picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--docs", type=Path, default=Path("docs"), help="folder to write to")
    parser.add_argument("--people", type=int, default=6, help="simulated people per condition")
    parser.add_argument("--empty-minutes", type=float, default=120)
    parser.add_argument("--pauses", type=int, default=60)
    parser.add_argument("--sleep-hours", type=float, default=8)
    parser.add_argument(
        "--parts", nargs="+", choices=PARTS, default=PARTS, help="others are kept as they are"
    )
    chosen = parser.parse_args()
    chosen.docs.mkdir(parents=True, exist_ok=True)
    figures = chosen.docs / "acoustic-bench.json"
    every = set(chosen.parts) == set(PARTS)
    known = {} if every else json.loads(figures.read_text(encoding="utf-8"))
    result = run(chosen, known)
    (chosen.docs / "acoustic-bench.md").write_text(as_markdown(result), encoding="utf-8")
    text = json.dumps(result, indent=1, sort_keys=True) + "\n"
    figures.write_text(text, encoding="utf-8")
    draw(result, chosen.docs / "images" / "acoustic-bench.png")


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _percentile(values: list[float], percent: float) -> float | None:
    known = [value for value in values if np.isfinite(value)]
    return float(np.percentile(known, percent)) if known else None


def _text(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


if __name__ == "__main__":
    main()
