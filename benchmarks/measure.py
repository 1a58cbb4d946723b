"""How everything here is measured: warm-up, repeated runs, median and spread, machine and commit."""

import platform
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from aztoolkit import __version__
from aztoolkit.files import write_json
from aztoolkit.hardware import memory_gib, probe_cpu

REPEATS = 5
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Rate:
    """Things per second over several runs."""

    median: float
    lowest: float
    highest: float

    def round(self) -> "Rate":
        """Returns the same to whole things."""
        return Rate(*(float(round(value)) for value in (self.median, self.lowest, self.highest)))


def rate(work: Callable[[], int], *, repeats: int = REPEATS, min_run_s: float = 0.5) -> Rate:
    """Measures how many things a second `work` does.

    Args:
        work: does some things and returns how many; called once to warm up, then again and again.
        min_run_s: each run repeats `work` for at least so long.
    """
    work()
    return _rate_of([_run(work, min_run_s) for _ in range(repeats)])


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
    return {name: _rate_of(speeds) for name, speeds in runs.items()}


def document(name: str, figures: dict[str, Any]) -> dict[str, Any]:  # Any: a JSON document
    """Returns `figures` with the machine, the version and the commit they were measured on."""
    return {
        "benchmark": name,
        **figures,
        "aztoolkit": __version__,
        "commit": _commit(),
        "python": platform.python_version(),
        "cpu": asdict(probe_cpu()),
        "memory_gib": round(memory_gib(), 1),
    }


def save(report: dict[str, Any], folder: Path) -> Path:  # Any: a JSON document
    """Writes a report as `folder/<benchmark>.json` and returns the path."""
    target = folder / f"{report['benchmark']}.json"
    write_json(target, report)
    return target


def _run(work: Callable[[], int], min_run_s: float) -> float:
    done, start_s = 0, time.perf_counter()
    while True:
        done += work()
        elapsed_s = time.perf_counter() - start_s
        if elapsed_s >= min_run_s:
            return done / elapsed_s


def _rate_of(speeds: list[float]) -> Rate:
    return Rate(statistics.median(speeds), min(speeds), max(speeds))


def _commit() -> str | None:
    """Returns the commit of the checkout, or None for an installed package."""
    command = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()
