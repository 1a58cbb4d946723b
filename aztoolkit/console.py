"""Where a command's words go: results to stdout, and with `--json` one document there and nothing else."""

import json
import sys
from typing import Any

from rich.console import Console


def human_console(*, json_output: bool = False) -> Console:
    """Returns the console for people: stdout, or stderr where stdout belongs to a JSON document."""
    return Console(stderr=json_output, highlight=False)


def progress_console() -> Console:
    """Returns the console for progress bars: always stderr."""
    return Console(stderr=True, highlight=False)


def print_json(document: Any) -> None:  # Any: whatever json can hold
    """Writes `document` to stdout as one JSON document."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")
