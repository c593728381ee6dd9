"""Simulated rooms for the vitals network: range maps with what was true in them.

Two ways to the same map. `hear` renders the audio and runs the sonar's channel: slow, and
what everything is judged on. `sketch` works on the tones of the probe directly (echoes,
noise, bursts of noise, then the channel's own blanking and filtering): 20 times faster, for
training. Tests hold the two side by side.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_worker.bench.acoustic import hops_of, person
from edge_worker.messages import ReadingState
from edge_worker.sensing.acoustic.blanking import impulses, interpolate
from edge_worker.sensing.acoustic.probe import FRAME_SAMPLES, SAMPLE_RATE_HZ, Probe
from edge_worker.sensing.acoustic.range_map import (
    DECIMATION,
    FRAME_RATE_HZ,
    HOP_S,
    RANGE_M,
    SOUND_M_PER_S,
)
from edge_worker.sensing.acoustic.simulated_body import BODY_RATE_HZ, Body, BodyMotion, Truth
from edge_worker.sensing.acoustic.simulator import CHEST_ECHO_DB, CHEST_PATCHES, Scene, Simulation

ComplexArray = npt.NDArray[np.complex64]
FloatArray = npt.NDArray[np.float64]

DIRECT_M = 0.07
SLOW_PER_HOP = round(HOP_S * FRAME_RATE_HZ / DECIMATION)
FRAMES_PER_HOP = round(HOP_S * FRAME_RATE_HZ)
LOW_PASS_TAPS = 31
MOTION_S = 2.0


@dataclass(frozen=True, kw_only=True)
class Room:
    """One simulated room, seen by the sonar. N hops of two seconds."""

    echoes: ComplexArray
    """Shape (frames, len(RANGE_M)) at 25 Hz, from the first frame on."""
    valid: npt.NDArray[np.bool_]
    """Shape (frames,): measured, not interpolated."""
    ends: npt.NDArray[np.int64]
    """Shape (N,): frames up to the end of each hop."""
    t: FloatArray
    """Shape (N,): end of each hop, seconds."""
    breathing: FloatArray
    """True breaths per minute over the 30 s before; NaN: none."""
    heart: FloatArray
    """True beats per minute over the 20 s before; NaN: none."""
    present: npt.NDArray[np.bool_]
    motion: npt.NDArray[np.bool_]
    """A burst of motion within the last two seconds."""
    receiver_breathing: FloatArray
    """What the receiver gave; NaN: it refused, or the room was sketched."""
    receiver_heart: FloatArray
    receiver_state: npt.NDArray[np.str_]

    def save(self, path: Path) -> None:
        """Write as a plain .npz."""
        np.savez(path, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Room:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            return cls(**{field.name: stored[field.name] for field in fields(cls)})


def hear(scene: Scene, seconds: float) -> Room:
    """Render the audio and run the receiver on it: the full path."""
    simulation = Simulation(scene, Probe())
    maps, vitals = [], []
    for hop, _ in hops_of(simulation, seconds):
        maps.append(hop.map)
        vitals.append(hop.vitals)
    t = np.array([hop.t for hop in maps], dtype=np.float64)
    return Room(
        echoes=np.concatenate([hop.echoes for hop in maps]),
        valid=np.concatenate([hop.valid for hop in maps]),
        ends=np.cumsum([len(hop.echoes) for hop in maps]),
        t=t,
        **_truth(scene, simulation.truth, t),
        receiver_breathing=_numbers([v.breathing_rate for v in vitals]),
        receiver_heart=_numbers([v.heart_rate for v in vitals]),
        receiver_state=np.array([str(v.state) for v in vitals]),
    )


def sketch(scene: Scene, seconds: float) -> Room:
    """Build the same map from the tones of the probe, without audio."""
    random = np.random.default_rng(scene.seed)
    frequency = Probe().frequencies_hz
    frames = round(seconds * FRAME_RATE_HZ)
    level = _loudspeaker(frequency, random)
    room = level * _standing(frequency, scene, random)
    tones = np.repeat(room[None, :], frames, axis=0)
    truth = Truth()
    for distance_m, body, seed in (
        (scene.distance_m, scene.body, scene.seed + 11),
        (scene.second_distance_m, scene.second_body, scene.seed + 13),
    ):
        if distance_m is not None:
            motion = BodyMotion(body, seed)
            tones += level * _chest(frequency, distance_m, motion, frames)
            if seed == scene.seed + 11:
                truth = motion.truth
    tones += level * _movers(frequency, scene, frames)
    tones += _noise(scene, frames, len(frequency), random)
    echoes, valid = _through_channel(tones, room, frequency)
    hops = len(echoes) // SLOW_PER_HOP
    t = np.asarray(HOP_S * (1.0 + np.arange(hops)), dtype=np.float64)
    nothing = np.full(hops, np.nan)
    return Room(
        echoes=echoes,
        valid=valid,
        ends=SLOW_PER_HOP * (1 + np.arange(hops)),
        t=t,
        **_truth(scene, truth, t),
        receiver_breathing=nothing,
        receiver_heart=nothing,
        receiver_state=np.full(hops, str(ReadingState.NO_EVIDENCE)),
    )


def training_scene(number: int) -> Scene:
    """A room drawn for this number: distances, hearts, noise, speech, music, company, motion."""
    random = np.random.default_rng(2_000_000 + number)
    scene: dict[str, Any] = {
        "distance_m": float(random.uniform(0.3, 1.6)),
        "skew_ppm": float(random.uniform(-100, 100)),
        "delay_s": float(random.uniform(0, 1)),
    }
    body: dict[str, Any] = {
        "heart_mm": float(random.choice([0.0, 0.1, 0.2, 0.3, 0.3, 0.3, 0.4, 0.5])),
        "breath_mm": float(random.uniform(2.0, 12.0)),
        "sway_mm": float(random.uniform(0.1, 0.5)),
    }
    kind = number % 10
    if kind in (0, 1):
        scene["white_db"] = float(random.uniform(30, 57))
        scene["distance_m"] = float(random.uniform(0.3, 0.9))
    elif kind in (2, 3):
        scene[str(random.choice(["speech_db", "music_db"]))] = float(random.uniform(35, 52))
        scene["distance_m"] = float(random.uniform(0.3, 0.9))
    elif kind == 4:
        scene["second_distance_m"] = scene["distance_m"] + float(random.uniform(0.1, 0.7))
        scene["second_body"] = person(3_000_000 + number)
    elif kind in (5, 6):
        scene["distance_m"] = float(random.uniform(0.3, 1.0))
        starts = np.sort(random.uniform(5, 85, int(random.integers(1, 4))))
        body["bursts"] = tuple((float(start), float(random.uniform(1, 4))) for start in starts)
    elif kind == 7:
        which = random.integers(3)
        if which == 0:
            scene["distance_m"] = None
            noise = str(random.choice(["white_db", "speech_db", "music_db", "fan_m"]))
            scene[noise] = float(random.uniform(30, 50)) if noise != "fan_m" else 1.0
        elif which == 1:
            scene["fan_m"] = float(random.uniform(0.6, 1.4))
        else:
            scene["walker_m"] = float(random.uniform(2.0, 2.5))
    return Scene(body=_somebody(number, random, body), seed=4_000_000 + number, **scene)


def _somebody(number: int, random: np.random.Generator, body: dict[str, Any]) -> Body:
    """Like `person`, but a wider range of rates than the judged ones."""
    chosen = person(3_500_000 + number, **body)
    wide = {"breathing_rate": random.uniform(7, 26), "heart_rate": random.uniform(46, 125)}
    segment = type(chosen.segments[0])(duration_s=1e9, **wide)
    settings = {f.name: getattr(chosen, f.name) for f in fields(chosen)}
    return Body(**{**settings, "segments": (segment,)})


def _truth(scene: Scene, truth: Truth, t: FloatArray) -> dict[str, Any]:
    here = scene.distance_m is not None
    beats = here and scene.body.heart_mm > 0
    nothing = np.full(len(t), np.nan)
    bursts = scene.body.bursts if here else ()
    return {
        "breathing": np.array([truth.breathing_rate(end - 30, end) for end in t])
        if here
        else nothing,
        "heart": np.array([truth.heart_rate(end - 20, end) for end in t]) if beats else nothing,
        "present": np.full(len(t), here),
        "motion": np.array(
            [any(s < end and s + length > end - MOTION_S for s, length in bursts) for end in t]
        ),
    }


def _loudspeaker(frequency: FloatArray, random: np.random.Generator) -> npt.NDArray[np.complex128]:
    """Level of each tone at 1 m after the matched filter; 1 in the mean."""
    middle = (frequency - frequency.mean()) / 1000
    ripple_db = sum(
        random.uniform(0.5, 1.5) * np.sin(middle * random.uniform(1, 5) + random.uniform(0, 6))
        for _ in range(3)
    )
    rolloff_db = -12 * (frequency - frequency[0]) / 4000
    shape = np.abs(Probe().spectrum) ** 2
    response = 10 ** ((ripple_db + rolloff_db) / 20) * np.exp(1j * middle) * shape
    return np.asarray(response / np.sqrt(np.mean(np.abs(response) ** 2)))


def _standing(frequency: FloatArray, scene: Scene, random: np.random.Generator) -> Any:
    wave = -2j * np.pi * frequency / SOUND_M_PER_S
    paths = np.exp(wave * scene.spacing_m) / scene.spacing_m
    for _ in range(60):
        length_m = random.uniform(0.4, 9.0)
        gain = 10 ** (random.uniform(-26, -12) / 20) / length_m * 10 ** (-0.5 * length_m / 20)
        paths = paths + random.choice((-1, 1)) * gain * np.exp(wave * length_m)
    return paths


def _echo(frequency: FloatArray, range_m: FloatArray, gain: FloatArray | float) -> ComplexArray:
    """Tones of one moving reflector: shape (frames, tones)."""
    wave = -4j * np.pi * frequency / SOUND_M_PER_S
    return np.asarray(
        np.reshape(gain, (-1, 1)) * np.exp(np.outer(range_m, wave)), dtype=np.complex64
    )


def _chest(
    frequency: FloatArray, distance_m: float, motion: BodyMotion, frames: int
) -> ComplexArray:
    per_frame = round(BODY_RATE_HZ / FRAME_RATE_HZ)
    trunk, heart = motion.advance(frames * per_frame)
    # The mean of a frame, as an FFT over it takes it.
    trunk = trunk.reshape(frames, per_frame).mean(axis=1)
    heart = heart.reshape(frames, per_frame).mean(axis=1)
    tones = np.zeros((frames, len(frequency)), dtype=np.complex64)
    for behind_m, amplitude, breath_share, heart_share in CHEST_PATCHES:
        range_m = distance_m + behind_m - breath_share * trunk - heart_share * heart
        level_db = CHEST_ECHO_DB - 40 * np.log10(distance_m + behind_m) - distance_m
        tones += _echo(frequency, range_m, amplitude * 10 ** (level_db / 20))
    return tones


def _movers(frequency: FloatArray, scene: Scene, frames: int) -> ComplexArray:
    """A walker and a fan, as in the simulator."""
    time_s = np.arange(frames) / FRAME_RATE_HZ
    tones = np.zeros((frames, len(frequency)), dtype=np.complex64)
    if scene.walker_m is not None:
        range_m = scene.walker_m + 0.4 * np.sin(2 * np.pi * 0.11 * time_s)
        range_m += 0.02 * np.sin(2 * np.pi * 1.8 * time_s)
        gain = 10 ** ((-28 - 40 * np.log10(scene.walker_m)) / 20)
        tones += _echo(frequency, range_m, gain)
    if scene.fan_m is not None:
        for blade in range(3):
            angle = 2 * np.pi * (7.3 * time_s + blade / 3)
            gain_db = -46 - 40 * np.log10(scene.fan_m)
            shade = 10 ** (gain_db / 20) * np.maximum(0, np.cos(angle))
            tones += _echo(frequency, scene.fan_m + 0.04 * np.sin(angle), shade)
    return tones


def _noise(scene: Scene, frames: int, tones: int, random: np.random.Generator) -> ComplexArray:
    """Noise of each tone and frame, in units of a tone's level at 1 m."""
    power = np.full(frames, 10 ** (scene.floor_db / 10))
    if scene.white_db is not None:
        power += 10 ** (scene.white_db / 10)
    for kind, level_db in (("speech", scene.speech_db), ("music", scene.music_db)):
        if level_db is not None:
            power += 10 ** (level_db / 10) * _bursting(kind, frames, random)
    relative = np.sqrt(power / 10 ** (scene.source_db / 10) / 2)[:, None]
    normal = random.standard_normal((2, frames, tones))
    return np.asarray(relative * (normal[0] + 1j * normal[1]), dtype=np.complex64)


def _bursting(kind: str, frames: int, random: np.random.Generator) -> FloatArray:
    """Mean power of fricatives or hi-hats within each frame, against their full level."""
    step = 48
    samples = frames * FRAME_SAMPLES // step
    rate_hz = SAMPLE_RATE_HZ / step
    power = np.zeros(samples)
    at_s = 0.1
    while at_s < samples / rate_hz:
        if kind == "speech":
            length_s, pause_s = random.uniform(0.08, 0.2), random.exponential(0.35)
            envelope = np.hanning(round(length_s * rate_hz)) ** 2
        else:
            length_s, pause_s = 0.15, 0.1
            envelope = np.exp(-2 * np.arange(round(length_s * rate_hz)) / (0.05 * rate_hz))
        first = round(at_s * rate_hz)
        last = min(samples, first + len(envelope))
        power[first:last] += envelope[: last - first]
        at_s += length_s + pause_s
    return np.asarray(power.reshape(frames, -1).mean(axis=1), dtype=np.float64)


def _through_channel(
    tones: ComplexArray, room: Any, frequency: FloatArray
) -> tuple[ComplexArray, npt.NDArray[np.bool_]]:
    """Normalise, blank, filter and transform, hop by hop, as the channel does."""
    reference = room.astype(np.complex64)
    gain = np.einsum("tk,k->t", tones, np.conj(reference)) / np.linalg.norm(reference) ** 2
    still = tones / gain[:, None]
    blank = np.zeros(len(tones), dtype=bool)
    for first in range(0, len(tones), FRAMES_PER_HOP):
        hop = slice(first, first + FRAMES_PER_HOP)
        blank[hop] = impulses(tones[hop], tones[first - 2 : first] if first else None)
    if blank.any() and not blank.all():
        still = interpolate(still, blank)
    index = np.arange(LOW_PASS_TAPS) - (LOW_PASS_TAPS - 1) / 2
    fir = np.sinc(2 * 9.5 / FRAME_RATE_HZ * index) * np.hamming(LOW_PASS_TAPS)
    middle = LOW_PASS_TAPS // 2
    padded = np.pad(still, ((LOW_PASS_TAPS - 1, 0), (0, 0)), mode="edge")
    view = np.lib.stride_tricks.sliding_window_view(padded, LOW_PASS_TAPS, axis=0)[::DECIMATION]
    slow = view @ (fir / fir.sum()).astype(np.float32)
    flags = np.pad(blank, (LOW_PASS_TAPS - 1, 0))
    at = np.arange(0, len(still), DECIMATION)
    valid = ~(flags[at + middle] | flags[at + middle - 1])
    window = np.hanning(len(frequency) + 2)[1:-1]
    direct_s = DIRECT_M / SOUND_M_PER_S
    delay_s = direct_s + (2 * RANGE_M - DIRECT_M) / SOUND_M_PER_S
    direct = np.abs(np.sum(window * room * np.exp(2j * np.pi * frequency * direct_s)))
    turns = np.exp(2j * np.pi * np.outer(frequency, delay_s)) * (window / direct)[:, None]
    return np.asarray(slow @ turns, dtype=np.complex64), valid


def _numbers(values: list[float | None]) -> FloatArray:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
