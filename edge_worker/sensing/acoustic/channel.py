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
from edge_worker.sensing.acoustic.frames import FrameGrid, product
from edge_worker.sensing.acoustic.probe import FRAME_SAMPLES, SAMPLE_RATE_HZ, Probe

ComplexArray = npt.NDArray[np.complex64]
FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]

HOP_S = 2
HOP_SAMPLES = HOP_S * SAMPLE_RATE_HZ
FRAME_RATE_HZ = SAMPLE_RATE_HZ / FRAME_SAMPLES
DECIMATION = 2
SLOW_RATE_HZ = FRAME_RATE_HZ / DECIMATION
SOUND_M_PER_S = 343.0
RANGE_M = np.arange(0.20, 1.701, 0.02)
MAX_SKEW_PPM = 400.0
"""Above, the rotation could be a neighbour's comb (625 ppm). Quartz stays below 200."""
MIN_COHERENCE = 0.5
"""Between successive frames; noise alone gives 0.02, the probe 30 dB above it 0.999."""
MIN_COMPACTNESS = 7.0
"""Peak to mean of the impulse response; a tone or noise gives 1 to 5."""
JUMP_RAD = 0.6
JUMP_FRAMES = 5
MAX_RELOCKS = 8
"""Per hop; a stream that jumps more often is of no use."""
LEAST_SHARE = 0.15
"""Level, against the usual one, below which a frame lies in a fade or a gap."""
DIFFERENCE_GAIN = 3.7
"""Of the second difference at 20 kHz."""
IMPULSE_RATIO = 2.5
REFERENCE_GAIN = 0.15
UNLOCKED_PPM = 3.0
"""Clock error within a hop that turns the direct path by 0.75 rad: it is being lost."""
LEAST_CLIP = 0.25
"""Peak below which nothing clips; a faint 8 bit recording has few levels to choose from."""
CLIPPED_SHARE = 0.003
"""Samples at the top; the probe itself touches its peak in 0.02 % of them."""
MAX_GAP_S = 10.0


@dataclass(frozen=True, kw_only=True)
class ChannelHealth:
    """How far two seconds of the channel can be trusted."""

    state: ReadingState
    """OK, NO_PROBE, CLIPPING, DROPOUT or SKEW_UNLOCKED."""
    skew_ppm: float | None = None
    """How much faster the player's clock runs than the recorder's."""
    level_dbfs: float = -120.0
    """Of the probe, as recorded."""
    noise_dbfs: float = -120.0
    """Beside the probe's band, per bandwidth of the probe."""
    clipped_share: float = 0.0
    blanked_share: float = 0.0
    """Frames replaced because of impulses or lost samples."""
    relocks: int = 0


@dataclass(frozen=True, kw_only=True)
class RangeMap:
    """Echoes of one hop, in units of the direct sound."""

    t: float
    """End, seconds from the start of the stream."""
    health: ChannelHealth
    echoes: ComplexArray
    """Shape (frames, len(RANGE_M)) at SLOW_RATE_HZ; no frames while there is no probe."""
    valid: BoolArray
    """Shape (frames,): measured, not interpolated."""
    continuous: bool = True
    """False: the phase does not continue the hop before."""
    middle_hz: float = 20_000.0
    """Middle of the probe's band: turns phase into millimetres."""


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
        self._lock: _Lock | None = None
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
            self._lock = self._acquire(sound, max(0, len(sound) - HOP_SAMPLES + 2))
            if self._lock is None:
                self._drop(end - 2)
                return self._empty(ReadingState.NO_PROBE, clipped)
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

    # --- Finding the probe -----------------------------------------------------------

    def _acquire(self, sound: FloatArray, start: int) -> _Lock | None:
        """Find the probe and the clock skew in one hop; None without a probe."""
        count = (len(sound) - start) // FRAME_SAMPLES - 1
        if count < 80:
            return None
        skew = 0.0
        mean_hz = float(self.probe.frequencies_hz.mean())
        tones = self._grid.cut(sound, start, count, skew, 0)[0]
        for lag in (1, 8, 40):
            tones = self._grid.cut(sound, start, count, skew, 0)[0]
            unit = tones / (np.linalg.norm(tones, axis=1, keepdims=True) + 1e-12)
            steps = np.sum(unit[lag:] * np.conj(unit[:-lag]), axis=1)
            # Half of the frames may lie in a gap or under speech: count the better ones.
            turn = steps[np.abs(steps) >= np.median(np.abs(steps))].sum()
            if lag == 1 and np.median(np.abs(steps)) < MIN_COHERENCE:
                return None
            skew += float(np.angle(turn)) / (2 * np.pi * mean_hz * lag / FRAME_RATE_HZ)
            if abs(skew) > MAX_SKEW_PPM * 1e-6:
                return None
        tones = self._grid.cut(sound, start, count, skew, 0)[0]
        unit = tones / (np.linalg.norm(tones, axis=1, keepdims=True) + 1e-12)
        # The standing room: the frames' main direction, robust against a few odd ones.
        reference = unit.sum(axis=0)
        for _ in range(3):
            match = unit @ np.conj(reference)
            weight = match * np.maximum(0, np.abs(match) - 0.5 * np.abs(match).max())
            reference = np.conj(weight) @ unit
            reference /= np.linalg.norm(reference)
        match = unit @ np.conj(reference)
        good = np.abs(match) > MIN_COHERENCE
        if good.sum() < 0.3 * count or self._compactness(reference) < MIN_COMPACTNESS:
            return None
        scale = float(np.median(np.linalg.norm(tones[good], axis=1)))
        return _Lock(
            position=float(self._base + start),
            skew=skew,
            reference=(reference * scale).astype(np.complex64),
            phase=float(np.angle(match[good].sum())),
            direct_s=self._direct_delay(reference),
        )

    def _impulse_response(self, reference: ComplexArray, points: int) -> npt.NDArray[np.float64]:
        tones = reference * np.hanning(len(reference) + 2)[1:-1]
        padded = np.zeros(points, dtype=np.complex128)
        padded[: len(tones)] = tones
        return np.abs(np.fft.ifft(padded)) * points

    def _compactness(self, reference: ComplexArray) -> float:
        power = self._impulse_response(reference, 4 * len(reference)) ** 2
        return float(power.max() / power.mean())

    def _direct_delay(self, reference: ComplexArray) -> float:
        """Delay of the direct path within the 20 ms of one frame, in seconds.

        The strongest peak, or an earlier one within 10 dB and 1.5 ms before it: a table
        top or a wall can be louder than a microphone behind the loudspeaker hears it.
        """
        points = 4 * FRAME_SAMPLES
        response = self._impulse_response(reference, points)
        strongest = int(response.argmax())
        before = np.arange(strongest - round(1.5e-3 * points / 0.02), strongest + 1)
        local = response[before % points]
        higher = (local >= np.roll(local, 1)) & (local >= response[(before + 1) % points])
        candidates = before[higher & (local > 0.32 * response[strongest])]
        return float((candidates[0] if len(candidates) else strongest) % points / points * 0.02)

    # --- Following it ----------------------------------------------------------------

    def _track(self, lock: _Lock, sound: FloatArray, clipped: float) -> RangeMap:
        """Read all frames that end within the sound; keep the lock up to date."""
        seen, relocks = self._follow(lock, sound)
        continuous = lock.index > 0
        count = len(seen.tones)
        usable = float(seen.good.mean()) if count else 0.0
        self._misses = self._misses + 1 if usable < 0.2 else 0
        gain = seen.match / float(np.linalg.norm(lock.reference)) ** 2
        blank = ~seen.good | _impulses(seen.tones, lock.last)
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

    def _follow(self, lock: _Lock, sound: FloatArray) -> tuple[_Seen, int]:
        """Cut the frames; where the direct path jumped, find it again and go on from there.

        Returns the frames and how often that happened.
        """
        seen = self._look(lock, sound, lock.position - self._base, lock.phase, None, 0)
        for relocks in range(MAX_RELOCKS):
            found = np.flatnonzero(seen.good)
            first = int(found[-1]) + 1 if len(found) else 0
            if len(seen.tones) - first < JUMP_FRAMES:
                return seen, relocks
            late = _lateness(seen.tones[first + 1 : first + 13], lock.reference)
            if late is None:
                return replace(seen, lost=True), relocks
            seen = self._look(lock, sound, seen.position - late, None, seen, first)
            if not seen.good[first + 1 :].any():
                return replace(seen, lost=True), relocks + 1
        return seen, MAX_RELOCKS

    def _look(
        self,
        lock: _Lock,
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

    def _dbfs(self, lines: npt.NDArray[Any], scale: float = 1.0) -> float:
        """Root mean square level of all lines together, against a full-scale sine."""
        power = float(np.mean(np.abs(lines) ** 2)) * scale**2 if lines.size else 0.0
        amplitude = np.sqrt(power * len(self.probe.lines)) * 2 / FRAME_SAMPLES / DIFFERENCE_GAIN
        return float(20 * np.log10(amplitude + 1e-6))

    def _learn(self, lock: _Lock, tones: ComplexArray, gain: ComplexArray, good: BoolArray) -> None:
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

    def _steer(self, lock: _Lock, match: ComplexArray, good: BoolArray) -> None:
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
        self, lock: _Lock, tones: ComplexArray, gain: ComplexArray, blank: BoolArray
    ) -> tuple[ComplexArray, BoolArray]:
        """Normalised, blanked, decimated, and transformed to ranges."""
        still = tones / (gain + 1e-12)[:, None]
        if blank.all() or not len(blank):
            still = np.repeat(lock.last_still[None, :], len(blank), axis=0)
        elif blank.any():
            still = _interpolate(still, blank)
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

    def _to_range(self, lock: _Lock) -> ComplexArray:
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


class _Lock:
    """What is known of a probe that was found; changes from hop to hop."""

    def __init__(
        self,
        *,
        position: float,
        skew: float,
        reference: ComplexArray,
        phase: float,
        direct_s: float,
    ) -> None:
        self.position = position
        """Next frame's start in the recording, in samples, fractional."""
        self.skew = skew
        self.reference = reference
        """The standing room, shape (tones,)."""
        self.phase = phase
        """Of the room against the reference, at the next frame."""
        self.direct_s = direct_s
        self.index = 0
        self.coherence = 1.0
        self.residual_ppm = 0.0
        self.last: ComplexArray | None = None
        self.last_still = reference
        self.history: ComplexArray | None = None
        self.blank_history = np.zeros(0, dtype=bool)
        self.transform: ComplexArray | None = None


def _health_state(residual_ppm: float, clipped: float, usable: float) -> ReadingState:
    if usable < 0.5:
        wandering = abs(residual_ppm) > UNLOCKED_PPM / 2
        return ReadingState.SKEW_UNLOCKED if wandering else ReadingState.DROPOUT
    if clipped > CLIPPED_SHARE:
        return ReadingState.CLIPPING
    if abs(residual_ppm) > UNLOCKED_PPM:
        return ReadingState.SKEW_UNLOCKED
    return ReadingState.OK


def _lateness(tones: ComplexArray, reference: ComplexArray) -> float | None:
    """Samples by which the room comes late in these frames; None when it isn't there."""
    if not len(tones):
        return None
    points = 4 * FRAME_SAMPLES
    norm = np.linalg.norm(tones, axis=1) * np.linalg.norm(reference) + 1e-20
    product = tones * np.conj(reference) / norm[:, None]
    response = np.abs(np.fft.fft(product, points, axis=1))
    mean = response.mean(axis=0)
    peak = int(mean.argmax())
    if response[:, peak].max() < 0.6 or mean[peak] < 0.4:
        return None
    delay = peak / points * FRAME_SAMPLES
    return float(delay if delay <= FRAME_SAMPLES / 2 else delay - FRAME_SAMPLES)


def _impulses(tones: ComplexArray, last: ComplexArray | None) -> BoolArray:
    """Frames hit by impulses: their second difference stands out.

    Only when the distribution has a heavy tail: blanking costs accuracy in clean audio.
    """
    count = len(tones)
    if count < 20:
        return np.zeros(count, dtype=bool)
    before = tones[:1] if last is None or len(last) < 2 else last
    joined = np.concatenate((before, tones))
    bend = np.linalg.norm(joined[2:] - 2 * joined[1:-1] + joined[:-2], axis=1)
    bend = np.concatenate((np.repeat(bend[:1], count - len(bend)), bend))[-count:]
    quiet = float(np.median(np.sort(bend)[: count // 2]))
    hit = bend > IMPULSE_RATIO * quiet
    if not 0.02 <= hit.mean() <= 0.8:
        return np.zeros(count, dtype=bool)
    # bend[i] belongs to the frame before it; its neighbours carry half of the impulse.
    spread = hit.copy()
    spread[:-1] |= hit[1:]
    spread[:-2] |= hit[2:]
    return spread


def _interpolate(values: ComplexArray, blank: BoolArray) -> ComplexArray:
    """Replace blanked rows by straight lines between the rows that were measured."""
    good = np.flatnonzero(~blank)
    bad = np.flatnonzero(blank)
    after = np.searchsorted(good, bad)
    low = good[np.maximum(after - 1, 0)]
    high = good[np.minimum(after, len(good) - 1)]
    share = np.where(high > low, (bad - low) / np.maximum(high - low, 1), 0.0)[:, None]
    result = values.copy()
    result[bad] = values[low] * (1 - share) + values[high] * share
    return result


def _low_pass(taps: int, cutoff: float) -> FloatArray:
    """Windowed sinc; `cutoff` in cycles per sample."""
    index = np.arange(taps) - (taps - 1) / 2
    fir = np.sinc(2 * cutoff * index) * np.hamming(taps)
    return np.asarray(fir / fir.sum(), dtype=np.float32)
