"""Puzzles as Lichess publishes them (database.lichess.org, Puzzles): a .csv file with a header.

    PuzzleId  FEN                    Moves                     Rating  ...
    0009B     r2qr1k1/... b - - 1 16 b6c5 e2g4 h3g4 d1g4       1112

The position is that before the opponent's move, the first of `Moves`, which sets the puzzle; then solver
and opponent move in turns. Every move of the solver must be found, but any that mates solves the puzzle.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import chess

from aztoolkit.errors import DataError
from eval.openings import Opening, playable_board

COLUMNS = ("PuzzleId", "FEN", "Moves", "Rating")
"""Those that are read; others may be there."""

_Row = dict[str, str | None]


@dataclass(frozen=True)
class Puzzle:
    """A line of moves to be found, the opponent's answers given."""

    name: str
    rating: float
    opening: Opening
    """The position before the opponent's move, and that move."""
    line: tuple[chess.Move, ...]
    """The solver's move, the answer, and so on; the last one is the solver's."""

    @property
    def moves(self) -> int:
        """Most moves of the solver."""
        return (len(self.line) + 1) // 2

    def board(self) -> chess.Board:
        """Returns a new board of the position to solve, with the opponent's move as history."""
        return self.opening.board()

    def play(self, board: chess.Board, move: chess.Move) -> bool | None:
        """Plays a legal move of the solver on `board`; see `benchmarks.solving.Task`."""
        expected, *rest = self.line[len(board.move_stack) - len(self.opening.moves) :]
        board.push(move)
        if board.is_checkmate():
            return True
        if move != expected or not rest:
            return move == expected
        board.push(rest[0])
        return None


def read_puzzles(source: Path, *, first: int | None = None) -> tuple[Puzzle, ...]:
    """Returns the puzzles of a file, each position once, in its order.

    Args:
        first: so many at most; the file is read no further.

    Raises:
        DataError: the file is missing or malformed, or holds no puzzle.
    """
    puzzles: dict[str, Puzzle] = {}
    try:
        for where, row in _rows(source):
            position, puzzle = _read_puzzle(row, where)
            puzzles.setdefault(position, puzzle)
            if len(puzzles) == first:
                break
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"expected a readable .csv file of puzzles, got {source}: {error}"
        ) from error
    if not puzzles:
        raise DataError(f"expected puzzles below the header, got none in {source}")
    return tuple(puzzles.values())


def _rows(source: Path) -> Iterator[tuple[str, _Row]]:
    """Yields each row below the header, and where it is."""
    with source.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream, strict=True)
        header = reader.fieldnames or ()
        if missing := [column for column in COLUMNS if column not in header]:
            raise DataError(
                f"expected columns {', '.join(COLUMNS)} in the header of {source}, got no "
                f"{', '.join(missing)}; Lichess publishes such files at database.lichess.org"
            )
        for row in reader:
            yield f"{source}, line {reader.line_num}", row


def _read_puzzle(row: _Row, where: str) -> tuple[str, Puzzle]:
    """Returns the position to solve, without its clocks, and its puzzle."""
    name, fen, moves, rating = (_field(row, column, where) for column in COLUMNS)
    start, line = _replay(fen, moves, where)
    opening = Opening(start, line[:1])
    position = playable_board(opening, where).epd()
    return position, Puzzle(name, _rating(rating, where), opening, line[1:])


def _field(row: _Row, column: str, where: str) -> str:
    value = (row[column] or "").strip()
    if not value:
        raise DataError(f"expected a {column} in {where}, got none")
    return value


def _replay(fen: str, moves: str, where: str) -> tuple[str, tuple[chess.Move, ...]]:
    """Returns the first position, and the opponent's and the solver's moves in turns."""
    try:
        board = chess.Board(fen)
        for move in moves.split():
            if not board.push_uci(move):
                raise ValueError(f"a null move: {move!r}")
    except ValueError as error:
        raise DataError(f"expected a FEN and legal moves in {where}, got {error}") from error
    line = tuple(board.move_stack)
    if len(line) < 2 or len(line) % 2:
        raise DataError(
            f"expected the opponent's move, the solver's, and so on to the solver's last in {where}, "
            f"got {len(line)} moves: {moves!r}"
        )
    return board.root().fen(), line


def _rating(text: str, where: str) -> float:
    if not text.isdecimal():
        raise DataError(f"expected a whole number as Rating in {where}, got {text!r}")
    return float(text)
