"""What stands in a model file beside its graph, and which packages wrote it."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import onnx

from aztoolkit.model import ModelSpec

_ONNX_DOMAINS = ("", "ai.onnx")
"""Two spellings of the same."""
_ALTERNATIVES = {"onnxruntime": ("onnxruntime", "onnxruntime-gpu")}


def write_metadata(model: onnx.ModelProto, spec: ModelSpec) -> None:
    """Makes `spec` the only metadata of a model, and forgets which sources it was traced from."""
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, spec.to_metadata())
    model.producer_name = "aztoolkit"
    model.producer_version = spec.tools.get("aztoolkit", "")
    for node in model.graph.node:
        node.doc_string = ""


def read_opset(model: Path) -> int:
    """Returns the version of the ONNX operator set that a model file asks for."""
    imports = onnx.load(model, load_external_data=False).opset_import
    return next(int(one.version) for one in imports if one.domain in _ONNX_DOMAINS)


def tool_versions(*packages: str) -> dict[str, str]:
    """Returns the versions of the installed packages among those named."""
    found = {}
    for package in packages:
        for distribution in _ALTERNATIVES.get(package, (package,)):
            try:
                found[package] = version(distribution)
            except PackageNotFoundError:
                continue
    return found
