"""Reads what a job handed out: safetensors and plain arrays of exactly the expected form."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

MAX_NAME = 200


class ResultError(ValueError):
    """A result that may not be used; the message says why."""


@dataclass(frozen=True, kw_only=True)
class ArrayForm:
    """What an array must look like."""

    shape: tuple[int, ...]
    dtype: str


def read_weights(content: bytes, form: Mapping[str, ArrayForm]) -> dict[str, NDArray[Any]]:
    """Weights by name, from safetensors.

    Raises ResultError unless names, shapes and types are those of `form` and all is finite.
    """
    weights = _load(content)
    if weights.keys() != form.keys():
        odd = sorted(weights.keys() ^ form.keys())[:5]
        raise ResultError(f"weights have other names than the model: {', '.join(odd)}")
    for name, array in weights.items():
        _check(name, array.shape, str(array.dtype), form[name])
        _check_finite(name, array)
    return weights


def read_new_weights(content: bytes, max_parameters: int) -> dict[str, NDArray[Any]]:
    """Weights of a model that only the job knows; their form can be held against later ones.

    Raises ResultError unless all are finite float32, few enough, under plain names.
    """
    weights = _load(content)
    for name, array in weights.items():
        if len(name) > MAX_NAME or not name.isprintable():
            raise ResultError("a parameter's name is too long or not printable")
        _check(name, array.shape, str(array.dtype), ArrayForm(shape=array.shape, dtype="float32"))
        _check_finite(name, array)
    count = sum(array.size for array in weights.values())
    if not 0 < count <= max_parameters:
        raise ResultError(
            f"the model has {count} parameters, expected 1 to {max_parameters} in this task"
        )
    return weights


def read_predictions(content: bytes, form: ArrayForm) -> NDArray[Any]:
    """One array, from `.npy`. Raises ResultError as `read_weights` does; never unpickles."""
    file = io.BytesIO(content)
    try:
        version = npy.read_magic(file)
        if version != (1, 0):
            raise ResultError(f"predictions are of .npy version {version}, not 1.0")
        # Compared before the array is made: a header may promise terabytes.
        shape, _, dtype = npy.read_array_header_1_0(file)
        _check("predictions", shape, str(dtype), form)
        file.seek(0)
        array = np.load(file, allow_pickle=False)
    except ResultError:
        raise
    except Exception as error:  # numpy evaluates the header as a Python literal
        kind = type(error).__name__
        raise ResultError(f"predictions are not a plain .npy array ({kind})") from error
    _check_finite("predictions", array)
    return np.asarray(array)


def _load(content: bytes) -> dict[str, NDArray[Any]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return dict(load(content))
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ResultError(f"weights are not safetensors: {error}") from error


def _check(name: str, shape: tuple[int, ...], dtype: str, form: ArrayForm) -> None:
    if tuple(shape) != form.shape or dtype != form.dtype:
        raise ResultError(
            f"{name} has shape {tuple(shape)} and type {dtype}, "
            f"expected {form.shape} and {form.dtype}"
        )


def _check_finite(name: str, array: NDArray[Any]) -> None:
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ResultError(f"{name} holds values that are not finite")
