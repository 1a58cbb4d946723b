"""Surgery on graphs, on graphs small enough to see through."""

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from export.graph import drop_identities, pack_matrices, value_head


def make_graph(
    nodes: list[onnx.NodeProto], tensors: dict[str, np.ndarray] | None = None
) -> onnx.GraphProto:
    constants = [numpy_helper.from_array(array, name) for name, array in (tensors or {}).items()]
    return helper.make_graph(nodes, "test", [], [], constants)


def node(kind: str, inputs: str, output: str, **attributes: int) -> onnx.NodeProto:
    return helper.make_node(kind, inputs.split(), [output], name=output, **attributes)


def inputs_of(graph: onnx.GraphProto, name: str) -> list[str]:
    return next(list(node.input) for node in graph.node if node.name == name)


def test_the_value_head_is_what_the_policy_does_not_need():
    graph = make_graph(
        [
            node("Conv", "planes w0", "tower"),
            node("Conv", "tower w1", "policy"),
            node("Conv", "tower w2", "hidden"),
            node("Gemm", "hidden w3", "wdl"),
        ]
    )
    assert value_head(graph) == ("hidden", "wdl")


def test_identities_are_dropped():
    graph = make_graph([node("Identity", "x", "same"), node("Relu", "same", "y")])
    drop_identities(graph)
    assert [one.op_type for one in graph.node] == ["Relu"]
    assert inputs_of(graph, "y") == ["x"]


def test_large_matrices_are_stored_as_s8_within_half_a_step():
    weights = np.random.default_rng(0).normal(size=(128, 256)).astype(np.float32)
    weights[5] = 0
    graph = make_graph([node("Gemm", "x big", "y", transB=1)], {"big": weights})
    pack_matrices(graph)
    packed = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    assert packed["big_q"].dtype == np.int8
    steps = packed["big_scale"][:, None]
    errors = np.abs(packed["big_q"] * steps - weights)
    assert (errors <= 0.501 * steps).all()
    assert list(graph.node[0].output) == ["big"]


@pytest.mark.parametrize(("shape", "transposed"), [((8, 8), 1), ((256, 128), 0)])
def test_small_and_untransposed_matrices_are_left_alone(shape: tuple[int, int], transposed: int):
    tensors = {"some": np.ones(shape, dtype=np.float32)}
    graph = make_graph([node("Gemm", "x some", "y", transB=transposed)], tensors)
    pack_matrices(graph)
    assert [tensor.name for tensor in graph.initializer] == ["some"]
