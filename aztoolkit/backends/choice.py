"""Which backend `--backend auto` takes, and why."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Literal, get_args

from aztoolkit.backends.setting import Setting, find_setting
from aztoolkit.backends.tensorrt import has_plan, why_no_plan
from aztoolkit.errors import MachineError, ModelError
from aztoolkit.evaluator import Evaluator
from aztoolkit.hardware import probe_gpus
from aztoolkit.model import ModelSpec
from aztoolkit.plan import Target

Runtime = Literal["cpu", "cuda", "tensorrt", "rtx", "openvino"]
BackendName = Literal["auto", "cpu", "cuda", "tensorrt", "rtx", "openvino"]
RUNTIMES: tuple[Runtime, ...] = get_args(Runtime)
_PLANS: tuple[Target, ...] = get_args(Target)
"""Libraries that run plans, the fastest first."""
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

    `auto` takes what was measured to be fastest here; else, where there is an NVIDIA card, a good plan of
    TensorRT or TensorRT-RTX, TensorRT-RTX's plugin or CUDA; else the processor. What it passes over,
    such as a stale plan, stands in the reason.

    Args:
        threads: as they were asked for; 0 takes those that were measured with `auto`.

    A backend that was named is not looked for before it is opened.
    """
    if backend != "auto":
        return Choice(backend, "as asked", threads)
    passed_over: list[str] = []
    for found in _preferred(model, threads):
        if isinstance(found, Choice):
            return replace(found, reason="; ".join([found.reason, *passed_over]))
        if not any(found in earlier for earlier in passed_over):
            passed_over.append(found)
    chosen = _without_plan(model, threads)
    return replace(chosen, reason="; ".join([chosen.reason, *passed_over]))


def load_backend(runtime: Runtime) -> ModuleType:
    """Returns the module of a backend: `check(model)` and `open_model(model, threads=)`."""
    return import_module(f"aztoolkit.backends.{_MODULES[runtime]}")


def missing(runtime: Runtime, model: Path | None = None) -> str | None:
    """Returns what a backend lacks on this machine, in one line; None if it can be used.

    Args:
        model: what is to be opened, which may need a plan beside it, or need no more than that; without
            one, a backend must be able to open any model that it takes.
    """
    try:
        load_backend(runtime).check(model)
    except (MachineError, ModelError) as error:
        return str(error)
    return None


def default_backend(threads: int = 0) -> Choice:
    """Returns the backend for a floating-point model that was not measured here and has no plan."""
    cards = [gpu.name for gpu in probe_gpus()]
    if cards:
        return _on_card(cards[0], threads)
    if missing("cpu") and not missing("openvino"):
        return Choice("openvino", "no NVIDIA card, and no ONNX Runtime installed", threads)
    return Choice("cpu", "no NVIDIA card found", threads)


def read_spec(model: Path) -> ModelSpec:
    """Returns what a model says of itself, read on the processor; for the errors see `open_evaluator`."""
    runtime: Runtime = "openvino" if missing("cpu") and not missing("openvino") else "cpu"
    evaluator: Evaluator = load_backend(runtime).open_model(model, threads=1)
    evaluator.close()
    return evaluator.spec


def _preferred(model: Path, threads: int) -> Iterator[Choice | str]:
    """Yields, the best first, what was measured and the plans beside a model, or why one is passed over."""
    if setting := find_setting(model):
        yield _measured(model, setting, threads)
    for target in _PLANS:
        if has_plan(model, target):
            yield _on_plan(model, target, threads)


def _measured(model: Path, setting: Setting, threads: int) -> Choice | str:
    runtime = next((name for name in RUNTIMES if name == setting.backend), None)
    target = next((name for name in _PLANS if name == setting.backend), None)
    if runtime is None:
        return f"measured with {setting.backend}, which is unknown"
    lacks = why_no_plan(model, target) if setting.plan and target else missing(runtime, model)
    if lacks:
        return f"{runtime} was the fastest when measured on {setting.measured}, but {lacks}"
    speed = f"{setting.evals_per_s:,.0f}/s in batches of {setting.batch}"
    reason = f"the fastest here when measured on {setting.measured}, {speed}"
    return Choice(runtime, reason, threads or setting.threads)


def _on_plan(model: Path, target: Target, threads: int) -> Choice | str:
    lacks = why_no_plan(model, target)
    card = probe_gpus()[0].name
    return lacks or Choice(target, f"a plan for {card} stands beside the model", threads)


def _without_plan(model: Path, threads: int) -> Choice:
    gpus = probe_gpus()
    if gpus and model.is_file() and read_spec(model).precision == "int8":
        reason = f"without a good plan {gpus[0].name} does not compute in INT8"
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
