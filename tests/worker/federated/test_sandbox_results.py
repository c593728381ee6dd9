"""What a job hands out is used only in exactly the expected form."""

from __future__ import annotations

import io
import pickle  # Only written, never loaded: what a job might leave and must not be opened.
import struct

import numpy as np
import pytest

from edge_worker.federated.sandbox.results import (
    ArrayForm,
    ResultError,
    read_predictions,
    read_weights,
)
from edge_worker.federated.sandbox.run import _parse

pytest.importorskip("safetensors")
from safetensors.numpy import save

FORM = {
    "head.weight": ArrayForm(shape=(2, 3), dtype="float32"),
    "head.bias": ArrayForm(shape=(2,), dtype="float32"),
}
GOOD = {
    "head.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "head.bias": np.zeros(2, np.float32),
}


def saved(array: np.ndarray, **options: bool) -> bytes:
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def test_good_weights_come_through() -> None:
    weights = read_weights(save(GOOD), FORM)
    assert {name: array.tolist() for name, array in weights.items()} == {
        "head.weight": [[0, 1, 2], [3, 4, 5]],
        "head.bias": [0, 0],
    }


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"head.bias": np.array([0, np.nan], np.float32)}, "not finite"),
        ({"head.bias": np.array([0, np.inf], np.float32)}, "not finite"),
        ({"head.bias": np.zeros(3, np.float32)}, "shape"),
        ({"head.bias": np.zeros(2, np.float64)}, "type"),
        ({"extra": np.zeros(1, np.float32)}, "other names"),
    ],
)
def test_weights_of_another_form_are_refused(change: dict[str, np.ndarray], why: str) -> None:
    with pytest.raises(ResultError, match=why):
        read_weights(save({**GOOD, **change}), FORM)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        pickle.dumps(GOOD),
        struct.pack("<Q", 1 << 62) + b"{}",
        save(GOOD)[:-5],
        b"\x02\0\0\0\0\0\0\0[]",
    ],
    ids=["empty", "pickle", "endless-header", "cut", "not-a-table"],
)
def test_what_is_not_safetensors_is_refused(content: bytes) -> None:
    with pytest.raises(ResultError):
        read_weights(content, FORM)


def test_good_predictions_come_through() -> None:
    array = np.array([[0.1, 0.9]], np.float32)
    form = ArrayForm(shape=(1, 2), dtype="float32")
    assert read_predictions(saved(array), form).tolist() == array.tolist()


def promise(shape: tuple[int, ...]) -> bytes:
    """A header that promises more than follows."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape!r}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        saved(np.zeros((1, 3), np.float32)),
        saved(np.zeros((1, 2))),
        saved(np.array([[np.nan, 0]], np.float32)),
        saved(np.array([[{}, 1]], dtype=object), allow_pickle=True),
        pickle.dumps([1]),
        promise((10**15, 2)),
        promise((1, 2)),
        b"\x93NUMPY\x02\x00" + bytes(64),
    ],
    ids=["empty", "shape", "type", "nan", "objects", "pickle", "huge", "cut", "version"],
)
def test_other_predictions_are_refused(content: bytes) -> None:
    with pytest.raises(ResultError):
        read_predictions(content, ArrayForm(shape=(1, 2), dtype="float32"))


@pytest.mark.parametrize(
    "header",
    [
        "-" * 9000 + "1",
        "(" * 4000,
        "{'descr': '<f4', 'shape': (1, 2)",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), b'x': 1}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (" + "9" * 5000 + ",)}",
        "[1, 2, 3]",
    ],
    ids=["deep", "open", "unfinished", "mixed-keys", "vast", "list"],
)
def test_a_header_that_numpy_chokes_on_is_refused_like_any_other(header: str) -> None:
    """numpy evaluates it as a Python literal, and lets that way's own errors through."""
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header) + 1) + header.encode() + b"\n"
    with pytest.raises(ResultError, match="not a plain"):
        read_predictions(content + bytes(8), ArrayForm(shape=(1, 2), dtype="float32"))


def frame(*parts: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


@pytest.mark.parametrize(
    "frames",
    [
        frame(b"other", b"x"),
        frame(b"a", b"x", b"a", b"y"),
        frame(b"a"),
        frame(b"a", b"xyz")[:-1],
        struct.pack(">I", 1 << 31),
        b"\0\0",
        frame(b"../a", b"x"),
    ],
    ids=["unexpected", "twice", "no-content", "cut", "huge", "stump", "path"],
)
def test_a_stream_that_the_launcher_does_not_write_gives_nothing(frames: bytes) -> None:
    assert _parse(frames, ["a", "b"]) == {}


def test_a_good_stream_gives_its_files() -> None:
    assert _parse(frame(b"a", b"x", b"b", b""), ["a", "b"]) == {"a": b"x", "b": b""}
