"""The shipped network's learned tiers: small, the same everywhere, and told in the manifest."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from edge_worker.bench.acoustic import person
from edge_worker.bench.vitals_rooms import sketch
from edge_worker.offload.bundle import Tier, load_bundle, shipped_bundles
from edge_worker.offload.bundle_model import BundleModel
from edge_worker.offload.vitals.grid import BREATHING_RATES, HEART_RATES, network_input
from edge_worker.offload.vitals.step import INPUT, MODEL
from edge_worker.sensing.acoustic.simulator import Scene

BUNDLE = load_bundle(shipped_bundles()[MODEL])
(CUT,) = BUNDLE.manifest.cuts
TIERS = [tier for tier in CUT.tiers if tier.codec == "learned"]


@pytest.fixture(scope="module")
def model() -> BundleModel:
    return BundleModel(BUNDLE)


@pytest.fixture(scope="module")
def windows() -> list[np.ndarray]:
    room = sketch(Scene(distance_m=0.5, body=person(61), seed=61), 60.0)
    return [network_input(room.echoes[:end])[None] for end in room.ends if end >= 750]


def test_several_rates_are_shipped_in_order() -> None:
    assert len(TIERS) >= 2
    weights = [tier.rate_weight for tier in TIERS]
    sizes = [tier.bytes_mean for tier in TIERS]
    assert weights == sorted(weights, reverse=True)
    assert sizes == sorted(sizes)
    assert all(tier.accuracy_loss is not None for tier in TIERS)


@pytest.mark.parametrize("tier", TIERS, ids=lambda tier: tier.name)
def test_a_window_crosses_in_few_bytes_and_keeps_its_rates(
    tier: Tier, model: BundleModel, windows: list[np.ndarray]
) -> None:
    plan = f"{CUT.name}/{tier.name}"
    head, codec, tail = model.head(plan), model.codec(plan), model.tail(plan)
    assert head is not None
    for window in windows:
        whole = model.whole().run({INPUT: window})
        payload = codec.encode(head.run({INPUT: window}))
        assert len(payload) < 300
        coded = tail.run(codec.decode(payload))
        for name, rates, limit in (
            ("breathing", BREATHING_RATES, 1.0),
            ("heart", HEART_RATES, 4.0),
        ):
            first, second = (rates[int(item[name].argmax())] for item in (whole, coded))
            assert second == pytest.approx(first, abs=limit)


def test_uncoded_halves_give_what_the_whole_gives(
    model: BundleModel, windows: list[np.ndarray]
) -> None:
    plan = f"{CUT.name}/float32"
    head, codec = model.head(plan), model.codec(plan)
    assert head is not None
    whole = model.whole().run({INPUT: windows[0]})
    halves = model.tail(plan).run(codec.decode(codec.encode(head.run({INPUT: windows[0]}))))
    for name, expected in whole.items():
        np.testing.assert_allclose(halves[name], expected, atol=1e-5, rtol=0)


GOLDEN = {
    "learned-low": "adb1dda994b4545fa4a834eaa8dcba84bb122e58832b56178e56ca903edb2ae7",
    "learned-high": "f8d4aba8b3626d6304496346e53188fb01b1e9678d2da30d4177befde580cc40",
}
"""SHA-256 of the payload of the symbols below, first made on x86-64: integers alone, hence the
same on every machine."""


@pytest.mark.parametrize("tier", TIERS, ids=lambda tier: tier.name)
def test_payload_is_the_same_on_every_machine(tier: Tier, model: BundleModel) -> None:
    codec = model.codec(f"{CUT.name}/{tier.name}")
    (wire,) = tier.wire
    count = int(np.prod(wire.shape))
    symbols = ((np.arange(count) * 7919 % 101) % 9 - 4).astype(np.int8).reshape(wire.shape)
    payload = codec.encode({wire.name: symbols})
    assert hashlib.sha256(payload).hexdigest() == GOLDEN[tier.name]
    np.testing.assert_array_equal(codec.decode(payload)[wire.name], symbols)
