"""One file per inference runtime; `open_evaluator` chooses."""

from pathlib import Path

from aztoolkit.backends.choice import (
    RUNTIMES,
    BackendName,
    Choice,
    Runtime,
    choose_backend,
    default_backend,
    missing,
    read_spec,
)
from aztoolkit.evaluator import Evaluator

__all__ = [
    "RUNTIMES",
    "BackendName",
    "Choice",
    "Runtime",
    "choose_backend",
    "default_backend",
    "missing",
    "open_evaluator",
    "read_spec",
]


def open_evaluator(
    model: Path, *, backend: BackendName | Choice = "auto", threads: int = 0
) -> Evaluator:
    """Opens a model file on the best runtime this machine has, or on the one named.

    Args:
        backend: its name; or the result of `choose_backend`, whose reason can be shown.
        threads: processor threads one evaluation may use; 0 leaves the choice to the runtime.

    Raises:
        ModelError: the file is missing, truncated, not ours, or of the wrong shape; or it has no good
            plan beside it for a backend that runs plans.
        MachineError: the runtime, or the card that it needs, is not there.
    """
    from aztoolkit.backends.choice import load_backend

    choice = (
        backend if isinstance(backend, Choice) else choose_backend(model, backend, threads=threads)
    )
    evaluator: Evaluator = load_backend(choice.backend).open_model(
        model, threads=threads or choice.threads
    )
    return evaluator
