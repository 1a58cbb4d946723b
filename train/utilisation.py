"""How busy the device of a run is, as sums that only grow: a share lies between two readings.

    cpu     processor time of this process, over the time of all cores it may use
    cuda    the share of its last moments (1/6 s to 1 s) in which the GPU ran a kernel, as its driver says
            (NVML, package nvidia-ml-py), asked for twice a second in a thread of its own

Where a GPU cannot be asked (no package, no right, a slice of a card under MIG) that is said once, and
nothing is measured.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol

import torch

from aztoolkit.errors import AztoolkitError, MachineError, MissingDependencyError
from aztoolkit.hardware import probe_cpu

_PERIOD_S = 0.5
_PERCENT = 100


@dataclass(frozen=True)
class Reading:
    """Two sums at one moment."""

    busy: float = 0.0
    """Seconds of cores at work; or shares of a GPU's time, added up."""
    whole: float = 0.0
    """What `busy` would be had nothing been idle."""

    def since(self, earlier: "Reading") -> float | None:
        """Returns the share, 0 to 1, between two readings; None where nothing was measured."""
        whole = self.whole - earlier.whole
        return (self.busy - earlier.busy) / whole if whole > 0 else None


class Meter(Protocol):
    """What can be read at any moment, from any thread."""

    def read(self) -> Reading:
        """Returns the sums up to now."""


class Processor:
    """The processor, as this process has used it; processes that it started are not in it."""

    def __init__(self) -> None:
        self._cores = probe_cpu().cores

    def read(self) -> Reading:
        """Returns seconds of cores."""
        return Reading(time.process_time(), time.perf_counter() * self._cores)


class Sampled:
    """Shares that are asked for again and again, in a thread; a context manager."""

    def __init__(
        self,
        ask: Callable[[], float],
        say: Callable[[str], None],
        *,
        period_s: float,
    ) -> None:
        """Begins to ask when it is entered.

        Args:
            ask: returns a share, 0 to 1; what it raises ends the thread.
            say: is told, once, why nothing is measured any more.
            period_s: between two questions.
        """
        self._ask, self._say, self._period_s = ask, say, period_s
        self._reading = Reading()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="utilisation", daemon=True)

    def read(self) -> Reading:
        """Returns answers, added up, and how many there were."""
        return self._reading

    def __enter__(self) -> "Sampled":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        try:
            while not self._over.wait(self._period_s):
                share = self._ask()
                self._reading = Reading(self._reading.busy + share, self._reading.whole + 1)
        except AztoolkitError as error:
            self._say(_unmeasured(error))


class Nvml:
    """NVIDIA's management library, asked about the GPU that torch uses; a context manager."""

    def __init__(self) -> None:
        """Opens it.

        Raises:
            MissingDependencyError: its package is not installed.
            MachineError: the driver does not let itself be asked.
        """
        self._nvml = _import_nvml()
        self._call(self._nvml.nvmlInit)
        try:
            self._gpu = self._call(self._nvml.nvmlDeviceGetHandleByUUID, f"GPU-{_uuid()}")
        except MachineError:
            self.__exit__()
            raise

    def utilisation(self) -> float:
        """Returns the share, 0 to 1; raises MachineError where the driver does not tell."""
        rates = self._call(self._nvml.nvmlDeviceGetUtilizationRates, self._gpu)
        return float(rates.gpu) / _PERCENT

    def __enter__(self) -> "Nvml":
        return self

    def __exit__(self, *_: object) -> None:
        self._nvml.nvmlShutdown()

    def _call(self, function: Callable[..., Any], *arguments: object) -> Any:  # Any: NVML's types
        try:
            return function(*arguments)
        except self._nvml.NVMLError as error:
            raise MachineError(
                f"expected the driver to tell how busy the GPU is, got: {error}; "
                "look with nvidia-smi, which asks likewise"
            ) from error


@contextmanager
def open_meter(device: str, say: Callable[[str], None]) -> Iterator[Meter]:
    """Yields what measures a device, `cpu` or `cuda`, while the block runs.

    Args:
        say: is told why a GPU cannot be measured; the readings are then all alike.
    """
    if device == "cpu":
        yield Processor()
        return
    try:
        nvml = Nvml()
    except AztoolkitError as error:
        say(_unmeasured(error))
        yield _Nothing()
        return
    with nvml, Sampled(nvml.utilisation, say, period_s=_PERIOD_S) as sampled:
        yield sampled


class _Nothing:
    def read(self) -> Reading:
        return Reading()


def _unmeasured(error: AztoolkitError) -> str:
    return f"the GPU's utilisation is not measured: {error}"


def _import_nvml() -> ModuleType:
    try:
        import pynvml  # of nvidia-ml-py; torch.cuda.utilization wants the same
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            "expected the package nvidia-ml-py, got none; install it with `pip install nvidia-ml-py`"
        ) from error
    module: ModuleType = pynvml
    return module


def _uuid() -> str:
    """Returns what CUDA and NVML both know the GPU by, however CUDA_VISIBLE_DEVICES counts."""
    return str(torch.cuda.get_device_properties(torch.cuda.current_device()).uuid)
