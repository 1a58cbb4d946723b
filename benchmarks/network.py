"""Networks side by side: evaluations a second by batch, and nodes a second of a search with each.

    python -m benchmarks.network FP32.onnx INT8.onnx

What is measured, and how, is in `benchmarks.side_by_side`.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aztoolkit.backends import BackendName
from benchmarks.measure import document
from benchmarks.side_by_side import Row, evaluation_rows, opened, search_rows

NAME = "network"
BATCHES = (1, 16, 64, 256)


def network(
    models: Sequence[Path], *, threads: int = 0, backend: BackendName = "auto"
) -> dict[str, Any]:  # Any: a JSON document
    """Returns `rows` of evaluations, `search` rows of nodes, and `speedup` of each over the first model.

    Args:
        models: such as fp32.onnx and int8.onnx; the first is what others are held against.
        threads: processor threads of each evaluator; 0 leaves the choice to the runtime.
        backend: the runtime of all.

    Raises:
        ModelError: a model is missing, broken or not ours.
    """
    with opened(models, backend=backend, threads=threads) as evaluators:
        rows = evaluation_rows(evaluators, BATCHES)
        searches = search_rows(evaluators)
    figures = {"threads": threads, "backend": backend, "rows": rows, "search": searches}
    return document(NAME, figures | {"speedup": _speedup(rows, searches, str(models[0]))})


def _speedup(rows: list[Row], searches: list[Row], first: str) -> dict[str, dict[str, float]]:
    """Returns by model its speed over that of `first`, by what was measured."""
    speeds = {(row["model"], f"batch {row['batch']}"): row["evals_per_s"] for row in rows}
    speeds |= {(row["model"], row["search"]): row["nodes_per_s"] for row in searches}
    found: dict[str, dict[str, float]] = {}
    for (model, what), speed in speeds.items():
        found.setdefault(model, {})[what] = round(speed / speeds[first, what], 2)
    return found


if __name__ == "__main__":
    report = network([Path(argument) for argument in sys.argv[1:]])
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
