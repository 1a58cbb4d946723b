"""Channels brought to like ranges: no answer changes, and the ranges are alike."""

import numpy as np
import onnx
import pytest

from export.quantization.channels import find_groups, scale_group, tensor_shapes
from export.quantization.equalize import balance_sources, equalize, spread_results
from export.quantization.layers import Prepared
from export.quantization.ranges import measure_ranges
from export.quantization.scheme import rounded_tensors
from export.quantization.sessions import answers_of


def assert_same_answers(first: onnx.ModelProto, second: onnx.ModelProto, planes: np.ndarray):
    a, b = (answers_of(model, planes[:20]) for model in (first, second))
    np.testing.assert_allclose(b.policy, a.policy, atol=1e-4)
    np.testing.assert_allclose(b.wdl, a.wdl, atol=1e-4)


def test_any_factors_leave_the_answers_alone(prepared: Prepared, planes: np.ndarray):
    changed = prepared.copy()
    groups = find_groups(changed, tensor_shapes(changed.model, planes[:2]))
    rng = np.random.default_rng(0)
    for group in groups:
        node = group.writers[0]
        filters = next(
            tensor.dims[0]
            for tensor in changed.model.graph.initializer
            if tensor.name == node.input[1]
        )
        scale_group(changed, group, rng.uniform(0.2, 5, filters))
    assert_same_answers(prepared.model, changed.model, planes)


def test_the_residual_stream_is_one_group_and_every_block_has_one_of_its_own(
    prepared: Prepared, planes: np.ndarray
):
    groups = find_groups(prepared, tensor_shapes(prepared.model, planes[:2]))
    writers = [[node.name for node in group.writers] for group in groups]
    # Stem and second layers together; then each first layer, the policy's and the value's alone.
    assert sorted(len(names) for names in writers) == [1, 1, 1, 1, 3]
    assert not any("policy.2" in name for names in writers for name in names)  # an output


def test_equalizing_evens_out_channels(prepared: Prepared, planes: np.ndarray):
    skewed = prepared.copy()
    shapes = tensor_shapes(skewed.model, planes[:2])
    inner = next(group for group in find_groups(skewed, shapes) if "first" in group.writers[0].name)
    scale_group(skewed, inner, np.geomspace(0.02, 50, 16))
    tensors = rounded_tensors(skewed)

    def unevenness(one: Prepared) -> float:
        high = measure_ranges(one.model, tensors, planes)[
            sorted(inner.tensors & set(tensors))[0]
        ].high
        return float(np.std(np.log(np.maximum(high, 1e-3))))

    even = equalize(skewed, measure_ranges(skewed.model, tensors, planes), shapes)
    assert unevenness(even) < 0.6 * unevenness(skewed)
    assert_same_answers(prepared.model, even.model, planes)


def test_spreading_fills_the_codes_and_leaves_the_answers_alone(
    prepared: Prepared, planes: np.ndarray
):
    tensors = rounded_tensors(prepared)
    ranges = measure_ranges(prepared.model, tensors, planes)
    shapes = tensor_shapes(prepared.model, planes[:2])
    spread = spread_results(prepared, ranges, shapes, margin=0.0)
    assert_same_answers(prepared.model, spread.model, planes)
    free = sorted(spread.exact.keys() - prepared.exact.keys())
    squeezed = any(node.op_type == "Sigmoid" for node in prepared.model.graph.node)
    assert len(free) == (3 if squeezed else 1)  # the policy, and second layers of squeezed blocks
    for span in measure_ranges(spread.model, free, planes).values():
        np.testing.assert_allclose(span.low, 0, atol=0.01)
        np.testing.assert_allclose(span.high, 255, atol=0.01)


def test_a_group_that_meets_an_unknown_operator_stays(prepared: Prepared, planes: np.ndarray):
    bent = prepared.copy()
    for node in bent.model.graph.node:
        if node.op_type == "Relu" and "tower.0" in node.name:
            node.op_type = "Tanh"
    names = [
        node.name
        for group in find_groups(bent, tensor_shapes(bent.model, planes[:2]))
        for node in group.writers
    ]
    assert names
    assert not any("tower.0/first" in name or "stem" in name for name in names)


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_a_margin_is_left_free_at_either_end(share: float, prepared: Prepared, planes: np.ndarray):
    ranges = measure_ranges(prepared.model, rounded_tensors(prepared), planes)
    shapes = tensor_shapes(prepared.model, planes[:2])
    spread = spread_results(prepared, ranges, shapes, margin=share)
    (name,) = [one for one in spread.exact if "policy" in one]
    span = measure_ranges(spread.model, [name], planes)[name]
    free = 255 * share / (1 + 2 * share)
    np.testing.assert_allclose(span.low, free, atol=0.01)
    np.testing.assert_allclose(span.high, 255 - free, atol=0.01)


def test_balancing_evens_out_what_each_layer_reads(prepared: Prepared, planes: np.ndarray):
    tensors = rounded_tensors(prepared)
    ranges = measure_ranges(prepared.model, tensors, planes)
    balanced = balance_sources(prepared, ranges)
    assert_same_answers(prepared.model, balanced.model, planes)
    written = {layer.result for layer in prepared.layers} | prepared.exact.keys()
    pairs = [
        (before.source, after.source)
        for before, after in zip(prepared.layers, balanced.layers, strict=True)
        if before.source not in written
    ]
    assert len(pairs) == 2  # the second block and the policy read the residual sum
    found = measure_ranges(balanced.model, [after for _, after in pairs], planes)

    def unevenness(high: np.ndarray) -> float:
        return float(np.std(np.log(np.maximum(high, 1e-3))))

    for before, after in pairs:
        assert unevenness(found[after].high) < 0.9 * unevenness(ranges[before].high)
