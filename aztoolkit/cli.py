"""The `aztoolkit` command: a table of sub-commands, each imported only when it is called."""

import sys
import traceback
from pathlib import Path

from cyclopts import App, CycloptsError

from aztoolkit import __version__
from aztoolkit.errors import AztoolkitError
from aztoolkit.threads import let_waiting_threads_sleep

DONE, REJECTED, BAD_INPUT, INCONCLUSIVE = 0, 1, 2, 3
"""Exit codes: done or accepted; rejected; bad input; inconclusive."""
OUR_FAULT = 70
"""A bug, told by its traceback: not 1, which would read as a verdict."""
INTERRUPTED = 130

_COMMANDS = {
    "train": ("train.cli:train", "Train a network by self-play."),
    "plot": ("train.cli:plot", "Draw losses, throughput and strength of a run."),
    "import": ("export.cli.import_:import_", "Make a model of a network of Leela Chess Zero."),
    "export": ("export.cli.export:export", "Write a checkpoint as FP32 and FP16 ONNX models."),
    "build": ("export.engines.cli:build", "Build a TensorRT plan of a model for a card."),
    "quantize": (
        "export.cli.quantize:quantize",
        "Shrink a model to INT8, calibrated on positions.",
    ),
    "compare": ("export.cli.compare:compare", "Measure how far a model is from its original."),
    "describe": (
        "export.cli.describe:describe",
        "Show what a model, network, checkpoint or run is.",
    ),
    "gate": ("eval.cli:gate", "Accept or reject a model by matches against its original."),
    "match": ("eval.cli:match", "Play two engines against each other."),
    "serve": ("serve.cli:serve", "Play against a model in the browser."),
    "uci": ("aztoolkit.uci.cli:uci", "Play as a UCI engine in any chess program."),
    "perft": ("aztoolkit.perft:perft", "Count the leaves of the tree of legal moves."),
    "benchmark": ("benchmarks.cli:app", "Measure speed on this machine."),
    "doctor": ("aztoolkit.doctor:doctor", "Show this machine and what aztoolkit will use of it."),
}

_EXTRAS = {
    "torch": "train,export",
    "safetensors": "train,export",
    "pyarrow": "train,export",
    "tensorboard": "train",
    "matplotlib": "train",
    "onnx": "export",
    "google": "export",
    "onnxruntime": "cpu",
    "fastapi": "serve",
    "uvicorn": "serve",
    "websockets": "serve",
    "prometheus_client": "serve",
    "httpx": "dev",
}
"""Which extra brings a package that some commands need."""


def create_app(chosen: str | None = None) -> App:
    """Returns the command with all its sub-commands, none of them imported.

    Args:
        chosen: the sub-command that will be called; its help is its own docstring. The others are
            described by one line each, for which nothing need be imported.
    """
    app = App(
        name="aztoolkit",
        help="Train an AlphaZero chess network, shrink it to INT8, prove that nothing was lost, play it.",
        version=__version__,
        help_format="plaintext",
        suppress_keyboard_interrupt=False,
        result_action="return_value",
    )
    for name, (target, help_line) in _COMMANDS.items():
        app.command(target, name=name, help=None if name == chosen else help_line)
    return app


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line and returns its exit code; an error of the user's is one line on stderr."""
    _find_stages()
    let_waiting_threads_sleep()
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        code = create_app(next(iter(arguments), None))(
            arguments, exit_on_error=False, print_error=False
        )
    except (AztoolkitError, CycloptsError) as error:
        print(f"aztoolkit: {_one_line(error)}", file=sys.stderr)
        return BAD_INPUT
    except ModuleNotFoundError as error:
        if (line := _missing_package(error)) is None:
            traceback.print_exc()
            return OUR_FAULT
        print(f"aztoolkit: {line}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("aztoolkit: interrupted", file=sys.stderr)
        return INTERRUPTED
    except Exception:
        traceback.print_exc()
        return OUR_FAULT
    return code if isinstance(code, int) else DONE


def _one_line(error: Exception) -> str:
    from pydantic import ValidationError

    if isinstance(cause := error.__cause__, ValidationError) and isinstance(error, CycloptsError):
        first = cause.errors()[0]
        if not first[
            "loc"
        ]:  # settings that contradict each other: our own sentence, behind a prefix
            return first["msg"].removeprefix("Value error, ")
        option = "--" + "-".join(str(part) for part in first["loc"]).replace("_", "-")
        return f"{option}: {first['msg']}, got {first['input']!r}"
    return " ".join(str(error).split())


def _missing_package(error: ModuleNotFoundError) -> str | None:
    """Returns what to do about a package of an extra that is not installed, or None for a bug of ours."""
    name = error.name or ""
    if name == "aztoolkit._native":
        return (
            "expected the native core, got none: it was not built when aztoolkit was installed; "
            "install a C++20 compiler and aztoolkit again"
        )
    extra = _EXTRAS.get(name.partition(".")[0])
    if extra is None:
        return None
    return (
        f"expected the package {name}, got none; install it with `pip install 'aztoolkit[{extra}]'`"
    )


def _find_stages() -> None:
    """Makes the stages importable: from inside an installed wheel, or from the checkout."""
    library = Path(__file__).resolve().parent
    installed = library / "_stages"
    folder = str(installed if installed.is_dir() else library.parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
