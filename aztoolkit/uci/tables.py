"""Syzygy tablebases: which moves keep the result at the root, and exact values inside the tree.

At the root the tables know the way, with the 50-move rule: they rank the moves by their result, and by
how soon the next capture or pawn move comes. In play the best rank alone is left to the search.

In the tree they speak through the evaluator: where few enough pieces stand on the planes that the
search hands over, the network's win, draw and loss are replaced by the tables'. So the search itself
need not know of them. Castling rights keep a position out of the tables.

Source: python-chess's `chess.syzygy`; ranks as in Stockfish's `Tablebases::root_probe`.
"""

import os
from collections.abc import Sequence

import chess
import chess.syzygy
import numpy as np
from numpy.typing import NDArray

from aztoolkit.encoding import az119, lc0_112
from aztoolkit.encoding.viewpoint import PIECE_PLANES
from aztoolkit.errors import ConfigError
from aztoolkit.evaluator import Evaluation, Evaluator
from aztoolkit.model import ModelSpec

_WIN, _ZEROED = 2, 100
"""WDL of a win within the 50-move rule; plies after which that rule draws."""
_CERTAIN = 40.0
"""A logit beside which the others vanish."""
_REAL, _CURSED = 100_000, 50_000
"""Ranks of moves by result: around these, by distance; a draw has 0."""
_ZEROING = {2: 1, 1: 101, 0: 0, -1: -101, -2: -1}
"""Distance to zeroing of a move that zeroes itself, by the WDL of whoever makes it."""
_CLOCKS = {
    az119.NAME: (az119.HALFMOVE_CLOCK, az119.COUNTER_LIMIT),
    lc0_112.NAME: (lc0_112.HALFMOVE_CLOCK, 1),
}
"""By encoding: plane of the half-move clock, and what it is divided by."""
_CASTLING = {az119.NAME: az119.CASTLING, lc0_112.NAME: lc0_112.CASTLING}
_FRAMES = {az119.NAME: az119.FRAME_PLANES, lc0_112.NAME: lc0_112.FRAME_PLANES}
_THEIR_PAWNS = 6


class Tables:
    """Tablebases in some folders."""

    def __init__(self, path: str) -> None:
        """Finds the tables in folders separated as in PATH; raises ConfigError if there are none."""
        self._tables = chess.syzygy.Tablebase()
        folders = list(filter(None, path.split(os.pathsep)))
        self.skipped = tuple(folder for folder in folders if not self._has_added(folder))
        """Folders that are not there, cannot be read or have no tables."""
        self.count = len(self._tables.wdl)
        if not self.count:
            raise ConfigError(f"SyzygyPath: expected folders with files *.rtbw, got none in {path}")
        self.most_pieces = max(len(name.replace("v", "")) for name in self._tables.wdl)
        self.hits = 0
        """Positions that were found, since whoever counts set it to 0."""

    def ranks(self, board: chess.Board, moves: Sequence[chess.Move]) -> dict[chess.Move, int]:
        """Returns how good each of `moves` is; nothing where the tables do not know.

        Higher is better. Among moves that win (lose), those are better by which the next capture or pawn
        move comes sooner (later).
        """
        if not self.covers(board):
            return {}
        try:
            ranks = {move: self._rank(board, move) for move in moves}
        except KeyError:  # a table is missing, of the position or behind a capture
            return {}
        self.hits += len(moves)
        return ranks

    def covers(self, board: chess.Board) -> bool:
        """Returns whether a position is of the kind that tables are about."""
        return chess.popcount(board.occupied) <= self.most_pieces and not board.castling_rights

    def value(self, board: chess.Board) -> int | None:
        """Returns 1, 0 or -1 for a win, draw or loss of the side to move, or None if it is not known.

        It counts the plies since the last capture or pawn move: a win that comes too late is a draw.
        """
        try:
            wdl = self._tables.probe_wdl(board)
            late = abs(wdl) == _WIN and board.halfmove_clock > 0 and self._is_late(board)
        except KeyError:
            return None
        self.hits += 1
        return 0 if late or abs(wdl) != _WIN else wdl // _WIN

    def _has_added(self, folder: str) -> bool:
        """Adds the tables of a folder; returns whether there are any."""
        try:
            return self._tables.add_directory(folder) > 0
        except OSError:
            return False

    def _is_late(self, board: chess.Board) -> bool:
        return abs(self._tables.probe_dtz(board)) + board.halfmove_clock > _ZEROED

    def _rank(self, board: chess.Board, move: chess.Move) -> int:
        """Returns how good a move is: higher is better, 0 is a draw."""
        clock = board.halfmove_clock
        board.push(move)
        try:
            distance = self._distance_after(board)
        finally:
            board.pop()
        if distance > 0:
            return (_REAL if distance + clock <= _ZEROED else _CURSED) - distance
        if distance < 0:
            return -(_REAL if -distance + clock <= _ZEROED else _CURSED) - distance
        return 0

    def _distance_after(self, board: chess.Board) -> int:
        """Returns plies to zeroing for who has just moved, negative where that player loses."""
        if board.is_checkmate():
            return 1
        if board.halfmove_clock >= _ZEROED or board.is_repetition(3):
            return 0
        if board.halfmove_clock == 0:
            return _ZEROING[-self._tables.probe_wdl(board)]
        distance = -self._tables.probe_dtz(board)
        return distance + (distance > 0) - (distance < 0)


def outcome(rank: int) -> int:
    """Returns how a move of a rank ends for who makes it: 1, 0 or -1; what comes too late is a draw."""
    return (rank > _CURSED) - (rank < -_CURSED)


class TableEvaluator:
    """A network corrected by tablebases; implements `aztoolkit.evaluator.Evaluator`."""

    def __init__(self, inner: Evaluator, tables: Tables) -> None:
        self._inner, self._tables = inner, tables

    @property
    def spec(self) -> ModelSpec:
        """Of the network."""
        return self._inner.spec

    def evaluate(self, planes: NDArray[np.float32]) -> Evaluation:
        """Asks the network, then replaces the values that the tables know."""
        evaluation = self._inner.evaluate(planes)
        known = {
            int(row): value
            for row in _candidates(planes, self.spec.encoding, self._tables.most_pieces)
            if (value := self._tables.value(decode(planes[row], self.spec.encoding))) is not None
        }
        if not known:
            return evaluation
        wdl = np.array(evaluation.wdl, dtype=np.float32)
        for row, value in known.items():
            wdl[row] = 0.0
            wdl[row, 1 - value] = _CERTAIN
        return Evaluation(policy=evaluation.policy, wdl=wdl)

    def close(self) -> None:
        """Frees the network."""
        self._inner.close()


def decode(planes: NDArray[np.float32], encoding: str) -> chess.Board:
    """Returns the position on `[C, 8, 8]` planes, as White to move, without castling rights."""
    frame = _FRAMES[encoding]
    board = chess.Board(None)
    for plane, rank, file in np.argwhere(planes[:PIECE_PLANES] > 0):
        kind, own = int(plane) % 6 + 1, plane < _THEIR_PAWNS
        board.set_piece_at(chess.square(int(file), int(rank)), chess.Piece(kind, bool(own)))
    clock, scale = _CLOCKS[encoding]
    board.halfmove_clock = round(float(planes[clock, 0, 0]) * scale)
    board.ep_square = _en_passant(planes[_THEIR_PAWNS], planes[frame + _THEIR_PAWNS])
    return board


def _en_passant(now: NDArray[np.float32], before: NDArray[np.float32]) -> chess.Square | None:
    """Returns the square behind a pawn of theirs that has just made a double step."""
    stepped = (before[6] > 0) & (now[6] == 0) & (now[4] > 0) & (before[4] == 0)
    files = np.flatnonzero(stepped)
    return chess.square(int(files[0]), 5) if len(files) == 1 else None


def _candidates(planes: NDArray[np.float32], encoding: str, most_pieces: int) -> NDArray[np.intp]:
    """Returns the rows of `[B, C, 8, 8]` with few enough pieces and no castling rights."""
    pieces = planes[:, :PIECE_PLANES].sum(axis=(1, 2, 3))
    rights = planes[:, _CASTLING[encoding] : _CASTLING[encoding] + 4, 0, 0].any(axis=1)
    return np.flatnonzero((pieces <= most_pieces) & ~rights)
