from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edge_worker.offload.bundle import (
    Bundle,
    Cut,
    FileEntry,
    InputTier,
    Manifest,
    TensorEntry,
    Tier,
)
from edge_worker.offload.graph import ModelGraph, Operation, Tensor
from edge_worker.offload.placement import Constraints, Costs, Link, Option, Placement, Policy, Where
from edge_worker.offload.planning import plan
from edge_worker.offload.policies import POLICY_CARDS
from edge_worker.offload.profile import Host, OperationCost, PartCost, Profile, ProfileError
from edge_worker.offload.wording import doubt, milliseconds

FILE = FileEntry(path="model.onnx", bytes=1, sha256="0" * 64)
MAP = Tensor(name="map", shape=(1, 2, 100, 960))
FEATURES = Tensor(name="features", shape=(1, 500))
RATE = Tensor(name="rate", shape=(1, 2))
MBIT = 1e6


def operation(name: str, given: str, made: str) -> Operation:
    return Operation(name=name, kind="Conv", inputs=(given,), outputs=(made,), parameter_bytes=4000)


GRAPH = ModelGraph(
    name="vitals",
    model_hash="0" * 64,
    inputs=("map",),
    outputs=("rate",),
    tensors=(MAP, FEATURES, RATE),
    operations=(operation("early", "map", "features"), operation("late", "features", "rate")),
)


def tier(name: str, size: float, loss: float | None) -> Tier:
    return Tier(
        name=name,
        codec="learned",
        head=FILE,
        tail=FILE,
        wire=(TensorEntry.of(FEATURES),),
        bytes_mean=size,
        encode_s=0.0001,
        decode_s=0.0001,
        accuracy_loss=loss,
    )


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    (tmp_path / "graph.json").write_text(GRAPH.to_json())
    manifest = Manifest(
        format=1,
        name="vitals",
        version="1",
        model_hash="0" * 64,
        inputs=(TensorEntry.of(MAP),),
        outputs=(TensorEntry.of(RATE),),
        model=FILE,
        graph=FileEntry(path="graph.json", bytes=1, sha256="0" * 64),
        cuts=(
            Cut(
                name="early",
                tensors=(TensorEntry.of(FEATURES),),
                tiers=(tier("fine", 500, 0.1), tier("coarse", 60, 2.0)),
            ),
        ),
        input_tiers=(
            InputTier(
                name="int16",
                codec="int16",
                bytes_mean=384_000,
                accuracy_loss=0.0,
                stream_bytes_per_s=25_600,
                stream_chunk_s=0.1,
            ),
        ),
        period_s=15.0,
    )
    return Bundle(folder=tmp_path, manifest=manifest)


@pytest.fixture
def hub() -> Profile:
    """Ten milliseconds, two of them before the cut."""
    part = PartCost(head_s=0.002, encode_s=0.0001, bytes=999, decode_s=0.0001, tail_s=0.008)
    whole = PartCost(head_s=0, encode_s=0.0001, bytes=999, decode_s=0.0001, tail_s=0.01)
    return Profile(
        model_hash="0" * 64,
        host=Host(name="hub", processor="x86_64", runtime="onnxruntime", threads=1),
        whole_s=0.010,
        memory_bytes=2**20,
        operations=tuple(
            OperationCost(
                name=name, kind="Conv", seconds=seconds, output_bytes=1, parameter_bytes=1
            )
            for name, seconds in (("early", 0.002), ("late", 0.008))
        ),
        parts={"early/fine": part, "early/coarse": part, "input/int16": whole},
    )


def place(
    bundle: Bundle,
    hub: Profile,
    *,
    mbit: float = 1.0,
    slowdown: float = 30.0,
    policy: Policy = Policy.LATENCY,
    **rules: object,
) -> Placement:
    return plan(
        bundle,
        device=hub.slowed(slowdown),
        hub=hub,
        link=Link(bandwidth_bps=mbit * MBIT, rtt_s=0.02),
        policy=policy,
        constraints=Constraints(**rules),  # type: ignore[arg-type]
    )


def test_latency_of_a_split_is_the_sum_worked_out_by_hand(bundle: Bundle, hub: Profile) -> None:
    found = place(bundle, hub, max_accuracy_loss=1.0).chosen
    assert (found.where, found.tier) == (Where.SPLIT, "fine")
    # 2 ms x 30, 0.1 ms x 30, 500 bytes there and 4 (two halves) back, each with 200 of headers,
    # at 1 Mbit/s, + 20 ms, 0.1 ms, 8 ms
    assert found.costs.bytes == 700
    assert found.costs.latency_s == pytest.approx(0.060 + 0.003 + 0.027232 + 0.0001 + 0.008)


def test_device_wins_where_it_is_quick_and_the_advice_says_what_would_change_it(
    bundle: Bundle, hub: Profile
) -> None:
    found = place(bundle, hub, slowdown=1.0)
    assert found.chosen.where is Where.DEVICE
    assert "doesn't pay" in found.advice
    assert "slower device" in found.advice
    almost = place(bundle, hub, slowdown=6.0, mbit=0.1)
    assert almost.chosen.where is Where.DEVICE
    assert "It would from" in almost.advice
    needed = float(almost.advice.partition("from ")[2].partition(" Mbit")[0])
    assert place(bundle, hub, slowdown=6.0, mbit=0.98 * needed).chosen.where is Where.DEVICE
    assert place(bundle, hub, slowdown=6.0, mbit=1.02 * needed).chosen.where is Where.SPLIT


def test_a_stream_wins_where_raw_data_may_leave_and_the_link_carries_it(
    bundle: Bundle, hub: Profile
) -> None:
    found = place(bundle, hub, mbit=20, raw_stays=False)
    assert found.chosen.where is Where.STREAM
    assert "would change that" in found.advice


def test_a_link_slower_than_the_stream_forbids_it(bundle: Bundle, hub: Profile) -> None:
    found = place(bundle, hub, mbit=0.2, raw_stays=False)
    stream = next(option for option in found.options if option.where is Where.STREAM)
    assert "slower than the stream" in stream.forbidden
    assert found.chosen.where is Where.SPLIT


def test_raw_data_stays_by_default(bundle: Bundle, hub: Profile) -> None:
    found = place(bundle, hub, mbit=100)
    raw = [option for option in found.options if option.where in (Where.HUB, Where.STREAM)]
    assert raw
    assert all("may not leave" in option.forbidden for option in raw)
    assert found.chosen.where is Where.SPLIT


@pytest.mark.parametrize(
    ("policy", "where", "word"),
    [
        (Policy.TRAFFIC, Where.DEVICE, "sends least"),
        (Policy.ENERGY, Where.SPLIT, "least energy"),
        (Policy.PRIVACY, Where.DEVICE, "tells the hub least"),
    ],
)
def test_policies_choose_differently_and_say_why(
    bundle: Bundle, hub: Profile, policy: Policy, where: Where, word: str
) -> None:
    found = place(bundle, hub, policy=policy)
    assert found.chosen.where is where
    assert word in found.reason


def test_privacy_lets_features_out_only_when_the_device_falls_behind(
    bundle: Bundle, hub: Profile
) -> None:
    found = place(bundle, hub, policy=Policy.PRIVACY, period_s=0.1)
    assert (found.chosen.where, found.chosen.tier) == (Where.SPLIT, "coarse")
    device = next(option for option in found.options if option.where is Where.DEVICE)
    assert "falls behind" in device.forbidden


def test_accuracy_is_a_constraint(bundle: Bundle, hub: Profile) -> None:
    assert place(bundle, hub).chosen.tier == "coarse"
    assert place(bundle, hub, max_accuracy_loss=1.0).chosen.tier == "fine"
    assert place(bundle, hub, max_accuracy_loss=0.01).chosen.where is Where.DEVICE


def test_when_nothing_fits_the_device_runs_it_and_the_reason_says_so(
    bundle: Bundle, hub: Profile
) -> None:
    found = place(bundle, hub, device_memory_bytes=1000)
    assert found.chosen.where is Where.DEVICE
    assert "Nothing fits" in found.reason
    assert "MiB on the device" in found.reason


def test_an_unmeasured_loss_is_told_of_what_is_coded_and_of_nothing_else(
    bundle: Bundle, hub: Profile
) -> None:
    assert "was not measured" not in place(bundle, hub, policy=Policy.PRIVACY).reason
    unknown = Option(where=Where.SPLIT, costs=Costs(), cut="early", tier="int4")
    assert doubt(unknown) == "What int4 costs in accuracy was not measured for this model."


def test_every_policy_has_a_card_with_words_that_choose_it() -> None:
    assert [card.name for card in POLICY_CARDS] == list(Policy)
    phrases = [phrase for card in POLICY_CARDS for phrase in card.phrases]
    assert "save battery" in phrases
    assert len(set(phrases)) == len(phrases)


@pytest.mark.parametrize(("bandwidth", "rtt", "loss"), [(0, 0, 0), (1, -1, 0), (1, 0, 1)])
def test_an_impossible_link_is_refused(bandwidth: float, rtt: float, loss: float) -> None:
    with pytest.raises(ValueError, match="A link needs"):
        Link(bandwidth_bps=bandwidth, rtt_s=rtt, loss=loss)


def test_a_profile_survives_its_file_and_damage_is_told(hub: Profile) -> None:
    assert Profile.from_json(hub.to_json()) == hub
    for text in ("", "{}", "[]", hub.to_json().replace("0.01", '"x"')):
        with pytest.raises(ProfileError, match="not a profile"):
            Profile.from_json(text)
    with pytest.raises(ProfileError, match="slower by a factor"):
        hub.slowed(0)


def test_what_no_frame_holds_is_no_option(bundle: Bundle, hub: Profile) -> None:
    """Every such window would be computed here after all, and the link be blamed for it."""
    (input_tier,) = bundle.manifest.input_tiers
    (cut,) = bundle.manifest.cuts
    manifest = bundle.manifest.model_copy(
        update={
            "input_tiers": (input_tier.model_copy(update={"bytes_mean": 5e6}),),
            "cuts": (cut.model_copy(update={"tiers": (tier("fine", 5e6, 0.1),)}),),
        }
    )
    found = place(Bundle(bundle.folder, manifest), hub, mbit=1e4, raw_stays=False)
    assert found.chosen.where is Where.DEVICE
    assert all("a frame 4 at most" in item.forbidden for item in found.options[1:])
    assert {item.where for item in found.options} == set(Where)


def test_a_stream_takes_the_time_to_code_its_pieces(bundle: Bundle, hub: Profile) -> None:
    piece = PartCost(head_s=0, encode_s=0.003, bytes=999, decode_s=0.004, tail_s=0.01)
    measured = replace(hub, parts={**hub.parts, "stream/int16": piece})
    options = place(bundle, measured, slowdown=10, raw_stays=False).options
    (stream,) = (item for item in options if item.where is Where.STREAM)
    assert stream.costs.encode_s == pytest.approx(0.03)
    assert stream.costs.decode_s == 0.004


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0123, "12.3 ms"), (0.9994, "999 ms"), (1.0, "1 s"), (2.5, "2.5 s")]
)
def test_times_from_a_second_on_are_told_in_seconds(seconds: float, text: str) -> None:
    assert milliseconds(seconds) == text
