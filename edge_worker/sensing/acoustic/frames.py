"""Frames of one probe period on the player's clock, and their tones.

Frames begin every 960 samples *of the player*, at fractional positions of the recording.
The fraction is a phase ramp over the tones; what the clock offset leaks between the FFT's
lines is removed by least squares.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge_worker.sensing.acoustic.probe import FRAME_SAMPLES, SAMPLE_RATE_HZ, Probe

ComplexArray = npt.NDArray[np.complex64]
FloatArray = npt.NDArray[np.float32]

SEPARATION_STEP = 0.2e-6
"""Change of the skew after which the leak is worked out anew: -90 dB."""


class FrameGrid:
    """Cuts sound into frames and takes their tones apart: one FFT per frame."""

    def __init__(self, probe: Probe) -> None:
        self.probe = probe
        # The matched filter: conjugate of what was played.
        self._matched = np.conj(probe.spectrum) / np.abs(probe.spectrum).max() ** 2
        self._noise_lines = np.setdiff1d(
            np.arange(340, 471), np.arange(probe.lines[0] - 6, probe.lines[-1] + 8)
        )
        self._oscillator: ComplexArray | None = None
        if probe.comb:
            time_s = np.arange(FRAME_SAMPLES) / SAMPLE_RATE_HZ
            self._oscillator = np.exp(-2j * np.pi * probe.shift_hz * time_s).astype(np.complex64)
        self._separated_at = np.inf
        self._separators: tuple[ComplexArray, ComplexArray]

    def cut(
        self, sound: FloatArray, position: float, count: int, skew: float, index: int
    ) -> tuple[ComplexArray, FloatArray]:
        """Tones of `count` frames from `position` (in `sound`), and the noise beside them.

        Returns shapes (count, tones) and (count,). `index`: number of the first frame; it
        tells how far the combs 1 to 3 have turned.
        """
        starts = position + np.arange(count) * (FRAME_SAMPLES / (1 + skew))
        whole = np.round(starts).astype(np.int64)
        frames = np.lib.stride_tricks.sliding_window_view(sound, FRAME_SAMPLES)[whole]
        if self._oscillator is None:
            spectra = np.fft.rfft(frames, axis=1)
        else:
            spectra = np.fft.fft(frames * self._oscillator, axis=1)
        direct, mirrored = self._separation(skew)
        lines = np.asarray(spectra[:, self.probe.lines], dtype=np.complex64)
        tones = product(lines, direct) + product(np.conj(lines), mirrored)
        late_s = (starts - whole) / SAMPLE_RATE_HZ
        # Phase of the exact start; combs 1..3 turn by a quarter circle and more per frame.
        phase = np.outer(late_s, self.probe.frequencies_hz * (1 + skew))
        phase -= (0.25 * self.probe.comb * ((index + np.arange(count)) % 4))[:, None]
        noise = np.mean(np.abs(spectra[:, self._noise_lines]) ** 2, axis=1)
        return tones * np.exp(2j * np.pi * phase).astype(np.complex64), noise

    def _separation(self, skew: float) -> tuple[ComplexArray, ComplexArray]:
        """Matrices that turn FFT lines and their conjugates into tones.

        At 100 ppm the tones are 2 Hz beside their lines and leak: into their neighbours,
        and through their mirror images. A frame begins at a rounded sample, so that leak
        would jitter 60 dB below the direct path, as loud as a chest at 1 m. The frequencies
        are known, so least squares removes it: to below -90 dB.
        """
        if abs(skew - self._separated_at) > SEPARATION_STEP:
            lines_hz = self.probe.frequencies_hz
            tones_hz = lines_hz * (1 + skew)
            plain = _dirichlet(tones_hz[None, :] - lines_hz[:, None])
            mirror = _dirichlet(-tones_hz[None, :] - lines_hz[:, None])
            both = np.block([[plain, mirror], [np.conj(mirror), np.conj(plain)]])
            inverse = np.linalg.inv(both)[: len(lines_hz)] * self._matched[:, None]
            self._separators = (
                inverse[:, : len(lines_hz)].T.astype(np.complex64),
                inverse[:, len(lines_hz) :].T.astype(np.complex64),
            )
            self._separated_at = skew
        return self._separators


def product(rows: ComplexArray, matrix: ComplexArray) -> ComplexArray:
    """Matrix product, a few rows at a time.

    OpenBLAS starts threads from 2^16 multiplications on. Here they cost more than they
    give: without this, 46 ms per hop instead of 3 on two busy cores.
    """
    at_once = max(1, 2**16 // matrix.size)
    parts = [rows[first : first + at_once] @ matrix for first in range(0, len(rows), at_once)]
    return np.concatenate(parts) if parts else np.zeros((0, matrix.shape[1]), np.complex64)


def _dirichlet(difference_hz: npt.NDArray[np.float64]) -> npt.NDArray[np.complex128]:
    """Mean of exp(2 pi i f t) over the samples of one frame."""
    turn = np.pi * difference_hz / SAMPLE_RATE_HZ
    small = np.abs(np.sin(turn)) < 1e-12
    safe = np.where(small, 1.0, np.sin(turn))
    gain = np.where(small, 1.0, np.sin(turn * FRAME_SAMPLES) / (FRAME_SAMPLES * safe))
    return np.asarray(gain * np.exp(1j * turn * (FRAME_SAMPLES - 1)), dtype=np.complex128)
