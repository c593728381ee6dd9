"""The network fills the receiver's gaps, keeps its numbers, and invents nobody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest

from edge_worker.bench.acoustic import person
from edge_worker.bench.vitals_rooms import Room, hear, sketch
from edge_worker.catalogue.coinference import Inference
from edge_worker.catalogue.ports import Port, Vitals
from edge_worker.catalogue.tool import Output
from edge_worker.messages import Place, ReadingState
from edge_worker.offload.bundle import load_bundle, shipped_bundles
from edge_worker.offload.bundle_model import BundleModel
from edge_worker.offload.parts import STREAM_CUT, Piece, cut_of
from edge_worker.offload.vitals.gate import Gate
from edge_worker.offload.vitals.grid import BREATHING_RATES, FRAMES, HEART_RATES, network_input
from edge_worker.offload.vitals.reading import RateTracker, read
from edge_worker.offload.vitals.step import INPUT, MODEL, Filler, VitalsNetworkStep, open_model
from edge_worker.sensing.acoustic.simulator import Scene

REFUSED = Vitals(t=0.0, state=ReadingState.LOW_QUALITY, present=True)


@dataclass(frozen=True, kw_only=True)
class Hop:
    """Two seconds of a map."""

    echoes: np.ndarray
    continuous: bool = True


class Refusing:
    """A receiver that gives no number, or always the same."""

    def __init__(self, **changes: object) -> None:
        self.vitals = replace(REFUSED, **changes)

    def update(self, port: str, value: object) -> Iterable[Output]:
        return [(Port.VITALS, self.vitals)]

    def tick(self, now: float) -> Iterable[Output]:
        return ()


def replay(room: Room, **changes: object) -> list[Vitals]:
    step = VitalsNetworkStep(Refusing(**changes), open_model(None))
    starts = [0, *room.ends[:-1]]
    found = []
    for first, last in zip(starts, room.ends, strict=True):
        ((port, vitals),) = step.update(Port.RANGE_MAP, Hop(echoes=room.echoes[first:last]))
        assert port == Port.VITALS
        found.append(vitals)
    return found


@pytest.fixture(scope="module")
def loud_room() -> Room:
    """So loud that the receiver gives nothing."""
    scene = Scene(distance_m=0.5, white_db=54.0, body=person(31), seed=31)
    return hear(scene, 60.0)


def test_breathing_is_found_where_the_receiver_refuses(loud_room: Room) -> None:
    assert np.isnan(loud_room.receiver_breathing[-10:]).all()
    vitals = replay(loud_room, state=ReadingState.NOISY, present=None)[-1]
    assert vitals.state is ReadingState.OK
    assert vitals.breathing_rate == pytest.approx(loud_room.breathing[-1], abs=1.0)
    assert vitals.breathing_error is not None
    assert vitals.breathing_error > 0


def test_heart_is_found_through_motion() -> None:
    body = person(32, bursts=((30.0, 2.0),))
    room = sketch(Scene(distance_m=0.5, body=body, seed=32), 60.0)
    vitals = replay(room)[-1]
    assert vitals.heart_rate == pytest.approx(room.heart[-1], abs=4.0)


@pytest.mark.parametrize("noise", [{}, {"white_db": 50.0}, {"speech_db": 45.0}, {"fan_m": 1.0}])
def test_empty_room_gets_no_number(noise: dict[str, float]) -> None:
    room = sketch(Scene(distance_m=None, seed=33, **noise), 60.0)
    for vitals in replay(room):
        assert (vitals.breathing_rate, vitals.heart_rate) == (None, None)
        assert vitals.state is ReadingState.LOW_QUALITY


def test_receiver_keeps_its_own_numbers(loud_room: Room) -> None:
    vitals = replay(loud_room, breathing_rate=12.3, heart_rate=77.0)[-1]
    assert (vitals.breathing_rate, vitals.heart_rate) == (12.3, 77.0)


@pytest.mark.parametrize(
    "state", [ReadingState.NO_PERSON, ReadingState.NO_PROBE, ReadingState.CLIPPING]
)
def test_unsound_channel_gets_no_number(state: ReadingState, loud_room: Room) -> None:
    assert all(vitals.breathing_rate is None for vitals in replay(loud_room, state=state))


def test_nothing_is_said_before_thirty_seconds(loud_room: Room) -> None:
    early = replay(loud_room)[:14]
    assert all(vitals.breathing_rate is None for vitals in early)


def test_a_gap_starts_the_window_anew() -> None:
    filler = Filler()
    filler.push(Hop(echoes=np.ones((FRAMES, 76), np.complex64)))
    assert filler.window() is not None
    filler.push(Hop(echoes=np.ones((50, 76), np.complex64), continuous=False))
    assert filler.window() is None


def test_input_is_free_of_what_stands_still() -> None:
    echoes = np.full((FRAMES, 76), 0.3 + 0.4j, np.complex64)
    np.testing.assert_allclose(network_input(echoes), 0.0, atol=0.01)


def test_belief_in_two_rates_is_not_trusted() -> None:
    belief = np.zeros(len(HEART_RATES))
    belief[10] = belief[60] = 0.5
    assert read(HEART_RATES, belief).trust == pytest.approx(0.5)


def bell(steps: int, centre: int, *, height: float) -> np.ndarray:
    """Logits of a network that takes one rate for the likeliest."""
    return (height * np.exp(-(((np.arange(steps) - centre) / 2) ** 2) / 2)).astype(np.float32)


def test_evidence_adds_up_over_windows() -> None:
    tracker = RateTracker(BREATHING_RATES)
    logits = bell(len(BREATHING_RATES), 50, height=5.0)
    trusts = [tracker.update(logits).trust for _ in range(8)]
    assert trusts[-1] > trusts[0]
    tracker.forget()
    assert tracker.update(logits).trust == pytest.approx(trusts[0])


def test_a_rate_that_jumps_is_not_given_until_it_is_believed() -> None:
    tracker = RateTracker(HEART_RATES)
    old, new = (bell(len(HEART_RATES), centre, height=7.0) for centre in (30, 60))
    for _ in range(10):
        before = tracker.update(old)
    assert before.trust > 0.8
    jumped = [tracker.update(new) for _ in range(40)]
    assert jumped[0].trust == 0
    given = [rate for rate in jumped if rate.trust > 0.5]
    assert given
    assert all(rate.value == pytest.approx(HEART_RATES[60], rel=0.03) for rate in given)


def test_broken_echoes_are_forgotten() -> None:
    tracker = RateTracker(BREATHING_RATES)
    logits = bell(len(BREATHING_RATES), 50, height=5.0)
    first = tracker.update(logits)
    assert tracker.update(np.full_like(logits, np.nan)).trust == 0
    assert tracker.update(logits) == first


# --- The model runs elsewhere --------------------------------------------------------------


class Elsewhere:
    """A shared model whose answers come when the test says so."""

    def __init__(self) -> None:
        self.alone = open_model(None)
        self.tags: list[object] = []
        self.words: list[object] = []
        self.held: list[Inference] = []
        self.come: list[Inference] = []

    def submit(self, inputs: object, tag: object = None, word: object = None) -> None:
        self.alone.submit(inputs, tag)  # type: ignore[arg-type]
        self.held += self.alone.results()
        self.tags.append(tag)
        self.words.append(word)

    def results(self) -> list[Inference]:
        found, self.come = self.come, []
        return found

    def close(self) -> None: ...


class Counting(Refusing):
    """A receiver that numbers its hops."""

    def update(self, port: str, value: object) -> Iterable[Output]:
        self.vitals = replace(self.vitals, t=self.vitals.t + 1)
        return super().update(port, value)


@pytest.fixture
def shared(loud_room: Room) -> tuple[Elsewhere, VitalsNetworkStep]:
    """After thirty seconds, with the first window on its way."""
    model = Elsewhere()
    step = VitalsNetworkStep(Counting(), model)
    whole = Hop(echoes=loud_room.echoes[-FRAMES:])
    assert step.update(Port.RANGE_MAP, whole) == []
    return model, step


def hop_of(room: Room) -> Hop:
    return Hop(echoes=room.echoes[-50:])


def test_an_answer_is_given_at_the_next_tick(
    shared: tuple[Elsewhere, VitalsNetworkStep], loud_room: Room
) -> None:
    model, step = shared
    assert list(step.tick(0.0)) == []
    model.come = [model.held.pop()]
    ((port, vitals),) = step.tick(1.0)
    assert port == Port.VITALS
    assert vitals.breathing_rate == pytest.approx(loud_room.breathing[-1], abs=2.0)
    assert list(step.tick(2.0)) == []


def test_what_is_not_answered_goes_out_after_two_windows(
    shared: tuple[Elsewhere, VitalsNetworkStep], loud_room: Room
) -> None:
    _, step = shared
    assert step.update(Port.RANGE_MAP, hop_of(loud_room)) == []
    ((_, vitals),) = step.update(Port.RANGE_MAP, hop_of(loud_room))
    assert (vitals.t, vitals.breathing_rate) == (1.0, None)


def test_order_is_kept_when_a_window_was_dropped(
    shared: tuple[Elsewhere, VitalsNetworkStep], loud_room: Room
) -> None:
    model, step = shared
    step.update(Port.RANGE_MAP, hop_of(loud_room))
    model.come = [model.held[1]]
    assert [vitals.t for _, vitals in step.tick(0.0)] == [1.0, 2.0]
    model.come = [model.held[0]]
    assert list(step.tick(1.0)) == []


def test_what_the_hub_has_handed_on_is_not_given_again(
    shared: tuple[Elsewhere, VitalsNetworkStep], loud_room: Room
) -> None:
    model, step = shared
    step.update(Port.RANGE_MAP, hop_of(loud_room))
    (first, second), model.held = model.held, []
    assert [word and word[1].t for word in model.words] == [1.0, 2.0]
    # The first was dropped on its way: what is newer is known already.
    model.come = [replace(second, outputs={}, handed_on=True)]
    assert list(step.tick(0.0)) == []
    model.come = [first]
    assert list(step.tick(1.0)) == []
    step.update(Port.RANGE_MAP, hop_of(loud_room))
    model.come = [model.held.pop()]
    assert [vitals.t for _, vitals in step.tick(2.0)] == [3.0]


def test_a_filler_without_echoes_finishes_the_same(loud_room: Room) -> None:
    here, there = Filler(), Filler()
    model = open_model(None)
    found = []
    for number, first in enumerate(range(0, len(loud_room.echoes) - 49, 50)):
        here.push(Hop(echoes=loud_room.echoes[first : first + 50]))
        if (window := here.window()) is None:
            continue
        model.submit({INPUT: window[None]})
        (result,) = model.results()
        said = replace(REFUSED, t=2.0 * number)
        found.append(here.fill(said, result.outputs))
        assert there.fill(said, result.outputs) == found[-1]
    assert found[-1].breathing_rate is not None


def test_after_a_pause_between_windows_belief_starts_anew() -> None:
    outputs = {
        "breathing": bell(len(BREATHING_RATES), 50, height=5.0)[None],
        "heart": bell(len(HEART_RATES), 50, height=5.0)[None],
        "state": np.array([[9.0, 0.0]], np.float32),
    }

    def trusts(times: list[float]) -> list[float]:
        filler = Filler(Gate(breathing=0.0, heart=0.0, presence=0.5))
        return [filler.fill(replace(REFUSED, t=t), outputs).breathing_quality for t in times]

    steady, paused = trusts([0.0, 2.0, 4.0]), trusts([0.0, 2.0, 30.0])
    assert steady[2] > steady[1] > steady[0]
    assert paused == [*steady[:2], steady[0]]


def test_answers_that_come_too_late_do_not_pile_up(
    shared: tuple[Elsewhere, VitalsNetworkStep], loud_room: Room
) -> None:
    """On a slow link all of them may."""
    model, step = shared
    for number in range(2, 12):
        step.update(Port.RANGE_MAP, hop_of(loud_room))
        if number > 3:
            model.come = [model.held[number - 4]]
        list(step.tick(float(number)))
    assert len(step._answers) <= 2


def test_alone_the_whole_model_runs_here() -> None:
    model = open_model(None)
    model.submit({"range_map": np.zeros((1, 2, 38, 750), np.float32)}, 7)
    (result,) = model.results()
    assert (result.tag, result.place, result.bytes_sent) == (7, Place.DEVICE, 0)
    assert set(result.outputs) == {"breathing", "heart", "state"}
    assert model.results() == []


def test_each_window_is_the_last_one_moved_on(loud_room: Room) -> None:
    filler = Filler()
    found = []
    for first in range(0, len(loud_room.echoes) - 49, 50):
        filler.push(Hop(echoes=loud_room.echoes[first : first + 50]))
        if (window := filler.window()) is not None:
            found.append(window)
    assert len(found) > 10
    for before, after in pairwise(found):
        assert np.array_equal(before[..., 50:], after[..., :-50])


def test_standing_echoes_are_taken_anew_when_they_drift() -> None:
    random = np.random.default_rng(2)
    moving = 1e-4 * (random.normal(size=(FRAMES, 76)) + 1j * random.normal(size=(FRAMES, 76)))
    filler = Filler()
    filler.push(Hop(echoes=(1.0 + moving).astype(np.complex64)))
    first = filler.window()
    filler.push(Hop(echoes=(1.0 + 1e-5 + moving).astype(np.complex64)))
    second = filler.window()
    filler.push(Hop(echoes=(1.01 + moving).astype(np.complex64)))
    third = filler.window()
    assert first is not None
    assert second is not None
    assert third is not None
    assert np.abs(second.mean(-1)).max() == pytest.approx(0.01, rel=0.3), "drift stays"
    assert np.abs(third.mean(-1)).max() < 5e-3


def test_the_answer_does_not_depend_on_which_echoes_stand_still(loud_room: Room) -> None:
    model = BundleModel(load_bundle(shipped_bundles()[MODEL])).whole()
    echoes = loud_room.echoes[-FRAMES:]
    other = echoes.mean(axis=0) + 0.5 * np.abs(echoes - echoes.mean(axis=0)).max()
    one, two = (
        model.run({INPUT: network_input(echoes, standing)[None]})
        for standing in (None, other.astype(np.complex64))
    )
    for name in ("breathing", "heart", "state"):
        np.testing.assert_allclose(one[name], two[name], atol=2e-3)


def test_the_shipped_network_can_be_fed_while_the_sonar_records() -> None:
    model = BundleModel(load_bundle(shipped_bundles()[MODEL]))
    streams = [plan for plan in model.plans if cut_of(plan) == STREAM_CUT]
    assert streams == ["stream/int16", "stream/int8", "stream/int4"]
    for plan in streams:
        assert model.piece(plan) == Piece(samples=50, seconds=2.0)
        assert [item.shape for item in model.specs(plan)] == [(1, 2, 38, 50)]
        assert model.head(plan) is None
        assert model.relative_loss(plan) == model.relative_loss(plan.replace("stream", "input"))
