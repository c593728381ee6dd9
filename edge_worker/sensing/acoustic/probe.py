"""The sound that is played: a periodic multitone near 20 kHz.

All tones of a probe lie on a comb of 50 Hz, so the sound repeats after 20 ms and one FFT
over 20 ms separates the tones. Four combs are shifted by 12.5 Hz against each other. A
receiver that looks at one comb sees the others turn by a quarter or half circle from
frame to frame: at 12.5 or 25 Hz in slow time, far from anything a chest does. So four
units can share a house, and what remains above 4 Hz in slow time measures the noise.

Phases after Newman (1965): the crest stays low, and the probe sounds like a soft sweep.
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

SAMPLE_RATE_HZ = 48_000
FRAME_SAMPLES = 960
"""One frame of the channel estimate: 20 ms."""
TONE_SPACING_HZ = SAMPLE_RATE_HZ / FRAME_SAMPLES
COMBS = 4
COMB_SHIFT_HZ = TONE_SPACING_HZ / COMBS
BANDS_HZ = {
    "standard": (18_500.0, 21_500.0),
    "wide": (17_500.0, 22_500.0),
    "narrow": (18_000.0, 20_000.0),
    "high": (20_000.0, 22_500.0),
}
MAX_LEVEL = 0.5
"""Hard cap of the digital peak. Full scale is not a sound level: that needs calibration."""
FADE_IN_S = 0.1
"""Fade-in of a file. Short, because a player that loops the file repeats it: five frames
are lost at each seam. 0.1 s already keeps the click 60 dB below the tones at 17 kHz."""
EDGE_SHARE = 0.1
"""Share of the tones, at each band edge, whose level falls off as a raised cosine."""


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A multitone: band in hertz, comb 0..3, digital peak level 0..MAX_LEVEL.

    Raises ValueError, with a sentence, for a probe that cannot be played.
    """

    low_hz: float = BANDS_HZ["standard"][0]
    high_hz: float = BANDS_HZ["standard"][1]
    comb: int = 0
    level: float = MAX_LEVEL

    def __post_init__(self) -> None:
        if not 15_000 <= self.low_hz < self.high_hz <= 23_000:
            raise ValueError("the probe's band must lie between 15000 and 23000 Hz")
        if self.high_hz - self.low_hz < 1_000:
            raise ValueError("the probe's band must be at least 1000 Hz wide")
        if self.comb not in range(COMBS):
            raise ValueError(f"the comb must be 0 to {COMBS - 1}")
        if not 0 < self.level <= MAX_LEVEL:
            raise ValueError(f"the probe's level must be above 0 and at most {MAX_LEVEL}")

    @classmethod
    def of_band(cls, band: str, *, comb: int = 0, level: float = MAX_LEVEL) -> Probe:
        """Make the probe of a named band; raises ValueError for an unknown name."""
        if band not in BANDS_HZ:
            raise ValueError(f"unknown band {band!r}: choose one of {', '.join(BANDS_HZ)}")
        low_hz, high_hz = BANDS_HZ[band]
        return cls(low_hz=low_hz, high_hz=high_hz, comb=comb, level=level)

    @cached_property
    def lines(self) -> npt.NDArray[np.int64]:
        """Indices of the tones in an FFT over one frame, before the comb's shift."""
        first = int(np.ceil(self.low_hz / TONE_SPACING_HZ))
        last = int(np.floor((self.high_hz - self.shift_hz) / TONE_SPACING_HZ))
        return np.arange(first, last + 1)

    @property
    def shift_hz(self) -> float:
        """How far this comb lies above comb 0."""
        return self.comb * COMB_SHIFT_HZ

    @cached_property
    def frequencies_hz(self) -> npt.NDArray[np.float64]:
        """Shape (tones,)."""
        return np.asarray(self.lines * TONE_SPACING_HZ + self.shift_hz, dtype=np.float64)

    @cached_property
    def spectrum(self) -> npt.NDArray[np.complex128]:
        """Complex amplitude of each tone, shape (tones,), for a digital peak of `level`."""
        tones = len(self.lines)
        position = np.arange(tones)
        edge = max(1, round(EDGE_SHARE * tones))
        distance = np.minimum(position, position[::-1])
        amplitude = np.where(
            distance < edge, 0.5 - 0.5 * np.cos(np.pi * (distance + 1) / (edge + 1)), 1.0
        )
        shape = amplitude * np.exp(1j * np.pi * position**2 / tones)
        # Eight times oversampled: the loudspeaker sees the peaks between the samples too.
        time_s = np.arange(8 * self.period_samples) / (8 * SAMPLE_RATE_HZ)
        peak = max(
            np.abs(np.real(np.exp(2j * np.pi * np.outer(part, self.frequencies_hz)) @ shape)).max()
            for part in np.array_split(time_s, 16)
        )
        return np.asarray(shape * (self.level / peak * (1 - 1e-9)), dtype=np.complex128)

    @property
    def period_samples(self) -> int:
        """Samples after which the sound repeats: one, two or four frames."""
        return FRAME_SAMPLES * {0: 1, 2: 2}.get(self.comb, 4)

    @cached_property
    def period(self) -> npt.NDArray[np.float64]:
        """One period, shape (period_samples,), between -level and level."""
        time_s = np.arange(self.period_samples) / SAMPLE_RATE_HZ
        tones = np.exp(2j * np.pi * np.outer(time_s, self.frequencies_hz))
        return np.asarray(np.real(tones @ self.spectrum), dtype=np.float64)

    def waveform(self, seconds: float, fade_in_s: float = FADE_IN_S) -> npt.NDArray[np.float64]:
        """Whole periods, at least `seconds` long, with a raised-cosine fade-in."""
        periods = max(1, int(np.ceil(seconds * SAMPLE_RATE_HZ / self.period_samples - 1e-9)))
        sound = np.tile(self.period, periods)
        fade = min(round(fade_in_s * SAMPLE_RATE_HZ), len(sound))
        sound[:fade] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(fade) / max(fade, 1))
        return sound


def write_probe(path: Path, probe: Probe, seconds: float) -> int:
    """Write a mono 48 kHz 16 bit WAV that a player may loop; return its sample count.

    The length is a whole number of periods, so the loop has no seam but the fade-in.
    Raises ValueError for a length outside 1 s to 1 h.
    """
    if not 1 <= seconds <= 3600:
        raise ValueError("the probe must be 1 to 3600 seconds long")
    samples = np.round(probe.waveform(seconds) * 32767).astype("<i2")
    with path.open("wb") as raw, wave.open(raw, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(samples.tobytes())
    return len(samples)
