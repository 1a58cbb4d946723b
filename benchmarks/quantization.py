"""What a smaller precision buys: size and evaluations a second of models of one network."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aztoolkit.backends import open_evaluator
from aztoolkit.encoding import get_encoding
from aztoolkit.evaluator import Evaluator
from aztoolkit.measure import Rate, rates_side_by_side
from benchmarks.measure import document

BATCHES = (1, 16, 64)
REFERENCE_BATCH = 16
_SEED = 0
_EMPTY_SHARE = 0.9
"""Of the planes' values; about as many are zero in chess."""


def quantization(
    models: Sequence[Path], *, batches: Sequence[int] = BATCHES, threads: int = 1
) -> dict[str, Any]:  # Any: a JSON document
    """Measures evaluations a second of models side by side; the first is what others are held against.

    Args:
        models: such as fp32.onnx, fp16.onnx and int8.onnx of a run.
        threads: of each evaluator; several share the processor's memory and its clock.

    Returns:
        `rows` with `model, precision, bytes, batch, evals_per_s, lowest, highest`, and `speedup` at
        batch 16 by model.

    Raises:
        ModelError: a model is missing, broken or not ours.
    """
    evaluators = {str(model): open_evaluator(model, threads=threads) for model in models}
    rows = [row for batch in batches for row in evaluation_rows(evaluators, batch)]
    for evaluator in evaluators.values():
        evaluator.close()
    return document(
        "quantization", {"threads": threads, "rows": rows, "speedup": _speedup(rows, models)}
    )


def evaluation_rows(
    evaluators: dict[str, Evaluator], batch: int
) -> list[dict[str, Any]]:  # Any: rows of a JSON document
    """Returns a row of evaluations a second for each evaluator, by the name of its model file."""
    works = {name: _work(evaluator, batch) for name, evaluator in evaluators.items()}
    measured = rates_side_by_side(works)
    return [_row(name, evaluators[name], batch, rate) for name, rate in measured.items()]


def _row(name: str, evaluator: Evaluator, batch: int, rate: Rate) -> dict[str, Any]:
    rounded = rate.round()
    return {
        "model": name,
        "precision": evaluator.spec.precision,
        "bytes": Path(name).stat().st_size,
        "batch": batch,
        "evals_per_s": rounded.median,
        "lowest": rounded.lowest,
        "highest": rounded.highest,
    }


def _work(evaluator: Evaluator, batch: int) -> Callable[[], int]:
    """Returns what evaluates one batch and says how many positions that were."""
    rng = np.random.default_rng(_SEED)
    shape = (batch, get_encoding(evaluator.spec.encoding).planes, 8, 8)
    planes = (rng.random(shape) > _EMPTY_SHARE).astype(np.float32)

    def work() -> int:
        evaluator.evaluate(planes)
        return batch

    return work


def _speedup(rows: Sequence[dict[str, Any]], models: Sequence[Path]) -> dict[str, float]:
    speeds = {row["model"]: row["evals_per_s"] for row in rows if row["batch"] == REFERENCE_BATCH}
    original = speeds.get(str(models[0]))
    return {name: round(speed / original, 2) for name, speed in speeds.items()} if original else {}
