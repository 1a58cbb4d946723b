"""The classical input of Leela Chess Zero: 112 planes of 8x8, seen by the side to move.

    planes      what
    13t + 0-5   own pawns, knights, bishops, rooks, queen, king     t = 0 is the position itself,
    13t + 6-11  the opponent's, in the same order                   t = 1..7 are 1..7 plies before
    13t + 12    ones if that position had occurred before
    104, 105    own right to castle queen's side, king's side
    106, 107    the opponent's, likewise
    108         ones if Black is to move
    109         half-move clock (plies without capture or pawn move), as it is
    110         zeros
    111         ones, by which convolutions find the edges of the board

Plane `p` is `planes[p, rank, file]`; ranks are turned over for Black as in `az119`.

What stood on the board before the known game began is made up (lc0's default, `HistoryFill=fen_only`):
nothing, if the game began at the start position of chess; else its first position again and again. If a
pawn has just made a double step there, it is put back. A game of two plies:

      t        7      6      5      4      3      2          1      0
               made up: x before any double step   x, first   known

A position recurs where the rules say so: en passant tells two positions apart only if it is legal. lc0
asks for an adjacent pawn only, which differs where that pawn is pinned.

Source: lc0's `INPUT_CLASSICAL_112_PLANE`,
https://github.com/LeelaChessZero/lc0/blob/master/src/neural/encoder.cc
"""

import chess
import numpy as np
from numpy.typing import NDArray

from aztoolkit.encoding.viewpoint import PIECE_PLANES, piece_planes

NAME = "lc0_112"
HISTORY = 8
FRAME_PLANES = 13
REPEATED_ONCE = 12
CASTLING = HISTORY * FRAME_PLANES
SIDE_TO_MOVE = CASTLING + 4
HALFMOVE_CLOCK = SIDE_TO_MOVE + 1
ZEROS = SIDE_TO_MOVE + 2
ONES = SIDE_TO_MOVE + 3
PLANES = SIDE_TO_MOVE + 4
_START_EPD = chess.STARTING_FEN.removesuffix(" 0 1")


def encode(board: chess.Board) -> NDArray[np.float32]:
    """Returns the planes of `board`, whose move stack is its history: `[112, 8, 8]` float32."""
    planes = np.zeros((PLANES, 8, 8), dtype=np.float32)
    _write_history(planes[:CASTLING].reshape(HISTORY, FRAME_PLANES, 8, 8), board)
    us, them = board.turn, not board.turn
    planes[CASTLING] = board.has_queenside_castling_rights(us)
    planes[CASTLING + 1] = board.has_kingside_castling_rights(us)
    planes[CASTLING + 2] = board.has_queenside_castling_rights(them)
    planes[CASTLING + 3] = board.has_kingside_castling_rights(them)
    planes[SIDE_TO_MOVE] = float(us == chess.BLACK)
    planes[HALFMOVE_CLOCK] = board.halfmove_clock
    planes[ONES] = 1.0
    return planes


def _write_history(frames: NDArray[np.float32], board: chess.Board) -> None:
    """Writes the last eight positions into `frames`: `[8, 13, 8, 8]`."""
    past = board.copy()
    for t, frame in enumerate(frames):
        frame[:PIECE_PLANES] = piece_planes(past, board.turn)
        frame[REPEATED_ONCE] = past.is_repetition(2)
        if not past.move_stack:
            _write_made_up(frames[t + 1 :], past, board.turn)
            return
        past.pop()


def _write_made_up(frames: NDArray[np.float32], first: chess.Board, us: chess.Color) -> None:
    """Writes what may have stood before the first position of the game; alters `first`."""
    if first.epd() != _START_EPD:
        _take_double_step_back(first)
        frames[:, :PIECE_PLANES] = piece_planes(first, us)


def _take_double_step_back(board: chess.Board) -> None:
    """Puts the pawn home that may be captured en passant, if there is one; nothing else changes."""
    if board.ep_square is None or board.status() & chess.STATUS_INVALID_EP_SQUARE:
        return
    back = 8 if board.turn == chess.WHITE else -8
    pawn = board.remove_piece_at(board.ep_square - back)
    board.set_piece_at(board.ep_square + back, pawn)
