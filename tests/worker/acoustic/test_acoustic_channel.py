from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edge_worker.messages import ReadingState
from edge_worker.sensing.acoustic.channel import Channel
from edge_worker.sensing.acoustic.probe import SAMPLE_RATE_HZ, Probe
from edge_worker.sensing.acoustic.range_map import RANGE_M, RangeMap
from edge_worker.sensing.acoustic.simulator import Scene, Simulation
from tests.worker.acoustic.acoustic_rooms import Room

QUIET = {"floor_db": -20.0, "rumble_db": -20.0}


def maps_of(sound: np.ndarray, probe: Probe | None = None) -> list[RangeMap]:
    return Channel(probe or Probe()).push(sound.astype(np.float32) / np.float32(32768))


@pytest.mark.parametrize("ppm", [-200.0, -37.5, 0.0, 100.0, 200.0])
def test_skew_is_found_to_a_hundredth_ppm(ppm: float, room: Callable[..., Room]) -> None:
    hops = room(6, skew_ppm=ppm, distance_m=None).hops
    assert hops[-1].map.health.skew_ppm == pytest.approx(ppm, abs=0.01)


def test_skew_leaves_no_noise_behind(room: Callable[..., Room]) -> None:
    """Resampled frames at 100 ppm are as still as at 0 ppm."""
    floors = []
    for ppm in (0.0, 100.0):
        hops = room(10, skew_ppm=ppm, distance_m=None).hops
        echoes = np.concatenate([hop.map.echoes for hop in hops[1:]])
        floors.append(20 * np.log10(np.median(echoes.std(axis=0))))
    assert floors[1] == pytest.approx(floors[0], abs=1.0)


def test_a_known_movement_comes_back_in_size_and_place() -> None:
    """An echo whose delay is known exactly: 2 mm to and fro at 0.8 m, computed here."""
    probe = Probe()
    seconds, rate = 8, SAMPLE_RATE_HZ
    time_s = np.arange(seconds * rate) / rate
    range_m = 0.8 - 1e-3 * np.sin(2 * np.pi * 0.25 * time_s)
    sound = np.tile(probe.period, seconds * rate // len(probe.period))
    delay_s = (2 * range_m - 0.07) / 343.0
    for tone, amplitude in zip(probe.frequencies_hz, probe.spectrum, strict=True):
        sound += 0.01 * np.real(amplitude * np.exp(2j * np.pi * tone * (time_s - delay_s)))
    maps = Channel(probe).push(sound.astype(np.float32))
    echoes = np.concatenate([hop.echoes for hop in maps])[50:]
    best = int(echoes.std(axis=0).argmax())
    assert RANGE_M[best] == pytest.approx(0.8, abs=0.03)
    angle = np.unwrap(np.angle(echoes[:, best] - _centre(echoes[:, best])))
    moved_mm = np.ptp(angle) * 1000 * 343 / 20_000 / (4 * np.pi)
    assert moved_mm == pytest.approx(2.0, rel=0.05)


def _centre(points: np.ndarray) -> complex:
    """Least squares circle (Kasa), enough for a clean arc."""
    matrix = np.stack((2 * points.real, 2 * points.imag, np.ones(len(points))), axis=1)
    x, y, _ = np.linalg.lstsq(matrix, np.abs(points) ** 2, rcond=None)[0]
    return complex(x, y)


@pytest.mark.parametrize("step", [100, 4_800, 31_337, 1_000_000])
def test_block_size_does_not_matter(step: int, room: Callable[..., Room]) -> None:
    sound = room(8, distance_m=0.5, skew_ppm=40.0).sound.astype(np.float32) / np.float32(32768)
    whole = Channel(Probe()).push(sound)
    channel = Channel(Probe())
    parts = [
        hop for at in range(0, len(sound), step) for hop in channel.push(sound[at : at + step])
    ]
    assert [hop.t for hop in parts] == [hop.t for hop in whole] == [2.0, 4.0, 6.0, 8.0]
    for one, other in zip(parts, whole, strict=True):
        assert np.array_equal(one.echoes, other.echoes)


def test_lost_samples_are_found_again(room: Callable[..., Room]) -> None:
    """The echo goes on where it was: no step in the chest's phase beyond its own motion."""
    hops = room(20, distance_m=None, dropouts=((7.3, 511), (12.1, 4801))).hops
    assert sum(hop.map.health.relocks for hop in hops) == 2
    assert {hop.map.health.state for hop in hops} == {ReadingState.OK}
    echoes = np.concatenate([hop.map.echoes for hop in hops])
    assert 20 * np.log10(np.median(echoes[40:].std(axis=0))) < -70


def test_reported_gap_keeps_the_time() -> None:
    sound = np.concatenate(list(Simulation(Scene(), Probe()).blocks(8)))
    samples = sound.astype(np.float32) / np.float32(32768)
    channel = Channel(Probe())
    maps = channel.push(samples[:240_000]) + channel.push_gap(48_000)
    maps += channel.push(samples[288_000:])
    assert [hop.t for hop in maps] == [2.0, 4.0, 6.0, 8.0]
    assert maps[2].health.blanked_share > 0.3
    assert maps[3].health.state is ReadingState.OK


@pytest.mark.parametrize("comb", [1, 2, 3])
def test_another_comb_in_earshot_is_not_heard(comb: int) -> None:
    own, other = Probe(comb=0), Probe(comb=comb)
    near = np.concatenate(list(Simulation(Scene(distance_m=None), own).blocks(8)))
    far = Scene(distance_m=0.6, seed=8, gain_db=-20.0, skew_ppm=30.0, **QUIET)
    sound = near + np.concatenate(list(Simulation(far, other).blocks(8)))
    both = np.concatenate([hop.echoes for hop in maps_of(sound, own)[1:]])
    # Its direct path is 20 dB below ours; 45 dB of it are taken away.
    assert 20 * np.log10(np.median(both.std(axis=0))) < -65
    assert maps_of(sound - near, own)[-1].health.state is ReadingState.NO_PROBE


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(200_000),
        np.random.default_rng(1).normal(0, 3000, 200_000),
        10_000 * np.sin(2 * np.pi * 20_000 * np.arange(200_000) / 48_000),
    ],
    ids=["silence", "noise", "single tone"],
)
def test_no_probe_is_a_state(sound: np.ndarray) -> None:
    for hop in maps_of(sound):
        assert hop.health.state is ReadingState.NO_PROBE
        assert len(hop.echoes) == 0


def test_memory_is_bounded() -> None:
    channel = Channel(Probe())
    sizes = []
    for block in Simulation(Scene(), Probe()).blocks(20):
        channel.push(block.astype(np.float32) / np.float32(32768))
        sizes.append(len(channel._buffer))
    assert max(sizes) <= 2 * 2 * SAMPLE_RATE_HZ
