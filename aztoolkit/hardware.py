"""What this machine is made of: processor, memory, graphics cards, inference runtimes."""

import platform
import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import psutil

_CPUINFO = Path("/proc/cpuinfo")
_VNNI_FLAGS = {"avx512_vnni", "avx_vnni", "avx512_icl", "avx512_spr"}
_GPU_QUERY = "name,driver_version,memory.total,compute_cap"
_NVIDIA_SMI_TIMEOUT_S = 10.0
RUNTIMES = (
    "onnxruntime",
    "onnxruntime-gpu",
    "onnxruntime-ep-nv-tensorrt-rtx-cu13",
    "tensorrt-rtx-cu13-bindings",
    "tensorrt",
    "openvino",
    "torch",
)
"""Distributions that can run or train a network."""


@dataclass(frozen=True)
class Cpu:
    """The processor."""

    name: str
    cores: int
    """That this process may use."""
    features: tuple[str, ...]
    """Of those that matter to us: avx2, avx512f, vnni."""

    @property
    def has_vnni(self) -> bool:
        """Whether 8-bit products are summed exactly and fast; without, they may saturate at 16 bits."""
        return "vnni" in self.features


@dataclass(frozen=True)
class Gpu:
    """One NVIDIA graphics card."""

    name: str
    driver: str
    memory_mib: int
    compute_capability: str


def probe_cpu() -> Cpu:
    """Returns this machine's processor."""
    name, flags = _linux_cpu() if _CPUINFO.is_file() else _other_cpu()
    features: list[str] = [feature for feature in ("avx2", "avx512f") if feature in flags]
    if flags & _VNNI_FLAGS:
        features.append("vnni")
    cores = (
        len(psutil.Process().cpu_affinity()) if hasattr(psutil.Process, "cpu_affinity") else None
    )
    return Cpu(name, cores or psutil.cpu_count() or 1, tuple(features))


def probe_gpus() -> list[Gpu]:
    """Returns the NVIDIA cards that the driver lists; none without a driver."""
    command = ["nvidia-smi", f"--query-gpu={_GPU_QUERY}", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=_NVIDIA_SMI_TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return [_parse_gpu(line) for line in answer.stdout.splitlines() if line.count(",") == 3]


def memory_gib() -> float:
    """Returns the machine's memory in GiB."""
    return float(psutil.virtual_memory().total) / 2**30


def installed_runtimes() -> dict[str, str]:
    """Returns the versions of the installed distributions among `RUNTIMES`."""
    versions = {}
    for name in RUNTIMES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _linux_cpu() -> tuple[str, set[str]]:
    fields: dict[str, str] = {}
    for line in _CPUINFO.read_text(errors="replace").splitlines():
        key, _, value = line.partition(":")
        fields.setdefault(key.strip(), value.strip())
    return fields.get("model name", platform.machine()), set(fields.get("flags", "").split())


def _other_cpu() -> tuple[str, set[str]]:
    """Asks numpy, which probes the processor for its own kernels on every system."""
    from numpy._core._multiarray_umath import __cpu_features__

    flags = {name.lower() for name, present in __cpu_features__.items() if present}
    return platform.processor() or platform.machine(), flags


def _parse_gpu(line: str) -> Gpu:
    name, driver, memory_mib, capability = (part.strip() for part in line.split(","))
    return Gpu(name, driver, int(float(memory_mib)), capability)
