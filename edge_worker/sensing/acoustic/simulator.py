"""A room in which the probe is played: what the microphone would record.

The probe repeats, so a path of delay tau(t) contributes probe(t - tau(t)): one look-up in
a finely sampled period per sample and moving path. That is exact at every sample: Doppler,
clock skew and drift need no block-wise channel. Everything that stands still is one path.

Levels are in dB SPL at the microphone. It shares nothing with the receiver but the probe.
Missing: loudspeaker distortion, temperature, clothing, a person who lies down.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from edge_worker.sensing.acoustic.probe import SAMPLE_RATE_HZ, Probe
from edge_worker.sensing.acoustic.simulated_body import (
    BODY_RATE_HZ,
    Body,
    BodyMotion,
    FloatArray,
    Segment,
    Truth,
)

SOUND_M_PER_S = 343.0
FULL_SCALE_DB = 100.0
"""Level of a full-scale sine."""
STATIC_OVERSAMPLING = 256
MOVING_OVERSAMPLING = 32
"""Linear interpolation: errors of -110 dB for the direct path and -74 dB for an echo, which
itself is 40 dB below."""
BLOCK_S = 0.5
CHEST_ECHO_DB = -35.0
"""Chest echo against the source's level at 1 m, for a chest at 1 m."""
# Offset behind the chest, amplitude, share of the breathing, share of the heartbeat.
CHEST_PATCHES = ((0.0, 1.0, 1.0, 1.0), (0.025, 0.5, 0.7, 0.6), (0.07, 0.3, 0.4, 0.1))


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A room, who is in it, how loud it is. Distances in metres, levels in dB SPL."""

    distance_m: float | None = 0.5
    """Sonar to chest; None: nobody is there."""
    body: Body = field(default_factory=Body)
    second_distance_m: float | None = None
    second_body: Body = field(
        default_factory=lambda: Body(
            segments=(Segment(duration_s=3600.0, breathing_rate=17.0, heart_rate=75.0),)
        )
    )
    walker_m: float | None = None
    """Someone who walks to and fro around this distance."""
    fan_m: float | None = None
    source_db: float = 60.0
    """At 1 m."""
    spacing_m: float = 0.07
    skew_ppm: float = 0.0
    drift_ppm_per_min: float = 0.0
    delay_s: float = 0.123
    floor_db: float = 25.0
    """Microphone noise within the band of the probe."""
    white_db: float | None = None
    """More white noise within the band."""
    rumble_db: float = 55.0
    speech_db: float | None = None
    music_db: float | None = None
    """Hi-hats, four a second."""
    gain_db: float = 0.0
    loop_s: float | None = None
    """The probe is a file of this length, played in a loop: its fade-in repeats."""
    probe_on: bool = True
    dropouts: tuple[tuple[float, int], ...] = ()
    """Samples that the recorder lost: (time, count)."""
    seed: int = 1


class Simulation:
    """Renders a scene, block after block, in bounded memory."""

    def __init__(self, scene: Scene, probe: Probe) -> None:
        self.scene = scene
        self.probe = probe
        self._random = np.random.default_rng(scene.seed)
        self._position = 0
        self._lag = 0.0
        self._room = _Room(scene, probe, np.random.default_rng(scene.seed + 7))
        self._motion = BodyMotion(scene.body, scene.seed + 11)
        self._second = BodyMotion(scene.second_body, scene.seed + 13)
        self._tail = {"first": np.zeros((2, 1)), "second": np.zeros((2, 1))}
        self._rumble = 0.0
        self._lost = list(scene.dropouts)
        self._bursts: list[tuple[int, FloatArray]] = []
        self._next_burst_s = {"speech": 0.3, "music": 0.1}

    @property
    def truth(self) -> Truth:
        """What the (first) body did so far."""
        return self._motion.truth

    def blocks(self, seconds: float) -> Iterator[npt.NDArray[np.int16]]:
        """Recording, in blocks of int16 of up to BLOCK_S."""
        remaining = seconds * SAMPLE_RATE_HZ
        while remaining > 0:
            block = self._block()
            if remaining < len(block):
                block = block[: round(remaining)]
            remaining -= len(block)
            yield block

    def _block(self) -> npt.NDArray[np.int16]:
        scene = self.scene
        samples = round(BLOCK_S * SAMPLE_RATE_HZ)
        index = self._position + np.arange(samples)
        start_s = self._position / SAMPLE_RATE_HZ
        self._position += samples
        # Time on the player's clock: the recorder's clock runs `skew` too slow.
        minutes = index / (60 * SAMPLE_RATE_HZ)
        ppm = scene.skew_ppm + 0.5 * scene.drift_ppm_per_min * minutes
        played_s = index / SAMPLE_RATE_HZ * (1 + ppm * 1e-6) - scene.delay_s
        sound = np.zeros(samples)
        if scene.probe_on:
            sound += self._room.static_path(played_s)
            if scene.distance_m is not None:
                sound += self._body_echo(self._motion, "first", scene.distance_m, played_s)
            if scene.second_distance_m is not None:
                sound += self._body_echo(self._second, "second", scene.second_distance_m, played_s)
            sound += self._movers(played_s)
            if scene.loop_s is not None:
                inside = np.mod(played_s, scene.loop_s) / 0.1
                sound *= np.where(inside < 1, 0.5 - 0.5 * np.cos(np.pi * inside), 1.0)
        else:
            # The body goes on living while nothing is played.
            self._motion.advance(round(BLOCK_S * BODY_RATE_HZ))
        sound += self._noise(samples, start_s)
        sound *= 10 ** (scene.gain_db / 20)
        dither = self._random.random(samples) + self._random.random(samples) - 1
        result = np.clip(np.round(sound * 32767 + dither), -32768, 32767).astype(np.int16)
        for time_s, count in list(self._lost):
            first = round(time_s * SAMPLE_RATE_HZ) - (self._position - samples)
            if 0 <= first < samples:
                self._lost.remove((time_s, count))
                result = np.delete(result, np.arange(first, min(samples, first + count)))
        return result

    def _body_echo(
        self, motion: BodyMotion, name: str, distance_m: float, played_s: FloatArray
    ) -> FloatArray:
        count = round(BLOCK_S * BODY_RATE_HZ)
        moves = np.stack(motion.advance(count))
        joined = np.concatenate((self._tail[name], moves), axis=1)
        self._tail[name] = moves[:, -1:]
        at = np.linspace(0, count, len(played_s), endpoint=False)
        trunk, heart = (np.interp(at, np.arange(count + 1), row) for row in joined)
        echo = np.zeros(len(played_s))
        for behind_m, amplitude, breath_share, heart_share in CHEST_PATCHES:
            range_m = distance_m + behind_m - breath_share * trunk - heart_share * heart
            level_db = CHEST_ECHO_DB - 40 * np.log10(distance_m + behind_m) - distance_m
            gain = amplitude * 10 ** (level_db / 20)
            echo += gain * self._room.moving_path(played_s - 2 * range_m / SOUND_M_PER_S)
        return echo

    def _movers(self, played_s: FloatArray) -> FloatArray:
        """A walker and a fan: echoes that move far more than a chest."""
        scene = self.scene
        echo = np.zeros(len(played_s))
        if scene.walker_m is not None:
            range_m = scene.walker_m + 0.4 * np.sin(2 * np.pi * 0.11 * played_s)
            range_m += 0.02 * np.sin(2 * np.pi * 1.8 * played_s)
            gain = 10 ** ((-28 - 40 * np.log10(scene.walker_m)) / 20)
            echo += gain * self._room.moving_path(played_s - 2 * range_m / SOUND_M_PER_S)
        if scene.fan_m is not None:
            for blade in range(3):
                angle = 2 * np.pi * (7.3 * played_s + blade / 3)
                range_m = scene.fan_m + 0.04 * np.sin(angle)
                gain = 10 ** ((-46 - 40 * np.log10(scene.fan_m)) / 20)
                shade = np.maximum(0, np.cos(angle))
                echo += (
                    gain * shade * self._room.moving_path(played_s - 2 * range_m / SOUND_M_PER_S)
                )
        return echo

    def _noise(self, samples: int, start_s: float) -> FloatArray:
        scene = self.scene
        normal = self._random.standard_normal
        band_share = (self.probe.high_hz - self.probe.low_hz) / (SAMPLE_RATE_HZ / 2)
        power = 10 ** (scene.floor_db / 10)
        if scene.white_db is not None:
            power += 10 ** (scene.white_db / 10)
        noise = normal(samples) * _amplitude(10 * np.log10(power / band_share))
        # A random walk with a leak, about 100 Hz wide: traffic, ventilation.
        steps = normal(samples // 100) * _amplitude(scene.rumble_db)
        noise += np.interp(np.arange(samples), np.arange(0, samples, 100), steps)
        for kind, level_db in (("speech", scene.speech_db), ("music", scene.music_db)):
            if level_db is not None:
                noise += self._bursting(kind, level_db, samples, start_s)
        return noise

    def _bursting(self, kind: str, level_db: float, samples: int, start_s: float) -> FloatArray:
        """Fricatives (0.08-0.2 s, irregular) or hi-hats (50 ms decay, regular)."""
        noise = np.zeros(samples)
        end_s = start_s + samples / SAMPLE_RATE_HZ
        band_share = (self.probe.high_hz - self.probe.low_hz) / (SAMPLE_RATE_HZ / 2)
        amplitude = _amplitude(level_db - 10 * np.log10(band_share))
        while self._next_burst_s[kind] < end_s:
            first = max(0, round((self._next_burst_s[kind] - start_s) * SAMPLE_RATE_HZ))
            if kind == "speech":
                length_s = float(self._random.uniform(0.08, 0.2))
                pause_s = float(self._random.exponential(0.35))
                envelope = np.hanning(round(length_s * SAMPLE_RATE_HZ))
            else:
                length_s, pause_s = 0.15, 0.1
                envelope = np.exp(-np.arange(round(0.15 * SAMPLE_RATE_HZ)) / (0.05 * 48_000))
            # A burst is cut at the block's end; half a second hides the difference.
            last = min(samples, first + len(envelope))
            part = self._random.standard_normal(last - first)
            noise[first:last] += amplitude * envelope[: last - first] * part
            self._next_burst_s[kind] += length_s + pause_s
        return noise


class _Room:
    """One period of the probe through loudspeaker, microphone and standing echoes."""

    def __init__(self, scene: Scene, probe: Probe, random: np.random.Generator) -> None:
        frequency = probe.frequencies_hz
        middle = (frequency - frequency.mean()) / 1000
        ripple_db = sum(
            random.uniform(0.5, 1.5) * np.sin(middle * random.uniform(1, 5) + random.uniform(0, 6))
            for _ in range(3)
        )
        rolloff_db = -12 * (frequency - frequency[0]) / 4000
        response = 10 ** ((ripple_db + rolloff_db) / 20) * np.exp(1j * middle)
        tones = probe.spectrum / probe.level * response
        level = np.sqrt(np.mean(np.abs(tones) ** 2) * len(tones) / 2)
        tones = tones * (_amplitude(scene.source_db) / level)
        paths = np.exp(-2j * np.pi * frequency * scene.spacing_m / SOUND_M_PER_S) / scene.spacing_m
        for _ in range(60):
            length_m = random.uniform(0.4, 9.0)
            gain = 10 ** (random.uniform(-26, -12) / 20) / length_m * 10 ** (-0.5 * length_m / 20)
            sign = random.choice((-1, 1))
            paths = paths + sign * gain * np.exp(-2j * np.pi * frequency * length_m / SOUND_M_PER_S)
        self._period = probe.period_samples
        self._lines = np.round(frequency * self._period / SAMPLE_RATE_HZ).astype(int)
        self._static = self._table(tones * paths, STATIC_OVERSAMPLING)
        self._moving = self._table(tones, MOVING_OVERSAMPLING)

    def _table(self, tones: npt.NDArray[np.complex128], oversampling: int) -> FloatArray:
        size = self._period * oversampling
        spectrum = np.zeros(size // 2 + 1, dtype=np.complex128)
        spectrum[self._lines] = tones * (size / 2)
        table = np.fft.irfft(spectrum, size)
        return np.append(table, table[0])

    def static_path(self, played_s: FloatArray) -> FloatArray:
        """Direct sound and all standing echoes."""
        return self._look_up(self._static, STATIC_OVERSAMPLING, played_s)

    def moving_path(self, played_s: FloatArray) -> FloatArray:
        """The sound at 1 m, at these times on the player's clock."""
        return self._look_up(self._moving, MOVING_OVERSAMPLING, played_s)

    def _look_up(self, table: FloatArray, oversampling: int, played_s: FloatArray) -> FloatArray:
        position = played_s * (SAMPLE_RATE_HZ * oversampling)
        size = len(table) - 1
        position -= np.floor(position * (1 / size)) * size
        index = position.astype(np.int64)
        position -= index
        low = table[index]
        return low + (table[index + 1] - low) * position


def _amplitude(level_db: float) -> float:
    """Root mean square, in shares of full scale, of a sound of this level."""
    return float(10 ** ((level_db - FULL_SCALE_DB) / 20) / np.sqrt(2))
