"""Every way to quantize one model, side by side: accuracy on held-out games, speed, size, core time taken.

    python -m benchmarks.quantization_study maia-1500.onnx games.pgn -o study

The tables in docs/quantization.md come from this: it writes study.json and study.md. `naive` is what ONNX
Runtime's static quantizer does to all layers of its own accord, for reference; the rest are recipes of
`aztoolkit quantize`. Accuracy is measured on positions of games that calibrated nothing.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from aztoolkit.backends import open_evaluator
from aztoolkit.errors import AztoolkitError
from aztoolkit.evaluator import Evaluator
from aztoolkit.files import write_json, write_text
from aztoolkit.measure import rates_side_by_side
from aztoolkit.model import INPUT, QuantizationSpec
from aztoolkit.threads import let_waiting_threads_sleep
from benchmarks.measure import document
from export.calibration import Calibration, load_calibration, load_lessons
from export.compare import compare_files
from export.metadata import write_metadata
from export.progress import BATCH
from export.quantization.dynamic import quantize_dynamically
from export.quantize import Recipe, quantize_model, read_fp32_spec

CALIBRATED, COMPARED, TRAINED = 2000, 2000, 40_000
BATCH_TIMED = 16
_FIGURES = (
    "kl_mean",
    "kl_p99",
    "top1",
    "winrate_error_mean",
    "winrate_error_p99",
    "winrate_error_max",
)
RECIPES = {
    "static": Recipe(),
    "static, 7 bits": Recipe(weight_bits=7),
    "static, tensorrt": Recipe(target="tensorrt"),
    "qat": Recipe(method="qat"),
    "qat, 7 bits": Recipe(method="qat", weight_bits=7),
}


def study(model: Path, games: Path, folder: Path) -> dict[str, Any]:  # Any: a JSON document
    """Writes all models into a folder and returns what was measured of them."""
    folder.mkdir(parents=True, exist_ok=True)
    encoding = read_fp32_spec(model).encoding
    evaluator = open_evaluator(model, threads=1)
    positions = load_calibration(games, encoding=encoding, size=CALIBRATED, evaluator=evaluator)
    evaluator.close()
    lessons = load_lessons(games, encoding=encoding, size=TRAINED)
    makers: dict[str, Callable[[Path], object]] = {
        "naive": partial(naive, model, positions=positions),
        "dynamic": partial(quantize_dynamically, model, spec=read_fp32_spec(model)),
        **{
            name: partial(
                quantize_model, model, calibration=positions, recipe=recipe, training=lessons
            )
            for name, recipe in RECIPES.items()
        },
    }
    rows = []
    for name, make in makers.items():
        target = folder / f"{name.replace(', ', '-').replace(' ', '')}.onnx"
        start_s = time.process_time()
        make(target)
        taken_s = time.process_time() - start_s
        report = compare_files(model, target, games, count=COMPARED)
        row = {figure: report[figure] for figure in _FIGURES}
        share = target.stat().st_size / model.stat().st_size
        rows.append(
            {
                "model": model.stem,
                "recipe": name,
                "path": str(target),
                **row,
                "size": share,
                "core_s": taken_s,
            }
        )
        print(rows[-1], flush=True)
    _add_speeds(model, rows, lessons)
    return document("quantization_study", {"calibrated": CALIBRATED, "rows": rows})


def naive(model: Path, target: Path, positions: Calibration) -> None:
    """Quantizes all layers as ONNX Runtime does, min-max and one scale a filter."""
    from onnxruntime.quantization import CalibrationMethod, quant_utils, quantize_static

    prepared = onnx.shape_inference.infer_shapes(onnx.load(model))
    quant_utils.add_pre_process_metadata(prepared)
    onnx.save(prepared, target)
    quantize_static(
        target,
        target,
        _Reader(positions.planes),
        per_channel=True,
        calibrate_method=CalibrationMethod.MinMax,
    )
    made = onnx.load(target)
    quantization = QuantizationSpec(
        method="naive", weight_bits=8, float_layers=(), calibration=positions.spec
    )
    update = {"precision": "int8", "quantization": quantization}
    write_metadata(made, read_fp32_spec(model).model_copy(update=update))
    onnx.save(made, target)


class _Reader:
    """Feeds planes to ONNX Runtime's calibrator."""

    def __init__(self, planes: NDArray[np.float32]) -> None:
        self._batches = iter([planes[i : i + BATCH] for i in range(0, len(planes), BATCH)])

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        batch = next(self._batches, None)
        return None if batch is None else {INPUT: batch}


def _evaluate(evaluator: Evaluator, planes: NDArray[np.float32]) -> int:
    evaluator.evaluate(planes)
    return len(planes)


def _add_speeds(
    model: Path,
    rows: list[dict[str, Any]],  # Any: a JSON document
    lessons: Calibration,
) -> None:
    """Adds to each row its speed at batch 16 beside FP32, all measured in turns."""
    paths = [model, *(Path(row["path"]) for row in rows)]
    evaluators = {str(path): open_evaluator(path, backend="cpu", threads=1) for path in paths}
    planes = lessons.planes[:BATCH_TIMED]
    works: dict[str, Callable[[], int]] = {
        name: partial(_evaluate, one, planes) for name, one in evaluators.items()
    }
    speeds = {name: rate.median for name, rate in rates_side_by_side(works).items()}
    for row in rows:
        row["speed"] = speeds[row["path"]] / speeds[str(model)]


def to_markdown(report: dict[str, Any]) -> str:  # Any: a JSON document
    """Returns the rows of a study as a table."""
    head = [
        "recipe",
        "KL mean / p99",
        "same top move",
        "win-rate error mean / p99 / max",
        "speed",
        "size",
        "core time",
    ]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for row in report["rows"]:
        errors = [100.0 * row[f"winrate_error_{part}"] for part in ("mean", "p99", "max")]
        cells = [
            row["recipe"],
            f"{row['kl_mean']:.4f} / {row['kl_p99']:.3f}",
            f"{row['top1']:.1%}",
            " / ".join(f"{error:.1f}" for error in errors) + " pp",
            f"{row['speed']:.2f}",
            f"{row['size']:.1%}",
            f"{row['core_s']:.0f} s",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("games", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("study"))
    given = parser.parse_args()
    let_waiting_threads_sleep()
    try:
        found = study(given.model, given.games, given.output)
    except AztoolkitError as error:
        raise SystemExit(f"quantization_study: {error}") from error
    write_json(given.output / "study.json", found)
    write_text(given.output / "study.md", to_markdown(found))
