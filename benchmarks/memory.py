"""Memory that a model takes: in a process of its own, so that no other model's memory is counted."""

import gc
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import psutil

from aztoolkit.backends import BackendName, open_evaluator
from aztoolkit.measure import peak_memory

BATCH = 64
_EVALUATIONS = 4
_MEBIBYTE = 1 << 20


def memory_mib(model: Path, *, backend: BackendName = "auto", threads: int = 1) -> float:
    """Returns by how many MiB a process grows that loads a model and evaluates batches of 64.

    The runtime's own libraries are loaded before; of a card, its memory is not counted.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return round(pool.submit(_grow, model, backend, threads).result(), 1)


def _grow(model: Path, backend: BackendName, threads: int) -> float:
    from benchmarks.side_by_side import evaluation

    open_evaluator(model, backend=backend, threads=threads).close()  # loads the runtime
    gc.collect()
    before = psutil.Process().memory_info().rss / _MEBIBYTE
    with peak_memory() as peak:
        evaluator = open_evaluator(model, backend=backend, threads=threads)
        work = evaluation(evaluator, BATCH)
        for _ in range(_EVALUATIONS):
            work()
    return max(0.0, peak.mib - before)
