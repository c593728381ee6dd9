from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="capturing needs the extra `neural`")
import numpy as np
import torch

from edge_worker.offload.capture import Captured, CaptureError, capture
from edge_worker.offload.export import About, write_bundle
from edge_worker.offload.graph import GraphError
from edge_worker.offload.onnx_graph import extract, model_bytes, session
from edge_worker.offload.partition import can_cross
from tests.worker.offload import sample_models as models


@pytest.fixture(scope="module", params=sorted(models.SHAPES, key=lambda kind: kind.__name__))
def sample(request: pytest.FixtureRequest) -> tuple[Any, Captured]:
    module, examples = models.build(request.param)
    return module, capture(module, examples, name=request.param.__name__)


def cuts_of(captured: Captured) -> list[tuple[str, ...]]:
    """What crosses when the device runs the first n operations, for every n where it may."""
    graph = captured.graph
    names = [operation.name for operation in graph.operations]
    cuts = dict.fromkeys(graph.crossing(names[:n]) for n in range(len(names) + 1))
    return [cut for cut in cuts if all(can_cross(graph, name) for name in cut)]


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
    # Attention lays the samples of all places beside each other once, between two views.
    woven = {item.name for item in captured.graph.tensors if item.batch_axis is None}
    assert bool(woven) == isinstance(module, models.Attention)


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


@pytest.mark.parametrize(
    ("module", "shape", "sentence"),
    [
        (models.Remembers(), (1, 3), "keeps a state between calls"),
        (models.Filters(), (1, 6), "whose size depends on the data"),
        (models.Appends(), (1, 3), "does not follow the number of samples"),
        (models.Constant(), (1, 3), "depends on no input"),
        (models.Halves(), (1, 3), "ONNX Runtime can't run"),
    ],
)
def test_what_has_no_fixed_graph_is_refused_with_a_sentence(
    module: torch.nn.Module, shape: tuple[int, ...], sentence: str
) -> None:
    with pytest.raises((CaptureError, GraphError), match=sentence):
        capture(module, (torch.randn(shape),))


def test_more_parameters_than_a_bundle_takes_are_refused_before_the_work() -> None:
    large = torch.nn.Linear(9000, 9000, device="meta")
    with pytest.raises(CaptureError, match="309 MiB of parameters"):
        capture(large, (torch.ones(1, 9000),))


def test_outputs_may_lie_in_dicts_and_tuples() -> None:
    torch.manual_seed(3)
    module, x = models.Structured(), torch.randn(1, 5, 3)
    captured = capture(module, (x,))
    states, (last, cell), total = module(x).values()
    found = run(captured.model, [x.numpy()])
    for one, other in zip((states, last, cell, total), found, strict=True):
        np.testing.assert_allclose(one.detach().numpy(), other, atol=1e-5)


def test_inputs_may_be_whole_numbers() -> None:
    captured = capture(models.Words(), (torch.tensor([[1, 7, 0]]),))
    (only,) = captured.graph.inputs
    assert captured.graph.by_name[only].dtype == "int64"
    assert captured.graph.by_name[only].batch_axis == 0


def test_numbers_of_double_precision_can_be_planned() -> None:
    captured = capture(torch.nn.Linear(3, 2).double(), (torch.ones(1, 3).double(),))
    assert captured.graph.bytes_of(captured.graph.outputs) == 16


def test_a_model_that_mixes_samples_is_never_batched() -> None:
    """Else one device would get what another one sent."""
    captured = capture(models.Mixes(), (torch.randn(1, 4),))
    assert all(tensor.batch_axis is None for tensor in captured.graph.tensors)


def test_a_cut_through_woven_samples_is_refused(tmp_path: Path) -> None:
    """The hub lays tensors of several devices one after another: here that would mix them."""
    module, examples = models.build(models.Attention)
    captured = capture(module, examples)
    graph = captured.graph
    woven = next(item.name for item in graph.tensors if item.batch_axis is None)
    maker = [item.name for item in graph.operations].index(graph.producer[woven].name)
    cut = graph.crossing([item.name for item in graph.operations[: maker + 1]])
    assert woven in cut
    with pytest.raises(GraphError, match="several devices can't be told apart"):
        write_bundle(tmp_path / "bundle", captured, About(name="woven"), cuts={"here": cut})
