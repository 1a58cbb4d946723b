"""Tensors that share a scale for each channel: what may be multiplied, and where that is taken back.

    Conv ─▶ ReLU ─▶ Conv               rows of the first, columns of the second
    residual stream                    rows of all that add to it, columns of all that read it

A positive factor passes through ReLU, sums, means over the board and products with a number for each
channel. So all tensors that are tied by these take the same factors, a group; where one of them meets
an operator that knows no such rule, the group stays as it is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from aztoolkit.model import OUTPUTS
from export.graph import initializers, is_transposed, producers, readers
from export.quantization.layers import Prepared, parameter, set_parameter
from export.quantization.sessions import values_of

SQUARES = 64
Shapes = dict[str, tuple[int, ...]]


@dataclass
class Group:
    """Tensors tied to each other by operators that a factor for each channel passes through."""

    tensors: set[str] = field(default_factory=set)
    writers: list[onnx.NodeProto] = field(default_factory=list)
    """Convolutions whose rows take the factors up."""
    readers: list[tuple[onnx.NodeProto, int]] = field(default_factory=list)
    """Convolutions and matrices whose columns take them back, and how many columns a channel has."""
    addends: list[tuple[onnx.NodeProto, int]] = field(default_factory=list)
    """Sums with one number for each channel, and the place of these among the inputs."""


class _StuckError(Exception):
    """A tensor of the group meets an operator that factors do not pass through."""


def find_groups(prepared: Prepared, shapes: Shapes) -> list[Group]:
    """Returns the groups of a model, each tensor in at most one.

    Args:
        shapes: of all tensors, as `tensor_shapes` tells them.
    """
    graph = prepared.model.graph
    found: list[Group] = []
    seen: set[str] = set()
    for node in graph.node:
        if node.op_type == "Conv" and node.output[0] not in seen:
            group = Group()
            try:
                _gather(graph, node.output[0], group, shapes)
            except _StuckError:
                continue
            finally:
                seen |= group.tensors
            found.append(group)
    return found


def tensor_shapes(model: onnx.ModelProto, planes: NDArray[np.float32]) -> Shapes:
    """Returns the shape of every float tensor for the planes given, as ONNX Runtime makes them."""
    names = [name for node in model.graph.node for name in node.output if name]
    _, values = next(values_of(model, names, planes))
    shapes = {name: tuple(array.shape) for name, array in values.items()}
    return shapes | {value.name: tuple(planes.shape) for value in model.graph.input}


def scale_group(prepared: Prepared, group: Group, factors: NDArray[np.floating]) -> None:
    """Multiplies the channels of all tensors of a group by `[C]` positive factors; no answer changes."""
    graph = prepared.model.graph
    for node in group.writers:
        weights, bias = (parameter(graph, name) for name in node.input[1:3])
        set_parameter(graph, node.input[1], weights * factors.reshape(-1, 1, 1, 1))
        set_parameter(graph, node.input[2], bias * factors)
    for node, columns in group.readers:
        weights = parameter(graph, node.input[1])
        inverse = np.repeat(1 / factors, columns)
        inverse = inverse.reshape((1, -1) + (1,) * (weights.ndim - 2))
        set_parameter(graph, node.input[1], weights * inverse)
    for node, place in group.addends:
        constant = f"{node.name}_factors"
        graph.initializer.append(
            numpy_helper.from_array(factors.astype(np.float32).reshape(1, -1, 1, 1), constant)
        )
        node.input[place] = insert(graph, node, "Mul", [node.input[place], constant])


def insert(graph: onnx.GraphProto, before: onnx.NodeProto, kind: str, inputs: Sequence[str]) -> str:
    """Adds a node in front of another and returns the tensor that it makes."""
    place = next(i for i, node in enumerate(graph.node) if node.name == before.name)
    name = _fresh(graph, f"{before.name}/{kind}")
    graph.node.insert(place, helper.make_node(kind, list(inputs), [f"{name}_output"], name=name))
    return f"{name}_output"


def is_board(shape: Sequence[int]) -> bool:
    """Returns whether a tensor has a value for each channel and square, `[B, C, 8, 8]`."""
    return len(shape) == 4 and shape[2] * shape[3] == SQUARES


def is_column(shape: Sequence[int]) -> bool:
    """Returns whether a tensor has a value for each channel, `[B, C, 1, 1]`."""
    return len(shape) == 4 and shape[2] * shape[3] == 1


def matrix_behind(graph: onnx.GraphProto, node: onnx.NodeProto) -> onnx.NodeProto | None:
    """Returns the fully connected layer that alone reads a node, flattened or not."""
    following = readers(graph)[node.output[0]]
    if len(following) != 1 or node.output[0] in OUTPUTS:
        return None
    if following[0].op_type == "Flatten" and node.op_type != "Flatten":
        return matrix_behind(graph, following[0])
    constant = following[0].op_type == "Gemm" and following[0].input[1] in initializers(graph)
    own = len(readers(graph)[following[0].input[1]]) == 1 if constant else False
    return following[0] if own and is_transposed(following[0]) else None


def _gather(graph: onnx.GraphProto, start: str, group: Group, shapes: Shapes) -> None:
    """Fills a group from one of its tensors on; raises _StuckError where that is not possible."""
    made_by, read_by = producers(graph), readers(graph)
    waiting = [start]
    while waiting:
        tensor = waiting.pop()
        if tensor in group.tensors:
            continue
        group.tensors.add(tensor)
        if tensor not in made_by or tensor in OUTPUTS:
            raise _StuckError
        waiting.extend(_backward(made_by[tensor], group, shapes))
        for node in read_by[tensor]:
            waiting.extend(_forward(graph, node, tensor, group, shapes))


def _backward(node: onnx.NodeProto, group: Group, shapes: Shapes) -> Iterator[str]:
    """Yields what must be in the group because `node` computes a tensor of it from that."""
    if node.op_type == "Conv":
        group.writers.append(node)
    elif node.op_type == "Relu":
        yield node.input[0]
    elif node.op_type in ("Add", "Mul"):
        for place, name in enumerate(node.input):
            shape = shapes.get(name, ())
            if is_board(shape):
                yield name
            elif not is_column(shape):
                raise _StuckError
            elif node.op_type == "Add":
                group.addends.append((node, place))
    else:
        raise _StuckError


def _forward(
    graph: onnx.GraphProto, node: onnx.NodeProto, tensor: str, group: Group, shapes: Shapes
) -> Iterator[str]:
    """Yields what must be in the group because `node` computes it from a tensor of it."""
    if node.op_type == "Conv":
        group.readers.append((node, 1))
    elif node.op_type == "Relu" or node.op_type == "Add":
        yield node.output[0]
    elif node.op_type == "Mul":
        if all(is_board(shapes.get(name, ())) for name in node.input):
            raise _StuckError
        yield node.output[0]
    elif node.op_type in ("GlobalAveragePool", "ReduceMean", "Flatten"):
        matrix = matrix_behind(graph, node)
        if matrix is None or not _keeps_channels(node, shapes):
            raise _StuckError
        columns = parameter(graph, matrix.input[1]).shape[1]
        group.readers.append((matrix, columns // shapes[tensor][1]))
    else:
        raise _StuckError


def _keeps_channels(node: onnx.NodeProto, shapes: Shapes) -> bool:
    """Returns whether a node leaves the channels apart, first to last."""
    before, after = shapes[node.input[0]], shapes[node.output[0]]
    return after[1] == (np.prod(before[1:]) if node.op_type == "Flatten" else before[1])


def _fresh(graph: onnx.GraphProto, name: str) -> str:
    taken = {node.name for node in graph.node}
    return next(
        candidate
        for candidate in (name, *(f"{name}_{number}" for number in range(len(taken) + 1)))
        if candidate not in taken
    )
