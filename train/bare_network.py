"""The network alone: what self-play could at most come to, were everything around it free.

    cpu     each of as many threads as there are actors computes one batch again and again
    cuda    the slots of an inference server take turns, each computing again and again what lies in it:
            the same arithmetic, compiled and recorded alike, as many batches in flight

Left out are search, rules and the gathering of leaves, waiting for a batch to fill, copies to and from a
GPU, the rearranging of planes and, but for an ONNX model's, the look for NaN. What nobody can do without
stays in: making the arrays of the answers, and on a GPU waiting until a batch is done.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from aztoolkit.encoding import get_encoding
from aztoolkit.evaluator import Evaluator
from train.inference import TorchEvaluator, TorchSlot
from train.inference_server import SLOTS

_DENSITY = 0.1
"""Share of ones in the planes, about that of positions: a GPU computes zeros faster."""

_Loop = Callable[[float], int]
"""Computes batches until a moment of `time.perf_counter`, and returns how many."""


class BareNetwork:
    """A network in the arithmetic and mode of its evaluator."""

    def __init__(self, evaluator: Evaluator, *, batch: int, threads: int) -> None:
        """Lays out what is computed.

        Args:
            evaluator: as it is used in self-play.
            batch: positions.
            threads: that compute at once, a core each; a GPU is kept busy by one.
        """
        self._batch = batch
        planes = _planes(evaluator, batch)
        if isinstance(evaluator, TorchEvaluator) and evaluator.pinned:
            self._loops = [_slots_in_turn([_filled(evaluator, planes) for _ in range(SLOTS)])]
        else:
            self._loops = [partial(_again, _question(evaluator, planes)) for _ in range(threads)]

    def rate_for(self, seconds: float) -> float:
        """Returns evaluations a second over so long."""
        batches: list[int] = []
        began_s = time.perf_counter()

        def work(loop: _Loop) -> None:
            torch.set_num_threads(1)
            batches.append(loop(began_s + seconds))

        threads = [threading.Thread(target=work, args=(loop,)) for loop in self._loops]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(batches) * self._batch / (time.perf_counter() - began_s)


def _question(evaluator: Evaluator, planes: NDArray[np.float32]) -> Callable[[], object]:
    """Returns what computes a batch in the thread that calls it."""
    if not isinstance(evaluator, TorchEvaluator):
        return partial(evaluator.evaluate, planes)
    ready = torch.from_numpy(planes).contiguous(memory_format=torch.channels_last)
    return torch.inference_mode()(partial(evaluator.forward, ready))


def _again(question: Callable[[], object], end_s: float) -> int:
    batches = 0
    while time.perf_counter() < end_s:
        question()
        batches += 1
    return batches


def _filled(evaluator: TorchEvaluator, planes: NDArray[np.float32]) -> TorchSlot:
    slot = evaluator.open_slot(len(planes))
    slot.fill(torch.from_numpy(planes))
    return slot


def _slots_in_turn(slots: list[TorchSlot]) -> _Loop:
    def loop(end_s: float) -> int:
        batches, waiting = 0, deque(slots)
        for slot in slots:
            slot.compute()
        while waiting:
            slot = waiting.popleft()
            slot.wait()
            batches += 1
            if time.perf_counter() < end_s:
                slot.compute()
                waiting.append(slot)
        return batches

    return loop


def _planes(evaluator: Evaluator, batch: int) -> NDArray[np.float32]:
    """Returns `[B, C, 8, 8]` of zeros and ones, the same every time."""
    shape = (batch, get_encoding(evaluator.spec.encoding).planes, 8, 8)
    return (np.random.default_rng(0).random(shape) < _DENSITY).astype(np.float32)
