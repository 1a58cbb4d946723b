"""Plays a match until a rule says that it is decided, and keeps a journal of it."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from time import monotonic

from aztoolkit import __version__
from aztoolkit.backends import choose_backend
from aztoolkit.hardware import probe_cpu
from aztoolkit.mcts import best_backend
from eval.journal import Journal
from eval.match import Labour, play_games
from eval.openings import Book
from eval.opponents import Opponent
from eval.records import Side
from eval.settings import MatchSettings
from eval.tally import Tally

_UNIMPORTANT = {"concurrency", "workers"}
"""Settings that change how fast a match is played, not what is played."""


@dataclass(frozen=True)
class Series:
    """A match that is over."""

    tally: Tally
    labour: Labour
    duration_s: float
    """Of this run; a resumed match was begun in another."""
    resumed_games: int
    """Taken from the journal of a run that was killed."""

    @property
    def games_per_hour(self) -> float:
        """Games that this run finished, by its duration."""
        return (len(self.tally.games) - self.resumed_games) / self.duration_s * 3600.0

    def evaluations_per_s(self) -> float:
        """Returns positions evaluated by both sides' networks, by the duration."""
        work = [self.labour.total(side).evaluations for side in Side]
        return sum(work) / self.duration_s

    def efficiency(self) -> float | None:
        """Returns the share of raw inference, 0 to 1, that games reach; None without networks.

        What is missing: search, rules, opening the engines, and workers without games at the end.
        """
        raw = self.labour.raw_evaluations_per_s
        return self.evaluations_per_s() / raw if raw else None


def play_series(
    opponents: tuple[Opponent, Opponent],
    book: Book,
    settings: MatchSettings,
    *,
    journal: Journal | None,
    is_over: Callable[[Tally], bool],
    watch: Callable[[Tally], None],
) -> Series:
    """Plays a pair of games from each opening until `is_over`, or no openings are left.

    Args:
        journal: games played before, and where new ones are written.
        is_over: asked after each game; pairs are counted one by one, in order.
        watch: shown each new state.
    """
    begin_s, labour, tally = monotonic(), Labour(), Tally()
    played = journal.records if journal else []
    for record in played:
        tally.add(record)
    if not _count(tally, is_over):
        games = play_games(
            opponents, book.openings, settings, finished=set(tally.games), labour=labour
        )
        with closing(games):
            for record in games:
                if journal:
                    journal.append(record)
                tally.add(record)
                over = _count(tally, is_over)
                watch(tally)
                if over:
                    break
    return Series(tally, labour, monotonic() - begin_s, len(played))


def _count(tally: Tally, is_over: Callable[[Tally], bool]) -> bool:
    """Counts finished pairs one at a time until there are no more, or the match is over."""
    while not is_over(tally):
        if not tally.count_next():
            return False
    return True


def identify(
    opponents: Sequence[Opponent], book: Book, settings: MatchSettings
) -> dict[str, object]:
    """Returns what makes a match the same match: its games may be continued by another run.

    Where moves are limited by time, the processor is part of it.
    """
    return {
        "aztoolkit": __version__,
        "search": best_backend(),
        "engines": [_identity(opponent, settings) for opponent in opponents],
        "processor": probe_cpu().name if settings.movetime_ms else None,
        "openings": book.sha256,
        "pairs": len(book.openings),
        "settings": settings.model_dump(mode="json", exclude=_UNIMPORTANT),
    }


def _identity(opponent: Opponent, settings: MatchSettings) -> list[str | None]:
    """Returns a model's hash and the backend it runs on; of a UCI engine its options, too."""
    if opponent.model is None:
        return [opponent.sha256, opponent.source]
    return [opponent.sha256, choose_backend(opponent.model, settings.backend).backend]
