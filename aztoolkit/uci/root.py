"""What tablebases know of the moves of a root: which are left to the search, and how each one ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import chess

from aztoolkit.uci.tables import Tables, outcome


@dataclass(frozen=True)
class Root:
    """Moves to choose from, and their ranks where tablebases give them."""

    asked: tuple[chess.Move, ...]
    """The legal moves, or those of `searchmoves`."""
    ranks: Mapping[chess.Move, int]
    """How good each of `asked` is, higher is better; empty where the tables do not know."""

    @classmethod
    def probe(
        cls, tables: Tables | None, board: chess.Board, searchmoves: Sequence[chess.Move]
    ) -> "Root":
        """Asks the tables about all legal moves, or about `searchmoves` if there are any."""
        asked = tuple(searchmoves) or tuple(board.legal_moves)
        return cls(asked, tables.ranks(board, asked) if tables else {})

    @property
    def best(self) -> tuple[chess.Move, ...]:
        """The moves of the highest rank; all that were asked about where the tables do not know."""
        return self.left(1)

    @property
    def values(self) -> dict[chess.Move, int]:
        """How each move ends for the side to move: 1, 0 or -1; empty where the tables do not know."""
        return {move: outcome(rank) for move, rank in self.ranks.items()}

    def left(self, lines: int) -> tuple[chess.Move, ...]:
        """Returns the moves left to the search: the best rank, and next ones until they make `lines`."""
        if not self.ranks:
            return self.asked
        ordered = sorted(self.ranks.values(), reverse=True)
        least = ordered[min(lines, len(ordered)) - 1]
        return tuple(move for move in self.asked if self.ranks[move] >= least)
