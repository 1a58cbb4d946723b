"""lc0's table of moves, and the moves that it writes in a way of its own."""

import hashlib

import chess
import pytest

from aztoolkit.encoding import lc0_1858

LC0_TABLE_SHA256 = "c4c47aca96e213995c772d1aab24498e3ad9c91209d3467889f20fa1a10678dd"
"""Of lc0's own list of moves, joined by single blanks (as lczerolens 0.5.1 on PyPI has it)."""
ROOKS_AT_HOME = "r3k2r/8/8/8/8/8/8/R3K2R {turn} KQkq - 0 1"


def entry(uci: str) -> int:
    """Returns the place of a move in the table, as it is written there."""
    return lc0_1858.MOVES.index(chess.Move.from_uci(uci))


def index(board: chess.Board, uci: str) -> int:
    return lc0_1858.move_to_index(board, chess.Move.from_uci(uci))


def test_the_table_is_that_of_lc0():
    table = " ".join(move.uci() for move in lc0_1858.MOVES)
    assert hashlib.sha256(table.encode()).hexdigest() == LC0_TABLE_SHA256
    assert lc0_1858.SIZE == 1858


@pytest.mark.parametrize(
    ("uci", "expected"),
    [("a1b1", 0), ("b1a3", 34), ("e2e4", 322), ("h8g8", 1791), ("a7a8q", 1792), ("h7h8b", 1857)],
)
def test_known_entries(uci: str, expected: int):
    assert entry(uci) == expected


@pytest.mark.parametrize(
    ("uci", "written"),
    [
        ("b7b8n", "b7b8"),
        ("b7a8n", "b7a8"),
        ("b7c8n", "b7c8"),
        ("b7b8q", "b7b8q"),
        ("b7a8r", "b7a8r"),
        ("b7c8b", "b7c8b"),
    ],
)
def test_a_promotion_to_a_knight_is_the_bare_move(uci: str, written: str):
    board = chess.Board("r1r4k/1P6/8/8/8/8/8/K7 w - - 0 1")
    assert index(board, uci) == entry(written)


def test_the_bare_move_of_a_piece_is_no_promotion():
    board = chess.Board("r1r4k/1Q6/8/8/8/8/8/K7 w - - 0 1")
    assert lc0_1858.index_to_move(board, entry("b7b8")) == chess.Move.from_uci("b7b8")


@pytest.mark.parametrize("turn", "wb")
@pytest.mark.parametrize(("side", "written"), [("g", "e1h1"), ("c", "e1a1")])
def test_castling_is_the_king_onto_its_rook(turn: str, side: str, written: str):
    rank = 1 if turn == "w" else 8
    standard = chess.Board(ROOKS_AT_HOME.format(turn=turn))
    assert index(standard, f"e{rank}{side}{rank}") == entry(written)
    chess960 = chess.Board(ROOKS_AT_HOME.format(turn=turn), chess960=True)
    assert index(chess960, f"e{rank}{written[2]}{rank}") == entry(written)


def test_castling_with_inner_rooks_in_chess960():
    board = chess.Board("4k3/8/8/8/8/8/8/1RK2R2 w FB - 0 1", chess960=True)
    castling = {move.uci() for move in board.generate_castling_moves()}
    assert castling == {"c1b1", "c1f1"}
    assert {index(board, uci) for uci in castling} == {entry("c1b1"), entry("c1f1")}


@pytest.mark.parametrize(
    ("fen", "uci"),
    [
        ("4k3/8/8/8/8/8/8/3K3R w - - 0 1", "d1h1"),  # no right: an own rook in the way
        ("r3k3/1K6/8/8/8/8/8/8 w q - 0 1", "b7a8"),  # the rook is the opponent's
        ("4k3/8/8/8/8/8/8/4R2K w - - 0 1", "e1h1"),  # the rook moves onto its king
        ("4k3/8/8/8/8/8/8/K3R3 w - - 0 1", "e1b1"),  # a rook's move
    ],
)
def test_what_only_looks_like_castling_is_left_alone(fen: str, uci: str):
    assert lc0_1858.index_to_move(chess.Board(fen), entry(uci)) == chess.Move.from_uci(uci)
