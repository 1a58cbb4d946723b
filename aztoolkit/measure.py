"""How speed is measured: warm-up, repeated runs, outliers left out, median and spread, peak memory."""

import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

REPEATS = 5
_OUTLIER_MADS = 5.0
_MAD_TO_SIGMA = 1.4826
_MEMORY_PERIOD_S = 0.05


@dataclass(frozen=True)
class Rate:
    """Things per second over several runs, without outliers."""

    median: float
    lowest: float
    highest: float
    outliers: int = 0
    """Runs left out."""

    def round(self) -> "Rate":
        """Returns the same to whole things."""
        median, lowest, highest = (
            float(round(value)) for value in (self.median, self.lowest, self.highest)
        )
        return Rate(median, lowest, highest, self.outliers)


@dataclass
class PeakMemory:
    """The most memory that this process has held while it was watched."""

    mib: float = 0.0


def rate(work: Callable[[], int], *, repeats: int = REPEATS, min_run_s: float = 0.5) -> Rate:
    """Measures how many things a second `work` does.

    Args:
        work: does some things and returns how many; called once to warm up, then again and again.
        min_run_s: each run repeats `work` for at least so long.
    """
    work()
    return summarise([_run(work, min_run_s) for _ in range(repeats)])


def rates_side_by_side(
    works: dict[str, Callable[[], int]], *, repeats: int = REPEATS, min_run_s: float = 0.5
) -> dict[str, Rate]:
    """Measures several works in turns, so that what else the machine does meets all of them alike."""
    for work in works.values():
        work()
    runs: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            runs[name].append(_run(work, min_run_s))
    return {name: summarise(speeds) for name, speeds in runs.items()}


def summarise(speeds: Sequence[float]) -> Rate:
    """Returns median and range of at least one run.

    A run is an outlier if it lies five standard deviations from the median, these estimated from the
    median absolute deviation (Leys et al. 2013), and there are at least five runs to judge by.
    """
    median = statistics.median(speeds)
    sigma = _MAD_TO_SIGMA * statistics.median(abs(speed - median) for speed in speeds)
    judged = len(speeds) >= REPEATS and sigma > 0
    kept = [s for s in speeds if not judged or abs(s - median) <= _OUTLIER_MADS * sigma]
    return Rate(statistics.median(kept), min(kept), max(kept), len(speeds) - len(kept))


@contextmanager
def peak_memory() -> Iterator[PeakMemory]:
    """Watches the memory of this process while the block runs, a few times a second."""
    peak, process, over = PeakMemory(), psutil.Process(), threading.Event()

    def look() -> None:
        peak.mib = max(peak.mib, process.memory_info().rss / 2**20)

    def watch() -> None:
        while not over.wait(_MEMORY_PERIOD_S):
            look()

    thread = threading.Thread(target=watch, name="peak-memory", daemon=True)
    look()
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()
        look()


def _run(work: Callable[[], int], min_run_s: float) -> float:
    done, start_s = 0, time.perf_counter()
    while True:
        done += work()
        elapsed_s = time.perf_counter() - start_s
        if elapsed_s >= min_run_s:
            return done / elapsed_s
