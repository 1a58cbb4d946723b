"""What a rounded graph stores smaller than it computes with.

    weights left in float     as FP16, with a Cast to float32      squeeze-excitation, value head, kept layers
    tables of Gather          as s16, with a Cast to s64           the order of moves; s32 for TensorRT
    scales and zero points    once, where several are equal
    names of rounding nodes   numbers: their tensors say what they are

A Cast of a constant is computed when a runtime loads the model, so none of this costs time. FP16 moves a
weight by 1/2048 of it at most: little beside a step of INT8, and nothing that training would have to know.
"""

from collections import Counter
from collections.abc import Collection

import numpy as np
import onnx
from numpy.typing import DTypeLike
from onnx import TensorProto, helper, numpy_helper

from export.graph import readers
from export.quantization.scheme import TargetName

_WORTHWHILE = 256
"""Elements from which on the bytes saved are more than those of the node that restores them."""
_MULTIPLIERS = {"Conv", "Gemm", "MatMul"}
_ROUNDERS = {"QuantizeLinear": "Q", "DequantizeLinear": "DQ"}
_LARGEST_LOSS = 2.0**-11
"""As a share of the largest element: what FP16 does to it."""
_TABLES: dict[TargetName, DTypeLike] = {"cpu": np.int16, "tensorrt": np.int32}
"""TensorRT knows no s16."""


def compact(graph: onnx.GraphProto, target: TargetName = "cpu") -> None:
    """Makes the constants of a graph as small as they can be without a loss that counts."""
    for tensor in [one for one in graph.initializer if np.prod(one.dims) >= _WORTHWHILE]:
        if tensor.data_type == TensorProto.FLOAT and _is_second(graph, tensor, _MULTIPLIERS):
            _store(graph, tensor, np.float16)
        elif tensor.data_type == TensorProto.INT64 and _is_second(graph, tensor, {"Gather"}):
            _store(graph, tensor, _TABLES[target])
    _share(graph)
    _number(graph)


def _is_second(graph: onnx.GraphProto, tensor: TensorProto, kinds: Collection[str]) -> bool:
    """Returns whether nodes of some kinds, and no others, read a constant: as their second input."""
    found = readers(graph)[tensor.name]
    return bool(found) and all(
        node.op_type in kinds and list(node.input).index(tensor.name) == 1 for node in found
    )


def _store(graph: onnx.GraphProto, tensor: TensorProto, dtype: DTypeLike) -> None:
    """Stores a constant in a smaller type, with a node that restores it; as it is if it is out of range."""
    values, name, kind = numpy_helper.to_array(tensor), tensor.name, tensor.data_type
    with np.errstate(over="ignore"):
        small = values.astype(dtype)
        loss = np.abs(small.astype(values.dtype) - values).max()
    if not loss <= _LARGEST_LOSS * np.abs(values).max():
        return
    tensor.CopyFrom(numpy_helper.from_array(small, f"{name}_small"))
    graph.node.insert(
        0, helper.make_node("Cast", [tensor.name], [name], name=f"{name}_Cast", to=kind)
    )


def _share(graph: onnx.GraphProto) -> None:
    """Keeps the first of several equal scales or zero points.

    Those of s8 stay apart: ONNX Runtime 1.31 makes u8 of each where it avoids u8 x s8 products, and fails on
    one that it has made u8 already.
    """
    following = readers(graph)
    first: dict[tuple[int, tuple[int, ...], bytes], str] = {}
    for tensor in list(graph.initializer):
        nodes = following[tensor.name]
        if tensor.data_type == TensorProto.INT8 or not all(
            node.op_type in _ROUNDERS and node.input[0] != tensor.name for node in nodes
        ):
            continue
        content = tensor.data_type, tuple(tensor.dims), numpy_helper.to_array(tensor).tobytes()
        kept = first.setdefault(content, tensor.name)
        if kept != tensor.name:
            for node in nodes:
                node.input[:] = [kept if name == tensor.name else name for name in node.input]
            graph.initializer.remove(tensor)


def _number(graph: onnx.GraphProto) -> None:
    counts: Counter[str] = Counter()
    for node in graph.node:
        if node.op_type in _ROUNDERS:
            counts[node.op_type] += 1
            node.name = f"{_ROUNDERS[node.op_type]}{counts[node.op_type]}"
