"""ONNX Runtime's CUDA provider: any model on an NVIDIA card, save that INT8 is not computed as INT8."""

from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from aztoolkit.backends import ort
from aztoolkit.errors import MachineError, MissingDependencyError
from aztoolkit.hardware import probe_gpus

PROVIDER = "CUDAExecutionProvider"


def check(_model: Path | None = None) -> None:
    """Raises MissingDependencyError or MachineError for want of the provider or of a card."""
    if PROVIDER not in ort.available_providers():
        raise MissingDependencyError(
            f"expected ONNX Runtime with {PROVIDER}, got one without; install it with "
            "`pip uninstall -y onnxruntime && pip install 'aztoolkit[cuda]'`"
        )
    check_card()


def check_card() -> None:
    """Raises MachineError if there is no NVIDIA card with a driver."""
    if not probe_gpus():
        raise MachineError(
            "expected an NVIDIA card, got none; install its driver, or use --backend cpu"
        )


def open_model(model: Path, *, threads: int = 0) -> ort.OrtEvaluator:
    """Opens a model on the first card; see `aztoolkit.backends.open_evaluator` for the errors."""
    check()
    return ort.OrtEvaluator(
        model, threads=threads, connect=_on_cuda, provider=PROVIDER, extra="cuda"
    )


def _on_cuda(runtime: Any, _options: Any) -> dict[str, Any]:  # Any: onnxruntime ships no types
    """Loads CUDA and cuDNN from NVIDIA's packages, where these were installed, and names the provider.

    What does not load is printed by the runtime, in words of its own, on the way to a session without
    the provider; that is said in one line then, and nothing here.
    """
    runtime.set_default_logger_severity(ort.FATAL_ONLY)
    if hasattr(runtime, "preload_dlls"):  # ONNX Runtime 1.21 and newer
        with redirect_stdout(StringIO()):
            runtime.preload_dlls()
    return {"providers": [PROVIDER, ort.PROVIDER]}
