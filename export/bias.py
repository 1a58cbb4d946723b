"""Bias correction: what rounded weights add to a convolution's output on average, taken back.

A convolution is linear, so the mean error of a channel is its weights' error applied to the mean
input, which one pass of the FP32 model over some positions tells.

Source: Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction",
ICCV 2019, section 4.2, with measured instead of derived means.
"""

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from aztoolkit.model import INPUT
from export.calibration import BATCH
from export.graph import initializers, is_quantized_conv, producers

POSITIONS = 1024
"""Enough to tell mean inputs."""
Means = dict[str, NDArray[np.float64]]
"""Mean input of each convolution by node name: `[C, 8, 8]`."""


def correct_biases(
    original: onnx.ModelProto, quantized: onnx.ModelProto, planes: NDArray[np.float32]
) -> None:
    """Changes the biases of a quantized model so that rounding moves no channel's mean.

    Args:
        original: the FP32 model; its nodes have the same names.
        planes: `[N, C, 8, 8]` positions to average over.
    """
    means = mean_inputs(original, planes[:POSITIONS])
    made_by, tensors = producers(quantized.graph), initializers(quantized.graph)
    exact = initializers(original.graph)
    weights = {node.name: node.input[1] for node in original.graph.node if node.name in means}
    for node in quantized.graph.node:
        if not is_quantized_conv(node, made_by) or len(node.input) < 3:
            continue
        rounded, bias = made_by[node.input[1]], made_by[node.input[2]]
        error = _dequantize(rounded, tensors) - numpy_helper.to_array(exact[weights[node.name]])
        shift = _mean_output(error, means[node.name])
        _add(tensors[bias.input[0]], -shift / numpy_helper.to_array(tensors[bias.input[1]]))


def mean_inputs(model: onnx.ModelProto, planes: NDArray[np.float32]) -> Means:
    """Returns the mean input of every convolution of an FP32 model over `[N, C, 8, 8]` positions."""
    import onnxruntime

    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    names = sorted({node.input[0] for node in convolutions} - {INPUT})
    del probe.graph.output[:]
    probe.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    session = onnxruntime.InferenceSession(
        probe.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    sums = {INPUT: planes.sum(axis=0, dtype=np.float64)}
    for start in range(0, len(planes), BATCH):
        found = session.run(names, {INPUT: planes[start : start + BATCH]})
        for name, values in zip(names, found, strict=True):
            sums[name] = sums.get(name, 0.0) + values.sum(axis=0, dtype=np.float64)
    return {node.name: sums[node.input[0]] / len(planes) for node in convolutions}


def _mean_output(
    weights: NDArray[np.float64], mean_input: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Returns the mean over squares of a size-preserving convolution: `[F]`.

    Args:
        weights: `[F, C, K, K]`.
        mean_input: `[C, 8, 8]`.
    """
    size, squares = weights.shape[-1], mean_input.shape[-1]
    padded = np.pad(mean_input, ((0, 0), (size // 2, size // 2), (size // 2, size // 2)))
    seen = [
        [padded[:, i : i + squares, j : j + squares].mean(axis=(1, 2)) for j in range(size)]
        for i in range(size)
    ]
    result: NDArray[np.float64] = np.einsum("fcij,ijc->f", weights, np.array(seen))
    return result


def _dequantize(node: onnx.NodeProto, tensors: dict[str, onnx.TensorProto]) -> NDArray[np.float64]:
    """Returns the weights that a DequantizeLinear of symmetric s8 renders: `[F, C, K, K]`."""
    values, scales = (numpy_helper.to_array(tensors[name]) for name in node.input[:2])
    result: NDArray[np.float64] = values.astype(np.float64) * scales.reshape(-1, 1, 1, 1)
    return result


def _add(tensor: onnx.TensorProto, steps: NDArray[np.float64]) -> None:
    """Adds to an s32 tensor, rounded to whole steps."""
    changed = numpy_helper.to_array(tensor) + np.rint(steps).astype(np.int32)
    tensor.CopyFrom(numpy_helper.from_array(changed.astype(np.int32), tensor.name))
