from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("torch", reason="capturing needs the extra `neural`")
import numpy as np
import torch

from edge_worker.offload.capture import Captured, CaptureError, capture
from edge_worker.offload.graph import GraphError
from edge_worker.offload.onnx_graph import extract, model_bytes, session
from tests.worker.offload import sample_models as models


@pytest.fixture(scope="module", params=sorted(models.SHAPES, key=lambda kind: kind.__name__))
def sample(request: pytest.FixtureRequest) -> tuple[Any, Captured]:
    module, examples = models.build(request.param)
    return module, capture(module, examples, name=request.param.__name__)


def cuts_of(captured: Captured) -> list[tuple[str, ...]]:
    """What crosses when the device runs the first n operations, for every n."""
    graph = captured.graph
    names = [operation.name for operation in graph.operations]
    return list(dict.fromkeys(graph.crossing(names[:n]) for n in range(len(names) + 1)))


def run(model: Any, inputs: list[Any]) -> list[Any]:
    part = session(model_bytes(model))
    names = [item.name for item in part.get_inputs()]
    return list(part.run(None, dict(zip(names, inputs, strict=True))))


@pytest.mark.parametrize("rows", [1, 3])
def test_head_and_tail_together_give_what_the_whole_model_gives(sample: Any, rows: int) -> None:
    module, captured = sample
    shapes = models.SHAPES[type(module)]
    inputs = list(models.several(shapes, rows).values())
    with torch.no_grad():
        whole = module(*inputs)
    expected = list(whole) if isinstance(whole, tuple) else [whole]
    graph, tried = captured.graph, 0
    for cut in cuts_of(captured):
        head = extract(captured.model, graph, graph.inputs, cut)
        tail = extract(captured.model, graph, cut, graph.outputs)
        found = run(tail, run(head, [item.numpy() for item in inputs]))
        for one, other in zip(expected, found, strict=True):
            np.testing.assert_allclose(one.numpy(), other, atol=1e-5, rtol=0)
        tried += 1
    assert tried >= 4


def test_sizes_of_all_tensors_are_those_of_one_sample(sample: Any) -> None:
    module, captured = sample
    shapes = models.SHAPES[type(module)]
    assert [captured.graph.by_name[name].shape for name in captured.graph.inputs] == list(shapes)
    assert all(tensor.batch_axis is not None for tensor in captured.graph.tensors)


def test_glue_of_a_recurrent_layer_never_crosses() -> None:
    captured = capture(*models.build(models.Recurrent))
    for cut in cuts_of(captured):
        assert len(cut) == 1, cut


def test_a_decision_on_data_is_refused_with_a_sentence() -> None:
    with pytest.raises(CaptureError, match=r"Decides decides by its data.*can still run whole"):
        capture(models.Decides(), (torch.ones(1, 3),), name="Decides")


def test_chance_is_refused_with_a_sentence() -> None:
    with pytest.raises((CaptureError, GraphError), match=r"chance|random"):
        capture(models.Chance(), (torch.ones(1, 3),), name="Chance")


def test_an_input_that_does_not_fit_is_refused_with_a_sentence() -> None:
    module, _ = models.build(models.Residual)
    with pytest.raises(CaptureError, match="can't be captured"):
        capture(module, (torch.ones(1, 3, 8, 8),), name="Residual")
    with pytest.raises(CaptureError, match="one example tensor"):
        capture(module, ())


def test_capture_leaves_the_module_in_its_mode() -> None:
    module, examples = models.build(models.TwoInputs)
    module.train()
    capture(module, examples)
    assert module.training
