"""The state of a match, live on stderr: a small table that changes, or now and then a line in a log.

equal simulations · pair 43 of at most 400 · 1,240 games/hour · 0:02:05
games   +30 =41 -21
pairs   LL 1 · LD 5 · WL + DD 28 · DW 7 · WW 2
score   54.9 % · Elo +34 ± 41
LLR     -2.94 ├──────────────┼────────●─────┤ +2.94   +1.70
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from eval import stats
from eval.tally import Tally

_LOG_EVERY_PAIRS = 20
_BAR_WIDTH = 31
"""Characters between the bounds; odd, so that zero has a place."""
_PAIR_NAMES = ("LL", "LD", "WL + DD", "DW", "WW")
_HOUR_S = 3600.0


@dataclass(frozen=True)
class Ratio:
    """Where a sequential test stands, and where it ends."""

    value: float
    lower: float
    upper: float


Test = Callable[[Tally], Ratio]


@contextmanager
def show_match(
    console: Console, *, pairs: int, title: str = "", test: Test | None = None
) -> Iterator[Callable[[Tally], None]]:
    """Yields a function that shows a tally.

    Args:
        pairs: most that will be played.
        title: what is being played.
        test: returns where the sequential test stands, if there is one.
    """
    if not console.is_terminal:
        yield _log_lines(console, title, test)
        return
    view = _View(title, pairs, test)
    with Live(get_renderable=view.draw, console=console, transient=True, refresh_per_second=4):
        yield view.show


def describe(tally: Tally) -> str:
    """Returns games, results and Elo of A in one line."""
    losses, draws, wins = tally.trinomial
    text = f"pair {tally.pairs} · {len(tally.games)} games · +{wins} ={draws} -{losses}"
    return f"{text} · {_strength(tally)}" if tally.pairs else text


def ratio_bar(ratio: Ratio, *, width: int = _BAR_WIDTH) -> str:
    """Returns a line from the lower to the upper bound, with zero and the ratio's place on it."""
    places = ["─"] * width
    places[_place(0.0, ratio, width)] = "┼"
    places[_place(ratio.value, ratio, width)] = "●"
    return f"{ratio.lower:+.2f} ├{''.join(places)}┤ {ratio.upper:+.2f}"


class _View:
    """The table of one match, drawn anew several times a second."""

    def __init__(self, title: str, pairs: int, test: Test | None) -> None:
        self._title, self._pairs, self._test = title, pairs, test
        self._tally = Tally()
        self._begin_s = monotonic()
        self._known_games: int | None = None
        """Games that were there when the first one was shown: they cost this run no time."""

    def show(self, tally: Tally) -> None:
        if self._known_games is None:
            self._known_games = len(tally.games) - 1
        self._tally = tally

    def draw(self) -> Table:
        table = Table.grid(padding=(0, 3, 0, 0))
        table.add_column(style="dim")
        table.add_column(no_wrap=True)
        tally, (losses, draws, wins) = self._tally, self._tally.trinomial
        table.add_row(self._title or "match", self._pace())
        table.add_row("games", f"+{wins} ={draws} -{losses}")
        counts = zip(_PAIR_NAMES, tally.pentanomial, strict=True)
        table.add_row("pairs", " · ".join(f"{name} {count}" for name, count in counts))
        if tally.pairs:
            table.add_row("score", _strength(tally))
        if self._test:
            ratio = self._test(tally)
            table.add_row("LLR", _coloured_bar(ratio))
        return table

    def _pace(self) -> str:
        elapsed_s = monotonic() - self._begin_s
        played = len(self._tally.games) - (self._known_games or 0)
        return (
            f"pair {self._tally.pairs} of at most {self._pairs} · "
            f"{played / elapsed_s * _HOUR_S:,.0f} games/hour · {timedelta(seconds=int(elapsed_s))}"
        )


def _strength(tally: Tally) -> str:
    found = stats.elo_estimate(tally.pentanomial)
    margin = (found.high - found.low) / 2.0
    return f"{stats.score(tally.pentanomial):.1%} · Elo {found.elo:+z.0f} ± {margin:.0f}"


def _coloured_bar(ratio: Ratio) -> Text:
    text = Text(f"{ratio_bar(ratio)}   {ratio.value:+.2f}")
    text.highlight_regex("●", "bold green" if ratio.value >= 0.0 else "bold red")
    return text


def _place(value: float, ratio: Ratio, width: int) -> int:
    share = (value - ratio.lower) / (ratio.upper - ratio.lower)
    return round(min(max(share, 0.0), 1.0) * (width - 1))


def _log_lines(console: Console, title: str, test: Test | None) -> Callable[[Tally], None]:
    shown = 0

    def show(tally: Tally) -> None:
        nonlocal shown
        if tally.pairs < shown + _LOG_EVERY_PAIRS:
            return
        shown = tally.pairs
        parts = [title, describe(tally)]
        if test:
            ratio = test(tally)
            parts.append(f"LLR {ratio.value:+.2f} of {ratio.lower:+.2f} to {ratio.upper:+.2f}")
        console.print(" · ".join(filter(None, parts)), soft_wrap=True, markup=False)

    return show
