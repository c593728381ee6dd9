from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from edge_worker.sensing.acoustic.probe import (
    BANDS_HZ,
    COMBS,
    FRAME_SAMPLES,
    MAX_LEVEL,
    SAMPLE_RATE_HZ,
    Probe,
    write_probe,
)


@pytest.mark.parametrize("comb", range(COMBS))
@pytest.mark.parametrize("band", BANDS_HZ)
def test_sound_stays_below_the_cap_and_inside_its_band(band: str, comb: int) -> None:
    probe = Probe.of_band(band, comb=comb)
    sound = np.tile(probe.period, 4 * FRAME_SAMPLES // probe.period_samples)
    assert np.abs(sound).max() <= MAX_LEVEL
    power = np.abs(np.fft.rfft(sound)) ** 2
    frequency = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE_HZ)
    low_hz, high_hz = BANDS_HZ[band]
    outside = (frequency < low_hz - 1) | (frequency > high_hz + 1)
    assert power[outside].sum() < 1e-20 * power.sum()


def test_crest_is_low() -> None:
    period = Probe().period
    assert np.abs(period).max() / period.std() < 2.2


def test_combs_share_no_tone() -> None:
    tones = np.concatenate([Probe(comb=comb).frequencies_hz for comb in range(COMBS)])
    assert len(np.unique(tones)) == len(tones)
    assert np.diff(np.sort(tones)).min() == pytest.approx(12.5)


def test_period_repeats() -> None:
    for comb in range(COMBS):
        probe = Probe(comb=comb)
        time_s = np.arange(8) / SAMPLE_RATE_HZ + probe.period_samples / SAMPLE_RATE_HZ
        again = np.real(
            np.exp(2j * np.pi * np.outer(time_s, probe.frequencies_hz)) @ probe.spectrum
        )
        assert again == pytest.approx(probe.period[:8], abs=1e-9)


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"level": 0.6}, "level"),
        ({"level": 0.0}, "level"),
        ({"comb": 4}, "comb"),
        ({"low_hz": 300.0}, "band"),
        ({"low_hz": 21_000.0}, "wide"),
    ],
)
def test_a_probe_that_cannot_be_played_is_refused(settings: dict[str, float], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        Probe(**settings)


def test_unknown_band_names_the_choices() -> None:
    with pytest.raises(ValueError, match="standard"):
        Probe.of_band("loud")


def test_file_is_mono_48_khz_16_bit_and_whole_periods(tmp_path: Path) -> None:
    path = tmp_path / "probe.wav"
    count = write_probe(path, Probe(comb=3), 2.01)
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (1, 48_000, 2)
        assert file.getnframes() == count
        sound = np.frombuffer(file.readframes(count), "<i2")
    assert count % Probe(comb=3).period_samples == 0
    assert count >= 2.01 * SAMPLE_RATE_HZ
    assert np.abs(sound).max() <= MAX_LEVEL * 32768


def test_fade_in_rises_and_the_loop_has_no_seam() -> None:
    probe = Probe()
    sound = probe.waveform(1.0)
    assert abs(sound[0]) < 1e-9
    assert np.abs(sound[:240]).max() < 0.02 * MAX_LEVEL
    # The next sample after the end is the first of a period, as without a seam.
    assert sound[-FRAME_SAMPLES:] == pytest.approx(probe.period, abs=1e-12)


def test_length_out_of_bounds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="3600"):
        write_probe(tmp_path / "probe.wav", Probe(), 1e6)
