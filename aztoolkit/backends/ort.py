"""ONNX Runtime."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aztoolkit.encoding import get_action_space, get_encoding
from aztoolkit.errors import EvaluationError, MissingDependencyError, ModelError
from aztoolkit.evaluator import Evaluation
from aztoolkit.hardware import probe_cpu
from aztoolkit.model import INPUT, OUTPUTS, WDL_SIZE, ModelSpec

_FATAL_ONLY = 4
"""What goes wrong is raised; the log would say it a second time, in other words."""
_FLOAT32 = "tensor(float)"
_EXACT_PRODUCTS = "session.x64quantprecision"
"""Makes ONNX Runtime compute u8 x u8 products where its u8 x s8 kernels would saturate."""


class OrtEvaluator:
    """A model file in an ONNX Runtime session on the processor."""

    def __init__(self, model: Path, *, threads: int = 0) -> None:
        """Loads and verifies `model`; see `aztoolkit.backends.open_evaluator` for the errors."""
        self._session = _open_session(model, threads)
        metadata = self._session.get_modelmeta().custom_metadata_map
        self._spec = ModelSpec.from_metadata(metadata, source=model)
        _check_tensors(self._session, self._spec, model)

    @property
    def spec(self) -> ModelSpec:
        """What the model file says of itself."""
        return self._spec

    def evaluate(self, planes: NDArray[np.float32]) -> Evaluation:
        """Evaluates `[B, C, 8, 8]` float32 planes; raises EvaluationError for want of an answer."""
        try:
            policy, wdl = self._session.run(list(OUTPUTS), {INPUT: planes})
        except Exception as error:  # a class of onnxruntime's own, such as for want of memory
            reason = str(error).splitlines()[0]
            raise EvaluationError(
                f"expected an answer to {planes.dtype} planes {planes.shape}, got {reason}"
            ) from error
        return Evaluation(policy=policy, wdl=wdl).check_finite()

    def close(self) -> None:
        """Frees the session; the evaluator cannot be asked again."""
        self._session = None


def _open_session(model: Path, threads: int) -> Any:  # Any: onnxruntime ships no types
    if not model.is_file():
        raise ModelError(
            f"expected a model file, got nothing at {model}; "
            "check the path, or make it with `aztoolkit export` or `quantize`"
        )
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingDependencyError(
            "expected ONNX Runtime, got none; install it with `pip install 'aztoolkit[cpu]'`"
        ) from error
    options = _options(onnxruntime.SessionOptions(), threads)
    try:
        return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises classes of its own for every way to be broken
        reason = str(error).splitlines()[0]
        raise ModelError(
            f"expected an ONNX model, got a file that does not load: {model}: {reason}"
        ) from error


def _options(options: Any, threads: int) -> Any:  # Any: onnxruntime ships no types
    """Returns `options` for so many threads, and for INT8 products that are summed exactly.

    A processor without VNNI adds pairs of u8 x s8 products in 16 bits, which saturates where both are
    large. ONNX Runtime can avoid that at a price; it would do so, and slow down, with VNNI as well.
    """
    options.intra_op_num_threads = threads
    options.log_severity_level = _FATAL_ONLY
    if not probe_cpu().has_vnni:
        options.add_session_config_entry(_EXACT_PRODUCTS, "1")
    return options


def _check_tensors(session: Any, spec: ModelSpec, model: Path) -> None:
    encoding, actions = get_encoding(spec.encoding), get_action_space(spec.action_space)
    expected = {
        INPUT: [_FLOAT32, encoding.planes, 8, 8],
        OUTPUTS[0]: [_FLOAT32, actions.size],
        OUTPUTS[1]: [_FLOAT32, WDL_SIZE],
    }
    tensors = [*session.get_inputs(), *session.get_outputs()]
    got = {tensor.name: [tensor.type, *tensor.shape[1:]] for tensor in tensors}
    if got != expected:
        raise ModelError(
            f"expected tensors {expected} for {spec.encoding}/{spec.action_space}, got {got}: {model}"
        )
    fixed = [tensor.name for tensor in tensors if isinstance(tensor.shape[0], int)]
    if fixed:
        raise ModelError(f"expected a batch of any size, got a fixed one at {fixed}: {model}")


def available_providers() -> list[str]:
    """Returns the execution providers of the installed ONNX Runtime."""
    import onnxruntime

    return list(onnxruntime.get_available_providers())
