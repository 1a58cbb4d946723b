"""INT8 models of the kind that TensorRT takes: s8 around 0, biases in float."""

from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quant_utils,
    quantize_static,
)

from aztoolkit.model import CalibrationSpec, QuantizationSpec
from export.check import check_planes
from export.metadata import write_metadata
from export.source import read_spec


class Planes(CalibrationDataReader):
    def __init__(self) -> None:
        self._waiting = [{"planes": planes[None]} for planes in check_planes("az119")[:32]]

    def get_next(self) -> dict[str, np.ndarray] | None:
        return self._waiting.pop() if self._waiting else None


def make_symmetric_int8(fp32: Path, target: Path, *, activations: str = "QInt8") -> Path:
    """Writes an FP32 model with Q/DQ nodes around its convolutions."""
    prepared = onnx.shape_inference.infer_shapes(onnx.load(fp32))
    quant_utils.add_pre_process_metadata(prepared)
    onnx.save(prepared, target)
    symmetric = activations == "QInt8"
    quantize_static(
        target,
        target,
        Planes(),
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType[activations],
        weight_type=QuantType.QInt8,
        per_channel=True,
        op_types_to_quantize=["Conv"],
        extra_options={"ActivationSymmetric": symmetric, "QuantizeBias": not symmetric},
    )
    model = onnx.load(target)
    calibration = CalibrationSpec(source="test", positions=32, sha256="0" * 64, seed=0)
    quantization = QuantizationSpec(
        method="test", weight_bits=8, float_layers=(), calibration=calibration
    )
    update = {"precision": "int8", "quantization": quantization}
    write_metadata(model, read_spec(fp32).model_copy(update=update))
    onnx.save(model, target)
    return target
