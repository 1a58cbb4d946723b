"""Progress bars on stderr, where it is a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from aztoolkit.console import progress_console

if TYPE_CHECKING:
    from export.progress import Progress, Watch


@contextmanager
def one_bar(label: str, total: int | None = None) -> Iterator["Progress"]:
    """Yields what moves a progress bar."""
    from rich.progress import Progress as Bar

    console = progress_console()
    with Bar(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(label, total=total)
        yield lambda done: bar.advance(task, done)


@contextmanager
def bars_in_turn() -> Iterator["Watch"]:
    """Yields what shows one progress bar after the other."""
    from rich.progress import Progress as Bar

    console = progress_console()
    with Bar(console=console, transient=True, disable=not console.is_terminal) as bar:

        def watch(stage: str, positions: int) -> "Progress":
            task = bar.add_task(stage, total=positions)
            return lambda done: bar.advance(task, done)

        yield watch
