"""Ends games before the rules do, where that was asked for: agreed draws, resignation, tablebases.

draw          both engines have found the game level, move after move, for long enough
resignation   both have found the same side winning, move after move
tablebase     few enough men are left that the result is known

The first two trust the engines' own values, so that a common misjudgement decides the game; tablebases
are exact. They are asked only right after a capture or a pawn move, where the 50-move rule counts from
zero: cursed wins are draws.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import chess
import chess.syzygy

from aztoolkit.errors import ConfigError
from eval.records import AGREED_DRAW, RESIGNATION, TABLEBASE
from eval.settings import MatchSettings

_WIN = 2
"""WDL of a win within the 50-move rule."""


@dataclass(frozen=True)
class Ruling:
    """How a game is to end."""

    winner: chess.Color | None
    termination: str


class Adjudicator:
    """The rules of one match; a thread has its own."""

    def __init__(self, settings: MatchSettings) -> None:
        """Opens the tables, if any; raises ConfigError if there are none where they should be."""
        self._settings = settings
        self._tables = _open_tables(settings.syzygy) if settings.syzygy else None
        names = self._tables.wdl if self._tables else ()
        self._most_men = max((len(name.replace("v", "")) for name in names), default=0)

    def close(self) -> None:
        """Frees the tables."""
        if self._tables is not None:
            self._tables.close()

    def rule(self, board: chess.Board, values: Sequence[float | None]) -> Ruling | None:
        """Returns how a game ends that goes on by the rules, or None if it does go on.

        Args:
            values: P(win) - P(loss) of every move so far, in the opinion of who made it.
        """
        return self._from_tables(board) or self._from_values(board, values)

    def _from_tables(self, board: chess.Board) -> Ruling | None:
        if self._tables is None or board.halfmove_clock or board.castling_rights:
            return None
        if chess.popcount(board.occupied) > self._most_men:
            return None
        result = self._tables.get_wdl(board)
        if result is None:
            return None
        winner = None if abs(result) < _WIN else board.turn == (result > 0)
        return Ruling(winner, TABLEBASE)

    def _from_values(self, board: chess.Board, values: Sequence[float | None]) -> Ruling | None:
        settings = self._settings
        if settings.resign_after is not None:
            sign = agreed_win(values, moves=settings.resign_after, least=settings.resign_value)
            if sign:
                return Ruling(board.turn != (sign > 0), RESIGNATION)
        if settings.draw_after is None or len(values) < 2 * settings.draw_after:
            return None
        level = agreed_draw(values, moves=settings.draw_moves, most=settings.draw_value)
        return Ruling(None, AGREED_DRAW) if level else None


def agreed_draw(values: Sequence[float | None], *, moves: int, most: float) -> bool:
    """Returns whether both sides found their last `moves` moves level, to within `most`."""
    last = _last(values, moves)
    return last is not None and all(abs(value) <= most for value in last)


def agreed_win(values: Sequence[float | None], *, moves: int, least: float) -> int:
    """Returns 1 if both sides' last `moves` moves were won for who has just moved, -1 if lost, else 0."""
    last = _last(values, moves)
    if last is None:
        return 0
    own, other = last[-1::-2], last[-2::-2]
    if min(own) >= least and max(other) <= -least:
        return 1
    return -1 if max(own) <= -least and min(other) >= least else 0


def _last(values: Sequence[float | None], moves: int) -> list[float] | None:
    """Returns the values of the last `moves` moves of each side, or None if any is not known."""
    known = [value for value in values[-2 * moves :] if value is not None]
    return known if len(known) == 2 * moves else None


def _open_tables(folder: Path) -> chess.syzygy.Tablebase:
    if not folder.is_dir():
        raise ConfigError(
            f"expected a folder of Syzygy tables after --syzygy, got nothing at {folder}"
        )
    tables = chess.syzygy.open_tablebase(str(folder))
    if not tables.wdl:
        tables.close()
        raise ConfigError(f"expected Syzygy tables (.rtbw) after --syzygy, got none in {folder}")
    return tables
