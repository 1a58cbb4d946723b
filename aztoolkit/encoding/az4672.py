"""The AlphaZero moves for chess: 73 planes of 8x8, one cell for each from-square and kind of move.

    index = plane * 64 + from_square          (a convolution with 73 filters, flattened)

    planes 0-55   like a queen: direction * 7 + distance - 1       NW7  N0  NE1
                  directions clockwise from straight ahead:          \\  |  /
                                                                   W6 - K - E2
                                                                     /  |  \\
                                                                   SW5  S4  SE3
    planes 56-63  like a knight, clockwise from one o'clock:          63  56
                                                                    62      57
                                                                        N
                                                                    61      58
                                                                      60  59
    planes 64-72  underpromotions: 64 + 3 * piece + direction; piece knight 0, bishop 1, rook 2;
                  direction capture to the lower file 0, straight 1, to the higher file 2

Squares are seen by the side to move as in `az119`: ranks turned over for Black, files never. Queen
promotions are queen-like moves. Castling is the king's move by two squares; in Chess960 it is the
king's move onto its own rook, which no other move can be.

Source: Silver et al. 2018 (see `az119`), table S2. The paper does not fix the order of planes.
"""

import chess

from aztoolkit.encoding.viewpoint import orient
from aztoolkit.errors import PositionError

NAME = "az4672"
MOVE_PLANES = 73
SIZE = MOVE_PLANES * 64
QUEEN_DIRECTIONS = ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1))
"""(file, rank) steps, N first, clockwise."""
MAX_DISTANCE = 7
KNIGHT_PLANE = len(QUEEN_DIRECTIONS) * MAX_DISTANCE
KNIGHT_JUMPS = ((1, 2), (2, 1), (2, -1), (1, -2), (-1, -2), (-2, -1), (-2, 1), (-1, 2))
UNDERPROMOTION_PLANE = KNIGHT_PLANE + len(KNIGHT_JUMPS)
UNDERPROMOTIONS = (chess.KNIGHT, chess.BISHOP, chess.ROOK)


def move_to_index(board: chess.Board, move: chess.Move) -> int:
    """Returns the policy index, 0 to 4671, of a move of the side to move in `board`."""
    origin = orient(move.from_square, board.turn)
    target = orient(move.to_square, board.turn)
    files = chess.square_file(target) - chess.square_file(origin)
    ranks = chess.square_rank(target) - chess.square_rank(origin)
    if move.promotion in UNDERPROMOTIONS:
        plane = UNDERPROMOTION_PLANE + 3 * UNDERPROMOTIONS.index(move.promotion) + files + 1
    elif (files, ranks) in KNIGHT_JUMPS:
        plane = KNIGHT_PLANE + KNIGHT_JUMPS.index((files, ranks))
    else:
        distance = max(abs(files), abs(ranks))
        direction = QUEEN_DIRECTIONS.index((files // distance, ranks // distance))
        plane = direction * MAX_DISTANCE + distance - 1
    return plane * 64 + origin


def index_to_move(board: chess.Board, index: int) -> chess.Move:
    """Returns the move of policy index `index` in `board`; it need not be legal there.

    A pawn of the side to move that reaches the last rank by a queen-like move becomes a queen.

    Raises:
        PositionError: the index is out of range or leads off the board.
    """
    if not 0 <= index < SIZE:
        raise PositionError(f"expected a policy index from 0 to {SIZE - 1}, got {index}")
    plane, origin = divmod(index, 64)
    files, ranks, promotion = _step(plane)
    file, rank = chess.square_file(origin) + files, chess.square_rank(origin) + ranks
    if not (0 <= file < 8 and 0 <= rank < 8):
        raise PositionError(f"expected a move inside the board, got policy index {index}")
    from_square = orient(origin, board.turn)
    if promotion is None and rank == 7 and board.piece_type_at(from_square) == chess.PAWN:
        promotion = chess.QUEEN
    return chess.Move(from_square, orient(chess.square(file, rank), board.turn), promotion)


def _step(plane: int) -> tuple[int, int, chess.PieceType | None]:
    """Returns the files and ranks a move plane goes, and its underpromotion if it is one."""
    if plane >= UNDERPROMOTION_PLANE:
        piece, direction = divmod(plane - UNDERPROMOTION_PLANE, 3)
        return direction - 1, 1, UNDERPROMOTIONS[piece]
    if plane >= KNIGHT_PLANE:
        return *KNIGHT_JUMPS[plane - KNIGHT_PLANE], None
    direction, distance = divmod(plane, MAX_DISTANCE)
    files, ranks = QUEEN_DIRECTIONS[direction]
    return files * (distance + 1), ranks * (distance + 1), None
