"""A scheme as an ONNX graph: QuantizeLinear and DequantizeLinear nodes around rounded layers.

A layer in float that reads what a rounded one wrote reads it through a DequantizeLinear of its own, with a
scale a channel, though all are equal. With one scale for all, ONNX Runtime (1.31, `WeightBiasQuantization`)
rounds the weights of a float layer between two rounded ones itself, with one scale for all of them.
"""

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from export.graph import drop_unread, pack_matrices
from export.quantization.layers import Layer, Prepared, parameter
from export.quantization.scheme import Scheme

_S32 = -(2.0**31), 2.0**31 - 1


def write_graph(prepared: Prepared, scheme: Scheme) -> onnx.ModelProto:
    """Returns a prepared model rounded by a scheme, without metadata."""
    model = prepared.copy().model
    graph = model.graph
    layers = {layer.name: layer for layer in scheme.layers}
    nodes: list[onnx.NodeProto] = []
    for tensor in [value.name for value in graph.input if value.name in scheme.rounded]:
        nodes.extend(_round_tensor(graph, scheme, tensor))
    for node in graph.node:
        is_kept = node.op_type == "Conv" and node.name not in layers
        nodes.extend(_redirect(graph, node, scheme, by_channel=is_kept))
        if node.name in layers:
            nodes.extend(_round_parameters(graph, scheme, layers[node.name], node))
        nodes.append(node)
        for tensor in node.output:
            if tensor in scheme.rounded:
                nodes.extend(_round_tensor(graph, scheme, tensor))
    del graph.node[:]
    graph.node.extend(nodes)
    drop_unread(graph)
    pack_matrices(graph)
    return model


def _redirect(
    graph: onnx.GraphProto, node: onnx.NodeProto, scheme: Scheme, *, by_channel: bool
) -> list[onnx.NodeProto]:
    """Lets a node read the rounded forms of what it reads; returns the nodes that this takes."""
    made = []
    for place, tensor in enumerate(node.input):
        if not scheme.reads_rounded(node, tensor):
            continue
        if by_channel:
            made.append(_restore_by_channel(graph, scheme, tensor, node))
            node.input[place] = made[-1].output[0]
        else:
            node.input[place] = rounded_name(tensor)
    return made


def _restore_by_channel(
    graph: onnx.GraphProto, scheme: Scheme, tensor: str, node: onnx.NodeProto
) -> onnx.NodeProto:
    """Returns a node that makes codes float again for one reader, with a scale a channel."""
    grid, channels = scheme.grids[tensor], parameter(graph, node.input[1]).shape[1]
    scales = np.full(channels, grid.scale, np.float32)
    zero_points = np.full(channels, grid.zero_point, scheme.target.dtype)
    name = f"{node.name}/{tensor}"
    return _restoring_node(f"{tensor}_q", _add(graph, name, scales, zero_points), name, axis=1)


def _round_tensor(graph: onnx.GraphProto, scheme: Scheme, tensor: str) -> list[onnx.NodeProto]:
    """Returns the nodes that round a tensor, and adds its scale and zero point."""
    grid = scheme.grids[tensor]
    zero_point = np.array(grid.zero_point, scheme.target.dtype)
    constants = _add(graph, tensor, np.array(grid.scale, np.float32), zero_point)
    codes = f"{tensor}_q"
    return [
        helper.make_node("QuantizeLinear", [tensor, *constants], [codes], name=f"{tensor}_Q"),
        helper.make_node(
            "DequantizeLinear", [codes, *constants], [rounded_name(tensor)], name=f"{tensor}_DQ"
        ),
    ]


def _round_parameters(
    graph: onnx.GraphProto, scheme: Scheme, layer: Layer, node: onnx.NodeProto
) -> list[onnx.NodeProto]:
    """Returns the nodes that make integer weights and biases float, and lets the layer read them."""
    scales = scheme.scales[layer.name]
    codes = scheme.codes(layer, parameter(graph, layer.weights))
    made = [_constant_node(graph, layer.weights, codes, scales)]
    node.input[1] = rounded_name(layer.weights)
    if scheme.target.rounds_biases:
        steps = (scheme.grids[layer.source].scale * scales.astype(np.float64)).astype(np.float32)
        bias = np.rint(parameter(graph, layer.bias) / steps.astype(np.float64))
        codes = np.clip(bias, *_S32).astype(np.int32)
        made.append(_constant_node(graph, layer.bias, codes, steps))
        node.input[2] = rounded_name(layer.bias)
    return made


def _constant_node(
    graph: onnx.GraphProto,
    name: str,
    codes: NDArray[np.integer],
    scales: NDArray[np.float32],
) -> onnx.NodeProto:
    """Adds a constant in integers, one scale an element of its first axis; returns what renders it."""
    graph.initializer.append(numpy_helper.from_array(codes, f"{name}_q"))
    constants = _add(graph, name, scales, np.zeros(len(scales), codes.dtype))
    return _restoring_node(f"{name}_q", constants, name, axis=0)


def _restoring_node(codes: str, constants: list[str], name: str, *, axis: int) -> onnx.NodeProto:
    """Returns the node that renders codes with one scale an element of an axis."""
    inputs, outputs = [codes, *constants], [rounded_name(name)]
    return helper.make_node("DequantizeLinear", inputs, outputs, name=f"{name}_DQ", axis=axis)


def _add(
    graph: onnx.GraphProto,
    tensor: str,
    scale: NDArray[np.float32],
    zero_point: NDArray[np.integer],
) -> list[str]:
    names = [f"{tensor}_scale", f"{tensor}_zero"]
    for name, values in zip(names, (scale, zero_point), strict=True):
        graph.initializer.append(numpy_helper.from_array(np.asarray(values), name))
    return names


def rounded_name(tensor: str) -> str:
    """Returns the name of the rounded form of a tensor."""
    return f"{tensor}_dq"
