"""Dynamic INT8, as ONNX Runtime's quantizer does it: ranges are measured in every call, nothing beforehand.

    planes ─ DynamicQuantizeLinear ─ ConvInteger ─ Cast ─ Mul ─ Add ─ Relu ─ DynamicQuantizeLinear ...

Each convolution writes s32 and goes back to float before the next, so that a network of convolutions
becomes hardly faster, or slower, than it was; it is a quarter of the size, and needs no positions.
Activations and weights are u8 with one scale a tensor: ConvInteger takes no scale a filter, and ONNX
Runtime has a fast kernel for no other types.
"""

from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import QuantType, quant_utils, quantize_dynamic

from aztoolkit.encoding import get_encoding
from aztoolkit.files import atomic_path
from aztoolkit.model import ModelSpec, QuantizationSpec
from export.graph import value_head
from export.metadata import tool_versions, write_metadata
from export.quantization.compact import compact
from export.quantization.sessions import try_model

METHOD = "dynamic"
_BITS = 8


def quantize_dynamically(model: Path, target: Path, spec: ModelSpec) -> ModelSpec:
    """Writes an FP32 model with dynamic quantization to `target`; the value head stays in float.

    Args:
        spec: what the model says of itself.

    Raises:
        ModelError: ONNX Runtime does not load what came out.
        EvaluationError: the model, before or after, answers NaN or infinity.
        InputError: the folder cannot be written.
    """
    empty = np.zeros((1, get_encoding(spec.encoding).planes, 8, 8), dtype=np.float32)
    try_model(model, empty)
    prepared = onnx.shape_inference.infer_shapes(onnx.load(model))
    quant_utils.add_pre_process_metadata(prepared)  # or it warns that nobody inferred shapes
    kept = tuple(value_head(prepared.graph))
    made = spec.model_copy(
        update={
            "precision": "int8",
            "quantization": QuantizationSpec(
                method=METHOD, weight_bits=_BITS, float_layers=kept, calibration=None
            ),
            "tools": spec.tools | tool_versions("aztoolkit", "onnx", "onnxruntime"),
        }
    )
    with atomic_path(target) as temporary:
        quantize_dynamic(
            prepared, temporary, weight_type=QuantType.QUInt8, nodes_to_exclude=list(kept)
        )
        quantized = onnx.load(temporary)
        compact(quantized.graph)
        write_metadata(quantized, made)
        onnx.checker.check_model(quantized)
        onnx.save(quantized, temporary)
        try_model(temporary, empty)
    return made
