"""Find the model that a command names: a shipped bundle, a bundle's folder, or a module."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_worker.offload.bundle import Bundle, load_bundle, shipped_bundles
from edge_worker.offload.graph import ITEM_BYTES
from edge_worker.offload.onnx_graph import model_bytes
from edge_worker.offload.partition import propose_cuts
from edge_worker.offload.parts import TensorSpec, example
from edge_worker.offload.profile import operation_costs, time_part

if TYPE_CHECKING:
    from torch import nn

_FACTORY = re.compile(r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")
_LARGEST_INPUT = 2**28
_NEEDED = ("torch", "onnx", "onnxscript", "onnxruntime")


class OpenError(ValueError):
    """No such model: the message is a sentence for people."""


def open_model(text: str, shapes: Sequence[str], scratch: Path) -> Bundle:
    """The bundle of this model; a module is captured into `scratch` with proposed cuts.

    shapes: of the module's inputs, as `--input` has them.
    Raises OpenError, or what `load_bundle` and `capture` raise.
    """
    if _FACTORY.match(text):
        return _capture(text, [_given(item) for item in shapes], scratch)
    shipped = shipped_bundles()
    place = shipped.get(text) or Path(text)
    if text and place.is_dir():
        if shapes:
            raise OpenError(f"{text} has inputs of its own: --input is for package.module:factory.")
        return load_bundle(place)
    names = ", ".join(shipped) or "none yet"
    raise OpenError(
        f"There is no model {text!r}. Name a shipped one ({names}), a bundle's folder, or "
        "package.module:factory with --input."
    )


@dataclass(frozen=True, kw_only=True)
class _Given:
    """Shape and type of an input, as asked for."""

    shape: tuple[int, ...]
    dtype: str


def _given(text: str) -> _Given:
    """Read `1,3,224,224` or `1,12:int64`."""
    lengths, colon, dtype = text.strip().partition(":")
    if colon and dtype not in ITEM_BYTES:
        raise OpenError(f"{dtype!r} is not a type: {', '.join(sorted(ITEM_BYTES))}.")
    return _Given(shape=_shape(lengths), dtype=dtype or "float32")


def _shape(text: str) -> tuple[int, ...]:
    try:
        shape = tuple(int(part) for part in re.split(r"[x,]", text.strip()))
    except ValueError:
        shape = ()
    size = 1
    for length in shape:
        size *= length
    if not shape or min(shape) < 1 or size > _LARGEST_INPUT:
        raise OpenError(f"{text!r} is not a shape such as 1,3,224,224.")
    return shape


def _capture(text: str, inputs: Sequence[_Given], scratch: Path) -> Bundle:
    if not inputs:
        raise OpenError(f"{text} needs --input with a shape such as 1,3,224,224, once per input.")
    try:
        for name in _NEEDED:  # before the work, not in it
            importlib.import_module(name)
        import torch

        from edge_worker.offload.capture import capture
        from edge_worker.offload.export import About, write_bundle
    except ImportError as error:
        raise OpenError(
            f"Capturing a module needs PyTorch and ONNX: install edge-worker[neural] ({error})."
        ) from error
    name = text.rpartition(":")[2]
    examples = tuple(
        torch.from_numpy(example(TensorSpec(name="", shape=item.shape, dtype=item.dtype), seed))
        for seed, item in enumerate(inputs)
    )
    captured = capture(_module(text), examples, name=name)
    place = scratch / "whole.onnx"
    place.write_bytes(model_bytes(captured.model))
    graph = captured.graph
    whole_s = time_part(place, [graph.by_name[item] for item in graph.inputs])
    seconds = {item.name: item.seconds for item in operation_costs(graph, place, whole_s=whole_s)}
    return write_bundle(
        scratch / "bundle",
        captured,
        About(name=_plain(name), raw_stays=False),
        cuts=propose_cuts(graph, seconds),
    )


def _plain(name: str) -> str:
    """A factory's name as a bundle may have it."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:64] or "model"


def _told(error: Exception) -> str:
    """What a stranger's code raised: its name tells as much as its words."""
    return f"{type(error).__name__}: {error}".rstrip(". :")


def _module(text: str) -> nn.Module:
    """Call the factory. This runs code of the caller, as any Python import does."""
    from torch import nn

    module_name, _, name = text.partition(":")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        factory: Callable[[], Any] = getattr(importlib.import_module(module_name), name)
    except AttributeError as error:
        raise OpenError(f"{module_name} has no {name!r}: {error}.") from error
    except Exception as error:
        raise OpenError(f"Can't import {module_name}: {_told(error)}.") from error
    try:
        made = factory() if not isinstance(factory, nn.Module) else factory
    except TypeError as error:
        raise OpenError(f"{text} can't be called without arguments: {error}.") from error
    except Exception as error:
        raise OpenError(f"{text} makes no module: {_told(error)}.") from error
    if not isinstance(made, nn.Module):
        raise OpenError(f"{text} gives a {type(made).__name__}, not a torch.nn.Module.")
    return made
