"""Written graphs: valid, and by the rules of their target."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

from aztoolkit.backends import open_evaluator
from aztoolkit.model import INPUT
from export.calibration import Calibration
from export.distances import distances
from export.quantization.layers import Layer, parameter, set_parameter
from export.quantization.rounded import Rounded
from export.quantization.sessions import answers_of
from export.quantize import Recipe, quantize_model


@pytest.fixture(scope="module")
def symmetric(
    fp32: Path, calibration: Calibration, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    target = tmp_path_factory.mktemp("trt") / "int8.onnx"
    quantize_model(fp32, target, calibration, Recipe(target="tensorrt"))
    return target


def test_for_tensorrt_all_is_s8_around_zero_and_no_bias_is_rounded(symmetric: Path):
    graph = onnx.load(symmetric).graph
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    made_by = {name: node for node in graph.node for name in node.output}
    pairs = [node for node in graph.node if node.op_type.endswith("quantizeLinear")]
    pairs += [node for node in graph.node if node.op_type == "QuantizeLinear"]
    assert pairs
    for node in pairs:
        zero_point = tensors[node.input[2]]
        assert zero_point.dtype == np.int8
        assert not zero_point.any()
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    for node in convolutions:
        assert node.input[2] in tensors  # a float bias
        if not node.name.startswith("/wdl"):
            assert [made_by[name].op_type for name in node.input[:2]] == ["DequantizeLinear"] * 2
    assert not any(tensor.dtype == np.int32 for tensor in tensors.values())


def test_for_tensorrt_answers_are_near_too(symmetric: Path, fp32: Path, planes: np.ndarray):
    spec = open_evaluator(symmetric, threads=1).spec
    assert spec.quantization is not None
    assert spec.quantization.target == "tensorrt"
    every = [np.arange(4672)] * len(planes)
    exact, near = (answers_of(onnx.load(model), planes) for model in (fp32, symmetric))
    found = distances(exact, near, every).summary()
    assert 0 < found["kl_mean"] < 0.002


def test_a_layer_put_back_is_in_float_and_has_its_own_weights(rounded: Rounded, planes: np.ndarray):
    name = rounded.scheme.layers[1].name
    graph = rounded.without([name]).graph()
    onnx.checker.check_model(graph, full_check=True)
    node = next(one for one in graph.graph.node if one.name == name)
    constants = {tensor.name for tensor in graph.graph.initializer}
    restored = {one.output[0] for one in graph.graph.node if one.op_type == "Cast"}
    assert set(node.input[1:]) <= constants | restored
    everything = rounded.without([layer.name for layer in rounded.scheme.layers]).graph()
    exact = answers_of(rounded.exact.model, planes)
    # What is float is stored in half precision.
    np.testing.assert_allclose(answers_of(everything, planes).policy, exact.policy, atol=2e-3)


def test_onnx_runtime_does_not_round_what_was_put_back_between_integers(
    rounded: Rounded, planes: np.ndarray
):
    read = {layer.source for layer in rounded.scheme.layers}
    written = {layer.result for layer in rounded.scheme.layers}
    between = [one for one in rounded.scheme.layers if one.source in written and one.result in read]
    assert between
    for layer in between:
        model = uneven(rounded, layer).without([layer.name]).graph()
        near, exact = (answers(model, planes[:20]) for answers in (policy_of, unoptimised_policy))
        assert np.abs(near - exact).max() < 0.1 * np.abs(exact).max(), layer.name


def uneven(rounded: Rounded, layer: Layer) -> Rounded:
    """Returns the model with one filter so large that one scale for all would leave nothing of the others."""
    exact = rounded.exact.copy()
    weights = parameter(exact.model.graph, layer.weights).copy()
    weights[0] *= 1000
    set_parameter(exact.model.graph, layer.weights, weights)
    return replace(rounded, exact=exact)


def policy_of(model: onnx.ModelProto, planes: np.ndarray) -> np.ndarray:
    return answers_of(model, planes).policy


def unoptimised_policy(model: onnx.ModelProto, planes: np.ndarray) -> np.ndarray:
    """Returns the policy by the letter of the graph."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return np.asarray(session.run(["policy"], {INPUT: planes})[0])
