"""What a person sees of a run, on stderr: a bar for the phase at work, a line an iteration.

self-play ━━━━━━━━━━━━━╸━━━━━━━━ 3120/5000 0:00:12 positions of finished games  412 games
9,321 games/h  271 pos/s  6,504 evals/s  batch fill 98%  latency 11.2 ms  busy 97%
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

_LINE_S = 60.0
"""Without a terminal, a phase says how far it is so often."""
_WORDS = {
    "loss": "loss {:.3f}",
    "policy_loss": "policy {:.3f}",
    "wdl_loss": "wdl {:.3f}",
    "games_per_hour": "{:,.0f} games/h",
    "positions_per_s": "{:,.0f} pos/s",
    "evals_per_s": "{:,.0f} evals/s",
    "fill_rate": "batch fill {:.0%}",
    "latency_ms": "latency {:.1f} ms",
    "utilisation": "busy {:.0%}",
    "train_steps_per_s": "{:.1f} steps/s",
    "learner_busy": "learner busy {:.0%}",
    "learned_positions_per_s": "{:,.0f} pos/s",
    "replay_age": "replay age {:,.0f} positions",
    "replay_mib": "replay {:,.0f} MiB",
    "replay_bytes_per_position": "{:.0f} bytes/position",
    "false_resign_rate": "false resignations {:.0%}",
    "held_out_policy_loss": "policy {:.3f}",
    "held_out_wdl_loss": "wdl {:.3f}",
    "held_out_accuracy": "accuracy {:.1%}",
}
"""How a metric is said, where there is one of that name."""
_LOSSES = ("loss", "policy_loss", "wdl_loss")
_LIVE_RATES = (
    "games_per_hour",
    "positions_per_s",
    "evals_per_s",
    "fill_rate",
    "latency_ms",
    "utilisation",
    "train_steps_per_s",
    "learner_busy",
    "replay_age",
)
_RATES = (*_LIVE_RATES, "replay_mib", "replay_bytes_per_position", "false_resign_rate")
_LIVE = (*_LIVE_RATES, "learned_positions_per_s", *_LOSSES)
_HELD_OUT = ("held_out_policy_loss", "held_out_wdl_loss", "held_out_accuracy")


class Display:
    """Draws on a console; without a terminal, only lines."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, line: str) -> None:
        """Writes one line, however long."""
        self._console.print(line, markup=False, soft_wrap=True)

    def resumed(self, run: Path, *, step: int, games: int | None = None) -> None:
        """Says where a run goes on that was begun before; `games` is None before self-play."""
        of_games = "" if games is None else f", {games:,} games"
        self.say(f"resuming {run}: step {step:,}{of_games}")

    @contextmanager
    def phase(self, name: str, total: int | None) -> Iterator["Bar"]:
        """Shows a bar while the block runs; `total` is None where it is not known."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}"),
        )
        quiet = not self._console.is_terminal
        with _Watched(*columns, console=self._console, transient=True, disable=quiet) as progress:
            yield Bar(progress, name, total, lines=self if quiet else None)

    def iteration(self, number: int, metrics: Mapping[str, float]) -> None:
        """Writes the lines of a finished iteration: what was reached, and how fast."""
        self.say(
            f"iteration {number}  step {metrics['training_step']:,.0f}  "
            f"games {metrics['games']:,.0f}  positions {metrics['positions']:,.0f}  "
            f"window {metrics['window']:,.0f}  {_said(metrics, _LOSSES) or 'gathering'}"
        )
        self.say(f"  {_said(metrics, _RATES)}")

    def supervised(self, metrics: Mapping[str, float], *, total: int) -> None:
        """Writes the line of a report of the supervised phase, which is to have `total` steps."""
        held_out = _said(metrics, _HELD_OUT)
        self.say(
            f"supervised  step {metrics['training_step']:,.0f}/{total:,}  "
            f"epoch {metrics['supervised_epoch']:.2f}  {_said(metrics, _LOSSES)}  "
            + (f"held out: {held_out}  " if held_out else "")
            + _said(metrics, ("train_steps_per_s", "learned_positions_per_s", "utilisation"))
        )


class Bar:
    """A bar in progress, with rates beneath; without a terminal, a line now and then."""

    def __init__(
        self, progress: "_Watched", name: str, total: int | None, *, lines: Display | None
    ) -> None:
        self._progress, self._name, self._total, self._lines = progress, name, total, lines
        self._task = progress.add_task(name, total=total, note="")
        self._said_s = time.monotonic()

    def update(self, completed: int, note: str, live: Mapping[str, float] | None = None) -> None:
        """Moves the bar, says `note` behind it, and what of the `live` metrics has words beneath it."""
        rates = _said(live or {}, _LIVE)
        self._progress.beneath = rates
        self._progress.update(self._task, completed=completed, note=note)
        if self._lines and time.monotonic() - self._said_s > _LINE_S:
            self._said_s = time.monotonic()
            of_total = "" if self._total is None else f"/{self._total:,}"
            line = f"{self._name}  {completed:,}{of_total} {note}  {rates}"
            self._lines.say(line.rstrip())


class _Watched(Progress):
    """Bars with a line of text beneath them."""

    beneath = ""

    def get_renderables(self) -> Iterable[RenderableType]:
        """Returns the bars, then the text, which wraps."""
        yield from super().get_renderables()
        if self.beneath:
            yield Text(self.beneath, style="dim")


def _said(metrics: Mapping[str, float], names: tuple[str, ...]) -> str:
    return "  ".join(_WORDS[name].format(metrics[name]) for name in names if name in metrics)
