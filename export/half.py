"""FP16: weights and arithmetic of a model in half precision, float32 at its input and outputs.

    planes float32 ── Cast ── FP16 graph ── Cast ──▶ policy, wdl float32

ONNX Runtime's converter does the work, on any FP32 model: exported from a checkpoint or imported from
lc0. Weights smaller than half precision can tell from 0 are moved to the smallest that it can.
"""

from pathlib import Path

import onnx

from aztoolkit.backends.ort import OrtEvaluator
from aztoolkit.errors import ModelError
from aztoolkit.files import atomic_path
from aztoolkit.model import ModelSpec
from export.check import answers_of, check_answers, check_planes
from export.metadata import tool_versions, write_metadata


def export_half(source: Path, target: Path) -> ModelSpec:
    """Writes an FP32 model as FP16 to `target` and returns what the file says of itself.

    The file is kept only if `onnx.checker` accepts it and ONNX Runtime answers as with the original.

    Raises:
        ModelError: `source` is missing, broken, not ours or not FP32; or it leaves the range of FP16.
        EvaluationError: the model, before or after, answers NaN or infinity.
        InputError: the folder cannot be written.
    """
    spec = _half_spec(source)
    planes = check_planes(spec.encoding)
    expected = answers_of(source, planes)
    model = to_half(onnx.load(source))
    write_metadata(model, spec)
    onnx.checker.check_model(model, full_check=True)
    with atomic_path(target) as temporary:
        onnx.save(model, temporary)
        check_answers(expected, temporary, planes, precision="fp16")
    return spec


def to_half(model: onnx.ModelProto) -> onnx.ModelProto:
    """Returns a model in half precision, save its input and outputs; Q/DQ nodes stay."""
    from onnxruntime.transformers.float16 import convert_float_to_float16

    converted: onnx.ModelProto = convert_float_to_float16(model, keep_io_types=True)
    _sort_nodes(converted.graph)
    return converted


def _sort_nodes(graph: onnx.GraphProto) -> None:
    """Puts every node behind those it reads from; the converter leaves its first Cast at the end."""
    constant = {tensor.name for tensor in graph.initializer}
    known = constant | {tensor.name for tensor in graph.input} | {""}
    ordered: list[onnx.NodeProto] = []
    waiting = list(graph.node)
    while waiting:
        ready = [node for node in waiting if known.issuperset(node.input)]
        assert ready, "a cycle in the graph"
        ordered += ready
        known |= {name for node in ready for name in node.output}
        waiting = [node for node in waiting if not known.issuperset(node.output)]
    del graph.node[:]
    graph.node.extend(ordered)


def _half_spec(source: Path) -> ModelSpec:
    evaluator = OrtEvaluator(source, threads=1)
    evaluator.close()
    spec = evaluator.spec
    if spec.precision != "fp32":
        raise ModelError(
            f"expected an FP32 model to halve, got {spec.precision}: {source}; "
            "name the fp32.onnx it was made from"
        )
    tools = spec.tools | tool_versions("aztoolkit", "onnx", "onnxruntime")
    return spec.model_copy(update={"precision": "fp16", "tools": tools})
