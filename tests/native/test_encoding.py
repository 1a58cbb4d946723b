"""Native planes and policy indices: shapes, errors, the margins of the reference."""

import chess
import numpy as np
import pytest

from aztoolkit._native import Game, encode_batch, move_index, move_indices, move_of_index
from aztoolkit.encoding import lc0_1858
from aztoolkit.errors import ModelError, PositionError
from tests.encoding.boards import SHUFFLE, played
from tests.native.differential import compare_encoding

BLACK_STARTS = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR b KQkq - 0 1"
NO_CASTLING = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w - - 0 1"
INNER_ROOKS = "1r2kr2/8/8/8/8/8/8/1R2KR2 w KQkq - 0 1"
BLACK_PUSHED = "4k3/8/8/3pP3/8/8/8/4K3 w - d6 0 1"
WHITE_PUSHED = "4k3/8/8/8/3pP3/8/8/4K3 b - e3 0 1"
PUSHED_IN_VAIN = "4k3/8/8/3p4/8/8/8/4K3 w - d6 0 1"
BOARDS = [
    played(),
    played("e2e4"),
    played("e2e4", "d7d5"),
    played(*SHUFFLE),
    played(*SHUFFLE, "g1f3"),
    played(*SHUFFLE * 3),
    played(*SHUFFLE, fen=chess.STARTING_FEN.replace(" 0 1", " 90 80")),
    played(fen=chess.STARTING_FEN.replace(" 0 1", " 90 80")),
    played(chess960=True),
    played(fen=BLACK_STARTS),
    played(fen=NO_CASTLING),
    played("e1b1", fen=INNER_ROOKS, chess960=True),
    played(fen=BLACK_PUSHED),
    played("e5d6", fen=BLACK_PUSHED),
    played("e1d1", "e8d8", "d1e1", "d8e8", fen=BLACK_PUSHED),
    played(fen=WHITE_PUSHED),
    played("e8d8", fen=WHITE_PUSHED),
    played(fen=PUSHED_IN_VAIN),
    played(fen="4k3/3p4/8/3p4/8/8/8/4K3 w - d6 0 1"),
    played(fen="4k3/8/8/8/8/8/4P3/4K3 w - - 150 200"),
]
"""Where histories begin and end, repeat themselves or must be made up."""


def test_planes_equal_the_reference_at_the_margins() -> None:
    for board in BOARDS:
        game = Game(board.root().fen(en_passant="fen"), chess960=board.chess960)
        for move in board.move_stack:
            game.push_uci(move.uci())
        compare_encoding(game, board, list(board.legal_moves))


@pytest.mark.parametrize("space", ["az4672", "lc0_1858"])
def test_every_index_leads_back_to_its_move(space: str) -> None:
    game = Game("n1n5/PPPk4/8/8/8/8/4Kppp/5N1N b - - 0 1")
    indices = move_indices(game, action_space=space)
    assert len(set(indices.values())) == len(indices)
    for move, index in indices.items():
        assert move_index(game, move, action_space=space) == index
        assert move_of_index(game, index, action_space=space) == move


def test_moves_of_lc0_are_numbered_as_in_the_reference() -> None:
    for index, move in enumerate(lc0_1858.MOVES):
        assert move_index(_game_with(move), move.uci(), action_space="lc0_1858") == index


def _game_with(move: chess.Move) -> Game:
    """Returns a position of White's in which `move` is legal."""
    board = chess.Board(None)
    last_rank = chess.square_rank(move.to_square) == 7
    if move.promotion:
        board.set_piece_at(move.from_square, chess.Piece(chess.PAWN, chess.WHITE))
        if chess.square_file(move.from_square) != chess.square_file(move.to_square):
            board.set_piece_at(move.to_square, chess.Piece(chess.ROOK, chess.BLACK))
    else:
        files, ranks = (abs(step) for step in _step(move))
        piece = chess.KNIGHT if {files, ranks} == {1, 2} else chess.QUEEN
        board.set_piece_at(move.from_square, chess.Piece(piece, chess.WHITE))
    rank = 3 if last_rank else 7
    for white in chess.SQUARES:
        for black in (chess.square(0, rank), chess.square(7, rank), chess.square(4, 4)):
            if len({white, black, move.from_square, move.to_square}) < 4:
                continue
            candidate = board.copy()
            candidate.set_piece_at(white, chess.Piece(chess.KING, chess.WHITE))
            candidate.set_piece_at(black, chess.Piece(chess.KING, chess.BLACK))
            if candidate.is_valid() and candidate.is_legal(move):
                return Game(candidate.fen())
    raise AssertionError(f"kings are in the way of {move}")


def _step(move: chess.Move) -> tuple[int, int]:
    files = chess.square_file(move.to_square) - chess.square_file(move.from_square)
    return files, chess.square_rank(move.to_square) - chess.square_rank(move.from_square)


@pytest.mark.parametrize("shape", [(1, 118, 8, 8), (2, 119, 8, 8), (1, 119, 8, 7)])
def test_buffer_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match="expected an array of shape"):
        encode_batch([Game()], np.zeros(shape, np.float32))


def test_empty_batch_is_fine() -> None:
    encode_batch([], np.zeros((0, 119, 8, 8), np.float32))


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ModelError, match="expected the encoding az119 or lc0_112, got 'x'"):
        encode_batch([], np.zeros((0, 119, 8, 8), np.float32), encoding="x")
    with pytest.raises(ModelError, match="expected the action space"):
        move_index(Game(), "e2e4", action_space="x")


def test_index_of_no_legal_move_is_refused() -> None:
    with pytest.raises(PositionError, match="expected the az4672 index of a legal move"):
        move_of_index(Game(), 0)
