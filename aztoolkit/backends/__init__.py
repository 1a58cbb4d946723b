"""One file per inference runtime; `open_evaluator` chooses."""

from pathlib import Path

from aztoolkit.evaluator import Evaluator


def open_evaluator(model: Path, *, threads: int = 0) -> Evaluator:
    """Opens a model file on the best runtime this machine has.

    Args:
        threads: processor threads one evaluation may use; 0 leaves the choice to the runtime.

    Raises:
        ModelError: the file is missing, truncated, not ours, or of the wrong shape.
        MissingDependencyError: no runtime is installed.
    """
    from aztoolkit.backends.ort import OrtEvaluator

    return OrtEvaluator(model, threads=threads)
