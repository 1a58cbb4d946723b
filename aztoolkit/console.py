"""Where a command's words go: results to stdout, and with `--json` one document there and nothing else.

Words are printed as they are: a file may be called `model[v2].onnx`, which is no style.
"""

import json
import sys
from typing import Any

from rich.console import Console


def human_console(*, json_output: bool = False) -> Console:
    """Returns the console for people: stdout, or stderr where stdout belongs to a JSON document."""
    return Console(stderr=json_output, highlight=False, markup=False, emoji=False)


def progress_console() -> Console:
    """Returns the console for progress bars: always stderr."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def print_json(document: Any) -> None:  # Any: whatever json can hold
    """Writes `document` to stdout as one JSON document."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")
