"""What a smaller precision buys: size, memory, evaluations and nodes a second of models of one network.

What is measured, and how, is in `benchmarks.side_by_side`; memory in `benchmarks.memory`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from aztoolkit.backends import BackendName
from aztoolkit.model import Precision
from benchmarks.measure import document
from benchmarks.memory import memory_mib
from benchmarks.plot import bars
from benchmarks.side_by_side import Row, evaluation_rows, opened, search_rows

NAME = "quantization"
BATCHES = (1, 16, 64)
REFERENCE_BATCH = 16


def quantization(
    models: Sequence[Path],
    *,
    batches: Sequence[int] = BATCHES,
    threads: int = 1,
    backend: BackendName = "auto",
    skip_search: bool = False,
) -> dict[str, Any]:  # Any: a JSON document
    """Measures models side by side; the first is what others are held against.

    Args:
        models: such as fp32.onnx, fp16.onnx and int8.onnx of a run.
        threads: of each evaluator; several share the processor's memory and its clock.
        backend: the runtime of all.
        skip_search: leave out nodes a second.

    Returns:
        `rows` with `model, precision, bytes, batch, evals_per_s, lowest, highest`; `search` rows with
        `search, model, nodes_per_s, lowest, highest`; by model `memory_mib`, `size` as a share of the
        first's, and `speedups` over the first at batch 16; `speedup`, that of the lowest precision.

    Raises:
        ModelError: a model is missing, broken or not ours.
    """
    with opened(models, backend=backend, threads=threads) as evaluators:
        rows = evaluation_rows(evaluators, batches)
        searches = [] if skip_search else search_rows(evaluators)
    speedups = _speedups(rows, models)
    figures = {
        "threads": threads,
        "backend": backend,
        "rows": rows,
        "search": searches,
        "memory_mib": {str(m): memory_mib(m, backend=backend, threads=threads) for m in models},
        "size": _share(models),
        "speedups": speedups,
        "speedup": speedups.get(_lowest_precision(rows)),
    }
    return document(NAME, figures)


def plot(report: dict[str, Any]) -> str:  # Any: a JSON document
    """Returns an SVG picture of a report: a bar of evaluations a second for each batch and model."""
    groups: dict[str, dict[str, float]] = {}
    for row in report["rows"]:
        speeds = groups.setdefault(f"batch {row['batch']}", {})
        speeds[_label(row, report["rows"])] = row["evals_per_s"]
    threads = f"{report['threads']} threads" if report["threads"] != 1 else "1 thread"
    return bars(f"Evaluations a second, {report['cpu']['name']}, {threads}", groups)


def _label(row: Row, rows: Sequence[Row]) -> str:
    """Returns the precision, or the file's name where several models have the same."""
    same = {other["model"] for other in rows if other["precision"] == row["precision"]}
    return str(row["precision"]).upper() if len(same) == 1 else Path(row["model"]).stem


def _share(models: Sequence[Path]) -> dict[str, float]:
    original = models[0].stat().st_size
    return {str(model): round(model.stat().st_size / original, 3) for model in models}


def _speedups(rows: Sequence[Row], models: Sequence[Path]) -> dict[str, float]:
    speeds = {row["model"]: row["evals_per_s"] for row in rows if row["batch"] == REFERENCE_BATCH}
    original = speeds.get(str(models[0]))
    return {name: round(speed / original, 2) for name, speed in speeds.items()} if original else {}


def _lowest_precision(rows: Sequence[Row]) -> str:
    """Returns the model that was made smallest, the last of them if there are several."""
    order = get_args(Precision)
    return str(max(reversed(rows), key=lambda row: order.index(row["precision"]))["model"])
