"""Which backend `--backend auto` takes, and why."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Literal, get_args

from aztoolkit.backends.setting import find_setting
from aztoolkit.errors import MachineError
from aztoolkit.hardware import probe_gpus
from aztoolkit.model import ModelSpec

Runtime = Literal["cpu", "cuda", "tensorrt", "rtx", "openvino"]
BackendName = Literal["auto", "cpu", "cuda", "tensorrt", "rtx", "openvino"]
RUNTIMES: tuple[Runtime, ...] = get_args(Runtime)
_MODULES: dict[Runtime, str] = {
    "cpu": "ort",
    "cuda": "cuda",
    "tensorrt": "tensorrt",
    "rtx": "rtx",
    "openvino": "openvino",
}


@dataclass(frozen=True)
class Choice:
    """A backend and the reason for it."""

    backend: Runtime
    reason: str
    threads: int
    """Of the evaluator; 0 leaves the choice to the runtime."""

    def __str__(self) -> str:
        return f"backend {self.backend}: {self.reason}"


def choose_backend(model: Path, backend: BackendName = "auto", *, threads: int = 0) -> Choice:
    """Returns the backend for a model: the one named, or for `auto` the best that this machine has.

    `auto` takes what was measured to be fastest here; else, where there is an NVIDIA card, a TensorRT
    plan, TensorRT-RTX or CUDA; else the processor.

    Args:
        threads: as they were asked for; 0 takes those that were measured with `auto`.

    A backend that was named is not looked for before it is opened.
    """
    if backend != "auto":
        return Choice(backend, "as asked", threads)
    return _measured(model, threads) or _by_hardware(model, threads)


def load_backend(runtime: Runtime) -> ModuleType:
    """Returns the module of a backend: `check()` and `open_model(model, threads=)`."""
    return import_module(f"aztoolkit.backends.{_MODULES[runtime]}")


def missing(runtime: Runtime) -> str | None:
    """Returns what a backend lacks on this machine, in one line; None if it can be used."""
    try:
        load_backend(runtime).check()
    except MachineError as error:
        return str(error)
    return None


def _measured(model: Path, threads: int) -> Choice | None:
    setting = find_setting(model)
    if setting is None:
        return None
    runtime = next((name for name in RUNTIMES if name == setting.backend), None)
    if runtime is None or missing(runtime):
        return None
    reason = f"the fastest here when measured on {setting.measured}, {setting.evals_per_s:,.0f}/s"
    return Choice(runtime, reason, threads or setting.threads)


def default_backend(threads: int = 0) -> Choice:
    """Returns the backend for a floating-point model that was not measured here and has no plan."""
    cards = [gpu.name for gpu in probe_gpus()]
    if cards:
        return _on_card(cards[0], threads)
    if missing("cpu") and not missing("openvino"):
        return Choice("openvino", "no NVIDIA card, and no ONNX Runtime installed", threads)
    return Choice("cpu", "no NVIDIA card found", threads)


def _by_hardware(model: Path, threads: int) -> Choice:
    cards = [gpu.name for gpu in probe_gpus()]
    if cards and model.is_file():
        from aztoolkit.backends.tensorrt import has_plan

        if has_plan(model, "tensorrt") and not missing("tensorrt"):
            return Choice("tensorrt", f"a plan for {cards[0]} stands beside the model", threads)
        if _spec(model).precision == "int8":
            reason = f"without a TensorRT plan {cards[0]} does not compute in INT8"
            return Choice("cpu", reason, threads)
    return default_backend(threads)


def _on_card(card: str, threads: int) -> Choice:
    reasons = []
    candidates: tuple[Runtime, ...] = ("rtx", "cuda")
    for runtime in candidates:
        lacks = missing(runtime)
        if lacks is None:
            return Choice(runtime, f"{card} is here", threads)
        reasons.append(f"{runtime}: {lacks}")
    return Choice("cpu", f"{card} is here, but {'; '.join(reasons)}", threads)


def _spec(model: Path) -> ModelSpec:
    from aztoolkit.backends.ort import OrtEvaluator

    evaluator = OrtEvaluator(model, threads=1)
    evaluator.close()
    return evaluator.spec
