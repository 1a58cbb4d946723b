"""The state of a match, live on stderr: one line that changes, or now and then a line in a log."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from eval import stats
from eval.tally import Tally

_LOG_EVERY_PAIRS = 20


@contextmanager
def show_match(
    console: Console, *, pairs: int, extra: Callable[[Tally], str] = lambda _: ""
) -> Iterator[Callable[[Tally], None]]:
    """Yields a function that shows a tally.

    Args:
        pairs: most that will be played.
        extra: returns what else is to be shown.
    """
    if not console.is_terminal:
        yield _log_lines(console, extra)
        return
    columns = (BarColumn(bar_width=20), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("playing", total=pairs)

        def show(tally: Tally) -> None:
            text = f"{describe(tally)} {extra(tally)}".rstrip()
            progress.update(task, completed=tally.pairs, description=text)

        yield show


def describe(tally: Tally) -> str:
    """Returns games, results and Elo of A in one line."""
    losses, draws, wins = tally.trinomial
    text = f"pair {tally.pairs} · {len(tally.games)} games · +{wins} ={draws} -{losses}"
    if not tally.pairs:
        return text
    found = stats.elo_estimate(tally.pentanomial)
    margin = (found.high - found.low) / 2.0
    return f"{text} · {stats.score(tally.pentanomial):.1%} · Elo {found.elo:+z.0f} ± {margin:.0f}"


def _log_lines(console: Console, extra: Callable[[Tally], str]) -> Callable[[Tally], None]:
    shown = 0

    def show(tally: Tally) -> None:
        nonlocal shown
        if tally.pairs >= shown + _LOG_EVERY_PAIRS:
            shown = tally.pairs
            console.print(f"{describe(tally)} {extra(tally)}".rstrip(), soft_wrap=True)

    return show
