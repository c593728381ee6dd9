"""From a PyTorch module to ONNX and our graph: `torch.export`, once, where torch is.

Batches come from several devices, so the first dimension of the inputs is captured as
dynamic wherever the model allows that, and keeps what one device sent apart from the rest.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edge_worker.offload.bundle import MAX_FILE_BYTES
from edge_worker.offload.graph import ModelGraph
from edge_worker.offload.onnx_graph import graph_of, normalise, run_once
from edge_worker.offload.samples import close, sample_of

if TYPE_CHECKING:
    import onnx
    import torch
    from torch import nn

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
    _check_size(module, name)
    training = module.training
    module.eval()
    try:
        program, batched = _program(module, example_inputs, name)
        model, examples = _onnx(program, example_inputs, name, batched, input_names, output_names)
        if batched and not _keeps_samples_apart(model, examples):
            program, batched = _unbatched(module, example_inputs, name), False
            model, examples = _onnx(program, example_inputs, name, False, input_names, output_names)
        _check_agreement(module, model, examples, name)
    finally:
        module.train(training)
    return Captured(model=model, graph=graph_of(model, examples, name=name, batched=batched))


def _check_size(module: nn.Module, name: str) -> None:
    """Refuse at once what no bundle could hold."""
    size = sum(item.numel() * item.element_size() for item in module.parameters())
    if size > MAX_FILE_BYTES:
        raise CaptureError(
            f"{name} has {size / 2**20:.0f} MiB of parameters; a bundle takes at most "
            f"{MAX_FILE_BYTES / 2**20:.0f} MiB, since it has to fit on a small device."
        )


def _onnx(
    program: torch.export.ExportedProgram,
    example_inputs: Sequence[torch.Tensor],
    name: str,
    batched: bool,
    input_names: Sequence[str] | None,
    output_names: Sequence[str] | None,
) -> tuple[onnx.ModelProto, dict[str, Any]]:
    """The normalised model, and examples for it: three samples when its batch is dynamic."""
    model = _exported(program, name, input_names, output_names)
    examples = {
        value.name: _rows(item, 3 if batched else None)
        for value, item in zip(model.graph.input, example_inputs, strict=True)
    }
    normalise(model, examples, batched=batched)
    return model, examples


def _exported(
    program: torch.export.ExportedProgram,
    name: str,
    input_names: Sequence[str] | None,
    output_names: Sequence[str] | None,
) -> onnx.ModelProto:
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
    model: onnx.ModelProto = exported.model_proto
    return model


def _program(
    module: nn.Module, examples: Sequence[torch.Tensor], name: str
) -> tuple[torch.export.ExportedProgram, bool]:
    """The program, and whether its batch is dynamic."""
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
    return _unbatched(module, examples, name), False


def _unbatched(
    module: nn.Module, examples: Sequence[torch.Tensor], name: str
) -> torch.export.ExportedProgram:
    import torch

    try:
        with _quiet():
            return torch.export.export(module, tuple(examples))
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
    elif filled.dim() > 1:  # numbers of words, say: only those of the example are known to fit
        for row in range(1, rows):
            filled[row] = filled[row].roll(row, -1)
    return filled.detach().numpy()


def _keeps_samples_apart(model: onnx.ModelProto, examples: Mapping[str, Any]) -> bool:
    """Whether every sample of a batch gets what it gets alone.

    Who normalises, or sums, over the batch would give one device's results to another.
    Raises CaptureError for outputs that are not so much for each sample.
    """
    together = run_once(model, examples)
    rows = len(next(iter(examples.values())))
    for row in range(rows):
        alone = run_once(model, {key: item[row : row + 1] for key, item in examples.items()})
        for whole, single in zip(together, alone, strict=True):
            mine = sample_of(whole, single.shape, row, rows)
            if mine is None:
                raise CaptureError(
                    "The model has an output whose size does not follow the number of samples. "
                    f"{WHOLE_INSTEAD}"
                )
            if not close(single, mine):
                return False
    return True


def _tensors(answer: Any) -> list[torch.Tensor]:
    """What a module gave, in the order of the exported outputs."""
    import torch

    if isinstance(answer, torch.Tensor):
        return [answer]
    if isinstance(answer, Mapping):
        return [item for value in answer.values() for item in _tensors(value)]
    if isinstance(answer, (tuple, list)):
        return [item for value in answer for item in _tensors(value)]
    return []


def _check_agreement(
    module: nn.Module, model: onnx.ModelProto, examples: dict[str, Any], name: str
) -> None:
    import torch

    names = [item.name for item in model.graph.output]
    found = run_once(model, examples)
    for _ in range(2):  # a state shows at the second call
        with torch.no_grad():
            expected = _tensors(module(*(torch.from_numpy(item) for item in examples.values())))
        if len(expected) != len(names):
            raise CaptureError(f"{name} must give tensors alone: in tuples, lists or dicts.")
        for tensor, value, array in zip(names, expected, found, strict=True):
            if not close(value.detach().numpy(), array):
                raise CaptureError(
                    f"{name} gives another {tensor!r} in ONNX Runtime than in PyTorch, so it is "
                    "not split. Something in it is random, or keeps a state between calls."
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
