"""What a file or folder is, in one document: a model, a network of lc0, a checkpoint or a run."""

from pathlib import Path
from typing import Any

from aztoolkit.errors import InputError

Document = dict[str, Any]  # Any: whatever json can hold
_SUFFIXES = {
    ".onnx": "model",
    ".pb.gz": "network",
    ".pb": "network",
    ".safetensors": "checkpoint",
}


def describe_path(path: Path) -> Document:
    """Returns what there is to say of `path`; `kind` says which of the four it is.

    A model is described without torch, a network without ONNX Runtime.

    Raises:
        ModelError: a model or network is missing, broken or foreign.
        CheckpointError: a checkpoint or a run is missing or broken.
        InputError: it is none of the four.
    """
    kind = _kind_of(path)
    if kind == "model":
        from export.describe.model import describe_model as describe
    elif kind == "network":
        from export.describe.network import describe_network as describe
    elif kind == "checkpoint":
        from export.describe.run import describe_checkpoint as describe
    else:
        from export.describe.run import describe_run as describe
    return {"kind": kind, "path": str(path), **describe(path)}


def _kind_of(path: Path) -> str:
    if path.is_dir():
        return "run"
    for suffix, kind in _SUFFIXES.items():
        if path.name.endswith(suffix):
            return kind
    got = str(path) if path.exists() else f"nothing at {path}"
    raise InputError(
        "expected a model (.onnx), an lc0 network (.pb.gz), a checkpoint (.safetensors) or a run "
        f"folder, got {got}"
    )
