"""The `uci` command."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def uci(model: Annotated[Path | None, Parameter(show_default=False)] = None, /) -> int:
    """Play as a UCI engine in any chess program.

    For example:
        aztoolkit uci runs/mine
        echo bench | aztoolkit uci model.onnx

    Args:
        model: A model file, a run, or a folder of models; `shipped` for the
            network that comes with aztoolkit. By default the newest run under `runs/`, else `shipped`.
            The option WeightsFile changes it.
    """
    from aztoolkit.uci.engine import Engine
    from aztoolkit.uci.settings import Settings
    from aztoolkit.uci.weights import find_model

    weights = "" if model is None else str(model)
    if weights:
        find_model(weights)
    all_ended = Engine(Settings(weights=weights), _line_writer()).run(_lines())
    if not all_ended:  # a runtime is deep in a call that nothing can interrupt
        os._exit(0)
    return 0


def _lines() -> Iterator[str]:
    """Yields the lines of stdin, whatever bytes they are made of."""
    for line in sys.stdin.buffer:
        yield line.decode(errors="replace")


def _line_writer() -> Callable[[str], None]:
    """Returns what writes a line to stdout at once; nothing where nobody reads any more."""
    descriptor = sys.stdout.fileno()

    def write(line: str) -> None:
        data = (line + "\n").encode()
        try:
            while data:
                data = data[os.write(descriptor, data) :]
        except BrokenPipeError:  # the GUI has gone: the end of stdin will tell
            return

    return write
