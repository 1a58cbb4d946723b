"""TensorRT-RTX: a plan that stands beside a model, or the plugin of ONNX Runtime, which compiles it.

The plugin is NVIDIA's package `onnxruntime-ep-nv-tensorrt-rtx-cu13`; it brings TensorRT-RTX with it.
Kernels are compiled on the card's machine; they are kept in the user's cache, so that later starts
are fast. See https://nvidia.github.io/TensorRT-RTX-EP-ABI/.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from aztoolkit.backends import ort, tensorrt
from aztoolkit.backends.cuda import check_card
from aztoolkit.backends.nvidia import load_library
from aztoolkit.backends.tensors import check_exists
from aztoolkit.encoding import get_encoding
from aztoolkit.errors import MachineError, MissingDependencyError
from aztoolkit.evaluator import Evaluator
from aztoolkit.files import user_cache
from aztoolkit.hardware import probe_gpus
from aztoolkit.model import INPUT, ModelSpec
from aztoolkit.plan import sm_name

PROVIDER = "NvTensorRTRTXExecutionProvider"
PACKAGE = "onnxruntime_ep_nv_tensorrt_rtx"
CAPABILITIES = ("8.0", "8.6", "8.9", "12.0", "12.1")
"""Cards of the plugin: Ampere and newer, without those of data centres from Hopper on."""
MIN_BATCH, BEST_BATCH, MAX_BATCH = 1, 64, 512
"""Sizes that kernels are compiled for; `BEST_BATCH` is what they are tuned to."""


def check(model: Path | None = None) -> None:
    """Raises MissingDependencyError or MachineError for want of the plugin or of a card.

    Given a model, a good plan beside it does in the plugin's place.
    """
    if model is None or not tensorrt.has_plan(model, "rtx"):
        _check_plugin()
    elif problem := tensorrt.why_no_plan(model, "rtx"):
        _check_plugin(f"; {problem}")


def open_model(model: Path, *, threads: int = 0) -> Evaluator:
    """Opens a model on the first card; see `aztoolkit.backends.open_evaluator` for the errors.

    A plan that is stale is not loaded: the plugin compiles the model as it is now.
    """
    check_exists(model)
    if tensorrt.has_plan(model, "rtx") and tensorrt.why_no_plan(model, "rtx") is None:
        return tensorrt.open_plan(model, load_library("rtx"))
    check(model)
    return _compile(model, threads)


def _check_plugin(no_plan: str = "") -> None:
    """Raises what `check` does; `no_plan` says why there is no plan to run in the plugin's place."""
    ort.check()
    if find_spec(PACKAGE) is None:
        raise MissingDependencyError(
            "expected the TensorRT-RTX plugin of ONNX Runtime or a good plan, got neither; "
            f"install the plugin with `pip install 'aztoolkit[rtx]'`{no_plan}"
        )
    check_card()
    capability = probe_gpus()[0].compute_capability
    if capability not in CAPABILITIES:
        names = ", ".join(sm_name(known) for known in CAPABILITIES)
        raise MachineError(
            f"expected a card that the TensorRT-RTX plugin runs on ({names}), "
            f"got {sm_name(capability)}; use --backend cuda{no_plan}"
        )


def _compile(model: Path, threads: int) -> Evaluator:
    spec = _read_spec(model)

    def on_rtx(runtime: Any, options: Any) -> dict[str, Any]:  # Any: onnxruntime ships no types
        options.add_provider_for_devices(_devices(runtime), _provider_options(spec))
        return {}

    return ort.OrtEvaluator(model, threads=threads, connect=on_rtx, provider=PROVIDER, extra="rtx")


def _read_spec(model: Path) -> ModelSpec:
    """Returns what a model says of itself: its planes must be known before it is compiled."""
    evaluator = ort.OrtEvaluator(model, threads=1)
    evaluator.close()
    return evaluator.spec


def _devices(runtime: Any) -> list[Any]:  # Any: onnxruntime ships no types
    """Registers the plugin, once a process, and returns the cards that it can use."""
    found = [device for device in runtime.get_ep_devices() if device.ep_name == PROVIDER]
    if not found:
        import onnxruntime_ep_nv_tensorrt_rtx as plugin

        try:
            runtime.register_execution_provider_library(PROVIDER, plugin.get_library_path())
        except Exception as error:  # a class of onnxruntime's own: no driver, no libcuda
            reason = str(error).splitlines()[0]
            raise MachineError(f"expected the TensorRT-RTX plugin to load, got {reason}") from error
        found = [device for device in runtime.get_ep_devices() if device.ep_name == PROVIDER]
    if not found:
        raise MachineError(
            "expected an NVIDIA RTX card (Ampere or newer) for TensorRT-RTX, got none that it can use"
        )
    return found[:1]


def _provider_options(spec: ModelSpec) -> dict[str, str]:
    planes = get_encoding(spec.encoding).planes
    cache = user_cache() / "tensorrt-rtx"
    cache.mkdir(parents=True, exist_ok=True)

    def shape(batch: int) -> str:
        return f"{INPUT}:{batch}x{planes}x8x8"

    return {
        "nv_profile_min_shapes": shape(MIN_BATCH),
        "nv_profile_opt_shapes": shape(BEST_BATCH),
        "nv_profile_max_shapes": shape(MAX_BATCH),
        "nv_runtime_cache_path": str(cache),
    }
