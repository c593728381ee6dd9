from __future__ import annotations

import pytest

from edge_worker.offload.graph import GraphError, ModelGraph, Operation, Tensor


def operation(name: str, inputs: str, outputs: str = "") -> Operation:
    return Operation(
        name=name,
        kind="Conv",
        inputs=tuple(inputs.split()),
        outputs=tuple((outputs or name).split()),
    )


@pytest.fixture
def residual() -> ModelGraph:
    """x → a → b, and the sum of a and b: two tensors cross between b and the sum."""
    return ModelGraph(
        name="residual",
        model_hash="0" * 64,
        inputs=("x",),
        outputs=("sum",),
        tensors=tuple(Tensor(name=name, shape=(1, 4)) for name in ("x", "a", "b", "sum")),
        operations=(operation("a", "x"), operation("b", "a"), operation("sum", "a b")),
    )


def names(operations: tuple[Operation, ...]) -> list[str]:
    return [item.name for item in operations]


def test_head_and_tail_share_no_operation_and_lose_none(residual: ModelGraph) -> None:
    assert names(residual.head(["a"])) == ["a"]
    assert names(residual.tail(["a"])) == ["b", "sum"]


def test_a_cut_through_a_residual_path_holds_two_tensors(residual: ModelGraph) -> None:
    assert residual.crossing(["a", "b"]) == ("a", "b")
    assert residual.crossing(["a"]) == ("a",)
    assert residual.crossing([]) == ("x",)
    assert residual.crossing(["a", "b", "sum"]) == ("sum",)
    assert residual.bytes_of(["a", "b"]) == 32


def test_a_cut_that_leaves_a_way_around_is_refused(residual: ModelGraph) -> None:
    with pytest.raises(GraphError, match="also needs 'x'"):
        residual.tail(["b"])
    with pytest.raises(GraphError, match="no tensor 'c'"):
        residual.tail(["c"])


def test_graph_survives_its_file(residual: ModelGraph) -> None:
    assert ModelGraph.from_json(residual.to_json()) == residual


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"name": 1}', "null", '{"operations": [1]}'])
def test_anything_else_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(GraphError, match="not the graph of a model"):
        ModelGraph.from_json(text)


def test_operations_out_of_order_are_refused(residual: ModelGraph) -> None:
    with pytest.raises(GraphError, match="before it is computed"):
        ModelGraph(
            name="wrong",
            model_hash="0" * 64,
            inputs=("x",),
            outputs=("sum",),
            tensors=residual.tensors,
            operations=tuple(reversed(residual.operations)),
        )
