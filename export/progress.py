"""How work tells how far it is."""

from collections.abc import Callable

BATCH = 64
"""Positions that are evaluated at a time."""
Progress = Callable[[int], None]
"""Called with the number of positions that were just done."""
Watch = Callable[[str, int], Progress]
"""Called with the name of a stage and the positions it has when it begins."""


def ignore_progress(done: int) -> None:
    """Shows nothing."""


def ignore_stages(_stage: str, _positions: int) -> Progress:
    """Shows nothing."""
    return ignore_progress
