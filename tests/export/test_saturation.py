"""INT8 products at their largest, which processors without VNNI would add wrongly in 16 bits."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from aztoolkit.backends import open_evaluator
from aztoolkit.model import CalibrationSpec, ModelSpec
from export.calibration import Calibration
from export.metadata import write_metadata
from export.quantization.scheme import FULL_WEIGHT_BITS, SAFE_WEIGHT_BITS
from export.quantize import quantize_static

FILTERS = 32


def conv(name: str, source: str, weights: np.ndarray) -> tuple[onnx.NodeProto, onnx.TensorProto]:
    tensor = numpy_helper.from_array(weights.astype(np.float32)[:, :, None, None], f"{name}.weight")
    return helper.make_node("Conv", [source, tensor.name], [name], name=name), tensor


@pytest.fixture
def model(az_spec: ModelSpec, tmp_path: Path) -> Path:
    """A model whose weights and activations are all at the top of their ranges."""
    mean = np.full((FILTERS, 119), 1 / 119)
    middle = np.full((FILTERS, FILTERS), 1 / FILTERS)
    layers = [
        conv("first", "planes", mean),
        conv("second", "first_relu", middle),
        conv("third", "second_relu", np.full((73, FILTERS), 1 / FILTERS)),
    ]
    others = [
        helper.make_node("Relu", ["first"], ["first_relu"], name="first_relu"),
        helper.make_node("Relu", ["second"], ["second_relu"], name="second_relu"),
        helper.make_node("Flatten", ["third"], ["policy"], name="policy", axis=1),
        helper.make_node("GlobalAveragePool", ["second_relu"], ["pool"], name="pool"),
        helper.make_node("Flatten", ["pool"], ["flat"], name="flat", axis=1),
        helper.make_node("MatMul", ["flat", "to_wdl"], ["wdl"], name="wdl"),
    ]
    first, second, third = (node for node, _ in layers)
    nodes = [first, others[0], second, others[1], third, *others[2:]]
    to_wdl = numpy_helper.from_array(np.eye(FILTERS, 3, dtype=np.float32), "to_wdl")
    shapes = {"planes": [119, 8, 8], "policy": [4672], "wdl": [3]}
    infos = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["batch", *shape])
        for name, shape in shapes.items()
    ]
    graph = helper.make_graph(
        nodes, "full", infos[:1], infos[1:], [*(tensor for _, tensor in layers), to_wdl]
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    write_metadata(proto, az_spec)
    onnx.save(proto, tmp_path / "fp32.onnx")
    return tmp_path / "fp32.onnx"


@pytest.mark.parametrize("weight_bits", [FULL_WEIGHT_BITS, SAFE_WEIGHT_BITS])
def test_the_largest_products_are_added_exactly(model: Path, weight_bits: int):
    planes = np.ones((2, 119, 8, 8), dtype=np.float32)
    spec = CalibrationSpec(source="ones", positions=2, sha256="0" * 64, seed=0)
    small = model.with_name("int8.onnx")
    quantize_static(model, small, Calibration(planes, spec), weight_bits=weight_bits)
    answer = open_evaluator(small, threads=1).evaluate(planes)
    np.testing.assert_allclose(answer.policy, 1, atol=0.01)
    np.testing.assert_allclose(answer.wdl, 1, atol=0.01)
