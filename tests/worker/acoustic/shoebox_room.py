"""A second simulator, built otherwise than the product's, to judge the receiver.

It plays the file that `write_probe` wrote, as a player loops it, through a loudspeaker
that distorts, into a shoebox room (image sources) with another chest: breaths of a fast
inhale, a relaxing exhale and a rest, and a heart that rings. It interpolates the analytic
signal of the file instead of a table of one period. Nothing of it is shared with
`sensing.acoustic.simulator`.
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
ComplexArray = npt.NDArray[np.complex128]

RATE_HZ = 48_000
CARRIER_HZ = 20_000.0
AIR_M_PER_S = 345.0
"""24 degrees: not the receiver's 343."""
BLOCK = RATE_HZ


@dataclass(frozen=True, kw_only=True)
class Person:
    """Rates per minute, movements in millimetres."""

    breathing_rate: float = 15.0
    heart_rate: float = 70.0
    breath_mm: float = 6.0
    heart_mm: float = 0.3
    rest_share: float = 0.2
    irregularity: float = 0.05
    heart_variability: float = 0.015
    recorded: tuple[FloatArray, float] | None = None
    """Breathing waveform and its sample rate, instead of the synthetic breaths."""


@dataclass(frozen=True, kw_only=True)
class Shoebox:
    """A room and how it is recorded."""

    person: Person | None
    distance_m: float = 0.5
    size_m: tuple[float, float, float] = (4.1, 3.2, 2.5)
    wall_reflection: float = 0.55
    spacing_m: float = 0.05
    level_db: float = -6.0
    noise_dbfs: float = -78.0
    """White noise over the whole band."""
    ppm: float = 0.0
    start_s: float = 0.0
    """Place in the loop at which the recording starts."""
    seam_samples: float = 0.0
    """Silence that the player leaves at the loop's seam; may be fractional."""
    distortion: float = 0.05
    """Third order, against the loudspeaker's full scale."""
    seed: int = 1


@dataclass(frozen=True, kw_only=True)
class Recording:
    """Sound, and the truth."""

    channels: FloatArray
    """Shape (samples, microphones), -1..1; the second microphone is 4 cm further away."""
    breaths_s: FloatArray
    beats_s: FloatArray

    def breathing_rate(self, start_s: float, end_s: float) -> float:
        """Mean per minute of the whole breaths in a window."""
        return _mean_rate(self.breaths_s, start_s, end_s)

    def heart_rate(self, start_s: float, end_s: float) -> float:
        """Mean per minute of the whole beats in a window."""
        return _mean_rate(self.beats_s, start_s, end_s)


def record(probe_file: Path, room: Shoebox, seconds: float, microphones: int = 1) -> Recording:
    """What one or two microphones hear in the room in which the file is played in a loop."""
    random = np.random.default_rng(room.seed)
    played = _read(probe_file)
    loop = len(played) + room.seam_samples
    played = np.concatenate((played, np.zeros(int(np.ceil(room.seam_samples)) + 8)))
    # The loudspeaker compresses: a third-order term, before the room.
    played = played - room.distortion * played**3
    envelope = _baseband(played)
    breaths_s, breath_mm = _breathing(room.person, seconds, random)
    beats_s, heart_mm = _heart(room.person, seconds, random)
    images = _image_paths(room, random)
    chests = _chest_paths(room, random)
    # All that stands still is one filter on the loop.
    echoes = [
        _standing(envelope, len(played), images + np.array([0.04 * microphone, 0.0]))
        for microphone in range(microphones)
    ]
    sound = np.empty((round(seconds * RATE_HZ), microphones))
    for first in range(0, len(sound), BLOCK):
        index = first + np.arange(min(BLOCK, len(sound) - first))
        at_s = index / RATE_HZ
        on_player_s = at_s * (1 + room.ppm * 1e-6) + room.start_s
        breath = np.interp(at_s, np.arange(len(breath_mm)) / 100, breath_mm)
        heart = np.interp(at_s, np.arange(len(heart_mm)) / 100, heart_mm)
        for microphone in range(microphones):
            total = _play(echoes[microphone], on_player_s, loop)
            for behind_m, gain, breath_share, heart_share in chests:
                moved_m = (breath_share * breath + heart_share * heart) / 1000
                path_m = 2 * (room.distance_m + behind_m - moved_m) + 0.04 * microphone
                total += gain * _play(envelope, on_player_s - path_m / AIR_M_PER_S, loop)
            sound[index, microphone] = total
    sound *= 10 ** (room.level_db / 20) / np.abs(sound[: 4 * RATE_HZ]).max()
    noise = random.standard_normal(sound.shape) * 10 ** (room.noise_dbfs / 20)
    hum = 0.003 * np.sin(2 * np.pi * 50 * np.arange(len(sound)) / RATE_HZ)
    return Recording(
        channels=np.clip(sound + noise + hum[:, None], -1, 1),
        breaths_s=breaths_s,
        beats_s=beats_s,
    )


def write(path: Path, sound: FloatArray, bits: int) -> Path:
    """Write 16 or 24 bit PCM; sound of shape (samples,) or (samples, channels)."""
    wide = np.round(sound.reshape(len(sound), -1) * (2 ** (bits - 1) - 1)).astype("<i4")
    raw = np.ascontiguousarray(wide).view(np.uint8).reshape(-1, 4)[:, : bits // 8]
    with path.open("wb") as plain, wave.open(plain, "wb") as file:
        file.setnchannels(wide.shape[1])
        file.setsampwidth(bits // 8)
        file.setframerate(RATE_HZ)
        file.writeframes(np.ascontiguousarray(raw).tobytes())
    return path


def _read(path: Path) -> FloatArray:
    with path.open("rb") as plain, wave.open(plain, "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768


def _baseband(played: FloatArray) -> ComplexArray:
    """Analytic signal around CARRIER_HZ, 3 kHz to both sides; one point per sample."""
    spectrum = np.fft.fft(played)
    frequency = np.fft.fftfreq(len(played), 1 / RATE_HZ)
    spectrum[np.abs(frequency - CARRIER_HZ) > 3000] = 0
    time_s = np.arange(len(played)) / RATE_HZ
    return 2 * np.fft.ifft(spectrum) * np.exp(-2j * np.pi * CARRIER_HZ * time_s)


def _standing(envelope: ComplexArray, count: int, paths: FloatArray) -> ComplexArray:
    """The envelope through fixed paths, rows of (length in metres, gain)."""
    frequency = np.fft.fftfreq(count, 1 / RATE_HZ)
    near = np.abs(frequency) <= 3000
    response = np.zeros(count, dtype=np.complex128)
    turns = -2j * np.pi * (frequency[near] + CARRIER_HZ)
    for length_m, gain in paths:
        response[near] += gain * np.exp(turns * length_m / AIR_M_PER_S)
    return np.fft.ifft(np.fft.fft(envelope) * response)


def _play(envelope: ComplexArray, at_s: FloatArray, loop: float) -> FloatArray:
    """Sound at these times of the player, which starts anew every `loop` samples."""
    inside = np.mod(at_s * RATE_HZ, loop)
    index = np.floor(inside).astype(np.int64)
    step = inside - index
    before, here, after, later = (envelope[(index + k) % len(envelope)] for k in (-1, 0, 1, 2))
    # Four-point cubic (Lagrange): -75 dB at 1.5 kHz from the carrier.
    value = (
        -before * step * (step - 1) * (step - 2) / 6
        + here * (step + 1) * (step - 1) * (step - 2) / 2
        - after * (step + 1) * step * (step - 2) / 2
        + later * (step + 1) * step * (step - 1) / 6
    )
    return np.real(value * np.exp(2j * np.pi * CARRIER_HZ * inside / RATE_HZ))


def _image_paths(room: Shoebox, random: np.random.Generator) -> FloatArray:
    """Direct path and image sources up to the second order: rows of (metres, gain)."""
    size = np.array(room.size_m)
    source = size * random.uniform(0.25, 0.45, 3)
    microphone = source + np.array([room.spacing_m, 0.0, 0.0])
    rows = [(room.spacing_m, 1 / room.spacing_m)]
    for cell in np.ndindex(5, 5, 5):
        order = np.array(cell) - 2
        if not 0 < np.abs(order).sum() <= 3:
            continue
        image = np.where(order % 2 == 0, source, size - source) + order * size
        length_m = float(np.linalg.norm(image - microphone))
        rows.append((length_m, room.wall_reflection ** np.abs(order).sum() / length_m))
    return np.array(rows)


def _chest_paths(
    room: Shoebox, random: np.random.Generator
) -> list[tuple[float, float, float, float]]:
    """Patches of the body: (metres behind, gain, share of the breath, of the heartbeat)."""
    if room.person is None:
        return []
    strength = 0.02 / room.distance_m**2
    others = [
        (
            float(random.uniform(0.01, 0.12)),
            strength * float(random.uniform(0.05, 0.35)) * float(random.choice((-1, 1))),
            float(random.uniform(0.2, 1.0)),
            float(random.uniform(0.0, 1.0)),
        )
        for _ in range(4)
    ]
    return [(0.0, strength, 1.0, 1.0), *others]


def _breathing(
    person: Person | None, seconds: float, random: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Starts of the breaths, and the movement at 100 Hz in millimetres."""
    time_s = np.arange(round((seconds + 2) * 100)) / 100
    if person is None:
        return np.zeros(0), np.zeros(len(time_s))
    if person.recorded is not None:
        values, rate_hz = person.recorded
        low, high = np.percentile(values, [5, 95])
        unit = np.interp(time_s * rate_hz, np.arange(len(values)), values)
        return np.zeros(0), (unit - low) / (high - low) * person.breath_mm
    starts, move = [], np.zeros(len(time_s))
    begin = float(-random.uniform(0, 4))
    while begin < seconds + 2:
        length = 60 / person.breathing_rate * max(0.5, 1 + person.irregularity * random.normal())
        depth = person.breath_mm * max(0.5, 1 + 0.15 * random.normal())
        phase = (time_s - begin) / length
        rise = np.clip(phase / 0.3, 0, 1)
        fall = np.clip((phase - 0.3) / (0.7 - person.rest_share), 0, 1)
        # Relaxes like a spring: fast first, slow at the end, joined without a kink.
        relaxed = (1 - np.exp(-3.5 * fall**1.5)) / (1 - np.exp(-3.5))
        inside = (phase >= 0) & (phase < 1)
        move[inside] += (depth * (rise**2 * (3 - 2 * rise) - relaxed))[inside]
        starts.append(begin)
        begin += length
    return np.array(starts), move + 0.05 * _wander(len(time_s), random)


def _heart(
    person: Person | None, seconds: float, random: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Times of the beats, and the chest wall's ringing at 100 Hz in millimetres."""
    time_s = np.arange(round((seconds + 2) * 100)) / 100
    if person is None:
        return np.zeros(0), np.zeros(len(time_s))
    beats, move = [], np.zeros(len(time_s))
    at = float(-random.uniform(0, 1))
    slow = 0.0
    while at < seconds + 2:
        slow = 0.8 * slow + 0.6 * random.normal()
        beats.append(at)
        after = time_s - at - 0.08
        inside = (after > 0) & (after < 0.9)
        local = after[inside]
        # Ejection rings the chest at 4 Hz, the aortic valve a little at 7 Hz.
        ring = np.sin(2 * np.pi * 4 * local) * np.exp(-local / 0.13)
        move[inside] += ring * np.minimum(1, local / 0.03)
        late = np.maximum(0, local - 0.30)
        move[inside] += 0.25 * np.sin(2 * np.pi * 7 * late) * np.exp(-late / 0.08)
        at += 60 / person.heart_rate * (1 + person.heart_variability * slow)
    return np.array(beats), move * person.heart_mm / 1.05


def _wander(count: int, random: np.random.Generator) -> FloatArray:
    """Slow sway: a smoothed random walk without trend, about 1 in size."""
    steps = np.cumsum(random.standard_normal(count))
    steps -= np.linspace(steps[0], steps[-1], count)
    smooth = np.convolve(steps, np.hanning(101) / 50, mode="same")
    return smooth / (np.abs(smooth).max() + 1e-9)


def _mean_rate(events_s: FloatArray, start_s: float, end_s: float) -> float:
    inside = events_s[(events_s >= start_s) & (events_s <= end_s)]
    return float(60 * (len(inside) - 1) / (inside[-1] - inside[0]))
