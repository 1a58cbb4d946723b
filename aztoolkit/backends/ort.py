"""ONNX Runtime: its sessions, and the processor as the device that every machine has."""

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aztoolkit.backends.tensors import DYNAMIC, FLOAT32, check_exists, check_tensors
from aztoolkit.errors import EvaluationError, MachineError, MissingDependencyError, ModelError
from aztoolkit.evaluator import Evaluation
from aztoolkit.hardware import probe_cpu
from aztoolkit.model import INPUT, OUTPUTS, ModelSpec

PROVIDER = "CPUExecutionProvider"
FATAL_ONLY = 4
"""What goes wrong is raised; the log would say it a second time, in other words."""
_FLOAT32 = "tensor(float)"
_EXACT_PRODUCTS = "session.x64quantprecision"
"""Makes ONNX Runtime compute u8 x u8 products where its u8 x s8 kernels would saturate."""

Connect = Callable[[Any, Any], dict[str, Any]]  # Any: onnxruntime ships no types
"""Prepares a device, given the module `onnxruntime` and session options; returns what else a session is
made with, such as `providers`."""


def check(_model: Path | None = None) -> None:
    """Raises MissingDependencyError if ONNX Runtime is not installed; does not load it."""
    if find_spec("onnxruntime") is None:
        raise MissingDependencyError(
            "expected ONNX Runtime, got none; install it with `pip install 'aztoolkit[cpu]'`"
        )


def open_model(model: Path, *, threads: int = 0) -> "OrtEvaluator":
    """Opens a model on the processor; see `aztoolkit.backends.open_evaluator` for the errors."""
    return OrtEvaluator(model, threads=threads)


def on_cpu(_runtime: Any, _options: Any) -> dict[str, Any]:  # Any: onnxruntime ships no types
    """Connects a session to the processor."""
    return {"providers": [PROVIDER]}


class OrtEvaluator:
    """A model file in an ONNX Runtime session."""

    def __init__(
        self,
        model: Path,
        *,
        threads: int = 0,
        connect: Connect = on_cpu,
        provider: str = PROVIDER,
        extra: str = "cpu",
    ) -> None:
        """Loads and verifies `model`; see `aztoolkit.backends.open_evaluator` for the errors.

        Args:
            connect: chooses the device.
            provider: the execution provider that must come first in the session.
            extra: of aztoolkit, which installs that provider.
        """
        self._session = _open_session(model, threads, connect)
        _check_provider(self._session, provider, extra)
        metadata = self._session.get_modelmeta().custom_metadata_map
        self._spec = ModelSpec.from_metadata(metadata, source=model)
        check_tensors(_tensors(self._session), self._spec, model)

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


def available_providers() -> list[str]:
    """Returns the execution providers of the installed ONNX Runtime.

    Raises:
        MissingDependencyError: there is none, or it does not load, as after one of the two packages
            that overwrite each other was removed.
    """
    check()
    try:
        import onnxruntime

        return list(onnxruntime.get_available_providers())
    except (ImportError, AttributeError) as error:
        raise MissingDependencyError(
            f"expected ONNX Runtime to load, got {error}; install it anew with "
            "`pip install --force-reinstall onnxruntime`"
        ) from error


def set_options(options: Any, threads: int) -> Any:  # Any: onnxruntime ships no types
    """Returns `options` for so many threads, and for INT8 products that are summed exactly.

    A processor without VNNI adds pairs of u8 x s8 products in 16 bits, which saturates where both are
    large. ONNX Runtime can avoid that at a price; it would do so, and slow down, with VNNI as well.
    """
    options.intra_op_num_threads = threads or _threads_allowed()
    options.log_severity_level = FATAL_ONLY
    if not probe_cpu().has_vnni:
        options.add_session_config_entry(_EXACT_PRODUCTS, "1")
    return options


def _threads_allowed() -> int:
    """Returns how many threads a process has cores for that may not use all; 0 if it may.

    By itself ONNX Runtime starts one for each core of the machine, and binds it there. Where the process is
    confined to fewer (taskset, a container's cpuset), they wait for each other: on one core of two at less
    than half the speed.
    """
    allowed = probe_cpu().cores
    return allowed if allowed < (os.cpu_count() or 1) else 0


def _open_session(model: Path, threads: int, connect: Connect) -> Any:  # Any: no types there
    check_exists(model)
    check()
    import onnxruntime

    options = set_options(onnxruntime.SessionOptions(), threads)
    device = connect(onnxruntime, options)
    try:
        return onnxruntime.InferenceSession(str(model), options, **device)
    except Exception as error:  # onnxruntime raises classes of its own for every way to be broken
        reason = str(error).splitlines()[0]
        raise ModelError(
            f"expected an ONNX model, got a file that does not load: {model}: {reason}"
        ) from error


def _check_provider(session: Any, provider: str, extra: str) -> None:
    """Raises MachineError if the session fell back to another device, as ONNX Runtime does unasked."""
    first = next(iter(session.get_providers()), "none")
    if first != provider:
        raise MachineError(
            f"expected {provider} to start, got {first} in its place: its driver or libraries do not "
            f"load; install them with `pip install --force-reinstall 'aztoolkit[{extra}]'`"
        )


def _tensors(session: Any) -> dict[str, tuple[str, list[int]]]:
    tensors = [*session.get_inputs(), *session.get_outputs()]
    return {tensor.name: (_element(tensor.type), _shape(tensor.shape)) for tensor in tensors}


def _element(kind: str) -> str:
    return FLOAT32 if kind == _FLOAT32 else kind


def _shape(dimensions: list[int | str]) -> list[int]:
    return [size if isinstance(size, int) else DYNAMIC for size in dimensions]
