"""Surgery on ONNX graphs: what the value head is, who sees rounded values, what is stored small."""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from aztoolkit.errors import ModelError
from aztoolkit.model import INPUT, OUTPUTS

OPSET = 20
"""ONNX operator set of every model; ONNX Runtime reads it from 1.17 on."""
IR_VERSION = 9
"""Of the file format; the one that came with the operator set."""
_DEQUANTIZE = "DequantizeLinear"
_CONV, _GEMM = "Conv", "Gemm"
S8_MAX = 127
_POLICY, _WDL = OUTPUTS
_PACKED_FROM = 1 << 14
"""Weights of a matrix that is worth packing. Smaller ones are squeeze-excitation's, which scale every
channel: packing them too made KL 0.0054 of 0.0021 (maia-1500) for 2 % of the file."""

Producers = Mapping[str, onnx.NodeProto]
Readers = Mapping[str, list[onnx.NodeProto]]


def producers(graph: onnx.GraphProto) -> dict[str, onnx.NodeProto]:
    """Returns the node that makes each tensor, by the tensor's name."""
    return {name: node for node in graph.node for name in node.output}


def readers(graph: onnx.GraphProto) -> Readers:
    """Returns the nodes that read each tensor, by the tensor's name; none for most names."""
    found: dict[str, list[onnx.NodeProto]] = defaultdict(list)
    for node in graph.node:
        for name in dict.fromkeys(node.input):
            found[name].append(node)
    return found


def drop_unread(graph: onnx.GraphProto) -> None:
    """Removes the constant tensors that no node reads."""
    read = {name for node in graph.node for name in node.input}
    for tensor in [tensor for tensor in graph.initializer if tensor.name not in read]:
        graph.initializer.remove(tensor)


def initializers(graph: onnx.GraphProto) -> dict[str, onnx.TensorProto]:
    """Returns the constant tensors by name."""
    return {tensor.name: tensor for tensor in graph.initializer}


def value_head(graph: onnx.GraphProto) -> tuple[str, ...]:
    """Returns the names of the nodes that feed the win/draw/loss output and not the policy."""
    value, policy = _ancestors(graph, _WDL), _ancestors(graph, _POLICY)
    return tuple(node.name for node in graph.node if node.name in value and node.name not in policy)


def divide_planes(graph: onnx.GraphProto, divisors: NDArray[np.float32]) -> str:
    """Divides the input planes by numbers that the weights of their readers take back.

    Args:
        divisors: `[C]`, one a plane.

    Returns:
        The tensor that they now read.

    Raises:
        ModelError: something else than convolutions reads the planes.
    """
    factors = numpy_helper.from_array((1 / divisors).reshape(1, -1, 1, 1), f"{INPUT}_factors")
    divided = f"{INPUT}_divided"
    tensors = initializers(graph)
    for node in graph.node:
        if INPUT in node.input:
            if node.op_type != _CONV:
                raise ModelError(f"expected convolutions of the planes, got {node.op_type}")
            weights = tensors[node.input[1]]
            scaled = numpy_helper.to_array(weights) * divisors.reshape(1, -1, 1, 1)
            weights.CopyFrom(numpy_helper.from_array(scaled, weights.name))
            _replace_input(node, INPUT, divided)
    graph.initializer.append(factors)
    inputs = [INPUT, factors.name]
    graph.node.insert(0, helper.make_node("Mul", inputs, [divided], name=f"/{divided}"))
    return divided


def drop_identities(graph: onnx.GraphProto) -> None:
    """Lets readers of an Identity read its input; exporters write one where two tensors are equal."""
    identities = [node for node in graph.node if node.op_type == "Identity"]
    for identity in identities:
        for node in graph.node:
            _replace_input(node, identity.output[0], identity.input[0])
        graph.node.remove(identity)


def pack_matrices(graph: onnx.GraphProto) -> None:
    """Stores large float matrices as s8 with a scale for each output, to be multiplied in float.

    That makes the value head a quarter as large; it costs no time that could be measured.
    """
    tensors = initializers(graph)
    for name in large_matrices(graph):
        graph.initializer.remove(tensors[name])
        _pack(graph, tensors[name])


def large_matrices(graph: onnx.GraphProto) -> list[str]:
    """Returns the constants `[outputs, inputs]` that `pack_matrices` packs."""
    tensors = initializers(graph)
    found = [
        node.input[1]
        for node in graph.node
        if node.op_type == _GEMM and node.input[1] in tensors and is_transposed(node)
    ]
    return [name for name in dict.fromkeys(found) if np.prod(tensors[name].dims) >= _PACKED_FROM]


def is_transposed(gemm: onnx.NodeProto) -> bool:
    """Returns whether a fully connected layer has its weights as `[outputs, inputs]`."""
    return any(attribute.name == "transB" and attribute.i == 1 for attribute in gemm.attribute)


def _pack(graph: onnx.GraphProto, tensor: onnx.TensorProto) -> None:
    """Adds a matrix `[outputs, inputs]` as s8, and the node that makes it float again."""
    weights = numpy_helper.to_array(tensor)
    scales = np.maximum(np.abs(weights).max(axis=1), np.finfo(np.float32).tiny) / S8_MAX
    packed = {
        f"{tensor.name}_q": np.rint(weights / scales[:, None]).astype(np.int8),
        f"{tensor.name}_scale": scales.astype(np.float32),
        # ONNX Runtime 1.31 fails on s8 without zero points where it avoids u8 x s8 products.
        f"{tensor.name}_zero": np.zeros(len(scales), dtype=np.int8),
    }
    for name, values in packed.items():
        graph.initializer.append(numpy_helper.from_array(values, name))
    node = helper.make_node(
        _DEQUANTIZE, list(packed), [tensor.name], name=f"{tensor.name}_{_DEQUANTIZE}", axis=0
    )
    graph.node.insert(0, node)


def _replace_input(node: onnx.NodeProto, old: str, new: str) -> None:
    for index, name in enumerate(node.input):
        if name == old:
            node.input[index] = new


def _ancestors(graph: onnx.GraphProto, output: str) -> set[str]:
    made_by = producers(graph)
    found: set[str] = set()
    waiting = [output]
    while waiting:
        node = made_by.get(waiting.pop())
        if node is not None and node.name not in found:
            found.add(node.name)
            waiting.extend(node.input)
    return found
