"""The convolutions of a graph that may be rounded, and the graph made ready for it.

A layer reaches from its convolution to the ReLU behind it, if that alone reads the convolution: the
runtime computes the two as one, and what is rounded is what comes out of the ReLU.

    source ─▶ Conv(weights, bias) ─▶ [Relu] ─▶ result
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from aztoolkit.encoding import az119, get_encoding, lc0_112
from aztoolkit.errors import ModelError
from aztoolkit.model import INPUT
from export.graph import divide_planes, drop_identities, initializers, readers, value_head

EXACT_SCALE = 1 / az119.COUNTER_LIMIT
"""Of the input: whole multiples of it are exact."""
_WHOLE_PLANES = {az119.NAME: (), lc0_112.NAME: (lc0_112.HALFMOVE_CLOCK,)}
"""By encoding, the planes that hold whole numbers; the others hold multiples of the scale up to 1."""


@dataclass(frozen=True)
class Layer:
    """A convolution with its ReLU, by the names of its node and tensors."""

    name: str
    source: str
    weights: str
    bias: str
    output: str
    """What the convolution itself writes."""
    result: str
    """What the ReLU writes, or else `output`."""


@dataclass(frozen=True)
class Prepared:
    """A float model ready to be rounded: same answers, other parameters."""

    model: onnx.ModelProto
    layers: tuple[Layer, ...]
    """In the order of computation, without those of the value head."""
    exact: Mapping[str, float]
    """Scales that are known beforehand, by tensor: of the input, and of results that were spread."""

    def layer(self, name: str) -> Layer:
        """Returns the layer of a name."""
        return next(layer for layer in self.layers if layer.name == name)

    def copy(self) -> "Prepared":
        """Returns one whose parameters can be changed without changing these."""
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        return Prepared(model, self.layers, dict(self.exact))


def prepare(model: onnx.ModelProto, encoding: str) -> Prepared:
    """Returns a copy of an FP32 model whose convolutions have parameters of their own.

    Raises:
        ModelError: there are no convolutions, or some that are not of constant weights, stride 1 and
            one group, and leave 8x8 squares.
    """
    prepared = onnx.ModelProto()
    prepared.CopyFrom(model)
    graph = prepared.graph
    drop_identities(graph)
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    if not convolutions:
        raise ModelError(
            "expected convolutions to quantize, got none; the matrices of a transformer stay in "
            "float: use its fp32.onnx or fp16.onnx"
        )
    for node in convolutions:
        _check_plain(node)
    _own_parameters(graph, convolutions)
    planes = _exact_planes(graph, encoding)
    kept = set(value_head(graph))
    layers = tuple(_layer(graph, node) for node in convolutions if node.name not in kept)
    return Prepared(prepared, layers, {planes: EXACT_SCALE})


def parameter(graph: onnx.GraphProto, name: str) -> NDArray[np.float32]:
    """Returns a constant tensor of a graph; writing to it changes nothing."""
    array: NDArray[np.float32] = numpy_helper.to_array(initializers(graph)[name])
    return array


def set_parameter(graph: onnx.GraphProto, name: str, values: NDArray[np.floating]) -> None:
    """Replaces the values of a constant tensor of a graph by float32 ones of the same shape."""
    tensor = initializers(graph)[name]
    tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float32), name))


def _check_plain(node: onnx.NodeProto) -> None:
    attributes = {one.name: helper.get_attribute_value(one) for one in node.attribute}
    sides = attributes.get("kernel_shape", [1, 1])
    plain = {
        "group": 1,
        "strides": [1, 1],
        "dilations": [1, 1],
        "pads": [sides[0] // 2] * 4,
        "auto_pad": b"NOTSET",
    }
    for name, wanted in plain.items():
        got = attributes.get(name, [0] * 4 if name == "pads" else wanted)
        if got != wanted:
            raise ModelError(
                f"expected convolutions with {name} {wanted}, got {got}: {node.name}; use --method dynamic"
            )


def _own_parameters(graph: onnx.GraphProto, convolutions: list[onnx.NodeProto]) -> None:
    """Copies what several nodes share (exporters merge equal tensors), and adds missing biases."""
    tensors = initializers(graph)
    uses = Counter(name for node in graph.node for name in node.input)
    for node in convolutions:
        for name in node.input[1:]:
            if name not in tensors:
                raise ModelError(
                    f"expected convolutions of constant weights, got {node.name}; use --method dynamic"
                )
        if len(node.input) == 2:
            filters = tensors[node.input[1]].dims[0]
            bias = numpy_helper.from_array(np.zeros(filters, np.float32), f"{node.name}.bias")
            graph.initializer.append(bias)
            node.input.append(bias.name)
        for place, name in list(enumerate(node.input))[1:]:
            if uses[name] > 1:
                copy = graph.initializer.add()
                copy.CopyFrom(tensors[name])
                copy.name = node.input[place] = f"{node.name}.{name}"


def _exact_planes(graph: onnx.GraphProto, encoding: str) -> str:
    """Brings every plane to multiples of the scale and returns the tensor that they are in."""
    whole = _WHOLE_PLANES[encoding]
    if not whole:
        return INPUT
    divisors = np.ones(get_encoding(encoding).planes, dtype=np.float32)
    divisors[list(whole)] = az119.COUNTER_LIMIT
    return divide_planes(graph, divisors)


def _layer(graph: onnx.GraphProto, node: onnx.NodeProto) -> Layer:
    source, weights, bias = node.input
    output = result = node.output[0]
    following = readers(graph)[output]
    if len(following) == 1 and following[0].op_type == "Relu":
        result = following[0].output[0]
    return Layer(node.name, source, weights, bias, output, result)
