"""The three steps as the runtime drives them: a stream of values, ticks and commands."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_worker.catalogue.ports import Activation, AppUsage, MoodEstimate, Valence, Vitals
from edge_worker.catalogue.tool import Step, ToolContext
from edge_worker.messages import Event, EventKind, Mood, Person, ReadingState
from edge_worker.mood import commands
from edge_worker.mood.store import DAY_S, MoodStore
from edge_worker.mood.tools import TOOLS

NOON = 1_700_000_000.0
ANNA = Person(id="anna", name="Anna")


@dataclass
class Home:
    """The three steps of one person, driven by a clock of its own."""

    folder: Path
    person: Person | None = ANNA
    time_scale: float = 1.0
    now: float = NOON
    events: list[Event] = field(default_factory=list)
    activations: list[Activation] = field(default_factory=list)
    valences: list[Valence] = field(default_factory=list)
    moods: list[MoodEstimate] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.activation = self._step("activation_forest", {"time_scale": self.time_scale})
        self.usage = self._step("usage_tree", {})
        self.fusion = self._step("mood_fusion", {})
        self._last_tick = self.now

    def _step(self, name: str, settings: dict[str, Any]) -> Step:
        tool = next(tool for tool in TOOLS if tool.card.name == name)
        assert tool.make_step is not None
        return tool.make_step(
            ToolContext(
                settings=settings,
                data_dir=self.folder,
                person=self.person,
                announce=self.events.append,
            )
        )

    def feed(self, value: Vitals) -> None:
        for port, activation in self.activation.update("vitals", value):
            self.activations.append(activation)
            self.fusion.update(port, activation)

    def use(self, value: AppUsage) -> None:
        assert list(self.usage.update("app_usage", value)) == []

    def tick(self) -> None:
        self.activation.tick(self.now)
        for port, valence in self.usage.tick(self.now):
            self.valences.append(valence)
            self.fusion.update(port, valence)
        self.moods += [mood for _, mood in self.fusion.tick(self.now)]

    def live(self, seconds: float, value: Callable[[float], Vitals]) -> None:
        """Vitals every 2 s of the stream, ticks every second of the clock."""
        step = 2.0 / self.time_scale
        for _ in range(round(seconds / 2)):
            self.now += step
            self.feed(value(self.now))
            while self.now - self._last_tick >= 1.0:
                self._last_tick += 1.0
                self.tick()

    def sit(self, seconds: float, breathing: float, heart: float | None) -> None:
        rng = random.Random(len(self.activations))

        def value(now: float) -> Vitals:
            return vitals(
                now,
                breathing + rng.gauss(0, 0.3),
                None if heart is None else heart + rng.gauss(0, 1),
            )

        self.live(seconds, value)

    def rest(self) -> None:
        commands.start_calibration(self.folder, "anna", time=self.now)
        self.tick()
        self.sit(130, 13, 62)


def vitals(now: float, breathing: float | None, heart: float | None) -> Vitals:
    return Vitals(
        t=now,
        state=ReadingState.OK if breathing is not None else ReadingState.NOISY,
        present=True,
        breathing_rate=breathing,
        breathing_quality=0.8,
        heart_rate=heart,
        heart_quality=0.6,
    )


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(folder=tmp_path)


@pytest.mark.parametrize("time_scale", [1.0, 8.0])
@pytest.mark.parametrize(
    ("answer", "mood", "stressed"), [(4, "excited", False), (2, "stressed", True)]
)
def test_anna_rests_gets_activated_and_checks_in(
    tmp_path: Path, time_scale: float, answer: int, mood: str, stressed: bool
) -> None:
    home = Home(folder=tmp_path, time_scale=time_scale)
    home.rest()
    assert [event.kind for event in home.events] == [EventKind.CALIBRATION_FINISHED]
    assert home.events[0].data["ok"] is True
    assert home.events[0].data["breathing_rate"] == pytest.approx(13, abs=0.5)
    home.sit(150, 19, 84)
    assert home.moods[-1].mood is None
    assert "check in" in home.moods[-1].explanation["reason"]
    commands.check_in(tmp_path, "anna", answer, time=home.now)
    home.sit(2 * time_scale, 19, 84)
    assert (home.moods[-1].mood, home.moods[-1].stressed) == (mood, stressed)
    assert "above rest" in home.moods[-1].explanation["words"]


def test_calm_and_good_is_content(home: Home) -> None:
    home.rest()
    home.sit(120, 13, 62)
    commands.check_in(home.folder, "anna", 5, time=home.now)
    home.sit(4, 13, 62)
    assert home.moods[-1].mood is Mood.CONTENT
    assert home.activations[-1].log_odds is not None
    assert home.activations[-1].log_odds < -0.4


def test_the_explanation_names_the_kind_of_baseline(home: Home) -> None:
    home.rest()
    home.sit(90, 13, 62)
    assert home.activations[-1].explanation["baseline"] == "guided_rest"


def test_a_replay_in_bursts_is_judged_alike(tmp_path: Path) -> None:
    home = Home(folder=tmp_path, time_scale=8.0)
    home.rest()

    def burst(now: float) -> Vitals:
        return vitals(math.floor(now), 19, 84)  # four values share one stamp

    home.live(200, burst)
    assert home.activations[-1].state is ReadingState.OK
    assert (home.activations[-1].log_odds or 0) > 0.4


def test_without_a_rest_nothing_is_said(home: Home) -> None:
    home.sit(120, 19, 84)
    commands.check_in(home.folder, "anna", 5, time=home.now)
    home.sit(4, 19, 84)
    assert {a.state for a in home.activations} == {ReadingState.NO_BASELINE}
    assert (home.moods[-1].mood, home.moods[-1].state) == (None, ReadingState.NO_BASELINE)


def test_breathing_alone_is_enough_and_the_heart_alone_is_not(home: Home) -> None:
    home.rest()
    home.sit(190, 19, None)
    assert home.activations[-1].state is ReadingState.OK
    assert "heart not measured" in home.activations[-1].explanation["words"]
    home.live(80, lambda now: vitals(now, None, 84))
    assert home.activations[-1].state is ReadingState.NOISY
    assert home.activations[-1].log_odds is None


def test_a_rest_that_was_not_measured_fails_with_a_reason(home: Home) -> None:
    commands.start_calibration(home.folder, "anna", time=home.now)
    home.tick()
    home.live(130, lambda now: vitals(now, None, None))
    assert [event.data["ok"] for event in home.events] == [False]
    assert MoodStore(home.folder).rest("anna") is None


def test_a_rest_nobody_measured_lapses(home: Home) -> None:
    commands.start_calibration(home.folder, "anna", time=home.now)
    home.tick()
    home.now += 900
    home.tick()
    assert [event.data["reason"] for event in home.events] == ["nothing was measured"]
    assert MoodStore(home.folder).rest_request("anna") is None


def test_old_vitals_expire_to_unknown(home: Home) -> None:
    home.rest()
    commands.check_in(home.folder, "anna", 5, time=home.now)
    home.sit(60, 13, 62)
    assert home.moods[-1].mood is not None
    home.now += 301
    home.tick()
    assert home.moods[-1].mood is None


def test_one_input_is_enough_and_marked_degraded(home: Home) -> None:
    commands.check_in(home.folder, "anna", 2, time=home.now)
    home.tick()
    assert home.moods[-1].explanation["degraded"] is True
    assert home.moods[-1].explanation["better_than_usual"] == pytest.approx(0.119, abs=1e-3)


def _window(now: float, seconds: dict[str, float], person: str = "anna") -> AppUsage:
    return AppUsage(t0=now - 300, t1=now, person=person, seconds=seconds)


def test_usage_needs_earlier_days_and_stays_within_its_cap(home: Home) -> None:
    home.use(_window(home.now, {"social": 200.0}))
    home.tick()
    assert home.valences[-1].state is ReadingState.WARMING_UP
    for day in range(1, 6):
        home.use(_window(home.now - day * DAY_S, {"office": 250.0, "weather": 20.0}))
    home.now += 61
    home.tick()
    assert home.valences[-1].state is ReadingState.OK
    assert abs(home.valences[-1].log_odds or 0.0) <= 0.4
    assert home.valences[-1].explanation["weak"] is True
    assert home.moods[-1].mood is None


def test_usage_of_others_is_not_looked_at(home: Home) -> None:
    home.use(_window(home.now, {"social": 200.0}, person="ben"))
    home.tick()
    assert home.valences[-1].state is ReadingState.NO_EVIDENCE
    assert MoodStore(home.folder).people() == []


def test_five_people_do_not_mix(tmp_path: Path) -> None:
    homes = []
    for number in range(5):
        person = Person(id=f"p{number}", name=f"Person {number}")
        home = Home(folder=tmp_path, person=person)
        commands.start_calibration(tmp_path, person.id, time=home.now)
        home.tick()
        home.sit(130, 11 + 2 * number, 60 + 5 * number)
        commands.check_in(tmp_path, person.id, 5 if number % 2 else 1, time=home.now)
        homes.append(home)
    for number, home in enumerate(homes):
        home.sit(60, 11 + 2 * number, 60 + 5 * number)
        assert home.moods[-1].mood is (Mood.CONTENT if number % 2 else Mood.DOWN)
    commands.delete_person(tmp_path, "p1")
    assert MoodStore(tmp_path).people() == ["p0", "p2", "p3", "p4"]


def test_without_a_person_the_answer_is_unknown(tmp_path: Path) -> None:
    home = Home(folder=tmp_path, person=None)
    home.sit(20, 13, 62)
    assert {a.state for a in home.activations} == {ReadingState.NO_BASELINE}
    assert all(mood.mood is None for mood in home.moods)


odd = st.floats() | st.sampled_from([0.0, -1.0, 12.0, 62.0, 1e300])
stranges = st.builds(
    Vitals,
    t=st.floats(NOON, NOON + 600) | st.floats(),
    state=st.sampled_from(list(ReadingState)),
    present=st.none() | st.booleans(),
    motion=st.booleans(),
    breathing_rate=st.none() | odd,
    breathing_quality=odd,
    heart_rate=st.none() | odd,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(stranges, max_size=40))
def test_whatever_the_sensor_sends_there_is_no_exception_and_no_label(
    tmp_path_factory: pytest.TempPathFactory, values: list[Vitals]
) -> None:
    home = Home(folder=tmp_path_factory.mktemp("odd"))
    commands.start_calibration(home.folder, "anna", time=home.now)
    for value in values:
        home.now += 1
        home.feed(value)
        home.tick()
    home.activation.update("vitals", "not vitals")
    assert all(mood.mood is None for mood in home.moods)
    for activation in home.activations:
        assert activation.log_odds is None or math.isfinite(activation.log_odds)


@pytest.mark.parametrize("rates", [(0.0, 0.0), (13.0, 0.0), (60.0, 250.0)])
def test_stuck_sensors_give_no_confident_label(home: Home, rates: tuple[float, float]) -> None:
    home.rest()
    home.sit(200, 13, 62)
    home.live(200, lambda now: vitals(now, *rates))
    last = home.activations[-1]
    if not 3 <= rates[0] <= 45:
        assert last.log_odds is None


def test_own_parameters_are_refitted_at_night(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    import time

    time.tzset()
    home.now = NOON - NOON % DAY_S + 3 * 3600 + 60
    home.tick()
    stored = MoodStore(home.folder).personal("anna")
    assert stored is not None
    assert stored[1] == home.now
    home.now += 600
    home.tick()
    assert MoodStore(home.folder).personal("anna") == stored


def test_bad_settings_name_the_field(tmp_path: Path) -> None:
    tool = next(tool for tool in TOOLS if tool.card.name == "activation_forest")
    assert tool.make_step is not None
    context = ToolContext(settings={"window_s": 5}, data_dir=tmp_path)
    with pytest.raises(ValueError, match="window_s"):
        tool.make_step(context)
    with pytest.raises(ValueError, match="windows"):
        tool.make_step(replace(context, settings={"windows": 60}))
