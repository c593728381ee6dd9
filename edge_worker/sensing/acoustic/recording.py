"""WAV files as a source of sound: any common format, also broken ones.

Reads RIFF itself: Python's `wave` knows neither float samples nor the extensible header,
and gives up on files that a recorder did not close.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from edge_worker.sensing.acoustic.errors import RecordingError
from edge_worker.sensing.acoustic.probe import SAMPLE_RATE_HZ
from edge_worker.sensing.acoustic.sources import AudioBlock

BLOCK_S = 0.5
PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
MIN_RATE_HZ = 44_100
CHANNEL_TEST_S = 2.0


@dataclass(frozen=True, kw_only=True)
class WavFormat:
    """What the header says, and what the file really holds."""

    coding: int
    channels: int
    rate_hz: int
    bits: int
    data_offset: int
    frames: int
    """Whole frames that are in the file."""
    truncated: bool
    """The header promises more than there is."""

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of all channels."""
        return self.channels * self.bits // 8

    @property
    def seconds(self) -> float:
        """Length of what is in the file."""
        return self.frames / self.rate_hz


def read_format(path: Path) -> WavFormat:
    """Read the header of a WAV file.

    Raises RecordingError for a file that is missing, is no WAV, or holds no sound that
    could contain the probe.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            return _checked(path, _parse(path, file, size))
    except OSError as error:
        raise RecordingError(f"cannot read {path.name}: {error.strerror}") from error


def _parse(path: Path, file: BinaryIO, size: int) -> WavFormat:
    head = file.read(12)
    if len(head) < 12 or head[:4] not in (b"RIFF", b"RF64") or head[8:] != b"WAVE":
        raise RecordingError(f"{path.name} is not a WAV file: record or convert to 48 kHz WAV")
    found: tuple[int, int, int, int] | None = None
    while len(chunk := file.read(8)) == 8:
        name, length = chunk[:4], struct.unpack("<I", chunk[4:])[0]
        if name == b"fmt ":
            body = file.read(length + length % 2)
            if len(body) < 16:
                break
            coding, channels, rate_hz, _, _, bits = struct.unpack("<HHIIHH", body[:16])
            if coding == EXTENSIBLE and len(body) >= 26:
                coding = struct.unpack("<H", body[24:26])[0]
            found = coding, channels, rate_hz, bits
        elif name == b"data":
            if found is None:
                break
            coding, channels, rate_hz, bits = found
            if not channels or not rate_hz or bits % 8 or not bits:
                break
            offset = file.tell()
            there = size - offset
            # 0 and 0xFFFFFFFF stand for "not closed" and "see the RF64 chunk".
            promised = there if length in (0, 0xFFFFFFFF) else length
            return WavFormat(
                coding=coding,
                channels=channels,
                rate_hz=rate_hz,
                bits=bits,
                data_offset=offset,
                frames=min(there, promised) // (channels * bits // 8),
                truncated=there < promised,
            )
        else:
            file.seek(length + length % 2, 1)
    raise RecordingError(f"{path.name} has no usable WAV header or no sound: record it again")


def _checked(path: Path, found: WavFormat) -> WavFormat:
    known = {(PCM, 8), (PCM, 16), (PCM, 24), (PCM, 32), (FLOAT, 32), (FLOAT, 64)}
    if (found.coding, found.bits) not in known:
        raise RecordingError(
            f"{path.name} is compressed or of an unknown sample type"
            f" (code {found.coding}, {found.bits} bit): save it as 16 bit PCM WAV"
        )
    if found.rate_hz < MIN_RATE_HZ:
        raise RecordingError(
            f"{path.name} was recorded at {found.rate_hz} Hz, which cannot hold sound"
            " of 18.5 kHz and above: record at 48000 Hz"
        )
    if found.frames == 0:
        raise RecordingError(f"{path.name} holds no sound: record it again")
    return found


class WavSource:
    """A recording; other sample rates than 48 kHz are converted."""

    def __init__(self, path: Path, *, channel: int | None = None, loop: bool = False) -> None:
        """`channel`: 0 is left; None takes the one with most sound above 17 kHz."""
        self.path = path
        self.format = read_format(path)
        if channel is not None and not 0 <= channel < self.format.channels:
            raise RecordingError(
                f"{path.name} has {self.format.channels} channel(s): there is no channel {channel}"
            )
        self.channel = self._loudest() if channel is None else channel
        self._loop = loop
        self._closed = False

    def blocks(self) -> Iterator[AudioBlock]:
        """Yield the recording; from its start again and again if it shall loop."""
        parts = self._parts() if self.format.rate_hz == SAMPLE_RATE_HZ else self._converted()
        for part in parts:
            if self._closed:
                return
            yield AudioBlock(samples=part)

    def close(self) -> None:
        """End the stream."""
        self._closed = True

    def _converted(self) -> Iterator[npt.NDArray[np.float32]]:
        import soxr

        stream = soxr.ResampleStream(
            self.format.rate_hz, SAMPLE_RATE_HZ, 1, dtype="float32", quality="VHQ"
        )
        for part in self._parts():
            yield np.asarray(stream.resample_chunk(part), dtype=np.float32)
        yield np.asarray(stream.resample_chunk(np.zeros(0, np.float32), last=True), np.float32)

    def _parts(self) -> Iterator[npt.NDArray[np.float32]]:
        frames = round(BLOCK_S * self.format.rate_hz)
        with self.path.open("rb") as file:
            while True:
                file.seek(self.format.data_offset)
                left = self.format.frames
                while left > 0:
                    count = min(frames, left)
                    left -= count
                    yield self._read(file, count)[:, self.channel]
                if not self._loop:
                    return

    def _read(self, file: BinaryIO, frames: int) -> npt.NDArray[np.float32]:
        """Shape (frames, channels), -1..1; NaN and infinity become silence."""
        raw = file.read(frames * self.format.frame_bytes)
        coding, bits = self.format.coding, self.format.bits
        values: npt.NDArray[np.float32]
        if coding == FLOAT:
            values = np.frombuffer(raw, f"<f{bits // 8}").astype(np.float32)
            values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
        elif bits == 8:
            values = (
                np.frombuffer(raw, np.uint8).astype(np.float32) - np.float32(128)
            ) / np.float32(128)
        elif bits == 24:
            wide = np.zeros((len(raw) // 3, 4), np.uint8)
            wide[:, 1:] = np.frombuffer(raw, np.uint8).reshape(-1, 3)
            values = wide.view("<i4")[:, 0].astype(np.float32) / np.float32(2**31)
        else:
            values = np.frombuffer(raw, f"<i{bits // 8}").astype(np.float32)
            values /= np.float32(2 ** (bits - 1))
        return values.reshape(-1, self.format.channels)

    def _loudest(self) -> int:
        """The channel with most sound near the probe, in the middle of the recording."""
        if self.format.channels == 1:
            return 0
        count = min(self.format.frames, round(CHANNEL_TEST_S * self.format.rate_hz))
        first = (self.format.frames - count) // 2
        with self.path.open("rb") as file:
            file.seek(self.format.data_offset + first * self.format.frame_bytes)
            sound = self._read(file, count)
        power = np.abs(np.fft.rfft(sound, axis=0)) ** 2
        frequency = np.fft.rfftfreq(count, 1 / self.format.rate_hz)
        return int(power[(frequency > 17_000) & (frequency < 23_000)].sum(axis=0).argmax())
