"""Spans by each method, on tensors whose right span is known."""

import numpy as np
import onnx
import pytest
from onnx import helper

from export.quantization.ranges import choose_spans, measure_ranges


@pytest.fixture
def same() -> onnx.ModelProto:
    """A model that gives its input back as the tensor `x`."""
    floats = onnx.TensorProto.FLOAT
    infos = [
        helper.make_tensor_value_info(name, floats, ["n", 2, 8, 8]) for name in ("planes", "x")
    ]
    node = helper.make_node("Identity", ["planes"], ["x"], name="x")
    graph = helper.make_graph([node], "same", infos[:1], infos[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


@pytest.fixture
def values() -> np.ndarray:
    """Bell-shaped, with one value far out at either end."""
    planes = np.random.default_rng(0).normal(size=(1000, 2, 8, 8)).astype(np.float32)
    planes[3, 0, 0, 0], planes[500, 1, 2, 2] = -100, 50
    return planes


def test_ranges_are_those_of_each_channel(same: onnx.ModelProto, values: np.ndarray):
    span = measure_ranges(same, ["x"], values)["x"]
    np.testing.assert_array_equal(span.low, values.min(axis=(0, 2, 3)))
    np.testing.assert_array_equal(span.high, values.max(axis=(0, 2, 3)))


def test_minmax_cuts_nothing_off(same: onnx.ModelProto, values: np.ndarray):
    ranges = measure_ranges(same, ["x"], values)
    assert choose_spans(same, ranges, values, "minmax") == {"x": (-100, 50)}


@pytest.mark.parametrize("method", ["percentile", "entropy"])
def test_other_methods_cut_outliers_off(same: onnx.ModelProto, values: np.ndarray, method: str):
    ranges = measure_ranges(same, ["x"], values)
    low, high = choose_spans(same, ranges, values, method)["x"]
    inside = np.mean((values >= low) & (values <= high))
    assert low > -60
    assert high < 45
    assert inside > 0.999


def test_what_is_never_negative_stays_so(same: onnx.ModelProto, values: np.ndarray):
    ranges = measure_ranges(same, ["x"], np.maximum(values, 0))
    for method in ("minmax", "percentile", "entropy"):
        assert choose_spans(same, ranges, np.maximum(values, 0), method)["x"][0] == 0
