"""Where the 1,858 moves of lc0 stand among the 80 planes of its convolutional policy.

    planes 0-55    like a queen: direction * 7 + distance - 1     as in `aztoolkit.encoding.az4672`:
    planes 56-63   like a knight                                  clockwise from straight ahead
    planes 64-72   promotions: 64 + 3 * direction + piece; direction capture to the lower file 0,
                   straight 1, to the higher file 2; piece rook 0, bishop 1, queen 2
    planes 73-79   nothing

A plane holds a move at the square it starts from. Promotions to a knight are the bare move, which is
among the queen's.

Source: lc0, `policy_map.h` in src/neural (https://github.com/LeelaChessZero/lc0).
"""

import chess
import numpy as np
from numpy.typing import NDArray

from aztoolkit.encoding.az4672 import KNIGHT_JUMPS, KNIGHT_PLANE, MAX_DISTANCE, QUEEN_DIRECTIONS
from aztoolkit.encoding.az4672 import UNDERPROMOTION_PLANE as PROMOTION_PLANE
from aztoolkit.encoding.lc0_1858 import MOVES

_PLANE_PIECES = (chess.ROOK, chess.BISHOP, chess.QUEEN)


def policy_map() -> NDArray[np.int64]:
    """Returns for each move of `lc0_1858` its place among the flattened planes: `[1858]`."""
    return np.array([_plane(move) * 64 + move.from_square for move in MOVES], dtype=np.int64)


def _plane(move: chess.Move) -> int:
    files = chess.square_file(move.to_square) - chess.square_file(move.from_square)
    ranks = chess.square_rank(move.to_square) - chess.square_rank(move.from_square)
    if move.promotion:
        return PROMOTION_PLANE + 3 * (files + 1) + _PLANE_PIECES.index(move.promotion)
    if (files, ranks) in KNIGHT_JUMPS:
        return KNIGHT_PLANE + KNIGHT_JUMPS.index((files, ranks))
    distance = max(abs(files), abs(ranks))
    direction = QUEEN_DIRECTIONS.index((files // distance, ranks // distance))
    return direction * MAX_DISTANCE + distance - 1
