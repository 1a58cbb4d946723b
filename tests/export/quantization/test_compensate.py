"""Weights that make up for each other are better than weights rounded to the nearest."""

from dataclasses import replace

import numpy as np

from export.quantization.compensate import patches, round_with_feedback
from export.quantization.rounded import Rounded
from export.quantization.sensitivity import Judge


def test_patches_are_what_a_convolution_reads():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(2, 3, 8, 8)).astype(np.float32)
    found = patches(values, 3).reshape(2, 8, 8, 3, 3, 3)
    np.testing.assert_array_equal(found[1, 4, 5], values[1, :, 3:6, 4:7])
    assert not found[0, 0, 0, :, 0].any()  # beyond the edge
    np.testing.assert_array_equal(patches(values, 1), values.transpose(0, 2, 3, 1).reshape(-1, 3))


def test_feedback_brings_outputs_nearer_than_rounding_to_the_nearest():
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(500, 8)) @ rng.normal(size=(8, 24))  # that go along with each other
    weights, scales = rng.normal(size=(5, 24)), np.full(5, 0.25)
    square = inputs.T @ inputs / len(inputs) + 0.01 * np.eye(24)
    found = round_with_feedback(weights, scales, square, 127)
    np.testing.assert_allclose(found / 0.25, np.rint(found / 0.25), atol=1e-9)
    nearest = np.rint(weights / 0.25) * 0.25

    def error(rounded: np.ndarray) -> float:
        return float(np.square(inputs @ (rounded - weights).T).mean())

    assert error(found) < 0.25 * error(nearest)


def test_codes_stay_within_their_limit():
    weights = np.array([[10.0, -10.0, 3.2]])
    found = round_with_feedback(weights, np.ones(1), np.eye(3), 5)
    assert found.tolist() == [[5.0, -5.0, 3.0]]


def test_compensated_weights_lie_on_their_grids(rounded: Rounded):
    graph = {t.name: t for t in rounded.prepared.model.graph.initializer}
    for layer in rounded.scheme.layers:
        weights = np.frombuffer(graph[layer.weights].raw_data, np.float32)
        weights = weights.reshape(tuple(graph[layer.weights].dims))
        rendered = rounded.scheme.rendered(layer, weights)
        np.testing.assert_allclose(rendered, weights, rtol=1e-4, atol=1e-7)


def test_a_model_is_nearer_with_compensation_than_without(rounded: Rounded, planes: np.ndarray):
    judge = Judge(rounded.exact.model, planes, [])
    nearest = replace(rounded, prepared=rounded.exact)
    assert judge.kl(rounded.graph()) < judge.kl(nearest.graph())
