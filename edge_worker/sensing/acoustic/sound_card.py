"""A live sound card: plays the probe and records, on one full-duplex stream.

One codec means one clock: input and output never drift apart. `sounddevice` is imported
when a card is opened, for its Linux wheel lacks the PortAudio library.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_worker.sensing.acoustic.errors import SoundCardError
from edge_worker.sensing.acoustic.probe import SAMPLE_RATE_HZ, Probe
from edge_worker.sensing.acoustic.sources import AudioBlock

BLOCK_SAMPLES = 4_800
"""0.1 s: short enough for a fast answer, long enough for a Raspberry Pi."""
MAX_WAITING = 100
"""Blocks between the sound thread and the receiver: 10 s, then blocks are dropped."""
SILENCE_S = 5.0


def load_sounddevice() -> ModuleType:
    """Import the sound library; raises SoundCardError that names what is missing."""
    try:
        import sounddevice
    except ModuleNotFoundError as error:
        raise SoundCardError(
            "the package sounddevice is missing: install edge-worker[sound]"
        ) from error
    except OSError as error:
        raise SoundCardError(
            "the PortAudio library is missing: install it, on Debian and Raspberry Pi OS"
            " with `apt install libportaudio2`"
        ) from error
    module: ModuleType = sounddevice
    return module


class SoundCardSource:
    """Plays the probe with a fade-in of one second, and yields what the microphone hears."""

    def __init__(self, probe: Probe, device: str | int | None = None) -> None:
        self.probe = probe
        self.xruns = 0
        self._device = device
        self._closed = threading.Event()
        self._waiting: queue.Queue[tuple[npt.NDArray[np.float32], int]] = queue.Queue(MAX_WAITING)
        self._dropped = 0
        self._played = 0
        self._fade = SAMPLE_RATE_HZ

    def blocks(self) -> Iterator[AudioBlock]:
        """Yield live sound until `close`.

        Raises SoundCardError when there is no such device or it stops delivering.
        """
        sounddevice = load_sounddevice()
        try:
            with sounddevice.Stream(
                samplerate=SAMPLE_RATE_HZ,
                blocksize=BLOCK_SAMPLES,
                device=self._device,
                channels=1,
                dtype="float32",
                callback=self._exchange,
            ):
                while not self._closed.is_set():
                    try:
                        samples, lost = self._waiting.get(timeout=SILENCE_S)
                    except queue.Empty:
                        raise SoundCardError(
                            "the sound card delivers no sound: check that it is plugged in"
                        ) from None
                    yield AudioBlock(samples=samples, lost=lost)
        except (sounddevice.PortAudioError, ValueError) as error:
            raise SoundCardError(
                f"the sound card cannot be opened at 48000 Hz ({error}): choose another"
                " device that plays and records at once"
            ) from error

    def close(self) -> None:
        """Stop playing and recording."""
        self._closed.set()

    def _exchange(
        self,
        heard: npt.NDArray[np.float32],
        played: npt.NDArray[np.float32],
        frames: int,
        time: Any,
        status: Any,
    ) -> None:
        """Called by PortAudio's thread: copy only, no arithmetic that could be late."""
        index = (self._played + np.arange(frames)) % self.probe.period_samples
        sound = self.probe.period[index]
        if self._played < self._fade:
            rise = np.minimum(1.0, (self._played + np.arange(frames)) / self._fade)
            sound = sound * (0.5 - 0.5 * np.cos(np.pi * rise))
        played[:, 0] = sound
        self._played += frames
        if status:
            self.xruns += 1
        try:
            self._waiting.put_nowait((heard[:, 0].copy(), self._dropped))
            self._dropped = 0
        except queue.Full:
            self._dropped += frames
