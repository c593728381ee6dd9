"""Codecs without training: what they keep, what they lose, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edge_worker.offload.generic_codecs import (
    GENERIC,
    HalfCodec,
    IntegerCodec,
    generic_codec,
    read_answer,
    write_answer,
)
from edge_worker.offload.parts import TensorSpec

WIRE = (
    TensorSpec(name="rates", dtype="float32", shape=(1, 5)),
    TensorSpec(name="best", dtype="int64", shape=(1,)),
)
FLOATS = WIRE[:1]
finite = st.floats(-1e4, 1e4, width=32)


def outputs(values: object) -> dict[str, np.ndarray]:
    return {"rates": np.asarray(values, np.float32).reshape(1, 5), "best": np.array([3])}


@given(arrays(np.float32, 5, elements=finite))
def test_an_answer_in_halves_loses_a_two_thousandth(values: np.ndarray) -> None:
    codec, payload = write_answer(outputs(values), WIRE, exact=False)
    assert (codec, len(payload)) == ("float16", 5 * 2 + 8)
    found = read_answer(codec, payload, WIRE)
    assert found["rates"].dtype == np.float32
    # Below the smallest normal half (6e-5) the steps stay the same.
    assert np.all(np.abs(found["rates"][0] - values) <= np.abs(values) / 2048 + 6e-8)
    assert np.array_equal(found["best"], [3])


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("worst", [1e5, np.inf, -np.inf, np.nan])
def test_what_halves_cannot_hold_travels_whole(worst: float, exact: bool) -> None:
    sent = outputs([0, 1, 2, worst, 1 / 3])
    codec, payload = write_answer(sent, WIRE, exact=exact)
    assert codec == "raw"
    found = read_answer(codec, payload, WIRE)
    assert np.array_equal(found["rates"], sent["rates"], equal_nan=True)


def test_an_exact_answer_is_exact() -> None:
    sent = outputs([1 / 3, 2 / 3, 1e-9, 7, -1 / 7])
    assert np.array_equal(
        read_answer(*write_answer(sent, WIRE, exact=True), WIRE)["rates"], sent["rates"]
    )


@pytest.mark.parametrize(
    ("codec", "payload"),
    [("float16", bytes(17)), ("float16", bytes(19)), ("raw", bytes(18)), ("int8-zstd", bytes(18))],
)
def test_an_answer_of_another_length_or_codec_is_refused(codec: str, payload: bytes) -> None:
    with pytest.raises(ValueError, match=r"too short|too long|an answer in"):
        read_answer(codec, payload, WIRE)


@pytest.mark.parametrize("kind", GENERIC)
def test_payloads_of_another_size_are_refused(kind: str) -> None:
    wider = (TensorSpec(name="rates", dtype="float32", shape=(1, 9)),)
    payload = generic_codec(kind, wider).encode({"rates": np.ones((1, 9), np.float32)})
    with pytest.raises(ValueError, match=r"too long|number of values"):
        generic_codec(kind, FLOATS).decode(payload)


@given(arrays(np.float32, 5, elements=finite), st.sampled_from([("int16", 15), ("int8", 7)]))
def test_integers_lose_half_a_step(values: np.ndarray, kind: tuple[str, int]) -> None:
    codec = IntegerCodec(kind[0], FLOATS)
    found = codec.decode(codec.encode({"rates": values[None]}))["rates"][0]
    step = np.abs(values).max() / (2 ** kind[1] - 1)
    assert np.all(np.abs(found - values) <= 0.51 * step + 1e-6)


@pytest.mark.parametrize("codec", [HalfCodec(FLOATS), IntegerCodec("int8", FLOATS)])
def test_numbers_that_are_not_finite_are_refused(codec: HalfCodec | IntegerCodec) -> None:
    with pytest.raises(ValueError, match="rates holds numbers"):
        codec.encode({"rates": np.full((1, 5), np.inf, np.float32)})


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", ["int16", "int8", "int4"])
@pytest.mark.parametrize("largest", [1e-45, 3e-42, 1e-38, 3e38])
def test_the_least_and_the_largest_floats_keep_their_signs(kind: str, largest: float) -> None:
    values = np.array([[largest, -largest, 0, largest / 2, -largest / 2]], np.float32)
    codec = generic_codec(kind, FLOATS)
    found = codec.decode(codec.encode({"rates": values}))["rates"]
    assert np.all(found * np.sign(values) >= 0)
    assert np.all(np.abs(found) <= np.float32(largest) * 1.0001 + 1e-44)


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
def test_whole_numbers_of_sixteen_bits_come_back_as_they_were(dtype: str) -> None:
    """Numbers of words, say: what is cut off instead of rounded is another word."""
    top = min(999, np.iinfo(dtype).max)
    values = np.unique(np.linspace(0, top, 500).astype(dtype))[None]
    wire = (TensorSpec(name="words", dtype=dtype, shape=values.shape),)
    codec = generic_codec("int16", wire)
    found = codec.decode(codec.encode({"words": values}))["words"]
    assert found.dtype == dtype
    assert np.array_equal(found, values)
