"""The moves of Leela Chess Zero: 1858, one for each pair of squares between which a piece can move.

    0-1791      every move of a queen or knight on an empty board, by from-square, then by to-square:
                a1b1, a1c1, ..., a1h1, a1a2, a1b2, a1c2, a1a3, ..., h8g8
    1792-1857   promotions from the seventh rank, by from-file, then by to-file, then to a queen, rook
                or bishop: a7a8q, a7a8r, a7a8b, a7b8q, ..., h7h8b

Squares are seen by the side to move as in `az119`: ranks turned over for Black, files never. A pawn that
reaches the last rank by one of the first 1792 becomes a knight. Castling is the king's move onto its own
rook (e1h1, e1a1), in usual chess too.

Source: lc0's table of moves,
https://github.com/LeelaChessZero/lc0/blob/master/src/neural/encoder.cc
"""

from collections.abc import Iterator

import chess

from aztoolkit.encoding.viewpoint import orient
from aztoolkit.errors import PositionError

NAME = "lc0_1858"
PROMOTIONS = (chess.QUEEN, chess.ROOK, chess.BISHOP)
DEFAULT_PROMOTION = chess.KNIGHT


def move_to_index(board: chess.Board, move: chess.Move) -> int:
    """Returns the policy index, 0 to 1857, of a move of the side to move in `board`."""
    origin, target = move.from_square, move.to_square
    if board.is_castling(move):
        target = _rook_square(board, move)
    promotion = None if move.promotion == DEFAULT_PROMOTION else move.promotion
    seen = chess.Move(orient(origin, board.turn), orient(target, board.turn), promotion)
    return _INDICES[seen]


def index_to_move(board: chess.Board, index: int) -> chess.Move:
    """Returns the move of policy index `index` in `board`; it need not be legal there.

    Castling is written as `board` writes it: e1g1, or e1h1 in Chess960.

    Raises:
        PositionError: the index is out of range.
    """
    if not 0 <= index < SIZE:
        raise PositionError(f"expected a policy index from 0 to {SIZE - 1}, got {index}")
    seen = MOVES[index]
    origin, target = orient(seen.from_square, board.turn), orient(seen.to_square, board.turn)
    if not board.chess960 and _castles(board, origin, target):
        file = chess.FILE_NAMES.index("g" if target > origin else "c")
        return chess.Move(origin, chess.square(file, chess.square_rank(origin)))
    promotion = seen.promotion
    if chess.square_rank(seen.to_square) == 7 and board.piece_type_at(origin) == chess.PAWN:
        promotion = promotion or DEFAULT_PROMOTION
    return chess.Move(origin, target, promotion)


def _rook_square(board: chess.Board, castling: chess.Move) -> chess.Square:
    """Returns where the rook stands that castles; only in Chess960 it is not in a corner."""
    if board.chess960:
        return castling.to_square
    file = 7 if castling.to_square > castling.from_square else 0
    return chess.square(file, chess.square_rank(castling.from_square))


def _castles(board: chess.Board, origin: chess.Square, target: chess.Square) -> bool:
    """Whether this is the king's move onto an own rook with which it may still castle."""
    own_rooks = board.clean_castling_rights() & board.occupied_co[board.turn]
    return origin == board.king(board.turn) and bool(own_rooks & chess.BB_SQUARES[target])


def _all_moves() -> Iterator[chess.Move]:
    """Yields the 1858 moves in lc0's order, White to move."""
    for origin in chess.SQUARES:
        for target in chess.SQUARES:
            if _is_move_of_queen_or_knight(origin, target):
                yield chess.Move(origin, target)
    for origin in chess.SquareSet(chess.BB_RANK_7):
        for target in chess.SquareSet(chess.BB_RANK_8):
            if chess.square_distance(origin, target) == 1:
                yield from (chess.Move(origin, target, piece) for piece in PROMOTIONS)


def _is_move_of_queen_or_knight(origin: chess.Square, target: chess.Square) -> bool:
    files = abs(chess.square_file(origin) - chess.square_file(target))
    ranks = abs(chess.square_rank(origin) - chess.square_rank(target))
    straight, diagonal, knight = 0 in (files, ranks), files == ranks, {files, ranks} == {1, 2}
    return origin != target and (straight or diagonal or knight)


MOVES = tuple(_all_moves())
"""By index, as White sees them; a promotion to a knight and castling are the bare moves."""
SIZE = len(MOVES)
_INDICES = {move: index for index, move in enumerate(MOVES)}
