"""A model file, with the reports that stand beside it."""

import json
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Literal

from aztoolkit.backends.ort import OrtEvaluator
from aztoolkit.files import sha256
from aztoolkit.model import sidecar
from export.describe import Document

if TYPE_CHECKING:
    import onnx

_JUDGED = {"gate": "candidate", "compare": "second"}
"""The part of each report that says of which file it speaks."""
_DISTANCES = ("kl_mean", "kl_p99", "top1", "winrate_error_mean", "winrate_error_p99")
_NEEDED: dict[str, dict[str, UnionType | type]] = {
    "gate": {"verdict": str, "reason": str},
    "compare": {"positions": int, **dict.fromkeys(_DISTANCES, int | float)},
}
"""What is no report without these."""
_MULTIPLIERS = {"Conv", "Gemm", "MatMul"}


def describe_model(path: Path) -> Document:
    """Returns size, hash, what the model says of itself, its verdict and its numeric distance.

    Raises:
        ModelError: the file is missing, broken or not ours.
    """
    evaluator = OrtEvaluator(path, threads=1)
    evaluator.close()
    digest = sha256(path)
    return {
        "bytes": path.stat().st_size,
        "sha256": digest,
        "parameters": count_parameters(path),
        "spec": evaluator.spec.model_dump(mode="json"),
        "gate": read_report(path, "gate", digest),
        "compare": read_report(path, "compare", digest),
    }


def read_report(model: Path, name: Literal["gate", "compare"], digest: str) -> Document | None:
    """Returns the report beside a model, or None where there is none, a broken one or one of another file."""
    try:
        report = json.loads(sidecar(model, name).read_bytes())
        judged = report[_JUDGED[name]]["sha256"]
        whole = all(isinstance(report[field], kind) for field, kind in _NEEDED[name].items())
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return dict(report) if whole and judged == digest else None


def count_parameters(path: Path) -> int | None:
    """Returns how many weights and biases a model has; None where the package onnx is not installed."""
    try:
        import onnx
    except ImportError:
        return None
    graph = onnx.load(path, load_external_data=False).graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    stored = {node.output[0]: node.input[0] for node in graph.node if _is_decoder(node)}
    used = {
        stored.get(name, name)
        for node in graph.node
        if node.op_type in _MULTIPLIERS
        for name in node.input[1:]
    }
    return sum(_size(constants[name]) for name in used if name in constants)


def _is_decoder(node: "onnx.NodeProto") -> bool:
    return str(node.op_type) in ("DequantizeLinear", "Cast")


def _size(tensor: "onnx.TensorProto") -> int:
    size = 1
    for length in tensor.dims:
        size *= length
    return size
