"""What a hub that comes and goes in the link's thread does to a plan that is being chosen."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from edge_worker.offload.costs import HubCost, write_costs
from edge_worker.offload.frames import JSON, Frame, FrameKind
from edge_worker.offload.placement import Link, Policy
from edge_worker.offload.plan_keeper import PlanKeeper, at_once

from .conftest import ToyModel, window

SPLIT = "early/float32"


class Hub:
    """A quick link; `looked` is called whenever somebody asks how quick."""

    def __init__(self) -> None:
        self.looked: Callable[[], None] = lambda: None

    @property
    def link(self) -> Link:
        self.looked()
        return Link(bandwidth_bps=1e8, rtt_s=0.001)

    def ask(self, frame: Frame, timeout_s: float) -> Frame | None:
        return None

    def post(self, frame: Frame, answered: Callable[[Frame], None]) -> None:
        costs = write_costs({SPLIT: HubCost(decode_s=0, tail_s=0)})
        answered(Frame(kind=FrameKind.COSTS, sequence=1, codec=JSON, payload=costs))

    def knock(self) -> None:
        pass


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def keeper(hub: Hub) -> PlanKeeper:
    model = ToyModel()
    model.all.pause_s = 0.02
    made = PlanKeeper(model, hub, raw_may_leave=False, policy=Policy.LATENCY)
    made.time_parts(window(), at_once)
    made.hub_answered()
    return made


def test_a_hub_that_leaves_while_its_plan_is_chosen_is_not_chosen(
    hub: Hub, keeper: PlanKeeper
) -> None:
    leaving = threading.Thread(target=keeper.hub_left)

    def leave() -> None:
        hub.looked = lambda: None
        leaving.start()
        leaving.join(0.2)

    hub.looked = leave
    keeper.look_around()
    leaving.join(5)
    assert keeper.hub_away
    assert keeper.plan == "device"


def test_a_goodbye_while_an_answer_is_due_forbids_the_device_nothing(
    hub: Hub, keeper: PlanKeeper
) -> None:
    """It was banned for a while, and a hub that came back first found no plan at all."""
    keeper.look_around()
    hub.post = lambda frame, answered: None  # type: ignore[method-assign]
    keeper.hub_left()  # in the link's thread; then the model's learns that nothing came
    keeper.answer_missed()
    keeper.answer_missed()
    keeper.hub_answered()
    keeper.set_policy(Policy.ENERGY)  # think again at once
    keeper.look_around()
    assert keeper.plan == "device"


def test_a_policy_that_is_told_twice_counts_at_once(keeper: PlanKeeper) -> None:
    keeper.look_around()
    assert keeper.plan == SPLIT
    keeper.set_policy(Policy.PRIVACY)
    keeper.set_policy(Policy.PRIVACY)
    keeper.look_around()
    assert keeper.plan == "device"


def test_privacy_ends_where_the_device_falls_behind(hub: Hub) -> None:
    """As the policy's card says: nothing leaves while the device keeps up, else little."""
    plans = {}
    for period_s in (0.04, 0.01):
        model = ToyModel()
        model.all.pause_s, model.period_s = 0.02, period_s
        keeper = PlanKeeper(model, hub, raw_may_leave=False, policy=Policy.PRIVACY)
        keeper.time_parts(window(), at_once)
        keeper.hub_answered()
        keeper.look_around()
        plans[period_s] = keeper.plan
    assert plans == {0.04: "device", 0.01: SPLIT}


def test_a_device_that_falls_behind_alone_says_so(hub: Hub) -> None:
    model = ToyModel()
    model.all.pause_s = model.heads.pause_s = 0.02
    model.period_s = 0.01
    keeper = PlanKeeper(model, hub, raw_may_leave=False, policy=Policy.LATENCY)
    keeper.time_parts(window(), at_once)
    keeper.hub_answered()
    keeper.look_around()
    assert keeper.plan == "device"
    assert "Nothing fits" in keeper.reason
    assert "It falls behind" in keeper.reason


def test_the_patience_with_a_plan_without_a_forecast_is_that_of_its_answers(
    keeper: PlanKeeper,
) -> None:
    for _ in range(6):
        keeper.answer_came("late/float32", 5.0)
        assert keeper.deadline_s("late/float32") == 10.0
