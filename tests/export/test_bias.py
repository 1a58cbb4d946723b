"""Bias correction against what the convolution in fact puts out."""

from pathlib import Path

import numpy as np
import onnx
import torch

from export.bias import _mean_output, mean_inputs
from export.check import check_planes
from export.onnx import export_onnx
from tests.export.conftest import make_checkpoint


def test_mean_output_is_the_mean_of_outputs():
    generator = torch.Generator().manual_seed(0)
    inputs = torch.rand(20, 5, 8, 8, generator=generator, dtype=torch.float64)
    for size in (1, 3):
        weights = torch.randn(7, 5, size, size, generator=generator, dtype=torch.float64)
        outputs = torch.nn.functional.conv2d(inputs, weights, padding=size // 2)
        got = _mean_output(weights.numpy(), inputs.mean(dim=0).numpy())
        np.testing.assert_allclose(got, outputs.mean(dim=(0, 2, 3)).numpy(), atol=1e-12)


def test_mean_inputs_are_those_of_the_network(tmp_path: Path):
    checkpoint = make_checkpoint(tmp_path)
    export_onnx(checkpoint, tmp_path / "fp32.onnx")
    planes = np.tile(check_planes("az119"), (2, 1, 1, 1))  # more than one batch
    means = mean_inputs(onnx.load(tmp_path / "fp32.onnx"), planes)
    stem = checkpoint.network.get_submodule("stem")
    with torch.no_grad():
        expected = torch.relu(stem(torch.from_numpy(planes))).mean(dim=0)
    np.testing.assert_allclose(means["/stem/stem.0/Conv"], planes.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(means["/tower/tower.0/first/first.0/Conv"], expected, atol=1e-5)
