"""A model as a small graph of operations and tensors. Needs neither torch nor ONNX.

`capture` makes it once, where torch is; it travels in the bundle as `graph.json`, so that
profile, partition and plan run wherever the model runs.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

ITEM_BYTES = {
    "float64": 8,
    "float32": 4,
    "float16": 2,
    "int8": 1,
    "uint8": 1,
    "int16": 2,
    "uint16": 2,
    "int32": 4,
    "uint32": 4,
    "int64": 8,
    "uint64": 8,
    "bool": 1,
}


class GraphError(ValueError):
    """A graph, or a cut through it, that cannot be: the message is a sentence for people."""


@dataclass(frozen=True, kw_only=True)
class Tensor:
    """A value between operations, for one sample.

    `shape` counts a batch of one. `batch_axis` is where samples of several devices are
    laid one after another; None for a value that is the same for every sample, or whose samples
    can't be told apart: it never crosses, or crosses alone.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str = "float32"
    batch_axis: int | None = 0

    @property
    def elements(self) -> int:
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        """Size of one sample without any coding."""
        return self.elements * ITEM_BYTES[self.dtype]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One step of the model. `inputs` names tensors of the graph, never parameters."""

    name: str
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parameter_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class ModelGraph:
    """Operations in an order in which they can run. Raises GraphError when they can't."""

    name: str
    model_hash: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    tensors: tuple[Tensor, ...]
    operations: tuple[Operation, ...]

    def __post_init__(self) -> None:
        known = set(self.inputs)
        for operation in self.operations:
            late = [name for name in operation.inputs if name not in known]
            if late:
                raise GraphError(f"{operation.name} needs {late[0]!r} before it is computed.")
            known.update(operation.outputs)
        lost = [name for name in (*known, *self.outputs) if name not in self.by_name]
        lost += [name for name in self.outputs if name not in known]
        if lost:
            raise GraphError(f"The graph says nothing about the tensor {lost[0]!r}.")

    @cached_property
    def by_name(self) -> Mapping[str, Tensor]:
        """Tensors by their names."""
        return {tensor.name: tensor for tensor in self.tensors}

    @cached_property
    def producer(self) -> Mapping[str, Operation]:
        """The operation that makes a tensor; inputs of the model have none."""
        return {name: operation for operation in self.operations for name in operation.outputs}

    def needed_for(self, targets: Iterable[str], given: Iterable[str]) -> tuple[Operation, ...]:
        """Operations that make `targets` from `given` and the model's own inputs, in order."""
        given = set(given)
        wanted, needed = [name for name in targets if name not in given], set()
        while wanted:
            operation = self.producer.get(wanted.pop())
            if operation is None or operation.name in needed:
                continue
            needed.add(operation.name)
            wanted.extend(name for name in operation.inputs if name not in given)
        return tuple(item for item in self.operations if item.name in needed)

    def head(self, cut: Iterable[str]) -> tuple[Operation, ...]:
        """What the device runs when these tensors cross."""
        return self.needed_for(cut, ())

    def tail(self, cut: Iterable[str]) -> tuple[Operation, ...]:
        """What the hub runs from these tensors; raises GraphError if they don't suffice."""
        cut = tuple(cut)
        unknown = [name for name in cut if name not in self.by_name]
        if unknown:
            raise GraphError(f"{self.name} has no tensor {unknown[0]!r}.")
        operations = self.needed_for(self.outputs, cut)
        used = {name for operation in operations for name in operation.inputs} | set(self.outputs)
        missing = sorted((used & set(self.inputs)) - set(cut))
        if missing:
            raise GraphError(
                f"A cut at {', '.join(cut)} is no cut: the rest also needs {missing[0]!r}."
            )
        return operations

    def crossing(self, device: Iterable[str]) -> tuple[str, ...]:
        """Tensors that the hub needs when the device runs these operations, in order."""
        device = set(device)
        here = set(self.inputs)
        for operation in self.operations:
            if operation.name in device:
                here.update(operation.outputs)
        used = {
            name for item in self.operations if item.name not in device for name in item.inputs
        } | set(self.outputs)
        return tuple(tensor.name for tensor in self.tensors if tensor.name in here & used)

    def bytes_of(self, names: Iterable[str]) -> int:
        """Uncoded size of these tensors together."""
        return sum(self.by_name[name].bytes for name in names)

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str | bytes) -> ModelGraph:
        """Raises GraphError for anything that is not a graph."""
        try:
            data: dict[str, Any] = json.loads(text)
            return cls(
                name=str(data["name"]),
                model_hash=str(data["model_hash"]),
                inputs=tuple(data["inputs"]),
                outputs=tuple(data["outputs"]),
                tensors=tuple(
                    Tensor(**{**item, "shape": tuple(item["shape"])}) for item in data["tensors"]
                ),
                operations=tuple(
                    Operation(
                        **{
                            **item,
                            "inputs": tuple(item["inputs"]),
                            "outputs": tuple(item["outputs"]),
                        }
                    )
                    for item in data["operations"]
                ),
            )
        except GraphError:
            raise
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise GraphError(f"This is not the graph of a model: {error}.") from error
