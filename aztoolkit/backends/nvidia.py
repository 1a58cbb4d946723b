"""NVIDIA's libraries: TensorRT and TensorRT-RTX, which have one interface, and the memory of a card."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aztoolkit.errors import MachineError, MissingDependencyError
from aztoolkit.plan import Target

_MODULES: dict[Target, str] = {"tensorrt": "tensorrt", "rtx": "tensorrt_rtx_bindings"}
NAMES: dict[Target, str] = {"tensorrt": "TensorRT", "rtx": "TensorRT-RTX"}
_INSTALL: dict[Target, str] = {
    "tensorrt": "pip install 'aztoolkit[tensorrt]' --extra-index-url https://pypi.nvidia.com",
    "rtx": "pip install 'aztoolkit[rtx]'",
}
_SUCCESS = 0


@dataclass(frozen=True)
class Library:
    """TensorRT or TensorRT-RTX, loaded."""

    target: Target
    module: Any  # Any: it ships no types
    version: str


@dataclass(frozen=True)
class Message:
    """One line of a library's log."""

    severity: int
    """0 internal error, 1 error, 2 warning, 3 information, 4 verbose."""
    text: str


def check_library(target: Target) -> None:
    """Raises MissingDependencyError if a library is not installed."""
    if find_spec(_MODULES[target]) is None:
        raise MissingDependencyError(
            f"expected {NAMES[target]}, got none; install it with `{_INSTALL[target]}`"
        )


def load_library(target: Target) -> Library:
    """Returns TensorRT or TensorRT-RTX.

    Raises:
        MissingDependencyError: it is not installed, or does not load.
    """
    check_library(target)
    try:
        module = import_module(_MODULES[target])
    except (ImportError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise MissingDependencyError(
            f"expected {NAMES[target]} to load, got {reason}; install it anew with "
            f"`{_INSTALL[target]}`"
        ) from error
    return Library(target, module, str(module.__version__))


def make_logger(library: Library, sink: Callable[[Message], None]) -> Any:  # Any: a type of theirs
    """Returns a logger for a library that hands every line to `sink`, and prints nothing."""
    base = library.module.ILogger

    class Logger(base):  # type: ignore[misc, valid-type]  # only known once the library is loaded
        def __init__(self) -> None:
            base.__init__(self)

        def log(self, severity: Any, text: str) -> None:
            sink(Message(int(severity), text))

    return Logger()


class Card:
    """The first NVIDIA card: its memory and one stream of work, by CUDA's runtime."""

    def __init__(self, cuda: Any = None) -> None:  # Any: the module ships no types
        """Opens the card.

        Args:
            cuda: `cuda.bindings.runtime`, loaded if None.

        Raises:
            MissingDependencyError: the package cuda-bindings is not installed.
            MachineError: there is no card, or no driver.
        """
        self._cuda = cuda or _load_cuda()
        self._stream = self._call(self._cuda.cudaStreamCreate())
        self._pointers: list[Any] = []

    @property
    def stream(self) -> int:
        """The stream's handle."""
        return int(self._stream)

    def allocate(self, size: int) -> int:
        """Returns the address of so many bytes of the card's memory."""
        pointer = self._call(self._cuda.cudaMalloc(size))
        self._pointers.append(pointer)
        return int(pointer)

    def copy_in(self, address: int, values: NDArray[np.float32]) -> None:
        """Copies an array to the card, after what the stream already has to do."""
        kind = self._cuda.cudaMemcpyKind.cudaMemcpyHostToDevice
        self._copy(address, values.ctypes.data, values.nbytes, kind)

    def copy_out(self, values: NDArray[np.float32], address: int) -> None:
        """Fills an array from the card, after what the stream already has to do."""
        kind = self._cuda.cudaMemcpyKind.cudaMemcpyDeviceToHost
        self._copy(values.ctypes.data, address, values.nbytes, kind)

    def wait(self) -> None:
        """Returns when the stream has done everything."""
        self._call(self._cuda.cudaStreamSynchronize(self._stream))

    def close(self) -> None:
        """Gives memory and stream back."""
        while self._pointers:
            self._call(self._cuda.cudaFree(self._pointers.pop()))
        if self._stream is not None:
            self._call(self._cuda.cudaStreamDestroy(self._stream))
            self._stream = None

    def _copy(self, target: int, source: int, size: int, kind: Any) -> None:
        self._call(self._cuda.cudaMemcpyAsync(target, source, size, kind, self._stream))

    def _call(self, answer: tuple[Any, ...]) -> Any:
        """Returns the result of a call, of which CUDA returns (error, result)."""
        error, *results = answer
        if int(error) != _SUCCESS:
            _, text = self._cuda.cudaGetErrorString(error)
            raise MachineError(
                f"expected the NVIDIA card to work, got CUDA error {int(error)}: {text.decode()}"
            )
        return results[0] if results else None


def check_cuda() -> None:
    """Raises MissingDependencyError if CUDA's runtime is not installed."""
    if find_spec("cuda") is None or find_spec("cuda.bindings") is None:
        raise MissingDependencyError(
            "expected CUDA's runtime for Python, got none; install it with `pip install cuda-bindings`"
        )


def _load_cuda() -> Any:
    check_cuda()
    return import_module("cuda.bindings.runtime")
