"""NVIDIA's libraries as they look from outside, on the processor's memory.

The fake card hands out real addresses and copies real bytes, and the fake engine reads and writes them
there: what the backend does with shapes, addresses and the order of its calls is put to the test.
"""

import ctypes
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from aztoolkit.backends.nvidia import Library
from aztoolkit.evaluator import Evaluation, Evaluator
from aztoolkit.files import sha256, write_text
from aztoolkit.model import INPUT, OUTPUTS, ModelSpec
from aztoolkit.plan import Batch, PlanSpec, Target, plan_path, spec_path

HOST_TO_DEVICE, DEVICE_TO_HOST = 1, 2
OUT_OF_MEMORY = 2


class FakeCuda:
    """`cuda.bindings.runtime`: answers are (error, result)."""

    cudaMemcpyKind = SimpleNamespace(  # noqa: N815, CUDA's name
        cudaMemcpyHostToDevice=HOST_TO_DEVICE, cudaMemcpyDeviceToHost=DEVICE_TO_HOST
    )

    def __init__(self, *, memory: int = 1 << 30) -> None:
        self.blocks: dict[int, Any] = {}
        self.free_bytes = memory
        self.streams: set[int] = set()
        self.waits = 0

    def cudaStreamCreate(self) -> tuple[int, int]:  # noqa: N802
        self.streams.add(77)
        return 0, 77

    def cudaStreamDestroy(self, stream: int) -> tuple[int]:  # noqa: N802
        self.streams.remove(stream)
        return (0,)

    def cudaStreamSynchronize(self, stream: int) -> tuple[int]:  # noqa: N802
        assert stream in self.streams
        self.waits += 1
        return (0,)

    def cudaMalloc(self, size: int) -> tuple[int, int | None]:  # noqa: N802
        if size > self.free_bytes:
            return OUT_OF_MEMORY, None
        self.free_bytes -= size
        block = ctypes.create_string_buffer(size)
        address = ctypes.addressof(block)
        self.blocks[address] = block
        return 0, address

    def cudaFree(self, address: int) -> tuple[int]:  # noqa: N802
        self.free_bytes += len(self.blocks.pop(address))
        return (0,)

    def cudaMemcpyAsync(  # noqa: N802
        self, target: int, source: int, size: int, kind: int, stream: int
    ) -> tuple[int]:
        assert stream in self.streams
        block = self.blocks[target if kind == HOST_TO_DEVICE else source]
        assert size <= len(block), "written or read past the end of a block"
        ctypes.memmove(target, source, size)
        return (0,)

    def cudaGetErrorString(self, error: int) -> tuple[int, bytes]:  # noqa: N802
        return 0, b"out of memory" if error == OUT_OF_MEMORY else b"unknown"


class FakeContext:
    """An execution context that asks an evaluator in the engine's place."""

    def __init__(self, network: Evaluator, *, works: bool = True) -> None:
        self._network, self._works = network, works
        self.addresses: dict[str, int] = {}
        self.shape: tuple[int, ...] = ()
        self.batches: list[int] = []

    def set_tensor_address(self, name: str, address: int) -> bool:
        self.addresses[name] = address
        return True

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        assert name == INPUT
        self.shape = tuple(shape)
        return True

    def execute_async_v3(self, stream: int) -> bool:
        assert stream == 77
        if not self._works:
            return False
        answer = self._network.evaluate(_array(self.addresses[INPUT], self.shape).copy())
        self.batches.append(self.shape[0])
        for name in OUTPUTS:
            values = getattr(answer, name)
            _array(self.addresses[name], values.shape)[:] = values
        return True


class FakeEngine:
    """What a plan becomes."""

    def __init__(self, context: FakeContext, layers: str = "") -> None:
        self.context, self.layers = context, layers

    def create_execution_context(self) -> FakeContext:
        return self.context

    def create_engine_inspector(self) -> SimpleNamespace:
        return SimpleNamespace(get_engine_information=lambda _format: self.layers)


class FakeLogger:
    """Base of every logger."""

    def log(self, severity: int, text: str) -> None:
        raise NotImplementedError


def fake_library(
    engine: FakeEngine | None, *, target: Target = "tensorrt", version: str = "11.0"
) -> Library:
    """Returns a library whose runtime makes `engine` of any plan; with None it refuses, and says why."""

    class Runtime:
        def __init__(self, logger: FakeLogger) -> None:
            self._log: Callable[[int, str], None] = logger.log

        def deserialize_cuda_engine(self, plan: bytes) -> FakeEngine | None:
            if engine is None:
                self._log(2, "a warning")
                self._log(1, f"Error Code 6: plan of {len(plan)} bytes is for another card")
            return engine

    module = SimpleNamespace(
        ILogger=FakeLogger,
        Runtime=Runtime,
        LayerInformationFormat=SimpleNamespace(ONELINE="oneline"),
        __version__=version,
    )
    return Library(target, module, version)


def write_plan(
    model: Path,
    spec: ModelSpec,
    *,
    target: Target = "tensorrt",
    version: str = "11.0",
    compute_capability: str = "8.9",
) -> Path:
    """Puts a good plan with its sidecar beside a model and returns the plan's path."""
    plan = plan_path(model, target, compute_capability)
    plan.write_bytes(b"a plan")
    sidecar = PlanSpec(
        target=target,
        library_version=version,
        compute_capability=compute_capability,
        model=model.name,
        model_sha256=sha256(model),
        model_spec=spec,
        batch=Batch(largest=8),
        layers=(),
        plan_sha256=sha256(plan),
    )
    write_text(spec_path(plan), sidecar.model_dump_json())
    return plan


def check_same(answer: Evaluation, expected: Evaluation) -> None:
    np.testing.assert_array_equal(answer.policy, expected.policy)
    np.testing.assert_array_equal(answer.wdl, expected.wdl)


def _array(address: int, shape: tuple[int, ...]) -> np.ndarray:
    size = int(np.prod(shape))
    block = (ctypes.c_float * size).from_address(address)
    return np.frombuffer(block, dtype=np.float32).reshape(shape)
