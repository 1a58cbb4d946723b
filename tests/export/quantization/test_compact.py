"""What is stored small: same answers, fewer bytes, and nothing that a runtime does not restore."""

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from export.describe.model import count_parameters
from export.quantization.compact import compact
from export.quantization.rounded import Rounded
from export.quantization.sessions import answers_of
from export.quantization.write import write_graph


def graph_of(nodes: list[onnx.NodeProto], tensors: dict[str, np.ndarray]) -> onnx.GraphProto:
    constants = [numpy_helper.from_array(array, name) for name, array in tensors.items()]
    return helper.make_graph(nodes, "test", [], [], constants)


def stored(graph: onnx.GraphProto) -> dict[str, np.ndarray]:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}


def test_a_compact_model_is_smaller_and_answers_as_before(rounded: Rounded, planes: np.ndarray):
    plain, small = write_graph(rounded.prepared, rounded.scheme), rounded.graph()
    onnx.checker.check_model(small, full_check=True)
    assert small.ByteSize() < plain.ByteSize()
    exact = answers_of(rounded.exact.model, planes).policy
    before, after = (answers_of(model, planes).policy for model in (plain, small))
    # Halves move what is about to be rounded by a hair, and a value in the middle goes the other way.
    assert np.abs(after - before).mean() < 0.2 * np.abs(before - exact).mean()
    again = onnx.ModelProto()
    again.CopyFrom(small)
    compact(again.graph)
    assert again == small


def test_all_weights_are_counted(rounded: Rounded, tmp_path):
    for name, model in (("plain", rounded.exact.model), ("small", rounded.graph())):
        onnx.save(model, tmp_path / f"{name}.onnx")
    plain, small = (count_parameters(tmp_path / f"{name}.onnx") for name in ("plain", "small"))
    assert plain == small


def test_float_weights_are_stored_in_half_precision():
    weights = np.random.default_rng(0).normal(size=(32, 16)).astype(np.float32)
    small = np.ones((8, 8), np.float32)
    graph = graph_of(
        [helper.make_node("Gemm", ["x", "w"], ["y"]), helper.make_node("Gemm", ["y", "v"], ["z"])],
        {"w": weights, "v": small},
    )
    compact(graph)
    tensors = stored(graph)
    np.testing.assert_array_equal(tensors["w_small"], weights.astype(np.float16))
    assert tensors["v"].dtype == np.float32  # the node would take more than it saves
    cast = graph.node[0]
    assert (cast.op_type, list(cast.input), list(cast.output)) == ("Cast", ["w_small"], ["w"])


@pytest.mark.parametrize("size", [1e6, 1e-7])
def test_weights_out_of_the_range_of_half_precision_stay(size: float):
    weights = np.full((32, 16), size, np.float32)
    graph = graph_of([helper.make_node("Gemm", ["x", "w"], ["y"])], {"w": weights})
    compact(graph)
    assert stored(graph)["w"].dtype == np.float32


@pytest.mark.parametrize(("target", "dtype"), [("cpu", np.int16), ("tensorrt", np.int32)])
def test_the_order_of_moves_takes_less_than_eight_bytes_a_move(target: str, dtype: type):
    order = np.arange(1858)[::-1].copy()
    graph = graph_of([helper.make_node("Gather", ["x", "order"], ["y"], axis=1)], {"order": order})
    compact(graph, target)
    found = stored(graph)["order_small"]
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, order)
    assert graph.node[0].attribute[0].i == onnx.TensorProto.INT64


def test_a_constant_that_something_else_reads_stays():
    weights = np.ones((32, 16), np.float32)
    nodes = [helper.make_node("Gemm", ["x", "w"], ["y"]), helper.make_node("Relu", ["w"], ["z"])]
    graph = graph_of(nodes, {"w": weights})
    compact(graph)
    assert list(stored(graph)) == ["w"]


def test_equal_scales_and_zero_points_are_stored_once():
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "a", "zero"], ["p"]),
        helper.make_node("QuantizeLinear", ["y", "b", "other"], ["q"]),
    ]
    half, nought = np.array(0.5, np.float32), np.array(0, np.uint8)
    graph = graph_of(nodes, {"a": half, "zero": nought, "b": half, "other": nought})
    compact(graph)
    assert list(stored(graph)) == ["a", "zero"]
    assert list(graph.node[1].input) == ["y", "a", "zero"]
    assert [node.name for node in graph.node] == ["Q1", "Q2"]
