"""A match of all its openings, shown while it is played."""

from rich.console import Console

from eval.journal import Journal
from eval.openings import Book
from eval.opponents import Opponent
from eval.progress import show_match
from eval.series import Series, play_series
from eval.settings import MatchSettings


def play_whole_match(
    opponents: tuple[Opponent, Opponent],
    book: Book,
    settings: MatchSettings,
    *,
    journal: Journal | None,
    console: Console,
    title: str = "",
) -> Series:
    """Plays a pair of games from each opening, and closes the journal, whatever happens."""
    pairs = len(book.openings)
    try:
        with show_match(console, pairs=pairs, title=title) as watch:
            return play_series(
                opponents,
                book,
                settings,
                journal=journal,
                is_over=lambda tally: tally.pairs == pairs,
                watch=watch,
            )
    finally:
        if journal:
            journal.close()
