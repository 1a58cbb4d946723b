"""What a person sees of a run, on stderr: a bar for the phase at work, a line an iteration."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)


class Display:
    """Draws on a console; without a terminal, only the lines."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, line: str) -> None:
        """Writes one line."""
        self._console.print(line, markup=False)

    @contextmanager
    def phase(self, name: str, total: int) -> Iterator["Bar"]:
        """Shows a bar while the block runs."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}"),
        )
        quiet = not self._console.is_terminal
        with Progress(*columns, console=self._console, transient=True, disable=quiet) as progress:
            yield Bar(progress, name, total)

    def iteration(self, number: int, metrics: Mapping[str, float]) -> None:
        """Writes the line of a finished iteration."""
        losses = (
            f"loss {metrics['loss']:.3f} "
            f"(policy {metrics['policy_loss']:.3f}, wdl {metrics['wdl_loss']:.3f})"
            if "loss" in metrics
            else "gathering"
        )
        self.say(
            f"iteration {number}  step {metrics['training_step']:,.0f}  "
            f"games {metrics['games']:,.0f}  positions {metrics['positions']:,.0f}  "
            f"window {metrics['window']:,.0f}  {losses}  "
            f"{metrics['games_per_hour']:,.0f} games/h  {metrics['positions_per_s']:,.0f} pos/s"
        )


class Bar:
    """A bar in progress."""

    def __init__(self, progress: Progress, name: str, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task(name, total=total, note="")

    def update(self, completed: int, note: str) -> None:
        """Moves the bar, and says `note` behind it."""
        self._progress.update(self._task, completed=completed, note=note)
