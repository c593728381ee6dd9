from __future__ import annotations

import struct
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge_worker.messages import ReadingState
from edge_worker.sensing.acoustic.analysis import analyse, as_row
from edge_worker.sensing.acoustic.errors import RecordingError
from edge_worker.sensing.acoustic.probe import Probe
from edge_worker.sensing.acoustic.recording import WavSource, read_format
from tests.worker.acoustic.acoustic_rooms import Room

Render = Callable[..., Room]
SECONDS = 40


def write(
    path: Path,
    data: bytes,
    *,
    coding: int = 1,
    bits: int = 16,
    channels: int = 1,
    rate_hz: int = 48_000,
    promised: int | None = None,
) -> Path:
    frame = channels * bits // 8
    header = struct.pack("<HHIIHH", coding, channels, rate_hz, rate_hz * frame, frame, bits)
    body = b"WAVEfmt " + struct.pack("<I", 16) + header + b"LIST" + struct.pack("<I", 3) + b"abc\0"
    body += b"data" + struct.pack("<I", len(data) if promised is None else promised)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body) + len(data) + 4) + body + data)
    return path


@pytest.fixture(scope="module")
def sound(room: Render) -> np.ndarray:
    return room(SECONDS, distance_m=0.4, skew_ppm=30.0).sound


def as_24_bit(sound: np.ndarray) -> bytes:
    return (sound.astype("<i4") << 8).view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


FORMATS = {
    "16 bit": (lambda s: s.astype("<i2").tobytes(), {}),
    "24 bit": (as_24_bit, {"bits": 24}),
    "32 bit": (lambda s: (s.astype("<i4") << 16).tobytes(), {"bits": 32}),
    "float": (lambda s: (s / 32768).astype("<f4").tobytes(), {"coding": 3, "bits": 32}),
    "double": (lambda s: (s / 32768).tobytes(), {"coding": 3, "bits": 64}),
    "stereo": (
        lambda s: np.stack((np.zeros_like(s), s), axis=1).astype("<i2").tobytes(),
        {"channels": 2},
    ),
    "not closed": (lambda s: s.astype("<i2").tobytes(), {"promised": 0}),
    "truncated": (lambda s: s.astype("<i2").tobytes(), {"promised": 10**8}),
}


@pytest.mark.parametrize("name", FORMATS)
def test_formats_give_the_same_numbers(name: str, sound: np.ndarray, tmp_path: Path) -> None:
    convert, settings = FORMATS[name]
    path = write(tmp_path / "room.wav", convert(sound), **settings)
    warnings: list[str] = []
    last = list(analyse(path, Probe(), warn=warnings.append))[-1].vitals
    assert last.state is ReadingState.OK
    assert last.t == SECONDS
    assert last.breathing_rate == pytest.approx(14.0, abs=1.0)
    assert any("cut off" in text for text in warnings) == (name == "truncated")


def test_8_bit_is_handled_and_said(sound: np.ndarray, tmp_path: Path) -> None:
    path = write(tmp_path / "room.wav", ((sound >> 8) + 128).astype(np.uint8).tobytes(), bits=8)
    warnings: list[str] = []
    hops = list(analyse(path, Probe(), warn=warnings.append))
    assert any("8 bits" in text for text in warnings)
    assert hops[-1].vitals.state is not ReadingState.NO_PROBE


@pytest.mark.parametrize("rate_hz", [44_100, 96_000])
def test_other_sample_rates_are_converted(rate_hz: int, sound: np.ndarray, tmp_path: Path) -> None:
    soxr = pytest.importorskip("soxr")
    other = soxr.resample(sound.astype(np.float64), 48_000, rate_hz, quality="VHQ")
    path = write(tmp_path / "room.wav", other.astype("<i2").tobytes(), rate_hz=rate_hz)
    hops = list(analyse(path, Probe()))
    assert hops[-1].vitals.breathing_rate == pytest.approx(14.0, abs=1.0)
    assert hops[-1].map.health.skew_ppm == pytest.approx(30, abs=0.1)


@pytest.mark.parametrize(
    ("data", "settings", "words"),
    [
        (b"\0" * 40_000, {"rate_hz": 16_000}, "48000 Hz"),
        (b"\0" * 40_000, {"coding": 17, "bits": 8}, "PCM"),
        (b"", {}, "no sound"),
        (b"\0" * 9_600, {}, "40 s"),
    ],
    ids=["16 kHz", "compressed", "empty", "too short"],
)
def test_what_cannot_be_analysed_is_refused_with_advice(
    data: bytes, settings: dict[str, int], words: str, tmp_path: Path
) -> None:
    with pytest.raises(RecordingError, match=words):
        list(analyse(write(tmp_path / "room.wav", data, **settings), Probe()))


@pytest.mark.parametrize("data", [b"", b"RIFF", b"ID3" + b"\0" * 100, b"RIFF\0\0\0\0WAVEfmt "])
def test_what_is_no_wav_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "room.wav"
    path.write_bytes(data)
    with pytest.raises(RecordingError, match="WAV"):
        read_format(path)


def test_missing_file_and_channel_are_refused(sound: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"nowhere\.wav"):
        read_format(tmp_path / "nowhere.wav")
    path = write(tmp_path / "room.wav", sound[:96_000].astype("<i2").tobytes())
    with pytest.raises(RecordingError, match="no channel 1"):
        WavSource(path, channel=1)


def test_silence_is_no_probe(tmp_path: Path) -> None:
    path = write(tmp_path / "room.wav", b"\0" * 2 * 48_000 * 6)
    warnings: list[str] = []
    rows = [as_row(hop.vitals) for hop in analyse(path, Probe(), warn=warnings.append)]
    assert any("echo cancelling" in text for text in warnings)
    assert [row["t"] for row in rows] == [2.0, 4.0, 6.0]
    assert {row["state"] for row in rows} == {"no_probe"}
    assert {row["present"] for row in rows} == {None}


def test_loop_repeats_and_the_seam_is_no_error(sound: np.ndarray, tmp_path: Path) -> None:
    from edge_worker.sensing.acoustic.receiver import Receiver

    path = write(tmp_path / "room.wav", sound[: 48_000 * 31 + 123].astype("<i2").tobytes())
    source = WavSource(path, loop=True)
    receiver, hops = Receiver(Probe()), []
    for block in source.blocks():
        hops += receiver.push(block)
        if len(hops) >= 45:
            source.close()
    assert sum(hop.map.health.relocks for hop in hops) >= 1
    assert {hop.vitals.state for hop in hops[15:]} <= {
        ReadingState.OK,
        ReadingState.MOTION,
        ReadingState.LOW_QUALITY,
    }


def test_simulator_writes_what_the_analysis_reads(tmp_path: Path) -> None:
    from edge_worker.sensing.acoustic.simulated_recording import write_recording
    from edge_worker.sensing.acoustic.simulator import Scene

    path = tmp_path / "room.wav"
    write_recording(path, Scene(), Probe(), 6.0, tmp_path / "truth.json")
    with wave.open(str(path)) as file:
        assert file.getnframes() == 6 * 48_000
    assert len(list(analyse(path, Probe()))) == 3
    assert "beats_s" in (tmp_path / "truth.json").read_text()
