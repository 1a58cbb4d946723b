"""Which backend, threads and batch are the fastest for a model here; saved for `--backend auto`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aztoolkit.backends import RUNTIMES, Runtime, missing, open_evaluator
from aztoolkit.backends.setting import make_setting, save_setting
from aztoolkit.backends.tensorrt import PlanEvaluator
from aztoolkit.errors import AztoolkitError, ConfigError
from aztoolkit.evaluator import Evaluator
from aztoolkit.hardware import probe_cpu
from aztoolkit.measure import rates_side_by_side
from benchmarks.measure import document
from benchmarks.side_by_side import Row, evaluation

NAME = "inference"
BATCHES = (1, 4, 16, 64, 256)
CLOSE = 0.9
"""Share of the best speed from which on a smaller batch is as good: it answers sooner."""
_ON_PROCESSOR: tuple[Runtime, ...] = ("cpu", "openvino")


@dataclass(frozen=True)
class Way:
    """A way to evaluate a model."""

    backend: Runtime
    threads: int

    def __str__(self) -> str:
        return f"{self.backend}/{self.threads}"


def inference(
    model: Path,
    *,
    backends: Sequence[Runtime] = (),
    threads: Sequence[int] = (),
    batches: Sequence[int] = BATCHES,
    save: bool = True,
) -> dict[str, Any]:  # Any: a JSON document
    """Measures every way to evaluate a model and recommends one.

    Args:
        backends: those to try; without any, all that this machine has.
        threads: of one evaluator on the processor; without any, 1 and as many as there are cores.
        save: whether `--backend auto` shall use what is found, which it does only where nothing was
            left out by `backends` or `threads`: what was not tried may be faster.

    Returns:
        `rows` with `backend, threads, batch, evals_per_s, lowest, highest`; `recommended` with
        `backend, threads, batch, evals_per_s`; `left_out`, by backend why it was not tried; `saved`,
        the file that holds the recommendation, or None and `not_saved`, the reason.

    Raises:
        ModelError: the model is missing, broken or not ours.
        ConfigError: no backend is to be had.
    """
    opened, left_out = _open(model, backends or RUNTIMES, threads)
    try:
        rows = [row for batch in batches for row in _rows(opened, batch)]
    finally:
        for evaluator in opened.values():
            evaluator.close()
    best = recommend(rows)
    figures = {"model": str(model), "rows": rows, "recommended": best, "left_out": left_out}
    reason = _why_not_saved(backends, threads, save=save)
    if reason:
        return document(NAME, figures | {"saved": None, "not_saved": reason})
    plan = isinstance(opened[Way(best["backend"], best["threads"])], PlanEvaluator)
    saved = save_setting(make_setting(model, plan=plan, **best))
    return document(NAME, figures | {"saved": str(saved)})


def recommend(rows: Sequence[Row]) -> dict[str, Any]:  # Any: fields of a row
    """Returns the fastest backend and threads, with the smallest batch that comes close to their best.

    Args:
        rows: as `inference` returns them.
    """
    fastest = max(rows, key=_speed)
    same = [row for row in rows if _way(row) == _way(fastest)]
    close = [row for row in same if _speed(row) >= CLOSE * _speed(fastest)]
    chosen = min(close, key=lambda row: int(row["batch"]))
    return {name: chosen[name] for name in ("backend", "threads", "batch", "evals_per_s")}


def _why_not_saved(
    backends: Sequence[Runtime], threads: Sequence[int], *, save: bool
) -> str | None:
    """Returns why a recommendation is not kept; None if it is."""
    if not save:
        return "as asked"
    restricted = [name for name, given in (("backend", backends), ("threads", threads)) if given]
    if not restricted:
        return None
    options = " and ".join(f"--{name}" for name in restricted)
    return f"{options} left ways out that may be faster; measure without, and auto will use it"


def _open(
    model: Path, backends: Sequence[Runtime], threads: Sequence[int]
) -> tuple[dict[Way, Evaluator], dict[str, str]]:
    """Opens a model in every way; returns the evaluators, and why a backend was left out."""
    opened: dict[Way, Evaluator] = {}
    left_out: dict[str, str] = {}
    for backend in dict.fromkeys(backends):
        lacks = missing(backend, model)
        if lacks:
            left_out[backend] = lacks
            continue
        for count in _threads(backend, threads):
            try:
                evaluator = open_evaluator(model, backend=backend, threads=count)
            except AztoolkitError as error:
                if backend == "cpu":  # what it does not open is no model
                    raise
                left_out[backend] = str(error)
                break
            opened[Way(backend, count)] = evaluator
    if not opened:
        raise ConfigError(f"expected a backend that can be used, got {left_out}")
    return opened, left_out


def _threads(backend: Runtime, threads: Sequence[int]) -> list[int]:
    if backend not in _ON_PROCESSOR:
        return [0]
    return list(dict.fromkeys(threads or (1, probe_cpu().cores)))


def _rows(opened: dict[Way, Evaluator], batch: int) -> list[Row]:
    ways = {str(way): way for way in opened}
    works = {name: evaluation(opened[way], batch) for name, way in ways.items()}
    rows = []
    for name, rate in rates_side_by_side(works).items():
        rounded = rate.round()
        rows.append(
            {
                "backend": ways[name].backend,
                "threads": ways[name].threads,
                "batch": batch,
                "evals_per_s": rounded.median,
                "lowest": rounded.lowest,
                "highest": rounded.highest,
            }
        )
    return rows


def _speed(row: Row) -> float:
    return float(row["evals_per_s"])


def _way(row: Row) -> tuple[str, int]:
    return row["backend"], row["threads"]
