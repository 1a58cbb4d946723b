"""`aztoolkit doctor`: what this machine has, what will be used, and the one line that would improve it."""

import platform
import sys
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from cyclopts import Parameter
from rich.table import Table

from aztoolkit import __version__
from aztoolkit.backends import RUNTIMES, Runtime, default_backend, missing
from aztoolkit.console import human_console, print_json
from aztoolkit.errors import MissingDependencyError
from aztoolkit.hardware import (
    Cpu,
    Gpu,
    installed_runtimes,
    memory_gib,
    probe_cpu,
    probe_gpus,
)
from aztoolkit.mcts import best_backend

CPU_RUNTIME, GPU_RUNTIME = "onnxruntime", "onnxruntime-gpu"
_INSTALL_CPU = "pip install 'aztoolkit[cpu]'"
_KEEP_CPU = "pip uninstall -y onnxruntime onnxruntime-gpu && pip install onnxruntime"
_KEEP_CUDA = "pip uninstall -y onnxruntime onnxruntime-gpu && pip install onnxruntime-gpu"
_INSTALL_RTX = "pip install 'aztoolkit[rtx]'"
_INSTALL_CUDA = "pip uninstall -y onnxruntime && pip install 'aztoolkit[cuda]'"
_RTX_CARDS = ("7.5", "8.6", "8.9", "12.0")
"""Compute capabilities of the cards that TensorRT-RTX is made for."""
_BUILD_NATIVE = "pip install --force-reinstall --no-deps aztoolkit"


_TITLES: dict[Runtime, str] = {
    "cpu": "ONNX Runtime",
    "cuda": "ONNX Runtime with CUDA",
    "tensorrt": "TensorRT",
    "rtx": "TensorRT-RTX",
    "openvino": "OpenVINO",
}
_PACKAGES: dict[Runtime, tuple[str, ...]] = {
    "cpu": (CPU_RUNTIME, GPU_RUNTIME),
    "cuda": (GPU_RUNTIME,),
    "tensorrt": ("tensorrt",),
    "rtx": ("onnxruntime-ep-nv-tensorrt-rtx-cu13",),
    "openvino": ("openvino",),
}


@dataclass(frozen=True)
class Advice:
    """One thing that is wrong or could be better, and the line that mends it."""

    problem: str
    command: str


def doctor(*, json_output: Annotated[bool, Parameter(name="--json", negative="")] = False) -> int:
    """Show this machine's processor, graphics card, driver and runtimes, and what will be used of them.

    For example:
        aztoolkit doctor
        aztoolkit doctor --json

    Parameters
    ----------
    json_output: bool
        Print one JSON document instead of a table.
    """
    cpu, gpus, runtimes = probe_cpu(), probe_gpus(), installed_runtimes()
    providers = _providers(runtimes)
    backends = _backends()
    usable = [name for name, lacks in backends.items() if lacks is None]
    advice = diagnose(gpus, runtimes, search=best_backend(), works=bool(providers), usable=usable)
    report = _report(cpu, gpus, runtimes, providers, advice)
    report["backends"] = [{"backend": name, "missing": lacks} for name, lacks in backends.items()]
    if json_output:
        print_json(report)
    else:
        _print(report)
    return 0


def diagnose(
    gpus: list[Gpu],
    runtimes: dict[str, str],
    *,
    search: str,
    works: bool = True,
    usable: Collection[str] = ("cpu", "cuda"),
) -> Advice | None:
    """Returns the most pressing problem of a machine, if it has one.

    Args:
        search: the best backend of the search.
        works: whether the installed ONNX Runtime can be loaded.
        usable: the backends that could run a model now.
    """
    has_cpu, has_gpu = CPU_RUNTIME in runtimes, GPU_RUNTIME in runtimes
    if has_cpu and has_gpu:
        return Advice(
            "onnxruntime and onnxruntime-gpu are both installed and overwrite each other",
            _KEEP_CUDA if gpus else _KEEP_CPU,
        )
    if not has_cpu and not has_gpu:
        return Advice(
            "no ONNX Runtime is installed: no model can be played",
            "pip install 'aztoolkit[cuda]'" if gpus else _INSTALL_CPU,
        )
    if not works:
        return Advice(
            "the installed ONNX Runtime does not load", _KEEP_CUDA if has_gpu else _KEEP_CPU
        )
    if gpus and not {"cuda", "rtx", "tensorrt"} & set(usable):
        return Advice(
            f"models run on the processor though {gpus[0].name} is here",
            _INSTALL_RTX if gpus[0].compute_capability in _RTX_CARDS else _INSTALL_CUDA,
        )
    if search == "python":
        return Advice("the native search is not built: searching is slow", _BUILD_NATIVE)
    return None


def _report(
    cpu: Cpu,
    gpus: list[Gpu],
    runtimes: dict[str, str],
    providers: list[str],
    advice: Advice | None,
) -> dict[str, Any]:  # Any: a JSON document
    return {
        "aztoolkit": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "cpu": {**asdict(cpu), "vnni": cpu.has_vnni},
        "memory_gib": round(memory_gib(), 1),
        "gpus": [asdict(gpu) for gpu in gpus],
        "runtimes": runtimes,
        "search": best_backend(),
        "providers": providers,
        "uses": _choice(runtimes),
        "advice": asdict(advice) if advice else None,
    }


def _providers(runtimes: dict[str, str]) -> list[str]:
    """Returns the execution providers of the installed ONNX Runtime, as it names them."""
    if not {CPU_RUNTIME, GPU_RUNTIME} & runtimes.keys():
        return []
    from aztoolkit.backends.ort import available_providers

    try:
        return available_providers()
    except MissingDependencyError:  # so it is after both packages were there and one went
        return []


def _choice(runtimes: dict[str, str]) -> str | None:
    """Returns the backend that models are opened with unless one is named or was measured, in words."""
    if missing("cpu") and missing("openvino"):
        return None
    choice = default_backend()
    versions = [runtimes[name] for name in _PACKAGES[choice.backend] if name in runtimes]
    version = f" {versions[0]}" if versions else ""
    return f"{_TITLES[choice.backend]}{version}: {choice.reason}"


def _backends() -> dict[str, str | None]:
    """Returns what each backend lacks here, or None if it can be used."""
    return {name: missing(name) for name in RUNTIMES}


def _print(report: dict[str, Any]) -> None:  # Any: the JSON document
    console = human_console()
    cpu = report["cpu"]
    table = Table.grid(padding=(0, 2))
    table.add_row(
        "aztoolkit", f"{report['aztoolkit']} on Python {report['python']}, {sys.platform}"
    )
    table.add_row("processor", f"{cpu['name']}, {cpu['cores']} cores, {' '.join(cpu['features'])}")
    table.add_row("memory", f"{report['memory_gib']} GiB")
    for gpu in report["gpus"]:
        table.add_row(
            "graphics",
            f"{gpu['name']}, {gpu['memory_mib']} MiB, driver {gpu['driver']}, sm {gpu['compute_capability']}",
        )
    if not report["gpus"]:
        table.add_row("graphics", "no NVIDIA card found")
    runtimes = ", ".join(f"{name} {version}" for name, version in report["runtimes"].items())
    table.add_row("runtimes", runtimes or "none")
    for backend in report["backends"]:
        table.add_row(f"--backend {backend['backend']}", backend["missing"] or "can be used")
    table.add_row(
        "will use", f"{report['uses'] or 'nothing: no runtime'}; {report['search']} search"
    )
    console.print(table)
    if not cpu["vnni"]:
        console.print(
            "This processor has no VNNI: 8-bit weights run exactly but with little gain; "
            "`aztoolkit quantize --weight-bits 7` is faster here."
        )
    if report["advice"]:
        console.print(f"\n{report['advice']['problem']}. Mend it with:\n")
        console.print(f"    {report['advice']['command']}", soft_wrap=True)
    else:
        console.print("\nNothing to improve.")
