"""From a PyTorch module to ONNX and our graph: `torch.export`, once, where torch is.

Batches come from several devices, so the first dimension of the inputs is captured as
dynamic wherever the model allows that.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edge_worker.offload.graph import ModelGraph
from edge_worker.offload.onnx_graph import graph_of, normalise, run_once

if TYPE_CHECKING:
    import onnx
    import torch
    from torch import nn

# ONNX Runtime and torch round differently; features of trained networks agreed to 2e-6.
AGREEMENT = 1e-4
WHOLE_INSTEAD = "It can still run whole, on the device or on the hub."


class CaptureError(ValueError):
    """This module cannot be captured: the message is a sentence for people."""


@dataclass(frozen=True, kw_only=True)
class Captured:
    """A model as ONNX, and its graph."""

    model: onnx.ModelProto
    graph: ModelGraph


def capture(
    module: nn.Module,
    example_inputs: Sequence[torch.Tensor],
    *,
    name: str = "model",
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
) -> Captured:
    """Capture a module in evaluation mode.

    example_inputs: one tensor for each argument of `forward`, first dimension = samples.
    Raises CaptureError when the module decides by its data, can't be expressed in ONNX,
    or computes something else there.
    """
    import torch

    if not example_inputs or not all(isinstance(item, torch.Tensor) for item in example_inputs):
        raise CaptureError(f"{name} needs one example tensor for each input.")
    training = module.training
    module.eval()
    try:
        model, batched = _export(module, example_inputs, name, input_names, output_names)
        examples = {
            value.name: _rows(item, 3 if batched else None)
            for value, item in zip(model.graph.input, example_inputs, strict=True)
        }
        normalise(model, examples, batched=batched)
        _check_agreement(module, model, examples, name)
    finally:
        module.train(training)
    return Captured(model=model, graph=graph_of(model, examples, name=name, batched=batched))


def _export(
    module: nn.Module,
    examples: Sequence[torch.Tensor],
    name: str,
    input_names: Sequence[str] | None,
    output_names: Sequence[str] | None,
) -> tuple[onnx.ModelProto, bool]:
    """The model, and whether its batch is dynamic."""
    program, batched = _program(module, examples, name)
    import torch

    try:
        with _quiet():
            exported = torch.onnx.export(
                program,
                dynamo=True,
                optimize=True,
                verbose=False,
                input_names=input_names,
                output_names=output_names,
            )
    except Exception as error:
        raise CaptureError(
            f"{name} has an operation that ONNX can't express: {_first_line(error)}. "
            "It can't run without PyTorch."
        ) from error
    if exported is None:
        raise CaptureError(f"{name} could not be exported to ONNX.")
    return exported.model_proto, batched


def _program(
    module: nn.Module, examples: Sequence[torch.Tensor], name: str
) -> tuple[torch.export.ExportedProgram, bool]:
    import torch

    # A batch of one would be taken for a constant.
    several = tuple(_torch_rows(item, 2) for item in examples)
    batch = torch.export.Dim("batch", min=1, max=1024)
    try:
        with _quiet():
            shapes = tuple({0: batch} for _ in several)
            return torch.export.export(
                module, several, dynamic_shapes=(shapes if _plain(module) else (shapes,))
            ), True
    except Exception as error:
        if _decides_by_data(error):
            raise CaptureError(_refusal(error, name)) from error
    try:
        with _quiet():
            return torch.export.export(module, tuple(examples)), False
    except Exception as error:
        raise CaptureError(_refusal(error, name)) from error


def _plain(module: nn.Module) -> bool:
    """Whether `forward` names its inputs; `*inputs` wants one nested tuple of shapes."""
    import inspect

    kinds = [item.kind for item in inspect.signature(module.forward).parameters.values()]
    return inspect.Parameter.VAR_POSITIONAL not in kinds


def _decides_by_data(error: BaseException) -> bool:
    text = f"{type(error).__name__} {error}"
    return "DataDependent" in text or "data-dependent" in text


def _refusal(error: Exception, name: str) -> str:
    if _decides_by_data(error):
        return (
            f"{name} decides by its data (an `if` or a loop on the value of a tensor), so "
            f"it has no fixed graph to split. {WHOLE_INSTEAD} torch.where() instead of `if` "
            "makes it splittable."
        )
    return f"{name} can't be captured: {_first_line(error)}. {WHOLE_INSTEAD}"


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__).rstrip(".")[:300]


def _torch_rows(item: torch.Tensor, rows: int) -> torch.Tensor:
    return item[:1].expand(rows, *item.shape[1:]).clone()


def _rows(item: torch.Tensor, rows: int | None) -> Any:
    """The example as an array of so many different samples; None: as it is."""
    import torch

    if rows is None:
        return item.detach().numpy()
    filled = _torch_rows(item, rows)
    if filled.is_floating_point():
        generator = torch.Generator().manual_seed(0)
        noise = torch.randn(filled.shape, generator=generator, dtype=filled.dtype)
        filled[1:] += (0.1 * noise * (1 + filled.abs().mean()))[1:]
    return filled.detach().numpy()


def _check_agreement(
    module: nn.Module, model: onnx.ModelProto, examples: dict[str, Any], name: str
) -> None:
    import numpy as np
    import torch

    with torch.no_grad():
        answer = module(*(torch.from_numpy(item) for item in examples.values()))
    expected = list(answer) if isinstance(answer, (tuple, list)) else [answer]
    found = run_once(model, examples)
    for value, (tensor, array) in zip(
        expected, zip([item.name for item in model.graph.output], found, strict=True), strict=True
    ):
        reference = value.detach().numpy()
        scale = 1.0 + float(np.abs(reference).max(initial=0.0))
        if reference.shape != array.shape or not np.allclose(
            reference, array, rtol=0, atol=AGREEMENT * scale
        ):
            raise CaptureError(
                f"{name} gives another {tensor!r} in ONNX Runtime than in PyTorch, so it is not "
                "split. Something in it is random, or keeps a state between calls."
            )


@contextlib.contextmanager
def _quiet() -> Any:
    """The exporter's talk is for its developers; what matters is in the error."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
