"""From audio to echoes over range.

The start of the probe is unknown and the two clocks differ: `frames` resamples the frame
grid to the player's clock, this module finds and follows that clock. All tones of one frame
are divided by their common gain against the standing room, which holds the direct path
still to micrometres whatever gain control and residual clock error do.

A jump of the direct path (lost samples, the seam of a looped file) is found again by
correlation with the standing room, so the chest's phase goes on where it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_worker.messages import ReadingState
from edge_worker.sensing.acoustic.blanking import impulses, interpolate
from edge_worker.sensing.acoustic.frames import FrameGrid, product
from edge_worker.sensing.acoustic.lock import Lock, acquire
from edge_worker.sensing.acoustic.probe import FRAME_SAMPLES, SAMPLE_RATE_HZ, Probe
from edge_worker.sensing.acoustic.range_map import (
    DECIMATION,
    FRAME_RATE_HZ,
    HOP_S,
    HOP_SAMPLES,
    RANGE_M,
    SOUND_M_PER_S,
    BoolArray,
    ChannelHealth,
    ComplexArray,
    FloatArray,
    RangeMap,
)

JUMP_RAD = 0.6
JUMP_FRAMES = 5
MAX_RELOCKS = 8
"""Per hop; a stream that jumps more often is of no use."""
LEAST_SHARE = 0.15
"""Level, against the usual one, below which a frame lies in a fade or a gap."""
DIFFERENCE_GAIN = 3.7
"""Of the second difference at 20 kHz."""
REFERENCE_GAIN = 0.15
UNLOCKED_PPM = 3.0
"""Clock error within a hop that turns the direct path by 0.75 rad: it is being lost."""
LEAST_CLIP = 0.25
"""Peak below which nothing clips; a faint 8 bit recording has few levels to choose from."""
CLIPPED_SHARE = 0.003
"""Samples at the top; the probe itself touches its peak in 0.02 % of them."""
MAX_GAP_S = 10.0


class Channel:
    """Turns a stream of audio into range maps, one every two seconds, in bounded memory."""

    def __init__(self, probe: Probe, spacing_m: float = 0.07) -> None:
        self.probe = probe
        self.spacing_m = spacing_m
        self._grid = FrameGrid(probe)
        self._fir = _low_pass(31, 9.5 / FRAME_RATE_HZ)
        self._buffer = np.zeros(0, dtype=np.float32)
        self._base = 0
        self._hops = 0
        self._lock: Lock | None = None
        self._misses = 0

    def push(self, samples: FloatArray) -> list[RangeMap]:
        """Take audio in -1..1, in blocks of any size; return the hops that are complete."""
        self._buffer = np.concatenate((self._buffer, samples.astype(np.float32, copy=False)))
        maps = []
        while self._base + len(self._buffer) >= (self._hops + 1) * HOP_SAMPLES:
            self._hops += 1
            maps.append(self._hop())
        return maps

    def push_gap(self, samples: int) -> list[RangeMap]:
        """Take note that so many samples were lost."""
        maps = []
        if samples > MAX_GAP_S * SAMPLE_RATE_HZ:
            self._lock = None
        while samples > 0:
            part = min(samples, HOP_SAMPLES)
            maps += self.push(np.zeros(part, dtype=np.float32))
            samples -= part
        return maps

    # --- One hop ---------------------------------------------------------------------

    def _hop(self) -> RangeMap:
        end = self._hops * HOP_SAMPLES - self._base
        fresh = self._buffer[max(0, end - HOP_SAMPLES) : end]
        peak = float(np.abs(fresh).max())
        clipped = float(np.mean(np.abs(fresh) >= 0.9995 * peak)) if peak > LEAST_CLIP else 0.0
        # The second difference: 47 dB less at 1 kHz, so that rumble and voices do not leak
        # through the side lobes of the frame.
        sound = self._buffer[:end]
        sound = sound[2:] - 2 * sound[1:-1] + sound[:-2]
        if self._lock is None:
            self._lock = acquire(self._grid, sound, max(0, len(sound) - HOP_SAMPLES + 2))
            if self._lock is None:
                self._drop(end - 2)
                return self._empty(ReadingState.NO_PROBE, clipped)
            self._lock.position += self._base
        result = self._track(self._lock, sound, clipped)
        if self._misses >= 2:
            self._lock = None
            self._misses = 0
        keep = end - 2 if self._lock is None else int(self._lock.position) - self._base - 2
        self._drop(keep)
        return result

    def _drop(self, samples: int) -> None:
        samples = max(0, min(samples, len(self._buffer)))
        self._buffer = self._buffer[samples:].copy()
        self._base += samples

    def _empty(self, state: ReadingState, clipped: float) -> RangeMap:
        return RangeMap(
            t=float(self._hops * HOP_S),
            health=ChannelHealth(state=state, clipped_share=clipped),
            echoes=np.zeros((0, len(RANGE_M)), dtype=np.complex64),
            valid=np.zeros(0, dtype=bool),
            continuous=False,
        )

    # --- Following it ----------------------------------------------------------------

    def _track(self, lock: Lock, sound: FloatArray, clipped: float) -> RangeMap:
        """Read all frames that end within the sound; keep the lock up to date."""
        seen, relocks = self._follow(lock, sound)
        continuous = lock.index > 0
        count = len(seen.tones)
        usable = float(seen.good.mean()) if count else 0.0
        self._misses = self._misses + 1 if usable < 0.2 else 0
        gain = seen.match / float(np.linalg.norm(lock.reference)) ** 2
        blank = ~seen.good | impulses(seen.tones, lock.last)
        if seen.good.sum() > 0.3 * count:
            self._learn(lock, seen.tones, gain, seen.good & ~blank)
        echoes, valid = self._echoes(lock, seen.tones, gain, blank)
        lock.position = self._base + seen.position + count * FRAME_SAMPLES / (1 + lock.skew)
        lock.index += count
        if seen.good.sum() > 0.3 * count and not seen.lost:
            self._steer(lock, seen.match, seen.good)
        return RangeMap(
            t=float(self._hops * HOP_S),
            health=ChannelHealth(
                state=_health_state(lock.residual_ppm, clipped, usable),
                skew_ppm=float(lock.skew * 1e6),
                level_dbfs=self._dbfs(seen.tones, float(np.abs(self.probe.spectrum).max())),
                noise_dbfs=self._dbfs(np.sqrt(np.median(seen.noise)) if count else np.zeros(1)),
                clipped_share=clipped,
                blanked_share=float(blank.mean()) if count else 1.0,
                relocks=relocks,
            ),
            echoes=echoes,
            valid=valid,
            continuous=continuous,
            middle_hz=float(self.probe.frequencies_hz.mean()),
        )

    def _follow(self, lock: Lock, sound: FloatArray) -> tuple[_Seen, int]:
        """Cut the frames; where the direct path jumped, find it again and go on from there.

        Returns the frames and how often that happened.
        """
        seen = self._look(lock, sound, lock.position - self._base, lock.phase, None, 0)
        for relocks in range(MAX_RELOCKS):
            found = np.flatnonzero(seen.good)
            first = int(found[-1]) + 1 if len(found) else 0
            if len(seen.tones) - first < JUMP_FRAMES:
                return seen, relocks
            late = self._lateness(seen.tones[first + 1 : first + 13], lock)
            if late is None:
                return replace(seen, lost=True), relocks
            seen = self._look(lock, sound, seen.position - late, None, seen, first)
            if not seen.good[first + 1 :].any():
                return replace(seen, lost=True), relocks + 1
        return seen, MAX_RELOCKS

    def _look(
        self,
        lock: Lock,
        sound: FloatArray,
        position: float,
        phase: float | None,
        before: _Seen | None,
        first: int,
    ) -> _Seen:
        """Frames from number `first` on, at `position` of frame 0; those before are kept.

        `phase` of the room that is expected; None takes the one that is there.
        """
        step = FRAME_SAMPLES / (1 + lock.skew)
        while position + first * step < 0:
            position += step
        count = max(first, int((len(sound) - FRAME_SAMPLES - 1 - position) // step) + 1)
        tones, noise = self._grid.cut(
            sound, position + first * step, count - first, lock.skew, lock.index + first
        )
        match = np.einsum("tk,k->t", tones, np.conj(lock.reference))
        if phase is None:
            early = match[1:13]
            phase = float(np.angle(np.sum(early / (np.abs(early) + 1e-12))))
        strength = float(np.linalg.norm(lock.reference))
        size = np.abs(match)
        coherence = size / (np.linalg.norm(tones, axis=1) * strength + 1e-20)
        turned = np.abs(np.angle(match * np.exp(-1j * phase)))
        good = (
            (coherence > 0.7 * lock.coherence)
            & (turned < JUMP_RAD)
            & (size > LEAST_SHARE * strength**2)
        )
        if before is not None:
            tones = np.concatenate((before.tones[:first], tones))
            noise = np.concatenate((before.noise[:first], noise))
            match = np.concatenate((before.match[:first], match))
            good = np.concatenate((before.good[:first], good))
        return _Seen(position=position, tones=tones, noise=noise, match=match, good=good)

    def _lateness(self, tones: ComplexArray, lock: Lock) -> float | None:
        """Samples by which the room comes late in these frames; None when it isn't there.

        Coarse from the envelope, to a quarter of a sample, then from the carrier's phase:
        what is left shows as a step in the echo of all that stands still.
        """
        if not len(tones):
            return None
        points = 4 * FRAME_SAMPLES
        norm = np.linalg.norm(tones, axis=1) * np.linalg.norm(lock.reference) + 1e-20
        product = tones * np.conj(lock.reference) / norm[:, None]
        response = np.abs(np.fft.fft(product, points, axis=1))
        mean = response.mean(axis=0)
        peak = int(mean.argmax())
        if response[:, peak].max() < 0.6 or mean[peak] < 0.4:
            return None
        coarse = peak / points * FRAME_SAMPLES
        coarse = coarse if coarse <= FRAME_SAMPLES / 2 else coarse - FRAME_SAMPLES
        if abs(coarse) < 1:
            # No lost samples but a clock that wanders: its phase is for `_steer`.
            return float(coarse)
        turns = 2 * np.pi * self.probe.frequencies_hz / SAMPLE_RATE_HZ
        total = complex(np.sum(product @ np.exp(-1j * turns * coarse)))
        rest = float(np.angle(total * np.exp(-1j * lock.phase)))
        return float(coarse + rest / turns.mean())

    def _dbfs(self, lines: npt.NDArray[Any], scale: float = 1.0) -> float:
        """Root mean square level of all lines together, against a full-scale sine."""
        power = float(np.mean(np.abs(lines) ** 2)) * scale**2 if lines.size else 0.0
        amplitude = np.sqrt(power * len(self.probe.lines)) * 2 / FRAME_SAMPLES / DIFFERENCE_GAIN
        return float(20 * np.log10(amplitude + 1e-6))

    def _learn(self, lock: Lock, tones: ComplexArray, gain: ComplexArray, good: BoolArray) -> None:
        """Let the reference follow the standing room, in tens of seconds."""
        if not good.any():
            return
        room = np.mean(tones[good] / gain[good, None], axis=0)
        lock.reference = (lock.reference + REFERENCE_GAIN * (room - lock.reference)).astype(
            np.complex64
        )
        norm = np.linalg.norm(tones[good], axis=1) * np.linalg.norm(lock.reference)
        match = np.einsum("tk,k->t", tones[good], np.conj(lock.reference))
        lock.coherence += 0.3 * (float(np.median(np.abs(match) / norm)) - lock.coherence)

    def _steer(self, lock: Lock, match: ComplexArray, good: BoolArray) -> None:
        """Follow the clock: skew from the turn of the direct path within the hop."""
        index = np.flatnonzero(good)
        half = len(index) // 2
        if half < 10:
            return
        early, late = match[index[:half]], match[index[half:]]
        turn = np.angle(late.sum() * np.conj(early.sum()))
        apart_s = (index[half:].mean() - index[:half].mean()) / FRAME_RATE_HZ
        turns_per_s = 2 * np.pi * float(self.probe.frequencies_hz.mean())
        residual = float(turn) / (turns_per_s * apart_s)
        lock.residual_ppm = residual * 1e6
        lock.skew += 0.4 * residual
        # Where the direct path will be when the next hop begins; half of it is taken back.
        tail = float(np.angle(late.sum())) + residual * turns_per_s * apart_s / 2
        lock.position -= 0.5 * tail / turns_per_s * SAMPLE_RATE_HZ
        lock.phase = 0.5 * tail

    def _echoes(
        self, lock: Lock, tones: ComplexArray, gain: ComplexArray, blank: BoolArray
    ) -> tuple[ComplexArray, BoolArray]:
        """Normalised, blanked, decimated, and transformed to ranges."""
        still = tones / (gain + 1e-12)[:, None]
        if blank.all() or not len(blank):
            still = np.repeat(lock.last_still[None, :], len(blank), axis=0)
        elif blank.any():
            still = interpolate(still, blank)
        if len(still):
            lock.last = tones[-2:].copy()
            lock.last_still = still[-1].copy()
        if lock.history is None:
            lock.history = np.repeat(still[:1], len(self._fir) - 1, axis=0)
            lock.blank_history = np.zeros(len(self._fir) - 1, dtype=bool)
        joined = np.concatenate((lock.history, still))
        flags = np.concatenate((lock.blank_history, blank))
        lock.history = joined[-(len(self._fir) - 1) :].copy()
        lock.blank_history = flags[-(len(self._fir) - 1) :].copy()
        first = lock.index % DECIMATION
        windows = np.arange(first, len(still), DECIMATION)
        if not len(windows):
            return np.zeros((0, len(RANGE_M)), dtype=np.complex64), np.zeros(0, dtype=bool)
        view = np.lib.stride_tricks.sliding_window_view(joined, len(self._fir), axis=0)[windows]
        slow = np.asarray(view @ self._fir, dtype=np.complex64)
        middle = len(self._fir) // 2
        valid = ~(flags[windows + middle] | flags[windows + middle - 1])
        return product(slow, self._to_range(lock)), valid

    def _to_range(self, lock: Lock) -> ComplexArray:
        """Shape (tones, ranges), for the present place of the direct path."""
        if lock.transform is None:
            frequency = self.probe.frequencies_hz
            window = np.hanning(len(frequency) + 2)[1:-1]
            delay_s = lock.direct_s + (2 * RANGE_M - self.spacing_m) / SOUND_M_PER_S
            turns = np.exp(2j * np.pi * np.outer(frequency, delay_s))
            direct = np.abs(
                np.sum(window * lock.reference * np.exp(2j * np.pi * frequency * lock.direct_s))
            )
            lock.transform = (turns * (window / direct)[:, None]).astype(np.complex64)
        return lock.transform


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """The frames of one hop."""

    position: float
    """Of frame 0 in the sound, samples; later frames follow on the player's clock."""
    tones: ComplexArray
    """Shape (frames, tones)."""
    noise: FloatArray
    """Power beside the band, shape (frames,)."""
    match: ComplexArray
    """Against the standing room, shape (frames,)."""
    good: BoolArray
    """Frames that show the standing room in the phase expected."""
    lost: bool = False
    """The room was not found again after a jump."""


def _health_state(residual_ppm: float, clipped: float, usable: float) -> ReadingState:
    if usable < 0.5:
        wandering = abs(residual_ppm) > UNLOCKED_PPM / 2
        return ReadingState.SKEW_UNLOCKED if wandering else ReadingState.DROPOUT
    if clipped > CLIPPED_SHARE:
        return ReadingState.CLIPPING
    if abs(residual_ppm) > UNLOCKED_PPM:
        return ReadingState.SKEW_UNLOCKED
    return ReadingState.OK


def _low_pass(taps: int, cutoff: float) -> FloatArray:
    """Windowed sinc; `cutoff` in cycles per sample."""
    index = np.arange(taps) - (taps - 1) / 2
    fir = np.sinc(2 * cutoff * index) * np.hamming(taps)
    return np.asarray(fir / fir.sum(), dtype=np.float32)
