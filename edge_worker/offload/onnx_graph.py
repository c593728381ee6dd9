"""ONNX models as graphs: sizes of all tensors, and one part cut out by its tensors.

`normalise` first rewrites what the exporter computed from shapes, so that it depends on
nothing but the number of samples in the batch; such glue (expanded zeros of a recurrent
layer, targets of a reshape) is then copied into every part that needs it and never crosses.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from edge_worker.offload.graph import GraphError, ModelGraph, Operation, Tensor
from edge_worker.offload.samples import tensor_of

if TYPE_CHECKING:
    import onnx

BATCH = "batch.size"
"""Tensor of one integer that `normalise` adds: how many samples the batch holds."""
SUBGRAPHS = frozenset({"If", "Loop", "Scan"})
DATA_SIZED = frozenset({"Compress", "NonMaxSuppression", "NonZero", "Unique"})
RANDOM = frozenset({"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"})


def model_bytes(model: onnx.ModelProto) -> bytes:
    """The model as its file; the same model gives the same bytes."""
    return bytes(model.SerializeToString(deterministic=True))


def session(model: bytes | str, *, threads: int = 1, optimise: bool = True) -> Any:
    """An ONNX Runtime session on the processor, with this many threads."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Idle threads that spin would eat the processor of a small device.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if not optimise:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def run_once(
    model: onnx.ModelProto, inputs: Mapping[str, Any], *, optimise: bool = True
) -> list[Any]:
    """All outputs. Raises GraphError for a model that ONNX Runtime can't run."""
    try:
        return list(session(model_bytes(model), optimise=optimise).run(None, dict(inputs)))
    except ImportError:
        raise
    except Exception as error:  # the runtime's errors have no class of their own
        first = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise GraphError(f"ONNX Runtime can't run this model: {first[0]:.300}") from error


def normalise(model: onnx.ModelProto, examples: Mapping[str, Any], *, batched: bool) -> None:
    """Name every node, and make all shape arithmetic a function of the batch size alone.

    examples: inputs with at least three samples when `batched`.
    Raises GraphError when the model holds control flow, or a shape that depends on the data
    or is not proportional to the number of samples.
    """
    import numpy as np
    from onnx import helper, numpy_helper

    graph = model.graph
    del graph.value_info[:]
    del graph.metadata_props[:]
    for number, node in enumerate(graph.node):
        if node.op_type in SUBGRAPHS | RANDOM:
            raise GraphError(
                f"The model has control flow or chance inside ({node.op_type}), so it has no "
                "fixed graph to split. It can still run whole."
            )
        if node.op_type in DATA_SIZED:
            raise GraphError(
                f"The model makes a tensor whose size depends on the data ({node.op_type}), so "
                "nothing fits all of its windows. It can still run whole."
            )
        node.name = f"{number:03d}.{node.op_type}"
        node.doc_string = ""
        del node.metadata_props[:]
    roots = [node for node in graph.node if node.op_type in ("Shape", "Size")]
    if not roots:
        return
    names = [node.output[0] for node in roots]
    seen = [_values(model, _first(examples, rows), names) for rows in _sizes(batched)]
    added: list[Any] = []
    if batched:
        first = graph.input[0].name
        added.append(
            helper.make_node("Shape", [first], [BATCH], name="batch.Shape", start=0, end=1)
        )
    for name in names:
        values = [np.asarray(item[name], dtype=np.int64) for item in seen]
        slope = values[1] - values[0] if batched else np.zeros_like(values[0])
        base = values[0] - slope
        if batched and not np.array_equal(values[2], base + 3 * slope):
            raise GraphError("A shape in the model does not follow the number of samples.")
        if not slope.any():
            graph.initializer.append(numpy_helper.from_array(values[0], name))
            continue
        graph.initializer.append(numpy_helper.from_array(slope, f"{name}.slope"))
        graph.initializer.append(numpy_helper.from_array(base, f"{name}.base"))
        added.append(
            helper.make_node(
                "Mul", [BATCH, f"{name}.slope"], [f"{name}.scaled"], name=f"batch.{name}.Mul"
            )
        )
        added.append(
            helper.make_node(
                "Add", [f"{name}.scaled", f"{name}.base"], [name], name=f"batch.{name}.Add"
            )
        )
    kept = [node for node in graph.node if node.op_type not in ("Shape", "Size")]
    del graph.node[:]
    graph.node.extend([*added, *kept])


def _sizes(batched: bool) -> Sequence[int | None]:
    return (1, 2, 3) if batched else (None,)


def _first(examples: Mapping[str, Any], rows: int | None) -> dict[str, Any]:
    return {name: item[:rows] for name, item in examples.items()}


def _values(
    model: onnx.ModelProto, inputs: Mapping[str, Any], names: Iterable[str]
) -> dict[str, Any]:
    """What these tensors hold when the model runs."""
    import onnx

    names = list(names)
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    del probe.graph.output[:]
    probe.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    return dict(zip(names, run_once(probe, inputs, optimise=False), strict=True))


def glue_nodes(model: onnx.ModelProto) -> set[str]:
    """Names of the nodes that depend on the batch size and constants alone."""
    free = {item.name for item in model.graph.initializer} | {BATCH, ""}
    found = set()
    for node in model.graph.node:
        if BATCH in node.output or all(name in free for name in node.input):
            found.add(node.name)
            free.update(node.output)
    return found


def graph_of(
    model: onnx.ModelProto, examples: Mapping[str, Any], *, name: str, batched: bool
) -> ModelGraph:
    """The graph of a normalised model; sizes come from running the examples through it."""
    glue = glue_nodes(model)
    weights = {item.name: _weight_bytes(item) for item in model.graph.initializer}
    inputs = [item.name for item in model.graph.input]
    visible = set(inputs)
    operations = []
    for node in model.graph.node:
        if node.name in glue:
            continue
        outputs = tuple(item for item in node.output if item)
        operations.append(
            Operation(
                name=node.name,
                kind=node.op_type,
                inputs=tuple(dict.fromkeys(item for item in node.input if item in visible)),
                outputs=outputs,
                parameter_bytes=sum(weights.get(item, 0) for item in set(node.input)),
            )
        )
        visible.update(outputs)
    for item in model.graph.output:
        if item.name not in visible:
            raise GraphError(f"The output {item.name!r} depends on no input: leave it out.")
    order = [*inputs, *(item for operation in operations for item in operation.outputs)]
    seen = [
        {**_first(examples, rows), **_values(model, _first(examples, rows), order[len(inputs) :])}
        for rows in _sizes(batched)
    ]
    return ModelGraph(
        name=name,
        model_hash=hashlib.sha256(model_bytes(model)).hexdigest(),
        inputs=tuple(inputs),
        outputs=tuple(item.name for item in model.graph.output),
        tensors=tuple(tensor_of(item, [values[item] for values in seen]) for item in order),
        operations=tuple(operations),
    )


def _weight_bytes(item: onnx.TensorProto) -> int:
    return len(item.raw_data) or item.ByteSize()


def extract(
    model: onnx.ModelProto, graph: ModelGraph, given: Sequence[str], wanted: Sequence[str]
) -> onnx.ModelProto:
    """Cut out the part that makes `wanted` from `given`, both in this order.

    A tensor that is merely handed on is called `<name>.in` at the entrance of the part.
    """
    from onnx import helper

    handed_on = [name for name in wanted if name in given]
    entrance = {name: f"{name}.in" if name in handed_on else name for name in given}
    operations = {item.name for item in graph.needed_for(wanted, given)}
    nodes = _with_glue(model, operations)
    part_nodes = [
        helper.make_node("Identity", [entrance[name]], [name], name=f"handed-on.{name}")
        for name in handed_on
    ]
    part_nodes += [_batch_node(graph, given, entrance)] if _uses_batch(nodes) else []
    part_nodes += [node for node in nodes if BATCH not in node.output]
    used = {name for node in part_nodes for name in node.input}
    part = helper.make_graph(
        part_nodes,
        graph.name,
        [_value_info(graph.by_name[name], entrance[name]) for name in given],
        [_value_info(graph.by_name[name], name) for name in wanted],
        [item for item in model.graph.initializer if item.name in used],
    )
    result: onnx.ModelProto = helper.make_model(
        part, opset_imports=list(model.opset_import), ir_version=model.ir_version
    )
    return result


def _with_glue(model: onnx.ModelProto, operations: set[str]) -> list[Any]:
    """These nodes and the glue that they need, in the model's order."""
    glue = glue_nodes(model)
    needed: set[str] = set()
    chosen = []
    for node in reversed(model.graph.node):
        if node.name in operations or (node.name in glue and needed & set(node.output)):
            chosen.append(node)
            needed.update(node.input)
    return chosen[::-1]


def _uses_batch(nodes: Iterable[Any]) -> bool:
    return any(BATCH in node.input for node in nodes)


def _batch_node(graph: ModelGraph, given: Sequence[str], entrance: Mapping[str, str]) -> Any:
    """Read the number of samples from a tensor of the part that has one row for each."""
    from onnx import helper

    for name in given:
        tensor = graph.by_name[name]
        axis = tensor.batch_axis
        if axis is not None and tensor.shape[axis] == 1:
            return helper.make_node(
                "Shape", [entrance[name]], [BATCH], name="batch.Shape", start=axis, end=axis + 1
            )
    raise GraphError(
        f"A cut at {', '.join(given)} is no cut: the number of samples can't be read from it."
    )


def _value_info(tensor: Tensor, name: str) -> Any:
    from onnx import helper

    shape: list[int | str] = list(tensor.shape)
    if tensor.batch_axis is not None:
        per_sample = tensor.shape[tensor.batch_axis]
        shape[tensor.batch_axis] = "batch" if per_sample == 1 else f"batch*{per_sample}"
    kind = helper.np_dtype_to_tensor_dtype(_dtype(tensor.dtype))
    return helper.make_tensor_value_info(name, kind, shape)


def _dtype(name: str) -> Any:
    import numpy as np

    return np.dtype(name)
