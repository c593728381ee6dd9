"""The receiver judged in rooms of a second simulator, on which nothing was fitted."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from edge_worker.sensing.acoustic.analysis import analyse
from edge_worker.sensing.acoustic.breathing import measure_breathing
from edge_worker.sensing.acoustic.probe import Probe, write_probe
from edge_worker.sensing.acoustic.range_map import SLOW_RATE_HZ
from edge_worker.sensing.acoustic.receiver import Hop
from tests.worker.acoustic.acoustic_rooms import DATA
from tests.worker.acoustic.shoebox_room import Person, Recording, Shoebox, record, write

SECONDS = 64
SETTLED_S = 32.0


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("probe") / "probe.wav"
    write_probe(path, Probe(), 10)
    return path


def hear(sound: np.ndarray, folder: Path, bits: int = 16) -> list[Hop]:
    return list(analyse(write(folder / "room.wav", sound, bits), Probe()))


def errors(hops: list[Hop], truth: Recording) -> tuple[list[float], list[float]]:
    breathing, heart = [], []
    for hop in hops:
        vitals, t = hop.vitals, hop.vitals.t
        if vitals.breathing_rate is not None:
            breathing.append(abs(vitals.breathing_rate - truth.breathing_rate(t - 30, t)))
        if vitals.heart_rate is not None:
            heart.append(abs(vitals.heart_rate - truth.heart_rate(t - 20, t)))
    return breathing, heart


ROOMS = {
    "100 ppm, 24 bit": (
        Shoebox(person=Person(breathing_rate=12, heart_rate=62), ppm=100, start_s=3.3, seed=102),
        24,
    ),
    "0.8 m, -20 dB, -100 ppm": (
        Shoebox(
            person=Person(breathing_rate=17, heart_rate=88),
            distance_m=0.8,
            ppm=-100,
            level_db=-20,
            noise_dbfs=-90,
            seed=103,
        ),
        24,
    ),
    "distorting loudspeaker": (
        Shoebox(person=Person(breathing_rate=19, heart_rate=104), distortion=0.3, seed=108),
        16,
    ),
    "gap of 100.5 samples at the seam": (
        Shoebox(person=Person(heart_rate=58), seam_samples=100.5, start_s=5, seed=105),
        16,
    ),
}


@pytest.mark.parametrize("name", ROOMS)
def test_bars_hold_in_another_simulators_rooms(name: str, played: Path, tmp_path: Path) -> None:
    room, bits = ROOMS[name]
    truth = record(played, room, SECONDS)
    hops = [hop for hop in hear(truth.channels, tmp_path, bits) if hop.vitals.t >= SETTLED_S]
    breathing, heart = errors(hops, truth)
    assert len(breathing) >= 0.8 * len(hops)
    assert len(heart) >= 0.8 * len(hops)
    # Truth counts starts of breaths, the receiver turning points: up to 0.25 apart.
    assert np.median(breathing) <= 0.25
    assert np.percentile(breathing, 95) <= 0.5
    assert np.median(heart) <= 1
    assert max(heart) <= 3
    assert hops[-1].vitals.range_m == pytest.approx(room.distance_m, abs=0.05)
    assert hops[-1].map.health.skew_ppm == pytest.approx(room.ppm, abs=0.2)


def test_a_faint_far_heart_is_told_right_or_not_at_all(played: Path, tmp_path: Path) -> None:
    """0.2 mm at 0.8 m in a room where the pulse comes and goes: half of the windows have it."""
    room = Shoebox(person=Person(heart_mm=0.2, heart_rate=66), distance_m=0.8, seed=106)
    truth = record(played, room, 76)
    breathing, heart = errors(hear(truth.channels, tmp_path), truth)
    assert len(breathing) >= 20
    assert len(heart) >= 3
    assert max(heart) <= 3


def test_another_empty_room_gives_no_number(played: Path, tmp_path: Path) -> None:
    truth = record(played, Shoebox(person=None, ppm=60, seam_samples=33.3, seed=107), SECONDS)
    for hop in hear(truth.channels, tmp_path):
        assert hop.vitals.breathing_rate is None
        assert hop.vitals.heart_rate is None
        assert hop.vitals.present is not True


def test_a_ringing_chest_without_heart_gives_no_heart_rate(played: Path, tmp_path: Path) -> None:
    room = Shoebox(person=Person(heart_mm=0.0, breathing_rate=11), seed=109)
    hops = hear(record(played, room, SECONDS).channels, tmp_path)
    assert [hop.vitals.heart_rate for hop in hops if hop.vitals.heart_rate is not None] == []
    assert hops[-1].vitals.breathing_rate is not None


def test_either_channel_of_a_stereo_recording_tells_the_same(played: Path, tmp_path: Path) -> None:
    room = Shoebox(person=Person(heart_rate=80), seed=110)
    truth = record(played, room, 50, microphones=2)
    path = write(tmp_path / "room.wav", truth.channels, 16)
    rates = [
        list(analyse(path, Probe(), channel=channel))[-1].vitals.breathing_rate
        for channel in (0, 1, None)
    ]
    assert rates == pytest.approx([truth.breathing_rate(20, 50)] * 3, abs=0.4)


@pytest.mark.parametrize("person", ["T157", "T172"])
def test_recorded_breathing_comes_back_as_it_went_in(
    person: str, played: Path, tmp_path: Path
) -> None:
    """A real chest's waveform: the rates told are those of the waveform itself, or none."""
    source = DATA / "office_tasks" / "breathing_25hz" / f"{person}_Breathing.csv.gz"
    if not source.exists():
        pytest.skip(f"{source} is not here: it comes with the shared recordings")
    with gzip.open(source, "rt", encoding="utf-8") as file:
        rows = [next(file) for _ in range(32_001)][30_001:]
    values = np.array([float(row.split(",")[1]) for row in rows])
    room = Shoebox(person=Person(recorded=(values, 25.0)), seed=111)
    truth = record(played, room, SECONDS)
    given = 0
    for hop in hear(truth.channels, tmp_path):
        t, rate = hop.vitals.t, hop.vitals.breathing_rate
        if rate is None:
            continue
        own = measure_breathing(values[max(0, round((t - 30) * 25)) : round(t * SLOW_RATE_HZ)])
        assert rate == pytest.approx(own.count_rate, abs=1.0)
        given += 1
    assert given > 0
