"""Suites of positions with known answers: what an engine solves, by simulations a move.

Positions are read and judged as in the gate (see `eval.tactics`) and `benchmarks.lichess_puzzles`. Every
move is searched from an empty tree; at one simulation it is the network's own first choice.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from rich.progress import Progress

from aztoolkit.backends import BackendName, choose_backend
from aztoolkit.console import progress_console
from benchmarks.estimates import performance, share_interval
from benchmarks.measure import document
from benchmarks.solving import Suite, read_suite, solve
from eval.opponents import Opponent, find_opponent
from eval.settings import MatchSettings
from eval.tactics_panel import open_panel

NAME = "puzzles"
SIMULATIONS = (1, 100, 800)
TOGETHER = 64
"""Positions searched at the same time, over all workers."""
_SHARE_DIGITS = 4
_TIME_DIGITS = 3

Row = dict[str, Any]  # Any: a JSON document


def puzzles(
    model: str,
    suites: Sequence[Path],
    *,
    simulations: Sequence[int] = SIMULATIONS,
    first: int | None = None,
    together: int = TOGETHER,
    backend: BackendName = "auto",
) -> Row:
    """Has an engine solve suites at several numbers of simulations.

    Args:
        model: a model file or whatever else `eval.opponents` knows.
        suites: .epd files with `bm` or `am`, .csv files of Lichess.
        first: only so many positions of each suite.
        together: positions searched at the same time, over all workers.
        backend: the runtime of a network.

    Returns:
        `rows` with `suite, simulations, solved, asked, share_95, elapsed_s`; and of puzzles with ratings,
        `ratings` with `suite, simulations, mean_rating, performance, performance_95`. What ends in 95 is
        the lower and the upper end of an interval (see `benchmarks.estimates`).

    Raises:
        AztoolkitError: the model or a suite is missing or malformed, or the engine cannot move.
    """
    read = [read_suite(source, first=first) for source in suites]
    with TemporaryDirectory(prefix="aztoolkit-puzzles-") as scratch:
        engine = find_opponent(model, scratch=Path(scratch))
        settings = [
            MatchSettings(simulations=count, concurrency=together, backend=backend)
            for count in dict.fromkeys(simulations)
        ]
        trials = [_try(engine, suite, how) for suite in read for how in settings]
        runtime = str(choose_backend(engine.model, backend)) if engine.model else None
    figures = {
        "model": engine.name,
        "model_sha256": engine.sha256,
        "backend": runtime,
        "suites": [{"suite": suite.name, "sha256": suite.sha256} for suite in read],
        "rows": [trial.row() for trial in trials],
        "ratings": [trial.rating_row() for trial in trials if trial.suite.ratings],
    }
    return document(NAME, figures)


@dataclass(frozen=True)
class _Trial:
    """What an engine made of a suite."""

    suite: Suite
    simulations: int
    solved: Sequence[bool]
    elapsed_s: float
    """That of its answers; opening it is left out."""

    def row(self) -> Row:
        solved, asked = sum(self.solved), len(self.solved)
        return {
            **self._name(),
            "solved": solved,
            "asked": asked,
            "share_95": [round(end, _SHARE_DIGITS) for end in share_interval(solved, asked)],
            "elapsed_s": round(self.elapsed_s, _TIME_DIGITS),
        }

    def rating_row(self) -> Row:
        ratings = self.suite.ratings
        found = performance(list(zip(ratings, self.solved, strict=True)))
        return {
            **self._name(),
            "mean_rating": round(fmean(ratings)),
            "performance": _whole(found.rating),
            "performance_95": [_whole(found.low), _whole(found.high)],
        }

    def _name(self) -> Row:
        return {"suite": self.suite.name, "simulations": self.simulations}


def _try(engine: Opponent, suite: Suite, settings: MatchSettings) -> _Trial:
    moves = sum(task.moves for task in suite.tasks)
    label = f"{suite.name}, {settings.simulations} simulations"
    with _progress(label, moves) as watch, open_panel(engine, settings, watch=watch) as ask:
        begin_s = perf_counter()
        solved = solve(suite.tasks, ask, watch=watch)
        elapsed_s = perf_counter() - begin_s
    return _Trial(suite, settings.simulations, solved, elapsed_s)


def _whole(rating: float | None) -> int | None:
    return None if rating is None else round(rating)


@contextmanager
def _progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Yields what is told how many more moves are done; shown only on a terminal."""
    console = progress_console()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(label, total=total)
        yield lambda count: progress.advance(task, count)
