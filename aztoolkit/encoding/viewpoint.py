"""The board as the side to move sees it: for Black ranks are turned over (a1 becomes a8), files stay."""

import chess
import numpy as np
from numpy.typing import NDArray

PIECE_PLANES = 12


def orient(square: chess.Square, us: chess.Color) -> chess.Square:
    """Returns `square` as seen by `us`; its own inverse."""
    return square if us == chess.WHITE else chess.square_mirror(square)


def piece_planes(board: chess.Board, us: chess.Color) -> NDArray[np.uint8]:
    """Returns the pieces of `us`, pawns to king, then the other side's: `[12, 8, 8]` of 0 and 1."""
    masks = [
        board.pieces_mask(piece, color) for color in (us, not us) for piece in chess.PIECE_TYPES
    ]
    if us == chess.BLACK:
        masks = [chess.flip_vertical(mask) for mask in masks]
    octets = np.array(masks, dtype="<u8").view(np.uint8)
    return np.unpackbits(octets, bitorder="little").reshape(PIECE_PLANES, 8, 8)
