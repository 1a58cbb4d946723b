"""OpenVINO on the processor: often the fastest in INT8, and BF16 where the processor has it."""

import threading
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aztoolkit.backends.tensors import DYNAMIC, FLOAT32, check_exists, check_tensors
from aztoolkit.errors import EvaluationError, MissingDependencyError, ModelError
from aztoolkit.evaluator import Evaluation
from aztoolkit.model import INPUT, OUTPUTS, ModelSpec

DEVICE = "CPU"
_FLOAT = "f32"
_METADATA = "framework"
"""Where OpenVINO keeps what stands in an ONNX file beside its graph."""


def check(_model: Path | None = None) -> None:
    """Raises MissingDependencyError if OpenVINO is not installed."""
    if find_spec("openvino") is None:
        raise MissingDependencyError(
            "expected OpenVINO, got none; install it with `pip install 'aztoolkit[openvino]'`"
        )


def open_model(model: Path, *, threads: int = 0) -> "OpenVinoEvaluator":
    """Opens a model on the processor; see `aztoolkit.backends.open_evaluator` for the errors."""
    return OpenVinoEvaluator(model, threads=threads)


class OpenVinoEvaluator:
    """A model file compiled by OpenVINO; any number of threads may ask it at once."""

    def __init__(self, model: Path, *, threads: int = 0) -> None:
        """Loads, verifies and compiles `model`."""
        check_exists(model)
        check()
        import openvino

        core = openvino.Core()
        network = _read(model)
        self._spec = ModelSpec.from_metadata(_metadata(network), source=model)
        check_tensors(_tensors(network), self._spec, model)
        self._compiled: Any = core.compile_model(  # Any: None once closed
            network, DEVICE, _settings(self._spec, threads)
        )
        self._requests = threading.local()

    @property
    def spec(self) -> ModelSpec:
        """What the model file says of itself."""
        return self._spec

    def evaluate(self, planes: NDArray[np.float32]) -> Evaluation:
        """Evaluates `[B, C, 8, 8]` float32 planes; raises EvaluationError for want of an answer."""
        _check_planes(planes)
        if not hasattr(self._requests, "own"):
            self._requests.own = self._compiled.create_infer_request()
        try:
            answer = self._requests.own.infer({INPUT: planes}, share_inputs=True)
        except RuntimeError as error:
            raise _no_answer(planes, str(error)) from error
        policy, wdl = (np.array(answer[name], dtype=np.float32) for name in OUTPUTS)
        return Evaluation(policy=policy, wdl=wdl).check_finite()

    def close(self) -> None:
        """Frees the model; the evaluator cannot be asked again."""
        self._compiled, self._requests = None, threading.local()


def _read(model: Path) -> Any:  # Any: openvino's types are its own
    """Reads an ONNX file; `Core.read_model` would try, and log, the formats of every other framework."""
    from openvino.frontend import FrontEndManager

    try:
        reader = FrontEndManager().load_by_framework("onnx")
        return reader.convert(reader.load(str(model)))
    except (
        Exception
    ) as error:  # classes of openvino's own, and RuntimeError, by how a file is broken
        reason = " ".join(str(error).split())
        raise ModelError(
            f"expected an ONNX model, got a file that does not load: {model}: {reason}"
        ) from error


def _metadata(network: Any) -> dict[str, str]:
    info = network.get_rt_info()
    if _METADATA not in info:
        return {}
    return {name: str(value.value) for name, value in info[_METADATA].items()}


def _settings(spec: ModelSpec, threads: int) -> dict[str, Any]:
    """Returns how to compile: an FP16 model in the processor's own half precision, if it has one.

    Without the hint OpenVINO would compute FP32 models, too, in BF16 where the processor has that.
    """
    settings: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY"}
    if threads:
        settings["INFERENCE_NUM_THREADS"] = threads
    if spec.precision != "fp16":
        settings["INFERENCE_PRECISION_HINT"] = _FLOAT
    return settings


def _tensors(network: Any) -> dict[str, tuple[str, list[int]]]:
    return {
        port.get_any_name(): (_element(port), _shape(port))
        for port in [*network.inputs, *network.outputs]
    }


def _element(port: Any) -> str:
    name = str(port.get_element_type().get_type_name())
    return FLOAT32 if name == _FLOAT else name


def _shape(port: Any) -> list[int]:
    dimensions = port.get_partial_shape()
    return [DYNAMIC if size.is_dynamic else int(size.get_length()) for size in dimensions]


def _check_planes(planes: NDArray[np.float32]) -> None:
    """Raises EvaluationError for other numbers than float32, which OpenVINO would read as such."""
    if planes.dtype != np.float32:
        raise _no_answer(planes, "another type than float32")


def _no_answer(planes: NDArray[np.float32], reason: str) -> EvaluationError:
    line = " ".join(reason.split())
    return EvaluationError(
        f"expected an answer to {planes.dtype} planes {planes.shape}, got {line}"
    )
