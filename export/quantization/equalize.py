"""Equalization: channels of like range, so that one scale fits all channels of a tensor.

Three changes of the float model that leave its answers as they are:

- `equalize`: tensors that share their factors (see `channels`) are multiplied by those that make the
  rounding of activations and that of the weights behind them weigh alike.
- `spread_results`: what a convolution writes for float readers alone is brought to 0..255 channel by
  channel, which is as good as a scale and a zero point for each. Its readers take that back
  where there is one number a channel, or behind the last of all layers, so it costs next to no time:

      x ─▶ mean ─▶ matrix       in the matrix        (squeeze-excitation)
      x ─▶ · gate ─▶ + shift    in gate and shift    (squeeze-excitation)
      x ─▶ flatten [─▶ gather]  in front of it       (planes of the policy)

- `balance_sources`: what float nodes write for a rounded layer is multiplied by factors of its own in front
  of the rounding. That costs a product a tensor, and fits every block of the residual stream, where
  `equalize` has to find factors for all of them together.

Source of the first: Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias
Correction", ICCV 2019, section 4.1, for any number of tensors that are tied.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from aztoolkit.model import OUTPUTS
from export.graph import Readers, readers
from export.quantization.channels import (
    Group,
    Shapes,
    find_groups,
    insert,
    is_column,
    matrix_behind,
    scale_group,
)
from export.quantization.layers import Layer, Prepared, parameter, set_parameter
from export.quantization.ranges import Range

MARGIN = 0.05
"""Few positions tell one channel's range badly."""
_CODES = 255
_TIED_BALANCE, _FREE_BALANCE = 0.5, 0.25
"""Share of the weights in factors for tied tensors, and for one tensor of a layer."""
_LARGEST_FACTOR = 64.0
_TINY = 1e-6


def equalize(prepared: Prepared, ranges: Mapping[str, Range], shapes: Shapes) -> Prepared:
    """Returns a model with the same answers whose groups of tensors have channels of like range.

    Args:
        ranges: of the tensors that are to be rounded.
        shapes: of all tensors.
    """
    changed = prepared.copy()
    for group in find_groups(changed, shapes):
        spans = [ranges[name] for name in sorted(group.tensors) if name in ranges]
        if spans and group.readers:
            scale_group(changed, group, _factors(changed, group, spans))
    return changed


def balance_sources(prepared: Prepared, ranges: Mapping[str, Range]) -> Prepared:
    """Returns a model with the same answers whose rounded layers read channels of like range."""
    changed, layers = prepared.copy(), list(prepared.layers)
    graph = changed.model.graph
    written = {layer.result for layer in layers}
    nodes = {node.name: node for node in graph.node}
    for place, layer in enumerate(layers):
        if layer.source in written or layer.source in changed.exact:
            continue
        weights = parameter(graph, layer.weights)
        factors = _balance(
            _reach(ranges[layer.source]), np.abs(weights).max(axis=(0, 2, 3)), _FREE_BALANCE
        )
        set_parameter(graph, layer.weights, weights / factors.reshape(1, -1, 1, 1))
        constant = _constant(graph, f"{layer.name}_factors", factors.reshape(1, -1, 1, 1))
        node = nodes[layer.name]
        node.input[0] = insert(graph, node, "Mul", [layer.source, constant])
        layers[place] = replace(layer, source=node.input[0])
    return replace(changed, layers=tuple(layers))


def spread_results(
    prepared: Prepared, ranges: Mapping[str, Range], shapes: Shapes, *, margin: float = MARGIN
) -> Prepared:
    """Returns a model with the same answers whose free results reach from 0 to 255 in each channel.

    Args:
        ranges: of the results, what may be cut off left out.
        margin: share of a channel's span that is left free at either end.
    """
    changed, exact = prepared.copy(), dict(prepared.exact)
    sources = {layer.source for layer in changed.layers}
    for layer in changed.layers:
        if layer.result == layer.output and layer.result not in sources:
            takers = _takers(changed.model.graph, layer.result, shapes)
            if takers is not None:
                _spread(changed, layer, ranges[layer.result], takers, margin)
                exact[layer.result] = 1.0
    return replace(changed, exact=exact)


def _factors(prepared: Prepared, group: Group, spans: list[Range]) -> NDArray[np.float64]:
    """Returns the factors `[C]` of a group."""
    shares = [reach / max(reach.max(), _TINY) for reach in map(_reach, spans)]
    activations = np.exp(np.mean([np.log(np.maximum(share, _TINY)) for share in shares], axis=0))
    weights = np.zeros_like(activations)
    for node, _ in group.readers:
        if node.op_type == "Conv":
            reach = np.abs(parameter(prepared.model.graph, node.input[1])).max(axis=(0, 2, 3))
            weights = np.maximum(weights, reach / max(reach.max(), _TINY))
    return _balance(activations, weights, _TIED_BALANCE)


def _reach(span: Range) -> NDArray[np.float64]:
    return np.maximum(np.abs(span.low), np.abs(span.high)).astype(np.float64)


def _balance(
    activations: NDArray[np.floating], weights: NDArray[np.floating], share: float
) -> NDArray[np.float64]:
    """Returns factors `[C]`, their geometric mean about 1, from the reach of either in each channel.

    Args:
        share: 0 evens out activations alone, 1 weights alone.
    """
    factors = np.maximum(weights, _TINY) ** share / np.maximum(activations, _TINY) ** (1 - share)
    factors /= np.exp(np.log(factors).mean())
    result: NDArray[np.float64] = np.clip(factors, 1 / _LARGEST_FACTOR, _LARGEST_FACTOR)
    return result


Takers = list[tuple[onnx.NodeProto, ...]]
"""Chains of nodes that read a result and can take a scale and an offset back."""


def _takers(graph: onnx.GraphProto, result: str, shapes: Shapes) -> Takers | None:
    """Returns how the readers of a result can take back what is done to it; None if one cannot."""
    following = readers(graph)
    chains: Takers = []
    for node in following[result]:
        behind = following[node.output[0]]
        chain: tuple[onnx.NodeProto, ...] | None
        if node.op_type in ("GlobalAveragePool", "ReduceMean"):
            matrix = matrix_behind(graph, node)
            chain = None if matrix is None else (node, matrix)
        elif node.op_type == "Mul" and len(behind) == 1 and behind[0].op_type == "Add":
            gates = [name for name in node.input if is_column(shapes.get(name, ()))]
            shifts = [name for name in behind[0].input if is_column(shapes.get(name, ()))]
            chain = (node, behind[0]) if len(gates) == len(shifts) == 1 else None
        elif node.op_type == "Flatten" and _is_answer(node.output[0], following):
            chain = (node,)
        else:
            chain = None
        if chain is None:
            return None
        chains.append(chain)
    return chains


def _is_answer(flat: str, following: Readers) -> bool:
    """Returns whether logits of planes are an output, or alone gathered as one."""
    if flat in OUTPUTS:
        return True
    nodes = following[flat]
    return len(nodes) == 1 and nodes[0].op_type == "Gather" and nodes[0].output[0] in OUTPUTS


def _spread(prepared: Prepared, layer: Layer, span: Range, takers: Takers, margin: float) -> None:
    graph = prepared.model.graph
    room = np.maximum(span.high - span.low, _TINY).astype(np.float64) * margin
    low, high = span.low - room, span.high + room
    scale = (high - low) / _CODES
    weights, bias = parameter(graph, layer.weights), parameter(graph, layer.bias)
    set_parameter(graph, layer.weights, weights / scale.reshape(-1, 1, 1, 1))
    set_parameter(graph, layer.bias, (bias - low) / scale)
    for chain in takers:
        if chain[-1].op_type == "Gemm":
            _restore_means(graph, chain[-1], scale, low)
        elif chain[0].op_type == "Mul":
            _restore_product(graph, chain[0], chain[1], layer.result, scale, low)
        else:
            _restore_output(graph, chain[0], scale, low)


def _restore_means(
    graph: onnx.GraphProto,
    matrix: onnx.NodeProto,
    scale: NDArray[np.float64],
    low: NDArray[np.float64],
) -> None:
    weights, bias = (parameter(graph, name) for name in matrix.input[1:3])
    set_parameter(graph, matrix.input[1], weights * scale)
    set_parameter(graph, matrix.input[2], bias + weights @ low)


def _restore_product(
    graph: onnx.GraphProto,
    product: onnx.NodeProto,
    total: onnx.NodeProto,
    result: str,
    scale: NDArray[np.float64],
    low: NDArray[np.float64],
) -> None:
    """Turns `x * gate + shift` into `y * (gate * scale) + (shift + gate * low)`."""
    place = 1 if product.input[0] == result else 0
    gate = product.input[place]
    shift = 1 if total.input[0] == product.output[0] else 0
    factors = _constant(graph, f"{product.name}_scale", scale.reshape(1, -1, 1, 1))
    lows = _constant(graph, f"{product.name}_low", low.reshape(1, -1, 1, 1))
    product.input[place] = insert(graph, product, "Mul", [gate, factors])
    moved = insert(graph, total, "Mul", [gate, lows])
    total.input[shift] = insert(graph, total, "Add", [total.input[shift], moved])


def _restore_output(
    graph: onnx.GraphProto,
    flatten: onnx.NodeProto,
    scale: NDArray[np.float64],
    low: NDArray[np.float64],
) -> None:
    """Puts `y * scale + low` in front of what flattens the planes of the policy."""
    factors = _constant(graph, f"{flatten.name}_scale", scale.reshape(1, -1, 1, 1))
    lows = _constant(graph, f"{flatten.name}_low", low.reshape(1, -1, 1, 1))
    scaled = insert(graph, flatten, "Mul", [flatten.input[0], factors])
    flatten.input[0] = insert(graph, flatten, "Add", [scaled, lows])


def _constant(graph: onnx.GraphProto, name: str, values: NDArray[np.float64]) -> str:
    graph.initializer.append(numpy_helper.from_array(values.astype(np.float32), name))
    return name
