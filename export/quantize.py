"""INT8 for the processor: ONNX Runtime's static quantizer, steered where its defaults cost much.

    planes ─Q─DQ─ Conv+ReLU ─Q─DQ─┬─ Conv+ReLU ─Q─DQ─ Conv ─Q─DQ─ Add ─ ReLU ─┬─Q─DQ─ Conv ...
           1/99                   └────────────── float ───────────┘          └─ float ─ next Add

- Activations are u8 with one scale a tensor, weights s8 with one a channel, biases s32.
- The input is exact: every plane of `az119` holds multiples of 1/99, so that is its scale. `lc0_112`
  has one plane of whole numbers, which is divided by 99 first and its weights multiplied by as much.
- Residual sums, squeeze-excitation and the value head stay in float: they cost little time there
  and much accuracy in INT8. Large matrices there are stored as s8 all the same.
- Ranges are the smallest and largest value over all calibration positions; percentiles were worse.
- Biases take back what rounding weights adds on average (see `export.bias`).
"""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from aztoolkit.backends.ort import OrtEvaluator
from aztoolkit.encoding import az119, get_encoding, lc0_112
from aztoolkit.errors import ModelError
from aztoolkit.files import atomic_path
from aztoolkit.model import INPUT, ModelSpec, QuantizationSpec
from export.bias import correct_biases
from export.calibration import Calibration, PlanesReader, Progress, ignore_progress
from export.graph import bypass_rounding, divide_planes, pack_matrices, value_head
from export.metadata import tool_versions, write_metadata

METHOD = "static-minmax+bias-correction"
FULL_WEIGHT_BITS = 8
SAFE_WEIGHT_BITS = 7
"""Sums of two u8 x s7 products fit into the 16 bits that processors without VNNI add them in."""
_EXACT_SCALE = 1 / az119.COUNTER_LIMIT
"""Of the input: 0 to 255 times that many are exact."""
_WHOLE_PLANES = {az119.NAME: (), lc0_112.NAME: (lc0_112.HALFMOVE_CLOCK,)}
"""By encoding, the planes that hold whole numbers; the others hold multiples of the scale up to 1."""
_QUANTIZED_OPS = ["Conv", "Relu"]


def quantize_static(
    model: Path,
    target: Path,
    calibration: Calibration,
    *,
    weight_bits: int = FULL_WEIGHT_BITS,
    progress: Progress = ignore_progress,
) -> ModelSpec:
    """Writes an FP32 model as INT8 to `target` and returns what the file says of itself.

    Args:
        weight_bits: 8; or 7, which saturates nowhere but rounds more. On processors without VNNI
            our own runtime computes 8 bits exactly, only slower.

    Raises:
        ModelError: `model` is missing, broken, not ours, or not FP32.
        EvaluationError: the model, before or after, answers NaN or infinity.
        InputError: the folder cannot be written.
    """
    spec = read_fp32_spec(model)
    _try(model, calibration)
    original = onnx.load(model)
    if not any(node.op_type == "Conv" for node in original.graph.node):
        raise ModelError(
            f"expected convolutions to quantize, got none: {model}; the matrices of a transformer "
            "stay in float: use its fp32.onnx or fp16.onnx"
        )
    planes = _exact_planes(original.graph, spec.encoding)
    float_layers = value_head(original.graph)
    options = _options(planes, weight_bits, float_layers)
    with atomic_path(target) as temporary:
        quantized = _run_quantizer(original, PlanesReader(calibration.planes, progress), options)
        bypass_rounding(quantized.graph)
        correct_biases(original, quantized, calibration.planes)
        pack_matrices(quantized.graph)
        spec = _int8_spec(spec, calibration, weight_bits, float_layers)
        write_metadata(quantized, spec)
        onnx.checker.check_model(quantized)
        onnx.save(quantized, temporary)
        _try(temporary, calibration)
    return spec


def read_fp32_spec(model: Path) -> ModelSpec:
    """Returns what an FP32 model says of itself.

    Raises:
        ModelError: the file is missing, broken, not ours, or not FP32.
    """
    evaluator = OrtEvaluator(model, threads=1)
    evaluator.close()
    if evaluator.spec.precision != "fp32":
        raise ModelError(
            f"expected an FP32 model to quantize, got {evaluator.spec.precision}: {model}; "
            "name the fp32.onnx it was made from"
        )
    return evaluator.spec


def _exact_planes(graph: onnx.GraphProto, encoding: str) -> str:
    """Brings every plane to multiples of the scale and returns the tensor that they are in."""
    whole = _WHOLE_PLANES[encoding]
    if not whole:
        return INPUT
    divisors = np.ones(get_encoding(encoding).planes, dtype=np.float32)
    divisors[list(whole)] = az119.COUNTER_LIMIT
    return divide_planes(graph, divisors)


def _options(
    planes: str, weight_bits: int, float_layers: tuple[str, ...]
) -> dict[str, Any]:  # Any: keyword arguments
    from onnxruntime.quantization import QuantFormat, QuantType

    scale = np.array(_EXACT_SCALE, dtype=np.float32)
    overrides = {planes: [{"scale": scale, "zero_point": np.array(0, dtype=np.uint8)}]}
    return {
        "quant_format": QuantFormat.QDQ,
        "activation_type": QuantType.QUInt8,
        "weight_type": QuantType.QInt8,
        "per_channel": True,
        "reduce_range": weight_bits == SAFE_WEIGHT_BITS,
        "op_types_to_quantize": _QUANTIZED_OPS,
        "nodes_to_exclude": list(float_layers),
        "extra_options": {"TensorQuantOverrides": overrides},
    }


def _run_quantizer(
    original: onnx.ModelProto,
    reader: PlanesReader,
    options: dict[str, Any],  # Any: keyword arguments
) -> onnx.ModelProto:
    """Returns the quantized model; ONNX Runtime works on files, and leaves some beside them."""
    from onnxruntime.quantization import quant_utils, quantize_static

    prepared = onnx.shape_inference.infer_shapes(original, strict_mode=True)
    # Says that shapes are inferred and batch norms folded; else the advice to do so is logged.
    quant_utils.add_pre_process_metadata(prepared)
    with tempfile.TemporaryDirectory(prefix="aztoolkit.") as folder:
        source, result = Path(folder, "fp32.onnx"), Path(folder, "int8.onnx")
        onnx.save(prepared, source)
        quantize_static(source, result, reader, **options)
        return onnx.load(result)


def _try(model: Path, calibration: Calibration) -> None:
    """Raises EvaluationError if a model does not answer a position with finite logits."""
    evaluator = OrtEvaluator(model, threads=1)
    evaluator.evaluate(calibration.planes[:1])
    evaluator.close()


def _int8_spec(
    spec: ModelSpec, calibration: Calibration, weight_bits: int, float_layers: tuple[str, ...]
) -> ModelSpec:
    quantization = QuantizationSpec(
        method=METHOD,
        weight_bits=weight_bits,
        float_layers=float_layers,
        calibration=calibration.spec,
    )
    tools = spec.tools | tool_versions("aztoolkit", "onnx", "onnxruntime")
    return spec.model_copy(
        update={"precision": "int8", "quantization": quantization, "tools": tools}
    )
