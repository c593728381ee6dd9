"""The whole path on simulated rooms: numbers where they are due, states where not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edge_worker.messages import ReadingState
from edge_worker.sensing.acoustic.probe import Probe
from edge_worker.sensing.acoustic.simulated_body import Recorded
from tests.worker.acoustic.acoustic_rooms import Room, body, listen

Render = Callable[..., Room]


def errors(room: Room) -> tuple[list[float], list[float]]:
    breathing, heart = [], []
    for hop in room.hops:
        vitals, t = hop.vitals, hop.vitals.t
        if vitals.breathing_rate is not None:
            breathing.append(abs(vitals.breathing_rate - room.truth.breathing_rate(t - 30, t)))
        if vitals.heart_rate is not None:
            heart.append(abs(vitals.heart_rate - room.truth.heart_rate(t - 20, t)))
    return breathing, heart


@pytest.mark.parametrize(
    ("breathing", "rate", "scene"),
    [
        (14.0, 68.0, {"distance_m": 0.5, "skew_ppm": 100.0}),
        (18.0, 90.0, {"distance_m": 0.8, "skew_ppm": -100.0}),
        (11.0, 55.0, {"distance_m": 0.3}),
        (7.0, 60.0, {"distance_m": 0.5, "gain_db": -20.0}),
        (16.0, 130.0, {"distance_m": 0.5, "loop_s": 10.0, "skew_ppm": 25.0}),
    ],
    ids=["100 ppm", "0.8 m", "0.3 m", "slow and faint", "looped file"],
)
def test_rates_meet_the_bars_in_quiet(
    room: Render, breathing: float, rate: float, scene: dict[str, float]
) -> None:
    heard = room(80, body=body(breathing, rate), **scene)
    breaths, beats = errors(heard)
    due = [hop for hop in heard.hops if hop.vitals.t >= 32]
    assert len(breaths) >= 0.8 * len(due)
    assert len(beats) >= 0.8 * len(due)
    assert np.median(breaths) <= 0.1
    assert np.percentile(breaths, 95) <= 0.5
    assert np.median(beats) <= 1
    assert np.percentile(beats, 90) <= 3
    last = heard.hops[-1].vitals
    assert last.range_m == pytest.approx(scene.get("distance_m", 0.5), abs=0.05)
    assert last.present is True
    assert last.breathing_error is not None
    assert last.heart_error is not None


@pytest.mark.parametrize(
    "scene",
    [{}, {"white_db": 45.0}, {"speech_db": 50.0}, {"fan_m": 1.0}, {"skew_ppm": 90.0}],
    ids=["quiet", "noise", "speech", "fan", "skew"],
)
def test_an_empty_room_gives_no_number(room: Render, scene: dict[str, float]) -> None:
    for hop in room(60, distance_m=None, **scene).hops:
        assert hop.vitals.breathing_rate is None
        assert hop.vitals.heart_rate is None
        assert not hop.vitals.breathing_pause
        assert hop.vitals.present is not True


def states(room: Room, after_s: float = 10) -> set[ReadingState]:
    return {hop.vitals.state for hop in room.hops if hop.vitals.t > after_s}


@pytest.mark.parametrize(
    ("scene", "expected"),
    [
        ({"probe_on": False}, ReadingState.NO_PROBE),
        ({"distance_m": None}, ReadingState.NO_PERSON),
        ({"distance_m": None, "white_db": 55.0}, ReadingState.NOISY),
        ({"gain_db": 30.0}, ReadingState.CLIPPING),
        (
            {"body": body(bursts=((12.0, 3.0),))},
            ReadingState.MOTION,
        ),
        ({"distance_m": None, "drift_ppm_per_min": 60.0}, ReadingState.SKEW_UNLOCKED),
        ({"second_distance_m": 0.8, "distance_m": 0.75}, ReadingState.LOW_QUALITY),
        (
            {"dropouts": tuple((12 + 0.1 * k, 300) for k in range(200))},
            ReadingState.DROPOUT,
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, ReadingState) else "",
)
def test_every_state_can_be_provoked(
    room: Render, scene: dict[str, object], expected: ReadingState
) -> None:
    assert expected in states(room(40, **scene))


def test_two_people_of_like_strength_are_told(room: Render) -> None:
    heard = room(
        40,
        distance_m=0.65,
        body=body(breath_mm=2.0),
        second_distance_m=0.82,
        second_body=body(19.0, 80.0, breath_mm=12.0),
    )
    assert ReadingState.TWO_TARGETS in states(heard)


def test_only_ok_carries_a_number(room: Render) -> None:
    heard = room(70, body=body(bursts=((40.0, 3.0),)), speech_db=45.0)
    for hop in heard.hops:
        if hop.vitals.state is not ReadingState.OK:
            assert hop.vitals.breathing_rate is None
            assert hop.vitals.heart_rate is None
    assert ReadingState.OK in states(heard)


def test_a_held_breath_is_found_in_time_and_no_rate_is_given(room: Render) -> None:
    heard = room(84, body=body(holds=((58.0, 16.0),)), distance_m=0.6)
    ((start_s, end_s),) = heard.truth.pauses_s
    alarms = [hop.vitals.t for hop in heard.hops if hop.vitals.breathing_pause]
    assert alarms
    assert start_s + 8 < alarms[0] <= start_s + 14
    assert all(alarm < end_s + 4 for alarm in alarms)
    for hop in heard.hops:
        if hop.vitals.breathing_pause:
            assert hop.vitals.breathing_rate is None


def test_someone_without_heartbeat_gets_no_heart_rate(room: Render) -> None:
    heard = room(70, body=body(19.0, 60.0, heart_mm=0.0, breath_variability=0.01))
    assert [hop for hop in heard.hops if hop.vitals.heart_rate is not None] == []


def test_recorded_waveform_drives_the_simulator(room: Render) -> None:
    rate_hz = 25.0
    time_s = np.arange(round(60 * rate_hz)) / rate_hz
    wave = Recorded(values=np.sin(2 * np.pi * 0.2 * time_s) ** 3, rate_hz=rate_hz)
    heard = room(50, body=body(recorded_breath=wave))
    assert heard.hops[-1].vitals.breathing_rate == pytest.approx(12.0, abs=0.2)


def test_streaming_equals_offline(room: Render) -> None:
    heard = room(40, distance_m=0.5, skew_ppm=40.0)
    for step in (4_800, 7_777, len(heard.sound)):
        again = listen(heard.sound, Probe(), step)
        assert [hop.vitals for hop in again] == [hop.vitals for hop in heard.hops]


def test_features_are_given_with_the_breathing_and_missing_without(room: Render) -> None:
    vitals = room(80, body=body(), distance_m=0.5, skew_ppm=100.0).hops[-1].vitals
    assert vitals.features["inhale_exhale_ratio"] == pytest.approx(0.7, abs=0.2)
    assert vitals.features["breath_depth_mm"] == pytest.approx(6, rel=0.3)
    assert vitals.features["movement_share"] == 0
    moving = room(40, body=body(bursts=((12.0, 3.0),))).hops
    assert any((hop.vitals.features.get("movement_share") or 0) > 0 for hop in moving)


def test_ring_is_bounded() -> None:
    from edge_worker.sensing.acoustic.receiver import Receiver
    from edge_worker.sensing.acoustic.simulated_source import SimulatedSource
    from edge_worker.sensing.acoustic.simulator import Scene
    from edge_worker.sensing.acoustic.vitals import RING_S

    receiver = Receiver(Probe())
    for block in SimulatedSource(Scene(), Probe(), 90).blocks():
        for _ in receiver.push(block):
            pass
    assert len(receiver.vital_signs._ring) <= RING_S * 25
