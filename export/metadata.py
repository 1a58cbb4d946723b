"""What stands in a model file beside its graph, and which packages wrote it."""

from importlib.metadata import PackageNotFoundError, version

import onnx

from aztoolkit.model import ModelSpec

_ALTERNATIVES = {"onnxruntime": ("onnxruntime", "onnxruntime-gpu")}


def write_metadata(model: onnx.ModelProto, spec: ModelSpec) -> None:
    """Makes `spec` the only metadata of a model, and forgets which sources it was traced from."""
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, spec.to_metadata())
    model.producer_name = "aztoolkit"
    model.producer_version = spec.tools.get("aztoolkit", "")
    for node in model.graph.node:
        node.doc_string = ""


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
