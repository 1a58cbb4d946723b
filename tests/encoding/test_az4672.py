"""Every kind of move and its index; what holds for lc0's too is in test_action_spaces.py."""

import chess
import pytest

from aztoolkit.encoding import az4672
from aztoolkit.errors import PositionError

E4 = chess.E4
QUEEN_ON_E4 = "7k/8/8/8/4Q3/8/8/K7 w - - 0 1"
KNIGHT_ON_E4 = "7k/8/8/8/4N3/8/8/K7 w - - 0 1"
PAWN_ON_B7 = "r1r4k/1P6/8/8/8/8/8/K7 w - - 0 1"


def index(board: chess.Board, move: str) -> int:
    return az4672.move_to_index(board, chess.Move.from_uci(move))


@pytest.mark.parametrize(
    ("move", "plane"),
    [
        ("e4e5", 0),
        ("e4e8", 3),
        ("e4f5", 7),
        ("e4f4", 14),
        ("e4h4", 16),
        ("e4f3", 21),
        ("e4e3", 28),
        ("e4d3", 35),
        ("e4d4", 42),
        ("e4a4", 45),
        ("e4d5", 49),
        ("e4a8", 52),
    ],
)
def test_queen_moves_go_clockwise_by_direction_then_distance(move: str, plane: int):
    assert index(chess.Board(QUEEN_ON_E4), move) == plane * 64 + E4


@pytest.mark.parametrize(
    ("move", "plane"),
    [
        ("e4f6", 56),
        ("e4g5", 57),
        ("e4g3", 58),
        ("e4f2", 59),
        ("e4d2", 60),
        ("e4c3", 61),
        ("e4c5", 62),
        ("e4d6", 63),
    ],
)
def test_knight_moves_go_clockwise(move: str, plane: int):
    assert index(chess.Board(KNIGHT_ON_E4), move) == plane * 64 + E4


@pytest.mark.parametrize(
    ("move", "plane"),
    [
        ("b7a8n", 64),
        ("b7b8n", 65),
        ("b7c8n", 66),
        ("b7a8b", 67),
        ("b7b8b", 68),
        ("b7c8b", 69),
        ("b7a8r", 70),
        ("b7b8r", 71),
        ("b7c8r", 72),
    ],
)
def test_underpromotions(move: str, plane: int):
    assert index(chess.Board(PAWN_ON_B7), move) == plane * 64 + chess.B7


@pytest.mark.parametrize(("move", "plane"), [("b7b8q", 0), ("b7c8q", 7), ("b7a8q", 49)])
def test_promotion_to_a_queen_is_a_queen_move(move: str, plane: int):
    assert index(chess.Board(PAWN_ON_B7), move) == plane * 64 + chess.B7


@pytest.mark.parametrize(("move", "plane"), [("e1g1", 15), ("e1c1", 43)])
def test_castling_is_the_kings_move_by_two_squares(move: str, plane: int):
    board = chess.Board("r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1")
    assert index(board, move) == plane * 64 + chess.E1


def test_castling_in_chess960_is_the_king_onto_its_rook():
    board = chess.Board("4k3/8/8/8/8/8/8/RK5R w HA - 0 1", chess960=True)
    castling = {move.uci() for move in board.generate_castling_moves()}
    assert castling == {"b1a1", "b1h1"}
    assert index(board, "b1h1") == (2 * 7 + 5) * 64 + chess.B1


def test_en_passant_is_the_pawns_diagonal_step():
    board = chess.Board("4k3/8/8/3pP3/8/8/8/4K3 w - d6 0 1")
    assert index(board, "e5d6") == 49 * 64 + chess.E5


def test_index_that_leaves_the_board_is_refused():
    with pytest.raises(PositionError, match="inside the board"):
        az4672.index_to_move(chess.Board(), 6 * 64 + chess.A8)
