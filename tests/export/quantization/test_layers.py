"""Graphs made ready: parameters of one's own, and refusals."""

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from aztoolkit.errors import ModelError
from export.quantization.layers import prepare


def make_model(*nodes: onnx.NodeProto, **tensors: np.ndarray) -> onnx.ModelProto:
    constants = [numpy_helper.from_array(array, name) for name, array in tensors.items()]
    floats = onnx.TensorProto.FLOAT
    infos = [
        helper.make_tensor_value_info(name, floats, None) for name in ("planes", "policy", "wdl")
    ]
    graph = helper.make_graph(list(nodes), "test", infos[:1], infos[1:], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])


def conv(inputs: str, output: str, **attributes: object) -> onnx.NodeProto:
    return helper.make_node("Conv", inputs.split(), [output], name=output, **attributes)


WEIGHTS = np.ones((4, 4, 1, 1), np.float32)


def test_a_layer_reaches_to_the_relu_that_alone_reads_it():
    relu = helper.make_node("Relu", ["a"], ["b"], name="relu")
    model = make_model(conv("planes w", "a"), relu, conv("b w", "policy"), w=WEIGHTS)
    first, second = prepare(model, "az119").layers
    assert (first.source, first.output, first.result) == ("planes", "a", "b")
    assert (second.source, second.output, second.result) == ("b", "policy", "policy")


def test_shared_weights_are_copied_and_missing_biases_added():
    model = make_model(conv("planes w", "a"), conv("a w", "policy"), w=WEIGHTS)
    prepared = prepare(model, "az119")
    first, second = prepared.layers
    assert len({first.weights, second.weights, first.bias, second.bias}) == 4
    assert [tensor.name for tensor in model.graph.initializer] == ["w"]  # left alone


@pytest.mark.parametrize(
    ("attributes", "complaint"),
    [
        ({"group": 2}, "group 1, got 2"),
        ({"strides": [2, 2]}, "strides"),
        ({"dilations": [2, 2]}, "dilations"),
        ({"kernel_shape": [3, 3]}, "pads"),
    ],
)
def test_other_convolutions_are_refused(attributes: dict[str, object], complaint: str):
    model = make_model(conv("planes w", "policy", **attributes), w=WEIGHTS)
    with pytest.raises(ModelError, match=complaint):
        prepare(model, "az119")


def test_computed_weights_are_refused():
    double = helper.make_node("Add", ["w", "w"], ["w2"], name="double")
    with pytest.raises(ModelError, match="constant weights"):
        prepare(make_model(double, conv("planes w2", "policy"), w=WEIGHTS), "az119")
