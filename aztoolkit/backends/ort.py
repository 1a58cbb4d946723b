"""ONNX Runtime."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aztoolkit.encoding import get_action_space, get_encoding
from aztoolkit.errors import MissingDependencyError, ModelError
from aztoolkit.evaluator import Evaluation
from aztoolkit.model import INPUT, OUTPUTS, WDL_SIZE, ModelSpec

_ERRORS_ONLY = 3


class OrtEvaluator:
    """A model file in an ONNX Runtime session on the processor."""

    def __init__(self, model: Path, *, threads: int = 0) -> None:
        """Loads and verifies `model`; see `aztoolkit.backends.open_evaluator` for the errors."""
        self._session = _open_session(model, threads)
        metadata = self._session.get_modelmeta().custom_metadata_map
        self._spec = ModelSpec.from_metadata(metadata, source=model)
        _check_shapes(self._session, self._spec, model)

    @property
    def spec(self) -> ModelSpec:
        return self._spec

    def evaluate(self, planes: NDArray[np.float32]) -> Evaluation:
        policy, wdl = self._session.run(list(OUTPUTS), {INPUT: planes})
        return Evaluation(policy=policy, wdl=wdl).check_finite()

    def close(self) -> None:
        self._session = None


def _open_session(model: Path, threads: int) -> Any:  # Any: onnxruntime ships no types
    if not model.is_file():
        raise ModelError(f"expected a model file, got nothing at {model}; check the path")
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingDependencyError(
            "expected ONNX Runtime, got none; install it with `pip install 'aztoolkit[cpu]'`"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = _ERRORS_ONLY
    try:
        return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises classes of its own for every way to be broken
        reason = str(error).splitlines()[0]
        raise ModelError(
            f"expected an ONNX model, got a file that does not load: {model}: {reason}"
        ) from error


def _check_shapes(session: Any, spec: ModelSpec, model: Path) -> None:
    encoding, actions = get_encoding(spec.encoding), get_action_space(spec.action_space)
    expected = {
        INPUT: [encoding.planes, 8, 8],
        OUTPUTS[0]: [actions.size],
        OUTPUTS[1]: [WDL_SIZE],
    }
    tensors = [*session.get_inputs(), *session.get_outputs()]
    got = {tensor.name: list(tensor.shape[1:]) for tensor in tensors}
    if got != expected:
        raise ModelError(
            f"expected tensors {expected} for {spec.encoding}/{spec.action_space}, got {got}: {model}"
        )


def available_providers() -> list[str]:
    """Returns the execution providers of the installed ONNX Runtime."""
    import onnxruntime

    return list(onnxruntime.get_available_providers())
