"""Two model files compared on held-out positions by the runtime that ships: a report and a page."""

from pathlib import Path
from typing import Any

from aztoolkit.backends import open_evaluator
from aztoolkit.errors import DataError
from aztoolkit.files import sha256, write_json, write_text
from aztoolkit.model import ModelSpec, sidecar
from export.calibration import DEFAULT_SIZE
from export.comparison_page import draw_page
from export.disagreements import list_worst
from export.distances import compare_evaluators
from export.metadata import tool_versions
from export.positions import Part, boards_sha256, sample_boards
from export.progress import Progress, ignore_progress

FORMAT_VERSION = 1
DEFAULT_COUNT = DEFAULT_SIZE
_PART: Part = "held-out"


def compare_files(
    first: Path,
    second: Path,
    source: Path,
    *,
    count: int | None = None,
    seed: int = 0,
    progress: Progress = ignore_progress,
) -> dict[str, Any]:
    """Compares `second` with `first`, writes report and page beside `second`; returns the report.

    Args:
        source: where the positions come from; only its held-out games are used.
        count: how many; without it `DEFAULT_COUNT`, or all where there are fewer.

    Raises:
        ModelError: a model is missing, broken, not ours, or of another encoding than the other.
        DataError: the source is missing, malformed, or has fewer positions than asked for.
        EvaluationError: a model answers NaN or infinity.
        InputError: the report cannot be written.
    """
    # Both on the processor: what differs is the models, not the arithmetic of two runtimes.
    original, rendering = (open_evaluator(model, backend="cpu") for model in (first, second))
    boards = sample_boards(source, count or DEFAULT_COUNT, part=_PART, seed=seed)
    if count is not None and len(boards) < count:
        raise DataError(
            f"expected {count} held-out positions, got {len(boards)} in {source}; "
            "ask for fewer with --count, or name more games"
        )
    found = compare_evaluators(original, rendering, boards, progress=progress)
    report = {
        "format_version": FORMAT_VERSION,
        **found.summary(),
        "first": _describe(first, original.spec),
        "second": _describe(second, rendering.spec),
        "same_checkpoint": original.spec.checkpoint_sha256 == rendering.spec.checkpoint_sha256,
        "source": str(source),
        "positions_sha256": boards_sha256(boards),
        "part": _PART,
        "seed": seed,
        "worst": list_worst(found, boards, original, rendering),
        "tools": tool_versions("aztoolkit", "onnxruntime", "numpy", "chess"),
    }
    page = draw_page(report, found, boards, original, rendering)
    write_json(sidecar(second, "compare"), report)
    write_text(page_path(second), page)
    return report


def page_path(model: Path) -> Path:
    """Returns the path of the page that stands beside a model: `X.onnx` -> `X.compare.html`."""
    return model.with_suffix(".compare.html")


def _describe(model: Path, spec: ModelSpec) -> dict[str, str]:
    return {
        "path": str(model),
        "precision": spec.precision,
        "sha256": sha256(model),
        "checkpoint_sha256": spec.checkpoint_sha256,
    }
