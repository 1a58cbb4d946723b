"""The ONNX that a library builds a plan from: FP32 and FP16 models as they are, INT8 with its rest halved."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from aztoolkit.errors import ModelError
from aztoolkit.model import INPUT, ModelSpec
from export.graph import initializers, producers
from export.half import to_half
from export.source import read_spec

_QUANTIZERS = ("QuantizeLinear", "DequantizeLinear")
_HEAVY = ("Conv", "Gemm", "MatMul")
"""Operators that cost the time: their precision is what a plan is asked for."""


@dataclass(frozen=True)
class PlanSource:
    """A model as a plan is built from it."""

    spec: ModelSpec
    """Of the model that it was made from."""
    onnx: bytes
    planes: int
    """Input planes a position."""
    heavy: tuple[str, ...]
    """Names of its convolutions and matrix products."""


def read_source(model: Path) -> PlanSource:
    """Returns what to build a plan of a model from.

    What an INT8 model left in float is computed in FP16: FP32 would be slow beside INT8, and some cards
    have no FP32 matrix product in TensorRT-RTX at all.

    Raises:
        ModelError: the model is missing, broken or not ours; or it is INT8 of a kind that only ONNX
            Runtime computes.
    """
    spec = read_spec(model)
    graph = onnx.load(model)
    if spec.precision == "int8":
        _check_symmetric(graph.graph, model)
        graph = to_half(graph)
    tensor = next(tensor for tensor in graph.graph.input if tensor.name == INPUT)
    return PlanSource(
        spec=spec,
        onnx=graph.SerializeToString(),
        planes=tensor.type.tensor_type.shape.dim[1].dim_value,
        heavy=tuple(node.name for node in graph.graph.node if node.op_type in _HEAVY),
    )


def _check_symmetric(graph: onnx.GraphProto, model: Path) -> None:
    """Raises ModelError unless all Q/DQ nodes are s8 around 0, the only kind that TensorRT computes."""
    constants, made_by = initializers(graph), producers(graph)
    for node in graph.node:
        if node.op_type not in _QUANTIZERS:
            continue
        zero = constants.get(node.input[2]) if len(node.input) > 2 else None
        if zero is None and len(node.input) > 2 and node.input[2] in made_by:
            zero = _constant(made_by[node.input[2]])
        if zero is None or not _is_symmetric(zero):
            raise ModelError(
                f"expected an INT8 model with s8 values around 0, got {_kind(zero)} for "
                f"{node.input[0]}: {model}; make one with `aztoolkit quantize --int8 --target tensorrt`"
            )


def _is_symmetric(zero: onnx.TensorProto) -> bool:
    return zero.data_type == onnx.TensorProto.INT8 and not np.any(numpy_helper.to_array(zero))


def _constant(node: onnx.NodeProto) -> onnx.TensorProto | None:
    values = [item.t for item in node.attribute if item.name == "value"]
    return values[0] if node.op_type == "Constant" and values else None


def _kind(zero: onnx.TensorProto | None) -> str:
    if zero is None:
        return "u8 without a zero point"
    if zero.data_type != onnx.TensorProto.INT8:
        return str(onnx.TensorProto.DataType.Name(zero.data_type).lower())
    return "a zero point that is not 0"
