"""Symbols of a bottleneck travel whole; what does not fit is refused in a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edge_worker.offload.bundle import TensorEntry
from edge_worker.offload.codec import open_codec
from edge_worker.offload.codec.tables import Tables, integer_counts, to_json
from edge_worker.offload.parts import SHORT_HASH

CLAMP, CHANNELS, LENGTH = 5, 2, 40
BELL = np.exp(-np.abs(np.arange(-CLAMP, CLAMP + 1)) / 1.5)
TEXT = to_json([integer_counts(BELL), integer_counts(BELL[::-1] + 0.1)], CLAMP, LENGTH)
WIRE = (TensorEntry(name="symbols", shape=(1, CHANNELS, LENGTH), dtype="int8", batch_axis=0),)


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    place = tmp_path / "tables.json"
    place.write_bytes(TEXT)
    return place


def some_symbols(seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.integers(-CLAMP, CLAMP + 1, (1, CHANNELS, LENGTH)).astype(np.int8)


def test_symbols_come_back_with_shape_and_type(tables: Path) -> None:
    codec = open_codec("learned", WIRE, tables)
    symbols = some_symbols()
    back = codec.decode(codec.encode({"symbols": symbols}))["symbols"]
    assert back.dtype == np.int8
    np.testing.assert_array_equal(back, symbols)


def test_two_codecs_of_the_same_tables_have_the_same_checksum(tables: Path) -> None:
    one = open_codec("learned", WIRE, tables)
    assert one.tables == Tables.from_json(TEXT).checksum
    assert len(one.tables) == SHORT_HASH


def test_symbol_outside_of_the_tables_is_refused(tables: Path) -> None:
    symbols = some_symbols()
    symbols[0, 0, 0] = CLAMP + 1
    with pytest.raises(ValueError, match="outside"):
        open_codec("learned", WIRE, tables).encode({"symbols": symbols})


@pytest.mark.parametrize("payload", [b"", b"\x00abc", b"\x02abc", b"\x01" + bytes(1000)])
def test_foreign_payload_is_refused(tables: Path, payload: bytes) -> None:
    with pytest.raises(ValueError, match="payload"):
        open_codec("learned", WIRE, tables).decode(payload)


def test_tables_of_another_model_are_refused(tables: Path) -> None:
    other = (TensorEntry(name="symbols", shape=(1, 3, LENGTH), dtype="int8", batch_axis=0),)
    with pytest.raises(ValueError, match="don't fit"):
        open_codec("learned", other, tables)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"format": 2}, "format 2"),
        ({"clamp": 200}, "impossible"),
        ({"shape": [2]}, "not a codec"),
        ({"counts": [[1, 2], [3, 4]]}, "don't fit"),
        ({"counts": "x"}, "not a codec"),
    ],
)
def test_damaged_tables_are_refused(change: dict[str, object], sentence: str) -> None:
    text = json.dumps({**json.loads(TEXT), **change}).encode()
    with pytest.raises(ValueError, match=sentence):
        Tables.from_json(text)
