"""Batches built ahead of the learner, by a thread of their own, and brought to its device.

    fill ──▶ staging [pinned memory] ──▶ device [a CUDA stream of its own] ──▶ queue ──▶ learner
                ▲                                                                  │
                └─────────────────── one batch later, to be filled again ──────────┘

Without a GPU the staging itself is what the learner reads. What is drawn hangs on the generator alone:
a generator that is saved between two batches and read again goes on with the batch that would have
followed, however many had been built ahead.
"""

import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from types import TracebackType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from train.window import Batch

Fill = Callable[[np.random.Generator, Batch], None]
"""Overwrites a batch with what it draws; `ReplayWindow.sample_into` is one."""


@dataclass(frozen=True)
class TensorBatch:
    """A batch on a device; see `Batch` for its parts."""

    planes: Tensor
    """`[B, C, 8, 8]` float32."""
    policy: Tensor
    """`[B, A]` float32."""
    legal: Tensor
    """`[B, A]` bool."""
    wdl: Tensor
    """`[B, 3]` float32."""

    def __len__(self) -> int:
        return len(self.planes)

    @classmethod
    def of(cls, batch: Batch) -> "TensorBatch":
        """Returns tensors that share the memory of a batch."""
        return cls(*(torch.from_numpy(getattr(batch, part.name)) for part in fields(cls)))

    def map(self, change: Callable[[Tensor], Tensor]) -> "TensorBatch":
        """Returns a batch of what `change` makes of each part."""
        return TensorBatch(*(change(getattr(self, part.name)) for part in fields(self)))

    def to(self, device: torch.device | str) -> "TensorBatch":
        """Returns the batch on a device; from pinned memory without waiting until it is there."""
        return self.map(lambda tensor: tensor.to(device, non_blocking=True))


class _Staging:
    """Memory that batches are built in, again and again."""

    def __init__(self, count: int, *, pinned: bool) -> None:
        host = TensorBatch.of(Batch.empty(count))
        self.tensors = host.map(Tensor.pin_memory) if pinned else host
        self.arrays = Batch(
            **{part.name: getattr(self.tensors, part.name).numpy() for part in fields(host)}
        )
        self.copied: torch.cuda.Event | None = None
        """When the device has read the last batch."""


@dataclass(frozen=True)
class _Ready:
    """A batch on the device."""

    batch: TensorBatch
    staging: _Staging
    rng_state: Mapping[str, Any]  # Any: of numpy's making
    """Where the generator stood after it."""


class Prefetcher:
    """Hands out batches without end; a context manager, whose end stops the thread."""

    def __init__(
        self,
        fill: Fill,
        rng: np.random.Generator,
        *,
        batch_size: int,
        depth: int,
        device: torch.device | str = "cpu",
    ) -> None:
        """Starts the thread, unless `depth` is 0.

        Args:
            fill: called in the thread, with a generator of the thread's own.
            rng: stands, between two batches, where the batches taken so far have left it.
            batch_size: positions.
            depth: batches built ahead; 0: each when it is asked for.
        """
        self._fill, self._rng, self._device = fill, rng, torch.device(device)
        self._stream = _new_stream(self._device)
        self._free: queue.SimpleQueue[_Staging | None] = queue.SimpleQueue()  # None: stop
        self._ready: queue.SimpleQueue[_Ready | BaseException] = queue.SimpleQueue()
        for _ in range(depth + 1):
            self._free.put(_Staging(batch_size, pinned=self._stream is not None))
        self._lent: _Staging | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(_copy(rng),), name="prefetch")
        self._threaded = depth > 0
        if self._threaded:
            self._thread.start()

    def __enter__(self) -> "Prefetcher":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def take(self) -> TensorBatch:
        """Returns the next batch, to be used until the one after it is taken.

        Waits for it if need be; raises whatever `fill` raised.
        """
        if self._lent is not None:
            self._free.put(self._lent)
            self._lent = None
        if not self._threaded:
            self._build(self._rng)
        ready = self._ready.get()
        if isinstance(ready, BaseException):
            self._ready.put(ready)  # for whoever asks again
            raise ready
        self._lent = ready.staging
        self._rng.bit_generator.state = ready.rng_state
        self._await_copy(ready)
        return ready.batch

    def close(self) -> None:
        """Stops the thread, at most a batch later, and forgets what was built ahead."""
        self._stopping.set()
        self._free.put(None)
        if self._threaded:
            self._thread.join()

    def _run(self, rng: np.random.Generator) -> None:
        """Builds batches while there is memory to build them in."""
        try:
            while not self._stopping.is_set() and self._build(rng):
                pass
        except BaseException as error:
            self._ready.put(error)

    def _build(self, rng: np.random.Generator) -> bool:
        """Makes one batch ready, and returns whether there is to be another."""
        staging = self._free.get()
        if staging is None:
            return False
        if staging.copied is not None:
            staging.copied.synchronize()
        self._fill(rng, staging.arrays)
        with torch.cuda.stream(self._stream):  # does nothing where it is None
            batch = staging.tensors.to(self._device)
            staging.copied = self._stream.record_event() if self._stream else None
        self._ready.put(_Ready(batch, staging, rng.bit_generator.state))
        return True

    def _await_copy(self, ready: _Ready) -> None:
        """Lets the device, not this thread, wait for the copy, and keep its memory until it is used."""
        if ready.staging.copied is not None:
            stream = torch.cuda.current_stream(self._device)
            stream.wait_event(ready.staging.copied)
            for part in fields(ready.batch):
                getattr(ready.batch, part.name).record_stream(stream)


def _copy(rng: np.random.Generator) -> np.random.Generator:
    twin = np.random.Generator(type(rng.bit_generator)())
    twin.bit_generator.state = rng.bit_generator.state
    return twin


def _new_stream(device: torch.device) -> torch.cuda.Stream | None:
    if device.type != "cuda":
        return None
    return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
