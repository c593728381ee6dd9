"""Which part of a batch belongs to which sample, found by running batches of several sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edge_worker.offload.graph import ITEM_BYTES, GraphError, Tensor

# ONNX Runtime and torch round differently; features of trained networks agreed to 2e-6.
AGREEMENT = 1e-4


def tensor_of(name: str, values: Sequence[Any]) -> Tensor:
    """Its description from what it holds for 1, 2, ... samples, of which each has the former.

    Raises GraphError for a size that depends on the data, or a type that can't travel.
    """
    first, dtype = values[0], str(values[0].dtype)
    if dtype not in ITEM_BYTES:
        raise GraphError(f"{name!r} is made of {dtype} numbers, which can't be sent.")
    axis = None
    for rows, value in enumerate(values[1:], 2):
        if value.shape == first.shape:
            continue
        mine = sample_of(value, first.shape, 0, rows)
        if mine is None:
            raise GraphError(f"The size of {name!r} does not follow the number of samples.")
        # Samples that are woven into one another can't be laid one after another.
        if close(first, mine):
            axis = _moving_axis(value.shape, first.shape)
        else:
            return Tensor(name=name, shape=first.shape, dtype=dtype, batch_axis=None)
    return Tensor(name=name, shape=first.shape, dtype=dtype, batch_axis=axis)


def sample_of(value: Any, single: Sequence[int], row: int, rows: int) -> Any:
    """One sample of a batch of `rows`. single: the shape of one sample.

    A value that has the same size for every batch is the same for every sample. None when the
    batch is not so many samples, one after another along one axis.
    """
    if tuple(value.shape) == tuple(single):
        return value
    axis = _moving_axis(value.shape, single)
    if axis is None or value.shape[axis] != rows * single[axis]:
        return None
    return value.take(range(row * single[axis], (row + 1) * single[axis]), axis)


def close(reference: Any, found: Any) -> bool:
    """Whether these arrays are the same but for rounding."""
    import numpy as np

    if reference.shape != found.shape:
        return False
    scale = 1.0 + float(np.abs(reference).max(initial=0.0))
    return np.allclose(reference, found, rtol=0, atol=AGREEMENT * scale)


def _moving_axis(shape: Sequence[int], single: Sequence[int]) -> int | None:
    """The only axis along which these shapes differ; None when there isn't one."""
    if len(shape) != len(single):
        return None
    moving = [i for i, (size, one) in enumerate(zip(shape, single, strict=True)) if size != one]
    return moving[0] if len(moving) == 1 else None
