"""The AlphaZero input for chess: 119 planes of 8x8, seen by the side to move.

    planes      what
    14t + 0-5   own pawns, knights, bishops, rooks, queen, king     t = 0 is the position itself,
    14t + 6-11  the opponent's, in the same order                   t = 1..7 are 1..7 plies before;
    14t + 12    ones if that position had occurred before           before the known game began
    14t + 13    ones if it had occurred at least twice before       all 14 planes are zero
    112         ones if Black is to move
    113         full-move number / 99, at most 1
    114, 115    own right to castle king's side, queen's side
    116, 117    the opponent's, likewise
    118         half-move clock (plies without capture or pawn move) / 99, at most 1

Plane `p` is `planes[p, rank, file]`. If Black is to move, ranks are turned over (a1 becomes a8, files
stay) and colours are swapped, in all eight frames alike, so that own pawns always go up:

      rank 7 | . . . . . . . . |   the opponent's back rank
             |      ...        |
      rank 0 | . . . . . . . . |   own back rank; square a1 (White) or a8 (Black) is [0, 0]
              file 0 ... file 7

Every value is a multiple of 1/99 between 0 and 1, so an 8-bit input with scale 1/99 holds it exactly.

Source: Silver et al., "A general reinforcement learning algorithm that masters chess, shogi, and Go
through self-play", Science 362 (2018), table S1. The two counters are scaled; the paper leaves that open.
"""

import chess
import numpy as np
from numpy.typing import NDArray

from aztoolkit.encoding.viewpoint import PIECE_PLANES, piece_planes

NAME = "az119"
HISTORY = 8
FRAME_PLANES = 14
REPEATED_ONCE = 12
REPEATED_TWICE = 13
SIDE_TO_MOVE = HISTORY * FRAME_PLANES
MOVE_NUMBER = SIDE_TO_MOVE + 1
CASTLING = SIDE_TO_MOVE + 2
HALFMOVE_CLOCK = SIDE_TO_MOVE + 6
PLANES = SIDE_TO_MOVE + 7
COUNTER_LIMIT = 99
"""Both counters are cut off here and divided by it."""


def encode(board: chess.Board) -> NDArray[np.float32]:
    """Returns the planes of `board`, whose move stack is its history: `[119, 8, 8]` float32."""
    planes = np.zeros((PLANES, 8, 8), dtype=np.float32)
    _write_history(planes, board)
    us, them = board.turn, not board.turn
    planes[SIDE_TO_MOVE] = float(us == chess.BLACK)
    planes[MOVE_NUMBER] = _counter(board.fullmove_number)
    planes[CASTLING] = board.has_kingside_castling_rights(us)
    planes[CASTLING + 1] = board.has_queenside_castling_rights(us)
    planes[CASTLING + 2] = board.has_kingside_castling_rights(them)
    planes[CASTLING + 3] = board.has_queenside_castling_rights(them)
    planes[HALFMOVE_CLOCK] = _counter(board.halfmove_clock)
    return planes


def _counter(count: int) -> np.float32:
    return np.float32(min(count, COUNTER_LIMIT)) / np.float32(COUNTER_LIMIT)


def _write_history(planes: NDArray[np.float32], board: chess.Board) -> None:
    past = board.copy()
    for t in range(HISTORY):
        frame = planes[t * FRAME_PLANES : (t + 1) * FRAME_PLANES]
        frame[:PIECE_PLANES] = piece_planes(past, board.turn)
        frame[REPEATED_ONCE] = past.is_repetition(2)
        frame[REPEATED_TWICE] = past.is_repetition(3)
        if not past.move_stack:
            return
        past.pop()
