"""Positions to calibrate and to compare on, and the line between the two.

Neighbouring positions of a game resemble each other, and games share their openings. So whole
games go to one part or the other, and a position of the opening belongs to its part only if the
moves that led to it, in whatever order, go there too. The parts follow from the moves alone: a game
is in the same part whatever file it stands in, on every machine.

Two games may still reach a position by other moves: of 100,000 held-out positions of two runs, 3 were
calibration positions too, with another history. By moves in the order played there were 480.

    replay shards, PGN      game ──▶ Line(start, moves)     one position before each move
    EPD                     line ──▶ Line(start, no moves)  one position
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import chess
import chess.pgn
import numpy as np

from aztoolkit.errors import DataError

Part = Literal["calibration", "held-out"]
HELD_OUT_SHARE = 0.25
"""Of all games."""
OPENING_PLIES = 20
"""Up to here games are taken to share positions."""


@dataclass(frozen=True)
class Line:
    """A game, or one position: where it starts and the moves from there."""

    start_fen: str
    moves: Sequence[str] = ()
    """UCI."""

    @property
    def positions(self) -> int:
        """How many it has: one before each move, or the start alone."""
        return max(1, len(self.moves))

    @cached_property
    def part(self) -> Part:
        """The part its game is in."""
        return _part(self.start_fen, self.moves)

    def boards(self, plies: Sequence[int]) -> Iterator[chess.Board]:
        """Yields the positions after so many plies, ascending, their move stack the history.

        Raises:
            DataError: the FEN or a move is not legal.
        """
        try:
            board = chess.Board(self.start_fen)
            for ply in sorted(plies):
                for move in self.moves[len(board.move_stack) : ply]:
                    board.push_uci(move)
                yield board.copy()
        except ValueError as error:
            raise DataError(f"expected legal moves from {self.start_fen}, got {error}") from error


def sample_boards(source: Path, count: int, *, part: Part, seed: int) -> list[chess.Board]:
    """Returns up to `count` positions of one part of a source, drawn without replacement.

    Args:
        source: a run folder, a folder of replay shards, or a .parquet, .pgn or .epd file.

    Raises:
        DataError: the source is missing or malformed, or no position of it is in this part.
    """
    lines = read_lines(source)
    places = [
        (index, ply)
        for index, line in enumerate(lines)
        for ply in range(line.positions)
        if part_of(line, ply) == part
    ]
    if not places:
        raise DataError(
            f"expected {part} positions, got none among the {len(lines)} games of {source}; "
            "name more games, or play more with `aztoolkit train` and quantize again"
        )
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(places), size=min(count, len(places)), replace=False)
    return _boards_at(lines, [places[index] for index in np.sort(chosen)])


def boards_sha256(boards: Sequence[chess.Board]) -> str:
    """Returns the SHA-256 of positions in order: of each, where its game starts and the moves to it."""
    digest = hashlib.sha256()
    for board in boards:
        moves = " ".join(move.uci() for move in board.move_stack)
        digest.update(f"{board.root().fen()} {moves}\n".encode())
    return digest.hexdigest()


def part_of(line: Line, ply: int) -> Part | None:
    """Returns the part a position belongs to: its game's, or none where its opening's differs."""
    in_opening = ply < min(OPENING_PLIES, len(line.moves))
    if in_opening and _part(line.start_fen, _in_any_order(line.moves[:ply])) != line.part:
        return None
    return line.part


def read_lines(source: Path) -> list[Line]:
    """Returns the games or positions of a source.

    Raises:
        DataError: the source is missing or malformed.
    """
    if not source.exists():
        raise DataError(f"expected positions, got nothing at {source}; check the path")
    kind = source.suffix.lower()
    if source.is_dir() or kind == ".parquet":
        return _read_replay(source)
    if kind not in _READERS:
        raise DataError(
            f"expected a run folder, replay shards (.parquet), .pgn or .epd, got {source}"
        )
    try:
        return _READERS[kind](source)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"expected text in {source}, got {error}") from error


def _in_any_order(moves: Sequence[str]) -> list[str]:
    """Returns the moves of either side sorted: the same for all orders that transpose."""
    return [*sorted(moves[::2]), *sorted(moves[1::2])]


def _part(start_fen: str, moves: Sequence[str]) -> Part:
    digest = hashlib.sha256(" ".join([start_fen, *moves]).encode()).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64
    return "held-out" if share < HELD_OUT_SHARE else "calibration"


def _boards_at(lines: Sequence[Line], places: Sequence[tuple[int, int]]) -> list[chess.Board]:
    plies: dict[int, list[int]] = defaultdict(list)
    for index, ply in places:
        plies[index].append(ply)
    return [board for index, wanted in plies.items() for board in lines[index].boards(wanted)]


def _read_replay(source: Path) -> list[Line]:
    from train.replay import read_moves

    return [Line(start_fen, moves) for start_fen, moves in read_moves(source)]


def _read_pgn(source: Path) -> list[Line]:
    lines = []
    with source.open(encoding="utf-8") as stream:
        while game := chess.pgn.read_game(stream, Visitor=_StrictBuilder):
            if _is_standard(game):
                lines.append(
                    Line(game.board().fen(), [move.uci() for move in game.mainline_moves()])
                )
    return [line for line in lines if line.moves]


class _StrictBuilder(chess.pgn.GameBuilder[chess.pgn.Game]):
    """Refuses a game with an illegal move, which python-chess would cut short and log."""

    def handle_error(self, error: Exception) -> None:
        raise DataError(f"expected legal moves in PGN, got {error}") from error


def _is_standard(game: chess.pgn.Game) -> bool:
    board = game.board()
    return type(board) is chess.Board and not board.chess960


def _read_epd(source: Path) -> list[Line]:
    lines = []
    for number, text in enumerate(source.read_text(encoding="utf-8").splitlines(), start=1):
        if not text.strip():
            continue
        try:
            board, _ = chess.Board.from_epd(text)
        except ValueError as error:
            raise DataError(
                f"expected EPD in line {number} of {source}, got {text[:60]!r}: {error}"
            ) from error
        if board.is_valid() and any(board.legal_moves):
            lines.append(Line(board.fen()))
    return lines


_READERS: dict[str, Callable[[Path], list[Line]]] = {".pgn": _read_pgn, ".epd": _read_epd}
