"""The torch twin, and what training does to it."""

import numpy as np
import onnx
import pytest
import torch

from aztoolkit.errors import ModelError
from export.calibration import Calibration
from export.distances import distances, legal_indices
from export.graph import pack_matrices
from export.quantization.layers import parameter
from export.quantization.qat import divergence, make_lessons, train
from export.quantization.rounded import Rounded
from export.quantization.sensitivity import Judge
from export.quantization.sessions import answers_of
from export.quantization.training import Training
from export.quantization.twin import Twin, _packed, _round


def test_the_twin_answers_as_the_written_model(rounded: Rounded, planes: np.ndarray):
    twin = Twin(rounded.prepared, rounded.scheme)
    with torch.no_grad():
        policy, wdl = (tensor.numpy() for tensor in twin(torch.from_numpy(planes)))
    written = answers_of(rounded.graph(), planes)
    exact = answers_of(rounded.exact.model, planes)
    # A value in the middle between two codes may go either way, which moves others: means agree.
    error = np.abs(exact.policy - written.policy).mean()
    assert np.abs(policy - written.policy).mean() < 0.5 * error
    np.testing.assert_allclose(wdl, written.wdl, atol=0.02)


def test_a_twin_without_rounding_answers_as_the_float_model(rounded: Rounded, planes: np.ndarray):
    names = [layer.name for layer in rounded.scheme.layers]
    floating = rounded.without(names)
    with torch.no_grad():
        policy, wdl = Twin(floating.prepared, floating.scheme)(torch.from_numpy(planes))
    exact = answers_of(floating.graph(), planes)
    np.testing.assert_allclose(policy.numpy(), exact.policy, atol=2e-3)  # stored as halves
    np.testing.assert_allclose(wdl.numpy(), exact.wdl, atol=2e-3)


def test_rounding_is_that_of_quantize_linear_and_lets_gradients_through():
    values = torch.tensor([-1.0, 0.124, 0.126, 3.0, 100.0], requires_grad=True)
    scale = torch.tensor(0.25, requires_grad=True)
    rounded = _round(values, scale, 0, 0, 255)
    assert rounded.tolist() == [0.0, 0.0, 0.25, 3.0, 63.75]
    rounded.sum().backward()
    assert values.grad is not None
    assert scale.grad is not None
    assert values.grad.tolist() == [0.0, 1.0, 1.0, 1.0, 0.0]
    expected = 0 - 0.124 / 0.25 + (1 - 0.126 / 0.25) + 0 + 255  # Esser et al., equation 3
    assert scale.grad.item() == pytest.approx(expected, abs=1e-4)


def test_large_matrices_are_rounded_as_they_are_stored():
    weights = np.random.default_rng(0).normal(size=(128, 256)).astype(np.float32)
    node = onnx.helper.make_node("Gemm", ["x", "w"], ["y"], transB=1)
    constant = onnx.numpy_helper.from_array(weights, "w")
    graph = onnx.helper.make_graph([node], "test", [], [], [constant])
    pack_matrices(graph)
    stored = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    trained = torch.from_numpy(weights).requires_grad_()
    packed = _packed(trained)
    expected = stored["w_q"] * stored["w_scale"][:, None]
    np.testing.assert_allclose(packed.detach().numpy(), expected, atol=1e-5)
    assert np.abs(expected - weights).max() > 1e-3
    packed.sum().backward()
    assert trained.grad is not None
    assert (trained.grad == 1).all()


def test_training_moves_weights_and_leaves_them_on_their_grids(
    rounded: Rounded, original: onnx.ModelProto, calibration: Calibration
):
    lessons = make_lessons(original, calibration.planes, [])
    trained = train(rounded, lessons, Training(positions=320, batch=32, place_rate=0.3))
    moved = 0
    for layer in rounded.scheme.layers:
        scheme, weights = trained.scheme, parameter(trained.prepared.model.graph, layer.weights)
        np.testing.assert_allclose(scheme.rendered(layer, weights), weights, rtol=1e-5)
        before = parameter(rounded.prepared.model.graph, layer.weights)
        moved += (scheme.codes(layer, weights) != scheme.codes(layer, before)).sum()
    assert moved > 0


def test_divergence_is_kullback_and_leiblers():
    truth, other = torch.tensor([[0.0, 1.0, 2.0]]), torch.tensor([[0.5, 1.0, 0.0]])
    p, q = truth.softmax(1), other.softmax(1)
    assert divergence(truth, other).item() == pytest.approx((p * (p / q).log()).sum().item())


def test_training_brings_the_model_nearer(
    rounded: Rounded, original: onnx.ModelProto, calibration: Calibration
):
    coarse = Rounded(rounded.exact, rounded.scheme, rounded.exact)  # rounded to the nearest
    legal = [legal_indices(board, "az4672") for board in calibration.boards]
    lessons = make_lessons(original, calibration.planes, legal)
    done: list[int] = []
    training = Training(positions=1600, batch=32)
    trained = train(coarse, lessons, training, watch=lambda *_: done.append)
    judge = Judge(original, calibration.planes, legal)
    assert judge.kl(trained.graph()) < 0.95 * judge.kl(coarse.graph())
    assert sum(done) == 1600
    again = train(coarse, lessons, training)
    same = distances(
        answers_of(trained.graph(), calibration.planes),
        answers_of(again.graph(), calibration.planes),
        legal,
    )
    assert same.kl.max() < 1e-6  # the seed decides


def test_what_cannot_be_trained_is_said(rounded: Rounded):
    prepared = rounded.prepared.copy()
    node = next(node for node in prepared.model.graph.node if node.op_type == "Relu")
    node.op_type = "Erf"
    with pytest.raises(ModelError, match=r"expected operators among .* got Erf"):
        Twin(prepared, rounded.scheme)
